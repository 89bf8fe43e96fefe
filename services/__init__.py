"""The services: one folder and one process each, which never import one another."""
