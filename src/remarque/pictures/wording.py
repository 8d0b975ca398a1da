"""What was done to a copy's frame, in one sentence."""

import math

import numpy as np

from remarque.pictures.aligning import Alignment
from remarque.pictures.geometry import (
    corners,
    inverse,
    linear_part,
    rotation_degrees,
    transform_points,
)

_SIDES = ("left", "top", "right", "bottom")
_NOTICED = 0.02
_NOTICED_DEGREES = 1.0
_ALL = 0.97
_NOTICED_TILT = 0.15


def transform_in_words(alignment: Alignment) -> str:
    """For example ``scaled to 50 %, cropped to 82 % (bottom missing), mirrored``."""
    found = [
        *_scale(alignment),
        *_crop(alignment),
        *_place(alignment),
        *(["mirrored"] if alignment.mirrored else []),
        *_turn(alignment),
        *_tilt(alignment),
    ]
    return ", ".join(found) if found else "same size and frame"


def _scale(alignment: Alignment) -> list[str]:
    linear = linear_part(inverse(alignment.matrix), alignment.reference_size)
    across, down = (float(np.hypot(*linear[:, side])) for side in (0, 1))
    scale = math.sqrt(abs(float(np.linalg.det(linear))))
    if abs(across / down - 1) > 2 * _NOTICED:
        return [f"scaled to {across:.0%} across and {down:.0%} down".replace("%", " %")]
    return [f"scaled to {scale:.0%}".replace("%", " %")] if abs(scale - 1) > _NOTICED else []


def _crop(alignment: Alignment) -> list[str]:
    if alignment.share > _ALL:
        return []
    missing = _missing_sides(alignment)
    sides = "all sides" if len(missing) == len(_SIDES) else " and ".join(missing)
    cropped = f"cropped to {alignment.share:.0%}".replace("%", " %")
    return [f"{cropped} ({sides} missing)" if missing else cropped]


def _missing_sides(alignment: Alignment) -> list[str]:
    """Sides of our picture that the suspect's frame leaves out by more than 2 %."""
    width, height = alignment.reference_size
    frame = transform_points(alignment.matrix, corners(alignment.suspect_size))
    left, top = frame.min(axis=0) / (width, height)
    right, bottom = frame.max(axis=0) / (width, height)
    gaps = (left, top, 1 - right, 1 - bottom)
    return [side for side, gap in zip(_SIDES, gaps, strict=True) if gap > _NOTICED]


def _place(alignment: Alignment) -> list[str]:
    if alignment.cover > 1 - 2 * _NOTICED:
        return []
    return [f"placed in a larger picture, {alignment.cover:.0%} of it".replace("%", " %")]


def _turn(alignment: Alignment) -> list[str]:
    linear = linear_part(inverse(alignment.matrix), alignment.reference_size)
    degrees = rotation_degrees(linear)
    if abs(degrees) < _NOTICED_DEGREES:
        return []
    way = "clockwise" if degrees > 0 else "counter-clockwise"
    return ["turned upside down" if abs(degrees) > 179 else f"turned {abs(degrees):.0f}° {way}"]  # noqa: PLR2004


def _tilt(alignment: Alignment) -> list[str]:
    depth = corners(alignment.suspect_size) @ alignment.matrix[2, :2] + alignment.matrix[2, 2]
    uneven = 1 - abs(depth).min() / abs(depth).max()
    return ["seen at an angle"] if uneven > _NOTICED_TILT else []
