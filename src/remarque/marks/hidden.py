"""Text that some generators hide in the lowest bits of pixels ("stealth" PNG info).

The layout is a de-facto one: fifteen ASCII letters that name it, 32 bits (big endian) for the
number of payload bits, the payload; bit by bit down each column, columns from left to right.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

_IN_ALPHA = (b"stealth_pnginfo", b"stealth_pngcomp")
_IN_COLOURS = (b"stealth_rgbinfo", b"stealth_rgbcomp")
_NAME_BITS, _COUNT_BITS = 15 * 8, 32
_CHANNELS = {"alpha channel": (slice(3, 4), _IN_ALPHA), "colours": (slice(0, 3), _IN_COLOURS)}


@dataclass(frozen=True, slots=True)
class HiddenText:
    """Hidden text: its layout's name, the channels it lies in, and how many bits it takes."""

    name: str
    channels: str
    bits: int


def find_hidden_text(pixels: Pixels) -> HiddenText | None:
    """The hidden text of a losslessly coded picture, if there is one.

    Args:
        pixels: uint8, shape (height, width, 3 or 4).
    """
    for where, (channels, names) in _CHANNELS.items():
        start = _lowest_bits(pixels[..., channels], _NAME_BITS + _COUNT_BITS)
        name = np.packbits(start[:_NAME_BITS]).tobytes()
        if name in names:
            count = int.from_bytes(np.packbits(start[_NAME_BITS:]).tobytes(), "big")
            total = min(_NAME_BITS + _COUNT_BITS + count, pixels[..., channels].size)
            return HiddenText(name.decode("ascii"), where, total)
    return None


def without_hidden_text(pixels: Pixels, found: HiddenText) -> Pixels:
    """The same picture with the lowest bits of the hidden text set; no value moves by more than 1.

    Setting them keeps fully opaque pixels fully opaque.
    """
    channels = _CHANNELS[found.channels][0]
    cleaned = pixels.copy()
    part = cleaned[..., channels]
    columns = np.ascontiguousarray(part.transpose(1, 0, 2))
    flat = columns.reshape(-1)
    flat[: found.bits] |= 1
    cleaned[..., channels] = flat.reshape(columns.shape).transpose(1, 0, 2)
    return cleaned


def _lowest_bits(part: Pixels, count: int) -> Pixels:
    """The first bits in reading order; fewer where the picture is too small."""
    if not part.size:
        return np.zeros(0, np.uint8)
    rows, _, depth = part.shape
    columns = part[:, : -(-count // (rows * depth))]
    return (columns.transpose(1, 0, 2).reshape(-1)[:count] & 1).astype(np.uint8)
