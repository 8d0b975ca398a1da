"""Lettering: one line of text as a mask of ink, at a height that is promised."""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from remarque.errors import MarkError
from remarque.marks.xmp import check_text

Mask = NDArray[np.float64]
"""Ink from 0 (none) to 1 (full), shape (height, width)."""

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_NOT_A_CHARACTER = "\U0010ffff"
_FIRST_WIDE_SCRIPT = 0x2E80
_LARGEST_FONT_PX = 4000
_LONGEST_TEXT = 120


def letter(text: str, height_px: int, font: bytes | None) -> Mask:
    """Draw one line of text, cropped to its ink.

    Args:
        text: One line, up to 120 characters.
        height_px: The height the lowest capital or wide character has at least.
        font: A TrueType or OpenType file; None for the small Latin font at hand.

    Raises:
        MarkError: The text is empty, too long or not one line, the font cannot be used, or the
            font lacks a character (a box in its place would be no mark).
    """
    check_line(text)
    loaded = _font_of_height(text, height_px, _loader(font))
    _check_glyphs(text, loaded)
    left, top, right, bottom = (int(edge) for edge in loaded.getbbox(text))
    canvas = Image.new("L", (max(1, right - left), max(1, bottom - top)), 0)
    ImageDraw.Draw(canvas).text((-left, -top), text, fill=255, font=loaded)
    if (box := canvas.getbbox()) is None:
        raise MarkError(f"the text {text!r} has no ink in this font")
    return np.asarray(canvas.crop(box), dtype=np.float64) / 255


def check_line(text: str) -> None:
    """Refuse text that is not one line of visible characters.

    Raises:
        MarkError: It is empty, too long, or holds line ends or control characters.
    """
    check_text(text, "the text of a visible mark")
    if not text.strip() or any(character in "\t\r\n" for character in text):
        raise MarkError("the text of a visible mark must be one line that is not empty")
    if len(text) > _LONGEST_TEXT:
        raise MarkError(
            f"the text of a visible mark has {len(text)} characters; "
            f"up to {_LONGEST_TEXT} are drawn"
        )


def _loader(font: bytes | None) -> Callable[[int], _Font]:
    def load(size_px: int) -> _Font:
        if font is None:
            return ImageFont.load_default(size_px)
        try:
            return ImageFont.truetype(io.BytesIO(font), size_px)
        except (OSError, ValueError) as error:
            raise MarkError(
                f"the font for the visible mark cannot be used: {error}",
                hint="Give a TrueType or OpenType font file.",
            ) from error

    return load


def _font_of_height(text: str, height_px: int, load: Callable[[int], _Font]) -> _Font:
    """The smallest size at which every tall character is at least so high."""
    size = max(4, height_px)
    font = load(size)
    while (found := _ink_height(text, font)) < height_px:
        if size >= _LARGEST_FONT_PX or found == 0:
            raise MarkError(f"the text {text!r} cannot be drawn {height_px} pixels high")
        size = max(size + 1, size * height_px // max(found, 1))
        font = load(size)
    return font


def _ink_height(text: str, font: _Font) -> int:
    tall = [c for c in text if c.isupper() or ord(c) >= _FIRST_WIDE_SCRIPT]
    heights = [font.getmask(character).getbbox() for character in tall or [text]]
    return min((box[3] - box[1] if box else 0) for box in heights)


def _check_glyphs(text: str, font: _Font) -> None:
    """A glyph that looks like the one for no character at all is missing."""
    missing = _picture_of(_NOT_A_CHARACTER, font)
    lacking = [
        c for c in dict.fromkeys(text) if not c.isspace() and _picture_of(c, font) == missing
    ]
    if lacking:
        shown = " ".join(f"{c} (U+{ord(c):04X})" for c in lacking[:5])
        raise MarkError(
            f"the font for the visible mark lacks {shown}",
            hint="Give a font file that has these characters, for example a Noto Sans CJK.",
        )


def _picture_of(character: str, font: _Font) -> tuple[tuple[int, int], bytes]:
    drawn = font.getmask(character)
    return drawn.size, bytes(drawn)
