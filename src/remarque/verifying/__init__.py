"""Check evidence offline, sharing no code with what wrote it."""
