"""Outpainting: the canvas grows, the colours of its edges run on, and the new part is masked."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from remarque.errors import UsageError
from remarque.model.recipe import Recipe
from remarque.pictures.scaling import Pixels

OUTPAINT = "outpaint"
_SIDES = 4
_OVERLAP_SHARE = 16  # of the shorter side: what is painted anew has to meet the old somewhere
_FARTHEST = 4096


@dataclass(frozen=True, slots=True)
class Margins:
    """Pixels by which a canvas grows on each side."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def across(self) -> int:
        """Pixels it becomes wider by."""
        return self.left + self.right

    @property
    def down(self) -> int:
        """Pixels it becomes higher by."""
        return self.top + self.bottom

    # typing.override comes with Python 3.12, hence the remark to mypy
    def __str__(self) -> str:  # type: ignore[explicit-override]
        return f"{self.left},{self.top},{self.right},{self.bottom}"


def margins_in(recipe: Recipe) -> Margins | None:
    """The margins a recipe asks for (setting "outpaint": left, top, right, bottom).

    Raises:
        UsageError: They are not four whole numbers of which one is above 0.
    """
    said = next((one.value for one in recipe.settings if one.name == OUTPAINT), None)
    if said is None:
        return None
    parts = [part.strip() for part in said.split(",")]
    fine = len(parts) == _SIDES and all(p.isascii() and p.isdigit() and len(p) < 6 for p in parts)  # noqa: PLR2004
    numbers = [int(part) for part in parts] if fine else []
    if not any(numbers) or max(numbers) > _FARTHEST:
        raise UsageError(
            f"{said[:60]!r} are no margins to paint outwards by; "
            "say left,top,right,bottom in pixels, as in 64,0,64,0"
        )
    return Margins(*numbers)


def grown(
    start: Pixels,
    painted: NDArray[np.bool_] | None,
    margins: Margins,
    multiple: int,
    told: list[str],
) -> tuple[Pixels, NDArray[np.bool_], Margins]:
    """Canvas, mask and margins after growing, to sizes the model can make."""
    height, width = start.shape[:2]
    margins = _to_multiples(margins, (height, width), multiple, told)
    borders = (margins.top, margins.bottom, margins.left, margins.right)
    canvas = np.asarray(cv2.copyMakeBorder(start, *borders, cv2.BORDER_REPLICATE), np.uint8)
    overlap = max(1, min(height, width) // _OVERLAP_SHARE)
    mask = np.ones(canvas.shape[:2], np.bool_)
    old = painted if painted is not None else np.zeros((height, width), np.bool_)
    mask[margins.top : margins.top + height, margins.left : margins.left + width] = old | _edges(
        old.shape, margins, overlap
    )
    return canvas, mask, margins


def _to_multiples(
    margins: Margins, shape: tuple[int, int], multiple: int, told: list[str]
) -> Margins:
    """A little more on a side that grows, so that the whole has a size the model makes."""
    more_across = -(shape[1] + margins.across) % multiple
    more_down = -(shape[0] + margins.down) % multiple
    if not more_across and not more_down:
        return margins
    at_left = bool(margins.left) and not margins.right
    at_top = bool(margins.top) and not margins.bottom
    found = Margins(
        margins.left + more_across * at_left,
        margins.top + more_down * at_top,
        margins.right + more_across * (not at_left),
        margins.bottom + more_down * (not at_top),
    )
    told.append(
        f"The margins {margins} were widened to {found}: this model makes multiples of "
        f"{multiple} pixels."
    )
    return found


def _edges(shape: tuple[int, ...], margins: Margins, overlap: int) -> NDArray[np.bool_]:
    """The strips of the old picture that border on something new."""
    edges = np.zeros(shape, np.bool_)
    edges[:, :overlap] |= margins.left > 0
    edges[:, shape[1] - overlap :] |= margins.right > 0
    edges[:overlap] |= margins.top > 0
    edges[shape[0] - overlap :] |= margins.bottom > 0
    return edges
