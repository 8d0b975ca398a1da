"""Adapters on disk: the database, the picture store, backups."""
