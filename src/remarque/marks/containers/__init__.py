"""Picture files as containers: metadata in and out without touching a pixel."""
