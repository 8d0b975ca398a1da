"""Read what a picture file says about its own making, one reader per generator."""

from remarque.intake.chunks import chunks_as_json, read_chunks
from remarque.intake.reading import read_picture

__all__ = ["chunks_as_json", "read_chunks", "read_picture"]
