"""The whole story on sample pictures, with a timestamp authority of its own on loopback."""
