"""Metadata chunks taken out of picture files by our own parsers, byte for byte."""
