"""One picture laid on another's frame."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from remarque.pictures.geometry import Matrix, Size, linear_part, on_grid

Plane = NDArray[np.float32]
"""float32, shape (height, width) or (height, width, channels)."""
Mask = NDArray[np.bool_]

_SHRUNK_SIGMA, _MAGNIFIED_SIGMA = 0.5, 0.6
_SEEN = 255


def blurred(plane: Plane, sigma: float) -> Plane:
    """Gaussian blur, sigma in pixels."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), dtype=np.float32)


def magnification(matrix: Matrix, size: Size) -> float:
    """How much longer things become in the middle of a picture of this size."""
    return math.sqrt(abs(float(np.linalg.det(linear_part(matrix, size)))))


def blur_of_magnifying(factor: float) -> float:
    """The blur, in pixels of the larger frame, that a magnified picture comes with; 0 if none."""
    return _MAGNIFIED_SIGMA * factor if factor > 1 else 0.0


def lay_over(plane: Plane, matrix: Matrix, size: Size) -> tuple[Plane, Mask]:
    """Warp a picture into a frame of ``size``, smoothed first where it shrinks.

    Returns:
        The warped plane (beyond its borders the border goes on) and where it has pixels.
    """
    here = (plane.shape[1], plane.shape[0])
    factor = magnification(matrix, here)
    if factor < 1:
        plane = blurred(plane, _SHRUNK_SIGMA / factor)
    placed = on_grid(matrix)
    laid = cv2.warpPerspective(
        plane, placed, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    inside = np.full(plane.shape[:2], _SEEN, dtype=np.uint8)
    seen = cv2.warpPerspective(inside, placed, size, flags=cv2.INTER_NEAREST)
    return np.asarray(laid, dtype=np.float32), np.asarray(seen == _SEEN)
