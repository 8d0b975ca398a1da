"""What is different in a copy once its frame, colours and sharpness are accounted for."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from remarque.pictures.aligning import Alignment
from remarque.pictures.geometry import scaling
from remarque.pictures.photometry import Photometry, fit_photometry
from remarque.pictures.scaling import Pixels, fit, on_ground
from remarque.pictures.warping import (
    Mask,
    Plane,
    blur_of_magnifying,
    blurred,
    lay_over,
    magnification,
)

_LONGEST_PX = 1000
_PANEL_PX = 640
_GAP_PX = 12
_HEAT_SIGMA = 3.0
_LEAST_HEAT = 8.0
_HEAT_IN_NOISE = 2.5
_SMALLEST_SHARE = 0.0002
_VERMILION = (206, 60, 34)
_HATCH = (205, 200, 192)
_HATCH_GROUND = (244, 241, 235)
_ENOUGH_TO_FIT = 400


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A copy laid on our picture.

    All arrays are in our picture's frame, shrunk to at most 1000 pixels a side. ``ours`` and
    ``laid`` are RGB uint8; ``seen`` is where the copy has pixels; ``heat`` float32, how far the
    copy is outside what recompressing, resizing and recolouring explain, in levels; ``changed``
    where that is more than the noise. ``changed_share`` is the changed part of what is seen,
    ``mean_difference`` the mean of |copy - explained| in levels (0 to 255).
    """

    ours: Pixels
    laid: Pixels
    seen: Mask
    heat: Plane
    changed: Mask
    changed_share: float
    mean_difference: float
    photometry: Photometry


def compare(suspect: Pixels, reference: Pixels, alignment: Alignment) -> Comparison:
    """Lay the suspect on the reference and find what differs.

    Args:
        suspect: RGB or RGBA, the picture the alignment was made from.
        reference: RGB or RGBA, the aligned picture or another of the same frame.
        alignment: Suspect to reference.
    """
    ours = on_ground(fit(reference, _LONGEST_PX)[0])
    height, width = ours.shape[:2]
    full = alignment.reference_size
    matrix = scaling(width / full[0], height / full[1]) @ alignment.matrix
    laid, seen = lay_over(on_ground(suspect).astype(np.float32), matrix, (width, height))
    sigma = blur_of_magnifying(magnification(matrix, alignment.suspect_size))
    smooth = ours.astype(np.float32)
    smooth = blurred(smooth, sigma) if sigma else smooth
    photometry = fit_photometry(smooth, laid, _inner(seen))
    predicted = photometry.predict(smooth)
    heat = _heat(laid, predicted, seen)
    changed = _changed(heat, photometry.noise, seen)
    total = max(1, int(seen.sum()))
    return Comparison(
        ours=ours,
        laid=np.rint(laid).clip(0, 255).astype(np.uint8),
        seen=seen,
        heat=heat,
        changed=changed,
        changed_share=float(changed.sum() / total),
        mean_difference=float(np.abs(laid - predicted).mean(axis=2)[seen].mean())
        if seen.any()
        else 0.0,
        photometry=photometry,
    )


def difference_picture(suspect: Pixels, reference: Pixels, alignment: Alignment) -> Pixels:
    """An exhibit of three panels: ours, the copy laid on our frame, and what is different.

    In the third, our picture is pale, changed areas are tinted and outlined in vermilion, and
    what the copy does not show is hatched; the copy's panel is hatched there too.
    """
    comparison = compare(suspect, reference, alignment)
    copy = comparison.laid.copy()
    _hatch(copy, ~comparison.seen)
    panels = [_panel(panel) for panel in (comparison.ours, copy, _map_of(comparison))]
    height, width = panels[0].shape[:2]
    # Wide pictures are stacked, high ones stand side by side, so that the exhibit fits a page.
    axis = 0 if width > height else 1
    gap_shape = (_GAP_PX, width, 3) if axis == 0 else (height, _GAP_PX, 3)
    gap = np.full(gap_shape, 255, dtype=np.uint8)
    return np.concatenate([panels[0], gap, panels[1], gap, panels[2]], axis=axis)


def outlines(mask: Mask) -> Sequence[NDArray[np.int32]]:
    """The outer contours of a mask, each (N, 1, 2), x then y."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [np.asarray(contour, dtype=np.int32) for contour in found]


def _inner(seen: Mask) -> Mask:
    """The seen pixels without those at its border, unless that leaves too few to fit on."""
    inner = cv2.erode(seen.astype(np.uint8), np.ones((9, 9), dtype=np.uint8)) > 0
    return np.asarray(inner) if inner.sum() >= _ENOUGH_TO_FIT else seen


def _heat(laid: Plane, predicted: Plane, seen: Mask) -> Plane:
    """How far the copy leaves the range of the predicted neighbours, averaged around each pixel.

    The range over 3 x 3 neighbours forgives a frame that is off by less than a pixel; colours get
    9 x 9, because JPEG keeps them at half the resolution (ITU-T T.81, 4:2:0).
    """
    outside = np.maximum(
        _outside(_luma(laid), _luma(predicted), 3), _outside(laid, predicted, 9).max(axis=2)
    )
    outside[~seen] = 0
    return blurred(outside, _HEAT_SIGMA)


def _outside(laid: Plane, predicted: Plane, side: int) -> Plane:
    around = np.ones((side, side), dtype=np.uint8)
    above = laid - np.asarray(cv2.dilate(predicted, around), dtype=np.float32)
    below = np.asarray(cv2.erode(predicted, around), dtype=np.float32) - laid
    return np.asarray(np.maximum(0, np.maximum(above, below)), dtype=np.float32)


def _luma(colours: Plane) -> Plane:
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), dtype=np.float32)


def _changed(heat: Plane, noise: float, seen: Mask) -> Mask:
    """Where the heat is beyond the noise, without specks."""
    hot = (heat > max(_LEAST_HEAT, _HEAT_IN_NOISE * noise)) & seen
    count, labels, stats, _ = cv2.connectedComponentsWithStats(hot.astype(np.uint8))
    smallest = _SMALLEST_SHARE * heat.size
    large = [index for index in range(1, count) if stats[index, cv2.CC_STAT_AREA] >= smallest]
    return np.isin(labels, large)


def _map_of(comparison: Comparison) -> Pixels:
    luma = cv2.cvtColor(comparison.ours, cv2.COLOR_RGB2GRAY)
    pale = 255 - (255 - luma.astype(np.float32)) * 0.45
    drawn = np.repeat(np.rint(pale).astype(np.uint8)[..., None], 3, axis=2)
    wide = cv2.dilate(comparison.changed.astype(np.uint8), np.ones((7, 7), dtype=np.uint8)) > 0
    tint = np.array(_VERMILION, dtype=np.float32)
    drawn[comparison.changed] = np.rint(drawn[comparison.changed] * 0.6 + tint * 0.4)
    _hatch(drawn, ~comparison.seen)
    thick = max(2, max(drawn.shape[:2]) // 300)
    cv2.drawContours(drawn, outlines(np.asarray(wide)), -1, _VERMILION, thick, cv2.LINE_AA)
    cv2.drawContours(drawn, outlines(comparison.seen), -1, (120, 116, 110), 1, cv2.LINE_AA)
    return drawn


def _hatch(pixels: Pixels, where: Mask) -> None:
    """Fill with diagonal lines."""
    rows, columns = np.indices(pixels.shape[:2])
    lines = (rows + columns) % 12 < 2  # noqa: PLR2004
    pixels[where] = _HATCH_GROUND
    pixels[where & lines] = _HATCH


def _panel(pixels: Pixels) -> Pixels:
    return fit(pixels, _PANEL_PX)[0]
