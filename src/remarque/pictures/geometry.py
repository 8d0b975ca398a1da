"""Plane geometry of views: matrices, outlines, areas. Points are (N, 2), x then y, in pixels.

Places are continuous: the first pixel covers 0 to 1 and its middle is at 0.5, so that scaling a
picture scales its places. OpenCV counts from the middle of the first pixel; see ``on_grid``.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""A homography, shape (3, 3)."""
Outline = NDArray[np.float64]
"""The corners of a polygon in order, shape (N, 2)."""
Size = tuple[int, int]
"""Width and height in pixels."""

_SMALLEST_SCALE = 0.04
_LARGEST_SCALE = 25.0
_MOST_UNEVEN = 3.0
_STEEPEST = 0.75


def inverse(matrix: Matrix) -> Matrix:
    """The way back."""
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def scaling(across: float, down: float) -> Matrix:
    """The matrix that scales by these factors."""
    return np.diag([across, down, 1.0])


def on_grid(matrix: Matrix) -> Matrix:
    """The same matrix for OpenCV, where whole numbers are the middles of pixels."""
    return shifting(-0.5, -0.5) @ matrix @ shifting(0.5, 0.5)


def off_grid(matrix: Matrix) -> Matrix:
    """The matrix for continuous places that OpenCV's matrix means."""
    return shifting(0.5, 0.5) @ matrix @ shifting(-0.5, -0.5)


def shifting(across: float, down: float) -> Matrix:
    """The matrix that moves by this much."""
    return np.array([[1.0, 0, across], [0, 1, down], [0, 0, 1]])


def mirroring(width_px: int) -> Matrix:
    """The matrix that turns a picture of this width left to right."""
    return np.array([[-1.0, 0, width_px], [0, 1, 0], [0, 0, 1]])


def corners(size: Size) -> Outline:
    """The outline of a picture of this size, clockwise from the top left."""
    width, height = size
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)


def transform_points(matrix: Matrix, points: Outline) -> Outline:
    """Where points come to lie."""
    lifted = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ matrix.T
    return np.asarray(lifted[:, :2] / lifted[:, 2:], dtype=np.float64)


def area(outline: Outline) -> float:
    """Area of a simple polygon, in square pixels."""
    x, y = outline[:, 0], outline[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def clipped(outline: Outline, size: Size) -> Outline:
    """The part of a convex outline inside a picture of this size; empty where there is none.

    Source: Sutherland and Hodgman, "Reentrant polygon clipping", 1974: one border at a time.
    """
    borders = ((0, 0.0, 1), (0, float(size[0]), -1), (1, 0.0, 1), (1, float(size[1]), -1))
    for axis, limit, sign in borders:
        outline = _clipped_at(outline, axis, limit, sign)
    return outline


def _clipped_at(outline: Outline, axis: int, limit: float, sign: int) -> Outline:
    kept: list[NDArray[np.float64]] = []
    inside = sign * (outline[:, axis] - limit) >= 0
    for here, there, stays, goes_on in zip(
        outline, np.roll(outline, -1, axis=0), inside, np.roll(inside, -1), strict=True
    ):
        if stays:
            kept.append(here)
        if stays != goes_on:
            part = (limit - here[axis]) / (there[axis] - here[axis])
            kept.append(here + part * (there - here))
    return np.array(kept, dtype=np.float64).reshape(-1, 2)


def is_sane(matrix: Matrix, suspect_size: Size, reference_size: Size) -> bool:
    """Whether a matrix could be a picture seen on a page or a screen.

    Refused: a view from behind the horizon, a folded outline, a scale below 1/25 or above 25,
    one side scaled three times more than the other, a tilt that shrinks one end to a quarter.
    """
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-12:  # noqa: PLR2004
        return False
    return _is_sane_way(matrix, suspect_size) and _is_sane_way(inverse(matrix), reference_size)


def _is_sane_way(matrix: Matrix, size: Size) -> bool:
    outline = corners(size)
    depth = outline @ matrix[2, :2] + matrix[2, 2]
    if depth.min() <= 0 < depth.max() or not depth.all():
        return False
    if abs(depth).min() / abs(depth).max() < 1 - _STEEPEST:
        return False
    seen = transform_points(matrix, outline)
    if not cv2.isContourConvex(seen.astype(np.float32).reshape(-1, 1, 2)):
        return False
    across, down = sorted(np.linalg.svd(linear_part(matrix, size), compute_uv=False))
    return bool(across > _SMALLEST_SCALE and down < _LARGEST_SCALE and down < _MOST_UNEVEN * across)


def linear_part(matrix: Matrix, size: Size) -> NDArray[np.float64]:
    """The 2 x 2 derivative of the view at the middle of a picture of this size."""
    x, y = size[0] / 2, size[1] / 2
    depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    place = (matrix[:2] @ np.array([x, y, 1.0])) / depth
    return np.asarray((matrix[:2, :2] - np.outer(place, matrix[2, :2])) / depth, dtype=np.float64)


def rotation_degrees(linear: NDArray[np.float64]) -> float:
    """How far a 2 x 2 matrix turns, clockwise on the screen, -180 to 180; mirroring set aside."""
    if np.linalg.det(linear) < 0:
        linear = linear @ np.diag([-1.0, 1.0])
    return math.degrees(math.atan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1]))
