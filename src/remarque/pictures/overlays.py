"""What changed between two pictures of one run, how much and where; and maps laid over a picture.

Two runs share seed, model and machine, so nothing is aligned and nothing recompressed: what
differs, differs. Colours are compared in CIELAB (CIE 1976 ΔE, where about 2.3 is just noticeable:
Mahy et al. 1994), smoothed a little so that single pixels are nothing.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from remarque.errors import UsageError
from remarque.model.explanations import Box
from remarque.pictures.scaling import Pixels, grey, on_ground
from remarque.pictures.warping import Mask, Plane, blurred

VISIBLE_DELTA_E = 5.0
"""A place has changed from here on: twice what is just noticeable side by side.

Six pictures of the first miniature: the same run again gave 0, two threads for one 0.06 at most,
bfloat16 for float32 1.3 (``benchmarks/explain_noise.py`` makes the comparison again)."""
LEAST_VISIBLE_SHARE = 0.0005
"""Less than this part of the picture is no visible change: 131 pixels of 512 x 512."""
_NOTICEABLE_DELTA_E = 2.3
_SMOOTH_SIGMA = 1.5
_MOST_OUTSIDE = 0.05
_STRONGEST_DELTA_E = 40.0
_VERMILION = np.array((206, 60, 34), np.float32)
_WASHED = 0.55
_DENSEST = 0.85
_WHITE = 255.0


@dataclass(frozen=True, slots=True, eq=False)
class Changed:
    """What differs between two pictures of one size.

    ``delta_e`` is float32 (height, width); ``mask`` where it is visible; ``share`` the part of the
    picture that is (0 to 1); ``region`` holds at least 90 % of it, None where nothing does.
    """

    delta_e: Plane
    mask: Mask
    share: float
    region: Box | None

    @property
    def visible(self) -> bool:
        """Whether enough changed for anybody to see."""
        return self.share >= LEAST_VISIBLE_SHARE


def changed_between(before: Pixels, after: Pixels) -> Changed:
    """Compare two pictures place by place.

    Raises:
        UsageError: They have two sizes.
    """
    if before.shape[:2] != after.shape[:2]:
        (height, width), (other_height, other_width) = before.shape[:2], after.shape[:2]
        raise UsageError(
            f"a picture of {width} x {height} pixels and one of {other_width} x {other_height} "
            "cannot be compared place by place"
        )
    apart = _lab(after) - _lab(before)
    smooth = blurred(apart, _SMOOTH_SIGMA)
    delta_e = _length(smooth)
    # Smoothing spreads a strong edge by two pixels, where nothing of its own has changed.
    mask = (delta_e >= VISIBLE_DELTA_E) & (_length(apart) >= _NOTICEABLE_DELTA_E)
    share = float(mask.mean())
    region = _box_of_most(mask) if share >= LEAST_VISIBLE_SHARE else None
    return Changed(delta_e, mask, share, region)


def difference_map(before: Pixels, changed: Changed) -> Pixels:
    """The first picture washed out, vermilion laid over what changed, the denser the more."""
    strength = np.clip(changed.delta_e / _STRONGEST_DELTA_E, 0.25, 1.0) * changed.mask
    return _tinted(before, strength)


def map_in_grey(weights: NDArray[np.float32], width_px: int, height_px: int) -> NDArray[np.uint8]:
    """A map as 8-bit grey the size of the picture: 255 at its strongest, 0 at its weakest place.

    A map without any difference, or with undefined numbers, is 0 everywhere.
    """
    enlarged = cv2.resize(
        np.asarray(weights, np.float32), (width_px, height_px), interpolation=cv2.INTER_CUBIC
    )
    if not np.isfinite(weights).all() or weights.max() <= weights.min():
        return np.zeros((height_px, width_px), np.uint8)
    low, high = float(enlarged.min()), float(enlarged.max())
    scaled = (enlarged - low) * (_WHITE / (high - low))
    return np.asarray(np.rint(scaled), np.uint8)


def map_over(picture: Pixels, weights: NDArray[np.uint8]) -> Pixels:
    """A picture with an 8-bit map laid over it in vermilion."""
    return _tinted(picture, weights.astype(np.float32) / _WHITE)


def peak_of(weights: NDArray[np.uint8]) -> tuple[int, int]:
    """The strongest place of an 8-bit map, (x, y) in pixels: the middle of all that reach it."""
    rows, columns = np.nonzero(weights == weights.max())
    middle = np.argmin(np.hypot(rows - rows.mean(), columns - columns.mean()))
    return int(columns[middle]), int(rows[middle])


def share_above_half(weights: NDArray[np.uint8]) -> float:
    """The part of the picture where an 8-bit map is above half its peak."""
    highest = int(weights.max())
    return float((weights > highest / 2).mean()) if highest else 0.0


def beside(left: Pixels, right: Pixels, gap_px: int = 12) -> Pixels:
    """Two pictures side by side on white, their tops level."""
    one, other = on_ground(left), on_ground(right)
    height = max(one.shape[0], other.shape[0])
    width = one.shape[1] + gap_px + other.shape[1]
    sheet = np.full((height, width, 3), 255, np.uint8)
    sheet[: one.shape[0], : one.shape[1]] = one
    sheet[: other.shape[0], one.shape[1] + gap_px :] = other
    return sheet


def _length(colours: NDArray[np.float32]) -> Plane:
    return np.asarray(np.sqrt(np.square(colours).sum(axis=2)), np.float32)


def _lab(pixels: Pixels) -> NDArray[np.float32]:
    scaled = on_ground(pixels).astype(np.float32) / _WHITE
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB), np.float32)


def _box_of_most(mask: Mask) -> Box:
    """The box left when the outermost 5 % of what changed are cut off, half on each side."""
    left, right = _ends(mask.sum(axis=0))
    top, bottom = _ends(mask.sum(axis=1))
    return Box(left, top, right, bottom)


def _ends(counts: NDArray[np.int64]) -> tuple[int, int]:
    so_far = np.cumsum(counts)
    least, most = so_far[-1] * _MOST_OUTSIDE / 2, so_far[-1] * (1 - _MOST_OUTSIDE / 2)
    return int(np.searchsorted(so_far, least, "right")), int(np.searchsorted(so_far, most)) + 1


def _tinted(picture: Pixels, strength: Plane) -> Pixels:
    ground = _WHITE - (_WHITE - grey(picture).astype(np.float32)) * _WASHED
    density = (strength * _DENSEST)[..., None]
    mixed = ground[..., None] * (1 - density) + _VERMILION * density
    return np.asarray(np.rint(mixed), np.uint8)
