"""Pixels to bytes, with no metadata but the colour profile."""

import io
from typing import Any

from PIL import Image

from remarque.errors import UsageError
from remarque.pictures.scaling import Pixels, fit, on_ground

_LOSSLESS = 100
_FULL_COLOUR_FROM = 90


def encode(
    pixels: Pixels, media_type: str, *, icc: bytes | None = None, quality: int = 95
) -> bytes:
    """Write pixels as a file of this media type.

    PNG is lossless; JPEG keeps full colour resolution (4:4:4) from quality 90 on and lies on
    white where the picture is transparent; WebP is lossless at quality 100.

    Args:
        pixels: uint8, shape (height, width, 3 or 4), RGB or RGBA.
        media_type: ``image/png``, ``image/jpeg`` or ``image/webp``.
        icc: The profile the numbers are meant in.
        quality: 1 to 100; PNG ignores it.

    Raises:
        UsageError: Another media type, or a side longer than the format can say.
    """
    if media_type == "image/png":
        return _saved(pixels, icc, format="PNG")
    if media_type == "image/jpeg":
        subsampling = "4:4:4" if quality >= _FULL_COLOUR_FROM else "4:2:0"
        return _saved(
            on_ground(pixels), icc, format="JPEG", quality=quality, subsampling=subsampling
        )
    if media_type == "image/webp":
        lossless = quality >= _LOSSLESS
        return _saved(pixels, icc, format="WEBP", quality=quality, lossless=lossless, exact=True)
    raise UsageError(f"pictures are written as PNG, JPEG or WebP, not as {media_type!r}")


def thumbnail(pixels: Pixels, longest_px: int) -> bytes:
    """A small JPEG (quality 85) on white, its longer side at most ``longest_px``."""
    small, _ = fit(pixels, longest_px)
    return encode(small, "image/jpeg", quality=85)


def _saved(pixels: Pixels, icc: bytes | None, **settings: Any) -> bytes:  # noqa: ANN401
    written = io.BytesIO()
    if icc:
        settings["icc_profile"] = icc
    height, width = pixels.shape[:2]
    try:
        Image.fromarray(pixels).save(written, **settings)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"a picture of {width} x {height} pixels cannot be written as {settings['format']}: "
            f"{error}"
        ) from error
    return written.getvalue()
