"""Laying a mark over a picture: where, in which colour, and whether it is still there."""

import io
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from remarque.errors import MarkError
from remarque.model.marks import Region
from remarque.pictures.encoding import encode

Pixels = NDArray[np.uint8]
"""Shape (height, width, 3 or 4), RGB or RGBA with straight alpha."""

Colour = tuple[int, int, int]

_Numbers = NDArray[np.float64]
_MARGIN_SHARE = 0.025
_DARK: Colour = (18, 18, 18)
_LIGHT: Colour = (250, 250, 250)
_COLOURS = 3
_LEAST_DIFFERENCE = 2.0
_LINEAR_BELOW = 0.04045
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


class Corner(StrEnum):
    """Where a visible mark stands."""

    BOTTOM_RIGHT = "bottom-right"
    BOTTOM_LEFT = "bottom-left"
    TOP_RIGHT = "top-right"
    TOP_LEFT = "top-left"


@dataclass(frozen=True, slots=True, eq=False)
class DrawnMark:
    """A picture with a mark: the new pixels, the mark's box, and the mark alone.

    ``layer`` is an RGBA PNG of the size of ``region``; laid over the clean picture there it gives
    exactly ``pixels``.
    """

    pixels: Pixels
    region: Region
    layer: bytes


def is_drawn(marked: Pixels, drawn: DrawnMark, clean: Pixels) -> bool:
    """Whether a decoded picture shows the mark: nearer to the drawn than to the clean pixels."""
    box = drawn.region
    rows, columns = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
    if marked.shape[:2] != drawn.pixels.shape[:2]:
        return False
    with Image.open(io.BytesIO(drawn.layer)) as layer:
        weight = np.asarray(layer, dtype=np.float64)[..., 3:] / 255
    seen, wanted, before = (
        part[rows, columns, :3].astype(np.float64) for part in (marked, drawn.pixels, clean)
    )
    total = float(weight.sum()) * 3
    to_drawn = float((np.abs(seen - wanted) * weight).sum()) / total
    to_clean = float((np.abs(seen - before) * weight).sum()) / total
    return to_clean > _LEAST_DIFFERENCE and to_drawn < to_clean / 2


def overlap(one: Region, other: Region) -> bool:
    """Whether two boxes share a pixel."""
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )


def region_in(pixels: Pixels, width: int, height: int, corner: Corner) -> Region:
    """The box of a mark of this size in a corner, a margin away from the edges.

    Raises:
        MarkError: The mark is larger than the picture.
    """
    margin = margin_of(pixels)
    rows, columns = pixels.shape[:2]
    if width > columns or height > rows:
        raise MarkError(f"the visible mark is larger than the picture ({columns} x {rows} pixels)")
    at_right = corner in (Corner.BOTTOM_RIGHT, Corner.TOP_RIGHT)
    at_bottom = corner in (Corner.BOTTOM_RIGHT, Corner.BOTTOM_LEFT)
    left = columns - width - margin if at_right else margin
    top = rows - height - margin if at_bottom else margin
    left, top = min(max(left, 0), columns - width), min(max(top, 0), rows - height)
    return Region(left, top, width, height)


def colours_on(pixels: Pixels, region: Region) -> tuple[Colour, Colour]:
    """Ink and halo: whichever ink has the higher contrast ratio to the ground (WCAG 2.2 §1.4.3)."""
    ground = _luminance(_on_white(_cut(pixels, region)))
    with_light = 1.05 / (ground + 0.05)
    with_dark = (ground + 0.05) / 0.05
    return (_LIGHT, _DARK) if with_light >= with_dark else (_DARK, _LIGHT)


def lay(pixels: Pixels, layer: Pixels, region: Region) -> DrawnMark:
    """Straight-alpha "over" (Porter and Duff 1984)."""
    marked = pixels.copy()
    under = _cut(marked, region)
    top = layer[..., 3:].astype(np.float64) / 255
    has_alpha = under.shape[2] > _COLOURS
    ground = under[..., 3:].astype(np.float64) / 255 if has_alpha else np.ones_like(top)
    beneath = ground * (1 - top)
    total = top + beneath
    mixed = layer[..., :3] * top + under[..., :3] * beneath
    colour = np.rint(mixed / np.maximum(total, 1e-6)).astype(np.uint8)
    # Where the mark has no ink at all, the pixels below stay exactly as they were.
    under[..., :3] = np.where(top > 0, colour, under[..., :3])
    if has_alpha:
        under[..., 3:] = np.rint(total * 255)
    return DrawnMark(marked, region, encode(layer, "image/png"))


def margin_of(pixels: Pixels) -> int:
    """Pixels between a mark and the edge: 2.5 % of the shorter side."""
    return max(2, round(int(min(pixels.shape[:2])) * _MARGIN_SHARE))


def _luminance(colour: _Numbers) -> float:
    """Median relative luminance, 0 to 1, of sRGB pixels (IEC 61966-2-1)."""
    linear = np.where(colour <= _LINEAR_BELOW, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(np.median(linear @ _LUMINANCE))


def _cut(pixels: Pixels, region: Region) -> Pixels:
    return pixels[region.top : region.top + region.height, region.left : region.left + region.width]


def _on_white(part: Pixels) -> _Numbers:
    colour = part[..., :3].astype(np.float64) / 255
    if part.shape[2] == _COLOURS:
        return colour
    alpha = part[..., 3:].astype(np.float64) / 255
    return colour * alpha + (1 - alpha)
