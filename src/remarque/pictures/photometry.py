"""What a copier did to colours and sharpness, fitted so that it can be told from real changes.

The fit goes from our picture to the copy: a copy may have lost its colours, ours has not.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remarque.pictures.warping import Mask, Plane, blurred

_ROUNDS = 6
_LEAST_OFF = 1.0
_PULL = 0.004
_ENDS = 0.05
_SAMPLES = 10_000
_BLURS = (0.6, 1.0, 1.6, 2.4, 3.6, 5.0)
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_LEVELS = 255.0


@dataclass(frozen=True, slots=True, eq=False)
class Photometry:
    """How our pixels become the copy's.

    ``weights`` (7, 3) takes the terms 1, r, g, b, r², g², b² (of values 0 to 1) to the copy's
    colours in levels (0 to 255); ``blur_px`` is the loss of sharpness as a Gaussian sigma;
    ``noise`` the usual deviation of the copy from the fit, in levels.
    """

    weights: NDArray[np.float64]
    blur_px: float
    noise: float

    def predict(self, ours: Plane) -> Plane:
        """The copy that ours would have become: float32 levels, shape (height, width, 3)."""
        smooth = blurred(ours, self.blur_px) if self.blur_px else ours
        terms = _terms(smooth.reshape(-1, 3))
        levels = (terms @ self.weights).clip(0, _LEVELS)
        return np.asarray(levels.reshape(ours.shape), dtype=np.float32)


def fit_photometry(ours: Plane, copy: Plane, where: Mask) -> Photometry:
    """Fit colours and blur on the pixels ``where`` both show the same thing.

    Source: iteratively reweighted least squares for the L1 norm, so that altered areas pull little.

    Args:
        ours: float32 levels, shape (height, width, 3).
        copy: The copy in the same frame, same shape.
        where: Pixels to fit on; some of them may be altered, most must not be.
    """
    at = _sampled(where)
    target = copy.reshape(-1, 3)[at]
    blur_px = _best_blur(ours, copy, where)
    smooth = blurred(ours, blur_px) if blur_px else ours
    terms = _terms(smooth.reshape(-1, 3)[at])
    weights = _robust_fit(terms, target)
    off = np.abs(terms @ weights - target) @ _LUMA
    return Photometry(weights, blur_px, noise=float(np.median(off)) * 1.48 + 1.0)


def _terms(colours: NDArray[np.float32]) -> NDArray[np.float64]:
    unit = colours.astype(np.float64) / _LEVELS
    return np.concatenate([np.ones((len(unit), 1)), unit, unit**2], axis=1)


def _sampled(where: Mask) -> NDArray[np.intp]:
    at = np.flatnonzero(where)
    return at[:: max(1, len(at) // _SAMPLES)]


def _robust_fit(terms: NDArray[np.float64], target: NDArray[np.float32]) -> NDArray[np.float64]:
    # A picture may have few colours, and a mark others: black and white usually stay what they
    # are, and a little weight on "nothing changed" settles the rest.
    unchanged = np.zeros((terms.shape[1], 3))
    unchanged[1:4] = np.eye(3) * _LEVELS
    ends = _terms(np.array([[0, 0, 0], [_LEVELS] * 3], dtype=np.float32)) * _ENDS
    pull = np.concatenate([np.eye(terms.shape[1]) * _PULL, ends]) * np.sqrt(len(terms))
    trust = np.ones((len(terms), 1))
    weights = unchanged
    for _ in range(_ROUNDS):
        rows = np.concatenate([terms * trust, pull])
        wanted = np.concatenate([target * trust, pull @ unchanged])
        weights = np.linalg.lstsq(rows, wanted, rcond=None)[0]
        off = np.abs(terms @ weights - target).mean(axis=1, keepdims=True)
        trust = 1 / np.sqrt(np.maximum(off, _LEAST_OFF))
    return np.asarray(weights, dtype=np.float64)


def _best_blur(ours: Plane, copy: Plane, where: Mask) -> float:
    """The blur after which our luma, scaled to the copy's range, is nearest to the copy's."""
    luma, wanted = ours @ _LUMA, copy @ _LUMA
    off = _distance_after(luma, wanted, where)
    best, least = 0.0, off(0.0)
    for sigma in _BLURS:
        distance = off(sigma)
        if distance >= least:
            break
        best, least = sigma, distance
    return best


def _distance_after(luma: Plane, wanted: Plane, where: Mask) -> Callable[[float], float]:
    at = _sampled(where)
    target = wanted.ravel()[at]

    def distance(sigma: float) -> float:
        smooth = (blurred(luma, sigma) if sigma else luma).ravel()[at]
        slope, offset = np.polyfit(smooth, target, 1) if smooth.std() > 1 else (1.0, 0.0)
        return float(np.abs(smooth * slope + offset - target).mean())

    return distance
