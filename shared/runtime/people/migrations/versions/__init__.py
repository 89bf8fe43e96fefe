"""One file a version, in order; a version that ran anywhere is never edited."""
