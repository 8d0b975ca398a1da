"""The pixel-bearing part of a PNG file, taken out by hand (W3C PNG, third edition, §5).

Text, animation and private chunks can be bombs, and none of them is needed to see the picture;
a decoder that never gets them cannot be hurt by them.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from remarque.errors import PictureUnreadable

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_NEEDED = frozenset({b"IHDR", b"PLTE", b"IDAT", b"tRNS"})
_END = b"\x00\x00\x00\x00IEND\xae\x42\x60\x82"
_LARGEST_EXIF = 1 << 20
_HEADER_ENDS = 33
_ANIMATION_CONTROL_SIZE = 20


@dataclass(frozen=True, slots=True)
class PngHeader:
    """IHDR and acTL: size in pixels, bits per sample, frames (1 for a still picture)."""

    width_px: int
    height_px: int
    bit_depth: int
    frames: int


def read_header(content: bytes) -> PngHeader:
    """Size, depth and frame count of a PNG, without touching its pixels.

    Raises:
        PictureUnreadable: The file does not begin with a whole IHDR chunk.
    """
    if content[12:16] != b"IHDR" or len(content) < _HEADER_ENDS:
        raise PictureUnreadable("this PNG is damaged: it does not begin with its header chunk")
    width, height, depth = struct.unpack_from(">IIB", content, 16)
    return PngHeader(width, height, depth, _frames(content))


def strip(content: bytes) -> bytes:
    """The same PNG with nothing but the chunks its first picture needs, ended properly.

    A file that is cut after its pixels is made whole again; one cut inside them is refused.

    Raises:
        PictureUnreadable: The file ends inside a chunk that is needed, or has no pixels.
    """
    pieces = [SIGNATURE]
    pixels_seen = False
    for name, start, stop in _chunks(content):
        if name not in _NEEDED and not _is_small_exif(name, stop - start):
            continue
        if stop > len(content):
            raise PictureUnreadable("this PNG is truncated: the file ends inside its pixels")
        pixels_seen = pixels_seen or name == b"IDAT"
        pieces.append(content[start:stop])
    if not pixels_seen:
        raise PictureUnreadable("this PNG is damaged or truncated: it holds no pixels")
    return b"".join([*pieces, _END])


def colour_profile(content: bytes, *, at_most_bytes: int) -> bytes | None:
    """The inflated ICC profile (iCCP, §11.3.2.3), or nothing when absent, broken or too large."""
    for name, start, stop in _chunks(content):
        if name != b"iCCP" or stop > len(content):
            continue
        _, _, packed = content[start + 8 : stop - 4].partition(b"\x00")
        inflater = zlib.decompressobj()
        try:
            profile = inflater.decompress(packed[1:], at_most_bytes)
        except zlib.error:
            return None
        return profile if inflater.eof else None
    return None


def _is_small_exif(name: bytes, size: int) -> bool:
    return name == b"eXIf" and size <= _LARGEST_EXIF


def _frames(content: bytes) -> int:
    for name, start, stop in _chunks(content):
        whole = stop <= len(content) and stop - start == _ANIMATION_CONTROL_SIZE
        if name == b"acTL" and whole:
            return max(1, int(struct.unpack_from(">I", content, start + 8)[0]))
        if name == b"IDAT":
            break
    return 1


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, first byte and byte after the last (length and CRC included) of each chunk."""
    start = len(SIGNATURE)
    while start + 8 <= len(content):
        length = int.from_bytes(content[start : start + 4], "big")
        name = content[start + 4 : start + 8]
        stop = start + 12 + length
        yield name, start, stop
        if name == b"IEND":
            return
        start = stop
