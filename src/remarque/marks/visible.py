"""Visible marks: the author's own, and the label that says "made by AI". Two things, never one.

The label follows GB 45438-2025 §4.1: text at an edge or corner, at least 5 % of the shorter side
high.
"""

import re
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from remarque.errors import InputError, MarkError
from remarque.marks.laying import (
    Corner,
    DrawnMark,
    Pixels,
    colours_on,
    lay,
    margin_of,
    region_in,
)
from remarque.marks.lettering import Mask, check_line, letter
from remarque.pictures.decoding import decode

AI_LABEL = "AI generated"
AI_LABEL_CHINESE = "AI 生成"

SMALLEST_SIDE_PX = 64
"""Pictures with a shorter side below this get no visible mark."""

_LABEL_SHARE = 0.05
_SMALLEST_LABEL_PX, _SMALLEST_TEXT_PX = 9, 8
_WIDEST_SHARE = 0.45
_INK, _HALO = 0.94, 0.62
_OPAQUE = 255
_SUBJECT = re.compile(
    r"(?<![A-Za-z])AI(?![A-Za-z])|人工智能|artificial intelligence", re.IGNORECASE
)
_VERB = re.compile(r"generat|synthesi|生成|合成", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class VisibleMark:
    """The author's mark: ``text``, or ``picture`` (a picture file, best a PNG with alpha).

    ``height_share`` is the height of capitals, or of the picture, as a share of the shorter side.
    ``font`` is a font file for characters beyond plain Latin.
    """

    text: str = ""
    picture: bytes | None = None
    font: bytes | None = None
    corner: Corner = Corner.BOTTOM_RIGHT
    height_share: float = 0.03


def draw_mark(pixels: Pixels, mark: VisibleMark) -> DrawnMark:
    """Draw the author's mark.

    Raises:
        MarkError: The picture is too small, the mark does not fit or cannot be drawn.
    """
    shorter = _shorter_side(pixels)
    if not 0 < mark.height_share <= 1:
        raise MarkError("the height of a visible mark is a share of the shorter side, 0 to 1")
    if mark.picture is not None:
        stamp = _stamp(mark.picture, pixels.shape, mark.height_share)
        region = region_in(pixels, stamp.shape[1], stamp.shape[0], mark.corner)
        return lay(pixels, stamp, region)
    height = max(_SMALLEST_TEXT_PX, round(shorter * mark.height_share))
    ink = letter(mark.text, height, mark.font)
    widest = int(pixels.shape[1] * _WIDEST_SHARE)
    if ink.shape[1] > widest:
        height = height * widest // ink.shape[1]
        ink = _letter_that_fits(mark, max(height, _SMALLEST_TEXT_PX), widest)
    return _lettered(pixels, ink, height, mark.corner)


def draw_ai_label(
    pixels: Pixels,
    text: str = AI_LABEL,
    *,
    font: bytes | None = None,
    corner: Corner = Corner.BOTTOM_LEFT,
) -> DrawnMark:
    """Draw the label that says the picture is made by AI, at least 5 % of the shorter side high.

    Raises:
        MarkError: The picture is too small, the label does not fit or cannot be drawn.
    """
    height = max(_SMALLEST_LABEL_PX, int(np.ceil(_shorter_side(pixels) * _LABEL_SHARE)))
    ink = letter(text, height, font)
    if ink.shape[1] > pixels.shape[1] - 4 * margin_of(pixels):
        raise MarkError(
            f"the AI label {text!r} does not fit: at 5 % of the shorter side it is "
            f"{ink.shape[1]} pixels wide and the picture has {pixels.shape[1]}",
            hint=f"Use a shorter label, for example {AI_LABEL!r}.",
        )
    return _lettered(pixels, ink, height, corner)


def label_warning(text: str) -> str:
    """What a label text lacks for GB 45438 §4.1 (who made it, and that it was made), or nothing."""
    check_line(text)
    if _SUBJECT.search(text) and _VERB.search(text):
        return ""
    return (
        f"the AI label says {text!r}; GB 45438 asks for AI (or 人工智能) together with "
        "generated or synthesised (生成, 合成)"
    )


def _shorter_side(pixels: Pixels) -> int:
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_SIDE_PX:
        raise MarkError(
            f"a picture of {width} x {height} pixels is too small for a visible mark; "
            f"the shorter side must have {SMALLEST_SIDE_PX}",
            hint="Publish a larger picture, or leave the visible mark out.",
        )
    return int(min(height, width))


def _letter_that_fits(mark: VisibleMark, height: int, widest: int) -> Mask:
    ink = letter(mark.text, height, mark.font)
    while ink.shape[1] > widest:
        height -= 1
        if height < _SMALLEST_TEXT_PX:
            raise MarkError(
                f"the visible mark {mark.text!r} is too long for a picture this wide",
                hint="Use a shorter text, or a picture as the mark.",
            )
        ink = letter(mark.text, height, mark.font)
    return ink


def _lettered(pixels: Pixels, ink: Mask, height: int, corner: Corner) -> DrawnMark:
    """Ink with a soft halo, light on dark ground and dark on light."""
    radius = max(1, round(height * 0.1))
    ink = np.pad(ink, 3 * radius)
    halo = _halo(ink, radius)
    region = region_in(pixels, ink.shape[1], ink.shape[0], corner)
    colour, around = colours_on(pixels, region)
    strong, soft = ink * _INK, halo * _HALO * (1 - ink * _INK)
    alpha = strong + soft
    mixed = strong[..., None] * np.array(colour) + soft[..., None] * np.array(around)
    layer = np.zeros((*ink.shape, 4), np.uint8)
    layer[..., :3] = np.rint(mixed / np.maximum(alpha, 1e-6)[..., None])
    layer[..., 3] = np.rint(alpha * 255)
    return lay(pixels, layer, region)


def _halo(ink: Mask, radius: int) -> Mask:
    solid = Image.fromarray(np.rint(ink * 255).astype(np.uint8))
    spread = solid.filter(ImageFilter.MaxFilter(2 * radius + 1))
    return np.asarray(spread.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float64) / 255


def _stamp(picture: bytes, shape: tuple[int, ...], height_share: float) -> Pixels:
    """A picture mark, cropped to what is not transparent and scaled for this picture."""
    try:
        pixels = decode(picture).pixels
    except InputError as error:
        raise MarkError(f"the picture for the visible mark cannot be used: {error}") from error
    opaque = np.full(pixels.shape[:2], _OPAQUE, np.uint8)
    image = Image.fromarray(np.dstack([pixels, opaque])[..., :4])
    box = image.getchannel("A").getbbox()
    if box is None:
        raise MarkError("the picture for the visible mark is wholly transparent")
    image = image.crop(box)
    # A picture mark has no lettering to read, so it may be twice as high as text.
    wanted = max(_SMALLEST_TEXT_PX, min(shape[:2]) * height_share * 2)
    scale = min(wanted / image.height, shape[1] * _WIDEST_SHARE / image.width)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    resized = image.convert("RGBa").resize(size, Image.Resampling.LANCZOS)
    return np.asarray(resized.convert("RGBA"), dtype=np.uint8)
