"""The lowest bits of a PNG's first column, read without decoding the picture.

Hidden texts begin there, and nearly no picture has one. The first value of a line depends on the
lines above it only through their first values (PNG third edition §9.2: to the left of the first
pixel everything counts as zero), so a few inflated lines settle whether decoding is worth it.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from remarque.intake.containers import png

_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # colour type: values per pixel; palettes hide nothing
_EIGHT_BITS = 8
_HEADER = 13
_MOST_CHUNKS = 5000
_MOST_UNPACKED = 64 * 1024 * 1024
_UP, _AVERAGE, _PAETH = 2, 3, 4


@dataclass(frozen=True, slots=True)
class PngShape:
    """What the header says of a picture with eight bits a value and without a palette."""

    width: int
    height: int
    channels: int
    interlaced: bool

    @property
    def has_alpha(self) -> bool:
        """Whether the last value of each pixel is its alpha."""
        return self.channels in {2, 4}

    @property
    def has_colours(self) -> bool:
        """Whether a pixel has red, green and blue."""
        return self.channels >= _CHANNELS[2]


def shape_of(content: bytes) -> PngShape | None:
    """The shape, or None for a palette, another depth or a damaged header."""
    header = next((bytes(chunk.body) for chunk in png.walk(content)), b"")
    if len(header) != _HEADER or header[8] != _EIGHT_BITS or header[9] not in _CHANNELS:
        return None
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (0, 4))
    if not width or not height:
        return None
    return PngShape(width, height, _CHANNELS[header[9]], interlaced=header[12] != 0)


def first_values(content: bytes, shape: PngShape, lines: int) -> list[bytes] | None:
    """The first pixel of each of the first lines; None where they cannot be had this way."""
    if shape.interlaced or lines > shape.height:
        return None
    stride = 1 + shape.width * shape.channels
    if lines * stride > _MOST_UNPACKED:
        return None
    unpacked = _inflate(content, lines * stride)
    if len(unpacked) < (lines - 1) * stride + 1 + shape.channels:
        return None
    above = bytes(shape.channels)
    found = []
    for line in range(lines):
        start = line * stride
        kind, raw = unpacked[start], unpacked[start + 1 : start + 1 + shape.channels]
        above = _unfiltered(kind, raw, above)
        found.append(above)
    return found


def _unfiltered(kind: int, raw: bytes, above: bytes) -> bytes:
    if kind in {_UP, _PAETH}:  # with zeros to the left, Paeth's predictor is the value above
        return bytes((value + up) & 255 for value, up in zip(raw, above, strict=True))
    if kind == _AVERAGE:
        return bytes((value + up // 2) & 255 for value, up in zip(raw, above, strict=True))
    return raw


def _inflate(content: bytes, size: int) -> bytes:
    """The first bytes of the pixel data, no more than ``size``."""
    unpacking, parts, room = zlib.decompressobj(), list[bytes](), size
    for packed in _pixel_data(content):
        try:
            part = unpacking.decompress(packed, room)
        except zlib.error:
            break
        parts.append(part)
        room -= len(part)
        if room <= 0:
            break
    return b"".join(parts)


def _pixel_data(content: bytes) -> Iterator[memoryview]:
    chunks = islice(png.walk(content), _MOST_CHUNKS)
    return (chunk.body for chunk in chunks if chunk.kind == b"IDAT")
