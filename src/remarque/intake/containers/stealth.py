"""Text hidden in the alpha channel ("stealth_pnginfo", "stealth_pngcomp").

The lowest bit of each alpha value, column by column from the top left, holds a fifteen-byte name,
the number of payload bits (32 bits, big-endian), then the payload: UTF-8, gzipped for ``comp``.
NovelAI and the stealth extensions for Stable Diffusion web UIs write it this way.
"""

import io
import struct
import zlib
from typing import TYPE_CHECKING

from remarque.intake.containers import png, webp
from remarque.intake.containers.collecting import Collector, decode_utf8

if TYPE_CHECKING:
    import numpy as np

PLACE = "stealth alpha"
_NAMES = {b"stealth_pnginfo": False, b"stealth_pngcomp": True}
_NAME_BITS, _COUNT_BITS = 15 * 8, 32
_MOST_PIXELS = 48_000_000
_PICTURE_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


def read_stealth(content: bytes, into: Collector) -> None:
    """Collect the hidden text of a PNG or WebP whose pixels have an alpha channel."""
    picture = _picture_with_alpha(content)
    alpha = _alpha_of(picture, into) if picture is not None else None
    if alpha is None:
        return
    # Reading a window first: nearly every picture with alpha has no such text.
    name = _bits(alpha, 0, _NAME_BITS)
    if name not in _NAMES:
        return
    key = name.decode("ascii")
    count = int.from_bytes(_bits(alpha, _NAME_BITS, _COUNT_BITS), "big")
    start = _NAME_BITS + _COUNT_BITS
    if count % 8 or start + count > alpha.size:
        into.remark(f"The hidden text {key!r} names an impossible length and was not read.")
        return
    raw: bytes | None = _bits(alpha, start, count)
    if raw is not None and _NAMES[name]:
        raw = into.inflate(PLACE, key, raw, gzip=True)
    if raw is not None:
        into.add(PLACE, key, raw, decode_utf8(raw))


def _bits(alpha: "np.ndarray", start: int, count: int) -> bytes:
    """Lowest bits ``start`` to ``start + count`` in column order, packed to bytes."""
    import numpy as np

    height = alpha.shape[0]
    first, last = start // height, -(-(start + count) // height)
    window = (alpha[:, first:last].T & 1).ravel()
    offset = start - first * height
    return np.packbits(window[offset : offset + count]).tobytes()


def _picture_with_alpha(content: bytes) -> bytes | None:
    """The bytes to decode, reduced to what pixels need; None where there is no alpha channel."""
    if content.startswith(png.SIGNATURE):
        return _bare_png(content)
    if webp.is_webp(content):
        for kind, body, _ in webp.walk(content):
            if kind == b"VP8X":
                flags = body[0] if body else 0
                return content if flags & 0x10 and not flags & 0x02 else None
            return content if kind == b"VP8L" else None
    return None


def _bare_png(content: bytes) -> bytes | None:
    # IHDR: bit depth, then colour type; 4 is grey with alpha, 6 is RGB with alpha.
    if content[24:26] not in {b"\x08\x04", b"\x08\x06"}:
        return None
    parts = [png.SIGNATURE]
    for chunk in png.walk(content):
        if chunk.kind in _PICTURE_CHUNKS and chunk.whole:
            end = chunk.start + 12 + len(chunk.body)
            parts.append(content[chunk.start : end])
    return b"".join(parts)


def _alpha_of(picture: bytes, into: Collector) -> "np.ndarray | None":
    """Alpha values, uint8, shape (height, width); None where the pixels cannot be decoded."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(io.BytesIO(picture), formats=("PNG", "WEBP")) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                into.remark(
                    f"The picture has more than {_MOST_PIXELS // 1_000_000} million pixels; "
                    "its alpha channel was not searched for hidden text."
                )
                return None
            if "A" not in opened.getbands():
                return None
            return np.asarray(opened.getchannel("A"))
    # Pillow's decoders raise all of these on damaged pixels; hidden text is then simply not there.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error):
        return None
