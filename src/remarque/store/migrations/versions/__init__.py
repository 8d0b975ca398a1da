"""One module for each schema version. A published one is never edited."""
