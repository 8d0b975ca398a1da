"""How far two pictures that should be one differ, and which grade of a rerun that is.

The thresholds rest on the miniature: ``benchmarks/rerun_grades.py`` measures such differences.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from remarque.model.reruns import PictureDifference, RerunGrade
from remarque.pictures.scaling import Pixels, on_ground, resize

TOLERATED_LARGEST = 2
TOLERATED_MEAN = 0.05
"""In levels of 255. Other threads or another processor moved single samples by one level."""

ALIKE_DISTANCE = 31
ALIKE_MEAN = 4.0
"""Bits of 256 and levels. The distance is what PDQ's authors call a match (2019, §3).

Half precision and JPEG stayed below a mean of 2.7; the nearest other picture was 7.8 away.
"""

ALIKE_PLACE = 20.0
"""Levels by which the mean of no one place may differ: an object that is gone moves it further.

Half precision, one step more and JPEG down to quality 50 stayed below 13; a boat or a house left
out of the words of two of the miniature's pictures moved it by 60 and more. What is narrower than
about a fortieth of the shorter side can pass.
"""

ALIKE_MEAN_WITHOUT_DISTANCE = 1.0
"""For pictures too plain for a fingerprint: nothing but a difference nobody can see passes."""

_FURTHEST_SHIFT = 0.05
_WORTH_SHIFTING = 0.8
_SMALLEST_SHIFT_PX = 0.5
_ASPECT_SLACK = 0.02
_LEAST_SIDE_PX = 16
_PLACES_OF_BRIGHTNESS = 32
_PLACES_OF_COLOUR = 16
_LEAST_PLACE_PX = 3
_OPAQUE = 3

Plane = NDArray[np.float32]


def difference_of(
    original: Pixels, again: Pixels, *, distance: int | None = None
) -> PictureDifference:
    """How far ``again`` differs from ``original``, sample by sample.

    A picture of another size is scaled to the original's first; one that lies beside the original
    is moved onto it where that explains a good part of the difference.

    Args:
        original: uint8 RGB or RGBA.
        again: uint8 RGB or RGBA, any size.
        distance: Of their PDQ fingerprints in bits; None where one is too plain to have one.
    """
    ours, theirs = _of_one_kind(original, again)
    if np.array_equal(ours, theirs):
        return PictureDifference(0, 0.0, 0.0, distance, place=0.0)
    found = _measured(ours, theirs, distance)
    shift = _shift(ours, theirs)
    if shift == (0, 0):
        return found
    moved = _measured(*_overlap(ours, theirs, shift), distance, math.hypot(*shift))
    return moved if moved.mean < _WORTH_SHIFTING * found.mean else found


def grade_of(difference: PictureDifference, *, same_size: bool = True) -> RerunGrade:
    """The grade of a difference; pictures of two sizes are never more than visually the same."""
    unmoved = same_size and difference.shift_px == 0
    if unmoved and difference.largest == 0:
        return RerunGrade.BIT_EXACT
    small = difference.largest <= TOLERATED_LARGEST and difference.mean <= TOLERATED_MEAN
    if unmoved and small:
        return RerunGrade.WITHIN_TOLERANCE
    if difference.place is not None and difference.place > ALIKE_PLACE:
        alike = False
    elif difference.distance is None:
        alike = difference.mean <= ALIKE_MEAN_WITHOUT_DISTANCE
    else:
        alike = difference.distance <= ALIKE_DISTANCE and difference.mean <= ALIKE_MEAN
    return RerunGrade.VISUALLY_SAME if alike else RerunGrade.DIFFERS


def one_scale(original: Pixels, again: Pixels) -> bool:
    """Whether one picture can be the other at another size: their shapes agree within 2 %."""
    (height, width), (other_height, other_width) = original.shape[:2], again.shape[:2]
    return bool(abs(width * other_height / (height * other_width) - 1) <= _ASPECT_SLACK)


def _of_one_kind(original: Pixels, again: Pixels) -> tuple[Pixels, Pixels]:
    """Both of the original's size, with alpha only where both have one that says something."""
    ours, theirs = original, again
    if _OPAQUE in (ours.shape[2], theirs.shape[2]):
        ours, theirs = on_ground(ours), on_ground(theirs)
    if ours.shape[:2] != theirs.shape[:2]:
        theirs = resize(theirs, ours.shape[1], ours.shape[0])
    return ours, theirs


def _measured(
    ours: Pixels, theirs: Pixels, distance: int | None, shift_px: float = 0.0
) -> PictureDifference:
    apart = np.asarray(cv2.absdiff(ours, theirs))
    return PictureDifference(
        largest=int(apart.max()),
        mean=round(float(apart.mean()), 5),
        changed_share=round(float((apart.max(axis=2) > 0).mean()), 5),
        distance=distance,
        shift_px=round(shift_px, 2),
        place=round(_furthest_place(ours, theirs), 2),
    )


def _furthest_place(ours: Pixels, theirs: Pixels) -> float:
    """The largest difference of the mean of one place, 1/32 of the shorter side in brightness.

    In colour it is 1/16, because JPEG keeps colour at half the size; both as BT.601 has them.
    What is noise within a place cancels there; what is gone from it does not.
    """
    apart = _colours(ours) - _colours(theirs)
    shorter = min(apart.shape[:2])
    furthest = [
        np.abs(cv2.blur(plane, _square(shorter, places))).max()
        for plane, places in (
            (apart[..., 0], _PLACES_OF_BRIGHTNESS),
            (apart[..., 1:], _PLACES_OF_COLOUR),
        )
    ]
    return 255.0 * float(max(furthest))


def _square(shorter: int, places: int) -> tuple[int, int]:
    side = max(_LEAST_PLACE_PX, round(shorter / places))
    return side, side


def _colours(pixels: Pixels) -> Plane:
    unit = on_ground(pixels).astype(np.float32) / 255.0
    return np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2YCrCb), dtype=np.float32)


def _shift(ours: Pixels, theirs: Pixels) -> tuple[int, int]:
    """Whole pixels (right, down) by which theirs lies beside ours; (0, 0) where that is unclear."""
    height, width = ours.shape[:2]
    if min(height, width) < _LEAST_SIDE_PX:
        return 0, 0
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (right, down), _ = cv2.phaseCorrelate(_luma(ours), _luma(theirs), window)
    if not (math.isfinite(right) and math.isfinite(down)):
        return 0, 0
    moved = math.hypot(right, down)
    if not _SMALLEST_SHIFT_PX <= moved <= _FURTHEST_SHIFT * max(height, width):
        return 0, 0
    return round(right), round(down)


def _luma(pixels: Pixels) -> Plane:
    grey = cv2.cvtColor(on_ground(pixels), cv2.COLOR_RGB2GRAY)
    return np.asarray(grey, dtype=np.float32)


def _overlap(ours: Pixels, theirs: Pixels, shift: tuple[int, int]) -> tuple[Pixels, Pixels]:
    """The parts of both that show the same place once theirs is moved back."""
    height, width = ours.shape[:2]
    right, down = shift
    left, top = max(0, -right), max(0, -down)
    wide, high = width - abs(right), height - abs(down)
    mine = ours[top : top + high, left : left + wide]
    other = theirs[top + down : top + down + high, left + right : left + right + wide]
    return np.ascontiguousarray(mine), np.ascontiguousarray(other)
