"""One folder a service; services speak to one another by events only, never by import."""
