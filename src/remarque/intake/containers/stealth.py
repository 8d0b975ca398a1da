"""Text hidden in the lowest bits of the pixels ("stealth_pnginfo", "stealth_rgbinfo", …).

The lowest bit of each alpha value, or of each red, green and blue value in turn, column by column
from the top left, holds a fifteen-byte name, the number of payload bits (32 bits, big-endian),
then the payload: UTF-8, gzipped for the names that end in ``comp``. NovelAI and the stealth
extensions for Stable Diffusion web UIs write it this way.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remarque.intake.containers import png, webp
from remarque.intake.containers.collecting import Collector, decode_utf8
from remarque.intake.containers.first_column import first_values, shape_of

if TYPE_CHECKING:
    import numpy as np

PLACE = "stealth alpha"
RGB_PLACE = "stealth RGB"
_NAME_BITS, _COUNT_BITS = 15 * 8, 32
_MOST_PIXELS = 48_000_000
_PICTURE_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_DIMENSIONS = 3  # height, width, channels
_ALPHA_FLAG = 0x10  # in the first byte of VP8X


@dataclass(frozen=True, slots=True)
class _Channels:
    """One way to hide text: where, under which names (and whether packed), in which values."""

    place: str
    names: dict[bytes, bool]
    bands: str
    search: str

    @property
    def per_pixel(self) -> int:
        return len(self.bands)


_WAYS = (
    _Channels(PLACE, {b"stealth_pnginfo": False, b"stealth_pngcomp": True}, "A", "alpha channel"),
    _Channels(
        RGB_PLACE, {b"stealth_rgbinfo": False, b"stealth_rgbcomp": True}, "RGB", "colour channels"
    ),
)


def read_stealth(content: bytes, into: Collector) -> None:
    """Collect the hidden texts of a PNG or WebP whose pixels were kept without loss."""
    ways = [way for way in _WAYS if _may_hide(content, way)]
    if not ways:
        return
    if _pixel_count(content) > _MOST_PIXELS:
        searched = " and ".join(way.search for way in ways)
        into.remark(
            f"The picture has more than {_MOST_PIXELS // 1_000_000} million pixels; "
            f"its {searched} were not searched for hidden text."
        )
        return
    pixels = _pixels_of(content)
    for way in ways:
        values = _values_of(pixels, way)
        if values is not None:
            _read_hidden(values, way, into)


def _read_hidden(values: "np.ndarray", way: _Channels, into: Collector) -> None:
    name = _bits(values, 0, _NAME_BITS)
    if name not in way.names:
        return
    key = name.decode("ascii")
    count = int.from_bytes(_bits(values, _NAME_BITS, _COUNT_BITS), "big")
    start = _NAME_BITS + _COUNT_BITS
    if count % 8 or start + count > values.size:
        into.remark(f"The hidden text {key!r} names an impossible length and was not read.")
        return
    bits = _bits(values, start, count)
    told = into.inflate(way.place, key, bits, gzip=True) if way.names[name] else (bits, True)
    if told is not None:
        into.add(way.place, key, told[0], decode_utf8(told[0]), whole=told[1])


def _bits(values: "np.ndarray", start: int, count: int) -> bytes:
    """Lowest bits ``start`` to ``start + count`` in column order, packed to bytes."""
    import numpy as np

    per_column = values.shape[0] * values.shape[2]
    first, last = start // per_column, -(-(start + count) // per_column)
    window = (values[:, first:last].transpose(1, 0, 2) & 1).ravel()
    offset = start - first * per_column
    return np.packbits(window[offset : offset + count]).tobytes()


def _may_hide(content: bytes, way: _Channels) -> bool:
    """Whether the pixels can hold such a text, by the header and, in PNG, the first column."""
    if content.startswith(png.SIGNATURE):
        shape = shape_of(content)
        if shape is None or not (shape.has_alpha if way.bands == "A" else shape.has_colours):
            return False
        values = first_values(content, shape, _NAME_BITS // way.per_pixel)
        return values is None or _first_name(values, way) in way.names
    return webp.is_webp(content) and _may_hide_in_webp(content, way)


def _first_name(values: list[bytes], way: _Channels) -> bytes:
    used = [pixel[-1:] if way.bands == "A" else pixel[:3] for pixel in values]
    bits = "".join(str(value & 1) for pixel in used for value in pixel)
    return int(bits, 2).to_bytes(_NAME_BITS // 8, "big")


def _may_hide_in_webp(content: bytes, way: _Channels) -> bool:
    """Alpha is always kept without loss, colours only in a VP8L picture (RFC 9649 §2.6, §2.7)."""
    flags = None
    for kind, body, _ in webp.walk(content):
        if kind == b"VP8X":
            flags = body[0] if body else 0
        elif kind == b"VP8L":
            return way.bands == "RGB" or flags is None or bool(flags & _ALPHA_FLAG)
        elif kind in {b"VP8 ", b"ANMF"}:
            return kind == b"VP8 " and way.bands == "A" and bool((flags or 0) & _ALPHA_FLAG)
    return False


def _pixel_count(content: bytes) -> int:
    """By the headers, before any decoder sees the file."""
    shape = shape_of(content) if content.startswith(png.SIGNATURE) else None
    return shape.width * shape.height if shape is not None else webp.pixel_count(content)


def _pixels_of(content: bytes) -> "np.ndarray | None":
    """All values, uint8, shape (height, width, channels), or None where they cannot be had."""
    import numpy as np
    from PIL import Image

    picture = _bare_png(content) if content.startswith(png.SIGNATURE) else content
    try:
        with Image.open(io.BytesIO(picture), formats=("PNG", "WEBP")) as opened:
            values = np.asarray(opened)
    # Pillow's decoders raise all of these on damaged pixels; hidden text is then simply not there.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error):
        return None
    except Image.DecompressionBombError:
        return None
    return values if values.ndim == _DIMENSIONS and values.dtype == np.uint8 else None


def _values_of(pixels: "np.ndarray | None", way: _Channels) -> "np.ndarray | None":
    if pixels is None:
        return None
    if way.bands == "A":
        return pixels[:, :, -1:] if pixels.shape[2] in {2, 4} else None
    return pixels[:, :, :3] if pixels.shape[2] >= way.per_pixel else None


def _bare_png(content: bytes) -> bytes:
    """The file reduced to what its pixels need."""
    parts = [png.SIGNATURE]
    for chunk in png.walk(content):
        if chunk.kind in _PICTURE_CHUNKS and chunk.whole:
            end = chunk.start + 12 + len(chunk.body)
            parts.append(content[chunk.start : end])
    return b"".join(parts)
