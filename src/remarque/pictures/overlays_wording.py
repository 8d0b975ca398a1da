"""Where in a picture something is, in words: thirds of its height and width."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from remarque.pictures.warping import Mask

EVERYWHERE, SCATTERED = "over most of the picture", "in several places"
_MOST = 0.6
_NEARLY_ALL = 0.6
_THIRDS = 3
_ROWS = ("upper", "middle", "lower")
_COLUMNS = ("left", "centre", "right")


def place_in_words(mask: Mask) -> str:
    """Where most of a mask lies: "upper right", "across the lower part", "in several places"."""
    if not mask.any():
        return "nowhere"
    if mask.mean() >= _NEARLY_ALL:
        return EVERYWHERE
    return _named(_third(mask.sum(axis=1)), _third(mask.sum(axis=0)))


def _named(row: int | None, column: int | None) -> str:
    if row is not None and column is not None:
        in_centre = row == column == 1
        return "in the centre" if in_centre else f"{_ROWS[row]} {_COLUMNS[column]}"
    if row is not None:
        return "across the middle" if row == 1 else f"across the {_ROWS[row]} part"
    if column is not None:
        return "down the centre" if column == 1 else f"down the {_COLUMNS[column]} side"
    return SCATTERED


def share_in_words(share: float) -> str:
    """A part of a picture: "4 %", "0.4 %", "under 0.1 %"."""
    per_cent = 100 * share
    if per_cent < 0.1:  # noqa: PLR2004
        return "under 0.1 %"
    return f"{per_cent:.0f} %" if per_cent >= 1 else f"{per_cent:.1f} %"


def _third(counts: NDArray[np.int64]) -> int | None:
    """The third that holds most of it; None where none does."""
    edges = np.linspace(0, len(counts), _THIRDS + 1).round().astype(int)
    parts = np.array([counts[a:b].sum() for a, b in pairwise(edges)])
    strongest = int(parts.argmax())
    return strongest if parts[strongest] >= _MOST * parts.sum() else None
