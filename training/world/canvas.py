"""A small painting surface: smooth-edged shapes, colour fields and the truth about them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 256  # pixels; the only size the world is drawn in

Colour = tuple[float, float, float]
Plane = NDArray[np.float32]
Mask = NDArray[np.uint8]
Point = tuple[float, float]

_SHIFT = 4  # shapes are placed on sixteenths of a pixel


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Blend two colours; `share` 0 gives the first, 1 the second."""
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )


def cloud_noise(rng: np.random.Generator, cells: int, rows: int | None = None) -> Plane:
    """Return smooth noise of unit strength, `cells` bumps wide and `rows` high."""
    coarse = rng.standard_normal((rows or cells, cells), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))


def polygon(points: Sequence[Point]) -> Mask:
    """Return the smooth-edged mask of a filled polygon."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    corners = np.rint(np.asarray(points, np.float32) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _SHIFT)
    return mask


def ellipse(centre: Point, radii: Point, angle: float = 0.0) -> Mask:
    """Return the smooth-edged mask of a filled ellipse; the angle is in degrees."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    scale = 1 << _SHIFT
    middle = (round(centre[0] * scale), round(centre[1] * scale))
    axes = (round(radii[0] * scale), round(radii[1] * scale))
    cv2.ellipse(mask, middle, axes, angle, 0, 360, 255, -1, cv2.LINE_AA, _SHIFT)
    return mask


def stroke(points: Sequence[Point], width: float, *, closed: bool = False) -> Mask:
    """Return the smooth-edged mask of a line through `points`."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    corners = np.rint(np.asarray(points, np.float32) * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(mask, [corners], closed, 255, max(1, round(width)), cv2.LINE_AA, _SHIFT)
    return mask


@dataclass(slots=True)
class Canvas:
    """The picture being painted, values 0 to 255, and the masks of the things in it.

    `outline` is the width of the dark line round every shape that asks for one; 0 leaves it out.
    """

    outline: float = 0.0
    ink: Colour = (30.0, 27.0, 36.0)
    pixels: Plane = field(default_factory=lambda: np.zeros((SIDE, SIDE, 3), np.float32))
    truth: dict[str, list[Mask]] = field(default_factory=dict)

    def paint(self, mask: Mask, paint: Colour | Plane, strength: float = 1.0) -> None:
        """Lay one colour, or a whole field of colours, on where the mask is."""
        left, top, width, height = cv2.boundingRect(mask)
        if not width:
            return
        rows, columns = slice(top, top + height), slice(left, left + width)
        share = mask[rows, columns, None].astype(np.float32) * np.float32(strength / 255.0)
        source = paint[rows, columns] if isinstance(paint, np.ndarray) else np.float32(paint)
        part = self.pixels[rows, columns]
        part += (source - part) * share

    def shape(self, points: Sequence[Point], paint: Colour | Plane) -> Mask:
        """Fill a polygon, outline it where the style has outlines, and return its mask."""
        mask = polygon(points)
        self.paint(mask, paint)
        if self.outline:
            self.paint(stroke(points, self.outline, closed=True), self.ink)
        return mask

    def disc(self, centre: Point, radii: Point, paint: Colour | Plane) -> Mask:
        """Fill an ellipse, outline it where the style has outlines, and return its mask."""
        if self.outline:
            grown = (radii[0] + self.outline * 0.6, radii[1] + self.outline * 0.6)
            self.paint(ellipse(centre, grown), self.ink)
        mask = ellipse(centre, radii)
        self.paint(mask, paint)
        return mask

    def glow(self, centre: Point, reach: float, colour: Colour, strength: float) -> None:
        """Add light round a point that fades over `reach` pixels."""
        rows = np.arange(SIDE, dtype=np.float32)[:, None] - np.float32(centre[1])
        columns = np.arange(SIDE, dtype=np.float32)[None, :] - np.float32(centre[0])
        fade = np.exp(-(rows * rows + columns * columns) * np.float32(1.0 / (reach * reach)))
        share = (fade * np.float32(strength))[..., None]
        self.pixels += (np.float32(colour) - self.pixels) * share

    def mark(self, name: str, *masks: Mask) -> None:
        """Note that the union of the masks shows one thing called `name`."""
        union = masks[0]
        for mask in masks[1:]:
            union = np.maximum(union, mask)
        self.truth.setdefault(name, []).append(union)
