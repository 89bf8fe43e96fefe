"""The organization over HTTP: a file for each kind of resource."""
