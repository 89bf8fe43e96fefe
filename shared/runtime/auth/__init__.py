"""Who calls: bearer tokens checked, callers named, permissions that a route may ask for."""
