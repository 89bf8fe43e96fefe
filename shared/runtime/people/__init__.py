"""The people store: names and keys, the one thing that no log holds and that can be erased."""
