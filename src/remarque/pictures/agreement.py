"""Whether two aligned pictures show the same thing, block by block.

Keypoints say that some points fit; this looks at everything between them. Two pictures that only
share a mark, a button or a frame agree there and nowhere else.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from remarque.pictures.aligning import Alignment
from remarque.pictures.geometry import Matrix, inverse, scaling
from remarque.pictures.keypoints import Described
from remarque.pictures.scaling import grey
from remarque.pictures.warping import blur_of_magnifying, blurred, lay_over, magnification

_BLOCK_PX = 32
_SMALLEST_BLOCK_PX = 12
_BLOCKS_ALONG = 8

_FINE_SIGMA = 1.2
_COARSE_SIGMA = 6.0
_TEXTURED = 2.0
_AGREES = 0.6
_SAME_TONE_SIGMA = 8.0

Luma = NDArray[np.float32]
Sample = TypeVar("Sample", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much of what is seen is the same.

    ``textured`` blocks of the reference are wholly seen and have structure; ``agreeing`` of them
    correlate above 0.6 in the suspect. ``tone`` is the correlation of the large shapes, -1 to 1,
    ``likeness`` the mean correlation of the textured blocks.
    """

    textured: int
    agreeing: int
    tone: float
    likeness: float = 0.0

    @property
    def share(self) -> float:
        """Agreeing part of the textured blocks, 0 to 1; 0 where nothing has texture."""
        return self.agreeing / self.textured if self.textured else 0.0


def agreement(suspect: Described, reference: Described, alignment: Alignment) -> Agreement:
    """Compare everything the two pictures share once the suspect is laid on the reference."""
    matrix = working_matrix(suspect, reference, alignment)
    there = grey(reference.colours).astype(np.float32)
    height, width = there.shape
    own = grey(suspect.colours).astype(np.float32)
    here, seen = lay_over(own, matrix, (width, height))
    sigma = blur_of_magnifying(magnification(matrix, (own.shape[1], own.shape[0])))
    if sigma:
        there = blurred(there, sigma)
    correlations = _block_correlations(_band(here), _band(there), seen)
    return Agreement(
        textured=correlations.size,
        agreeing=int((correlations > _AGREES).sum()),
        tone=_tone(here, there, seen),
        likeness=float(correlations.mean()) if correlations.size else 0.0,
    )


def working_matrix(suspect: Described, reference: Described, alignment: Alignment) -> Matrix:
    """The alignment in working pixels of both pictures."""
    return scaling(*reference.scale) @ alignment.matrix @ inverse(scaling(*suspect.scale))


def _band(luma: Luma) -> Luma:
    """Structure between the two sizes: without noise, without shading."""
    return blurred(luma, _FINE_SIGMA) - blurred(luma, _COARSE_SIGMA)


def _block_correlations(here: Luma, there: Luma, seen: NDArray[np.bool_]) -> Luma:
    """The correlation of each block that is wholly seen and textured."""
    side = min(_BLOCK_PX, max(_SMALLEST_BLOCK_PX, min(seen.shape) // _BLOCKS_ALONG))
    whole = _by_block(seen, side).all(axis=-1)
    one, other = _centred(_by_block(here, side)), _centred(_by_block(there, side))
    own = np.sqrt((other**2).mean(axis=-1))
    norms = np.sqrt((one**2).sum(axis=-1) * (other**2).sum(axis=-1))
    correlation = (one * other).sum(axis=-1) / np.maximum(norms, 1e-6)
    textured = whole & (own > _TEXTURED)
    return np.asarray(correlation[textured], dtype=np.float32)


def _by_block(plane: NDArray[Sample], side: int) -> NDArray[Sample]:
    """Cut into whole blocks, shape (rows, columns, pixels of a block)."""
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    cut = plane[: rows * side, : columns * side]
    blocks = cut.reshape(rows, side, columns, side).swapaxes(1, 2)
    return blocks.reshape(rows, columns, side * side)


def _centred(blocks: Luma) -> Luma:
    return np.asarray(blocks - blocks.mean(axis=-1, keepdims=True), dtype=np.float32)


def _tone(here: Luma, there: Luma, seen: NDArray[np.bool_]) -> float:
    """Correlation of the blurred pictures where both are seen; 0 where one of them is flat."""
    one = blurred(here, _SAME_TONE_SIGMA)[seen]
    other = blurred(there, _SAME_TONE_SIGMA)[seen]
    if one.size == 0 or one.std() < 1 or other.std() < 1:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
