"""The versions of the schema `people`; see `migrating`."""
