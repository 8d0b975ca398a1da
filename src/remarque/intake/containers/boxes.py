"""Boxes of the ISO base media file format (ISO/IEC 14496-12 §4.2), as AVIF, HEIF and JXL use."""

from collections.abc import Iterator

MOST_BOXES = 2000
_LARGE_SIZE = 1  # a size of one: the real one follows in eight bytes


def boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Type and span of each box between two places, as far as their sizes hold."""
    for _ in range(MOST_BOXES):
        if start + 8 > end:
            return
        size, header = int.from_bytes(content[start : start + 4], "big"), 8
        if size == _LARGE_SIZE:
            size, header = int.from_bytes(content[start + 8 : start + 16], "big"), 16
        stop = min(start + size, end) if size else end
        if stop < start + header:
            return
        yield content[start + 4 : start + 8], (start + header, stop)
        start = stop
