"""What a picture is recognised by in detail: SIFT keypoints with RootSIFT descriptors.

Sources: Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", 2004; Arandjelović and
Zisserman, "Three things everyone should know to improve object retrieval", 2012 (RootSIFT).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from remarque.model.marks import Region
from remarque.pictures.scaling import Pixels, fit, grey, on_ground

WORKING_PX = 640
"""The longer side pictures are looked at; a larger picture is shrunk to it."""

_MOST = 1000
# Lower than the usual 0.04, and lower still where that finds little: a smooth picture's weak
# keypoints are better than none, and of many only the strongest are kept.
_CONTRAST = 0.01
_LOW_CONTRAST = 0.003
_FEW = 250
# OpenCV's size is the diameter at which a keypoint was found; its descriptor looks at 4 x 4
# cells of 1.5 sizes each, turned any way: up to 4.3 sizes from the centre.
_SUPPORT_IN_SIZES = 4.3

Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """A picture prepared for alignment.

    ``colours`` is RGB at working size, ``scale`` working pixels per picture pixel along x and y;
    ``points`` (N, 2) are keypoints in working pixels (where 0 is, says ``geometry``),
    ``descriptors`` (N, 128) unit RootSIFT, float32. ``width_px`` and ``height_px`` are the
    picture's own.
    """

    colours: Pixels
    scale: tuple[float, float]
    points: Points
    descriptors: NDArray[np.float32]
    width_px: int
    height_px: int


def describe(pixels: Pixels, *, without: Region | None = None) -> Described:
    """Find a picture's keypoints at working size.

    Args:
        pixels: RGB or RGBA.
        without: A box in the picture's pixels, such as the visible mark: no keypoint whose
            support reaches into it is kept, because a mark is the same on different pictures.
    """
    height, width = pixels.shape[:2]
    small = on_ground(fit(pixels, WORKING_PX)[0])
    scale = (small.shape[1] / width, small.shape[0] / height)
    points, reach, descriptors = _detect(small)
    if without is not None:
        kept = ~_reaching_into(points, reach, without, scale)
        points, descriptors = points[kept], descriptors[kept]
    return Described(small, scale, points, descriptors, width, height)


def mirrored(descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The descriptors the same keypoints would have in the left-right mirrored picture.

    Mirroring reverses the order of the cells across a keypoint's own axis and the sense of the
    eight gradient directions, so nothing has to be detected again.
    """
    cells = descriptors.reshape(-1, 4, 4, 8)
    directions = (-np.arange(8)) % 8
    return np.ascontiguousarray(cells[:, ::-1][:, :, :, directions].reshape(-1, 128))


def _detect(small: Pixels) -> tuple[Points, NDArray[np.float32], NDArray[np.float32]]:
    """Positions, support radii in working pixels, and RootSIFT descriptors."""
    luma = grey(small)
    finder = cv2.SIFT.create(
        nfeatures=_MOST, contrastThreshold=_CONTRAST, enable_precise_upscale=True
    )
    found, raw = finder.detectAndCompute(luma, None)
    if len(found) < _FEW:
        finder.setContrastThreshold(_LOW_CONTRAST)
        found, raw = finder.detectAndCompute(luma, None)
    if not found:
        return _no_points(2), np.zeros(0, np.float32), _no_points(128)
    points = np.array([point.pt for point in found], dtype=np.float32) + 0.5
    reach = np.array([point.size * _SUPPORT_IN_SIZES for point in found], dtype=np.float32)
    return points, reach, _root(np.asarray(raw, dtype=np.float32))


def _no_points(columns: int) -> NDArray[np.float32]:
    return np.zeros((0, columns), dtype=np.float32)


def _root(raw: NDArray[np.float32]) -> NDArray[np.float32]:
    sums = raw.sum(axis=1, keepdims=True)
    return np.asarray(np.sqrt(raw / np.maximum(sums, 1e-6)), dtype=np.float32)


def _reaching_into(
    points: Points, reach: NDArray[np.float32], box: Region, scale: tuple[float, float]
) -> NDArray[np.bool_]:
    """Which keypoints have support inside the box (given in the picture's own pixels)."""
    left, top = box.left * scale[0], box.top * scale[1]
    right, bottom = left + box.width * scale[0], top + box.height * scale[1]
    across = np.maximum(0, np.maximum(left - points[:, 0], points[:, 0] - right))
    down = np.maximum(0, np.maximum(top - points[:, 1], points[:, 1] - bottom))
    return np.asarray(np.hypot(across, down) < reach, dtype=np.bool_)
