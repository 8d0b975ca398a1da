"""Where one picture lies in another: keypoints matched, a homography, and sanity.

Sources: ratio test (Lowe 2004 §7.1); homography by MAGSAC++ (Barath et al. 2020) as in OpenCV.
The score counts distinct 24-pixel cells, because many matches on one small thing, such as a mark
two pictures share, say little.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from remarque.model.marks import Region
from remarque.pictures.geometry import (
    Matrix,
    area,
    clipped,
    corners,
    inverse,
    is_sane,
    mirroring,
    scaling,
    transform_points,
)
from remarque.pictures.keypoints import Described, Points, describe, mirrored
from remarque.pictures.scaling import Pixels

LEAST_INLIERS = 6
"""Below this nothing is said about where a picture lies."""

_RATIO = 0.8
_REPROJECTION_PX = 4.0
_CELL_PX = 24
_TRIES = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Where the reference lies in the suspect.

    ``matrix`` (3, 3) takes suspect pixels to reference pixels. ``inliers`` is the number of
    keypoints that agree with it, ``score`` the lesser of that and the number of distinct
    24-pixel cells they lie in (in both pictures, at working size). ``region`` is the outline of
    the reference in the suspect, clipped to it (x, y in suspect pixels), ``share`` the part of
    the reference that is seen and ``cover`` the part of the suspect it fills, each 0 to 1.
    """

    matrix: Matrix
    mirrored: bool
    inliers: int
    score: int
    region: tuple[tuple[float, float], ...]
    share: float
    cover: float
    suspect_size: tuple[int, int]
    reference_size: tuple[int, int]


def align(suspect: Pixels, reference: Pixels, *, without: Region | None = None) -> Alignment | None:
    """Find the reference in the suspect, also mirrored; ``None`` where it is not seen.

    ``without`` is a box of the reference to leave aside, such as its visible mark. An alignment
    is not yet a finding: unrelated pictures reach low scores by chance.
    """
    return align_described(describe(suspect), describe(reference, without=without))


def align_described(suspect: Described, reference: Described) -> Alignment | None:
    """As ``align``, for pictures that were described before."""
    # Both ways always: a symmetric picture fits itself mirrored too, only less well.
    ways = [_attempt(suspect, reference, mirror=mirror) for mirror in (False, True)]
    found = [way for way in ways if way is not None]
    return max(found, key=lambda way: way.score, default=None)


def alignment_from(
    matrix: Matrix, suspect: Described, reference: Described, *, inliers: int, score: int
) -> Alignment | None:
    """The alignment a matrix (working pixels of both) means; ``None`` if it is no sane view."""
    full = (
        scaling(1 / reference.scale[0], 1 / reference.scale[1]) @ matrix @ scaling(*suspect.scale)
    )
    suspect_size = (suspect.width_px, suspect.height_px)
    reference_size = (reference.width_px, reference.height_px)
    if not is_sane(full, suspect_size, reference_size):
        return None
    outline = transform_points(inverse(full), corners(reference_size))
    region = clipped(outline, suspect_size)
    seen = clipped(transform_points(full, corners(suspect_size)), reference_size)
    if len(region) < 3 or len(seen) < 3:  # noqa: PLR2004 - a polygon
        return None
    return Alignment(
        matrix=full / full[2, 2],
        mirrored=bool(np.linalg.det(full) < 0),
        inliers=inliers,
        score=score,
        region=tuple((float(x), float(y)) for x, y in region),
        share=min(1.0, area(seen) / (reference_size[0] * reference_size[1])),
        cover=min(1.0, area(region) / (suspect_size[0] * suspect_size[1])),
        suspect_size=suspect_size,
        reference_size=reference_size,
    )


def _attempt(suspect: Described, reference: Described, *, mirror: bool) -> Alignment | None:
    descriptors = mirrored(suspect.descriptors) if mirror else suspect.descriptors
    pairs = _pairs(descriptors, reference.descriptors)
    if len(pairs) < LEAST_INLIERS:
        return None
    # The search refuses matrices that mirror, so the suspect's points are mirrored beforehand.
    before = mirroring(suspect.colours.shape[1]) if mirror else np.eye(3)
    here = transform_points(before, suspect.points[pairs[:, 0]].astype(np.float64))
    there = reference.points[pairs[:, 1]]
    matrix, kept = _homography(here.astype(np.float32), there)
    inliers = int(kept.sum())
    if inliers < LEAST_INLIERS:
        return None
    score = min(inliers, _cells(here[kept]), _cells(there[kept]))
    return alignment_from(matrix @ before, suspect, reference, inliers=inliers, score=score)


def _homography(here: Points, there: Points) -> tuple[Matrix, NDArray[np.bool_]]:
    """The matrix and which pairs agree with it; none do where no matrix was found."""
    found: tuple[Any, Any] = cv2.findHomography(
        here, there, cv2.USAC_MAGSAC, _REPROJECTION_PX, maxIters=_TRIES, confidence=0.999
    )
    matrix, inside = found
    if matrix is None or inside is None:
        return np.eye(3), np.zeros(len(here), dtype=np.bool_)
    return np.asarray(matrix, dtype=np.float64), np.asarray(inside).ravel().astype(np.bool_)


def _pairs(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.intp]:
    """Index pairs that pass the ratio test, each reference keypoint used once, best first."""
    if len(one) < LEAST_INLIERS or len(other) < LEAST_INLIERS:
        return np.zeros((0, 2), dtype=np.intp)
    # Unit vectors: the squared distance is 2 - 2 cos, so the products are all that is needed.
    products = one @ other.T
    rows = np.arange(len(one))
    first = products.argmax(axis=1)
    best = products[rows, first]
    products[rows, first] = -1
    second = products.max(axis=1)
    passed = np.flatnonzero(1 - best < _RATIO**2 * (1 - second))
    passed = passed[np.argsort(-best[passed], kind="stable")]
    targets = first[passed]
    _, unique = np.unique(targets, return_index=True)
    unique.sort()
    return np.stack([passed[unique], targets[unique]], axis=1)


def _cells(points: NDArray[np.floating]) -> int:
    return len(np.unique(np.floor(points / _CELL_PX), axis=0))
