"""How much of a picture is still the very same texture, once colours and sharpness are fitted.

An edited picture is untouched beside the edit: there, blocks correlate almost wholly, even after
strong recompression. Two pictures that a generator made with one seed agree nearly everywhere and
almost wholly nowhere. That difference is what this measures.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remarque.pictures.comparing import Comparison
from remarque.pictures.scaling import Pixels, fit, grey, on_ground
from remarque.pictures.warping import Mask, Plane, blurred

INTACT_CORRELATION = 0.985
"""A block that correlates so much is untouched.

Of re-saves down to JPEG 40 three quarters of the blocks and more reach it; of pictures of one
seed and other words fewer than two fifths (benchmarks/lineage_errors.py)."""

_WORKING_PX, _BLOCK_PX = 640, 32
_FINE_SIGMA, _COARSE_SIGMA = 1.2, 6.0
_TEXTURED = 2.0
_WHITE = 255

Blocks = NDArray[np.float32]
"""Shape (rows, columns, pixels of a block)."""


@dataclass(frozen=True, slots=True)
class Intact:
    """Blocks wholly seen that have ``textured`` structure, and how many of them are ``intact``."""

    textured: int
    intact: int

    @property
    def share(self) -> float:
        """Intact part of the textured blocks, 0 to 1; 0 where nothing has texture."""
        return self.intact / self.textured if self.textured else 0.0


NOTHING_INTACT = Intact(0, 0)


def count_intact(comparison: Comparison, predicted: Plane) -> Intact:
    """Count the blocks the child left untouched.

    Args:
        comparison: The child laid on its parent.
        predicted: What the parent would be in the child's colours and sharpness, in levels.
    """
    there = _band(np.rint(predicted).astype(np.uint8))
    here = _band(comparison.laid)
    seen = _shrunk(comparison.seen) == _WHITE
    one, other = _centred(_blocks(here)), _centred(_blocks(there))
    norms = np.sqrt((one**2).sum(axis=-1) * (other**2).sum(axis=-1))
    correlation = (one * other).sum(axis=-1) / np.maximum(norms, 1e-6)
    whole = _blocks(seen.astype(np.float32)).min(axis=-1) > 0
    return _counted(other, whole, correlation >= INTACT_CORRELATION)


def count_equal(parent: Pixels, differs: Mask) -> Intact:
    """The same, where pixels were compared one by one: blocks in which not one differs."""
    there = _centred(_blocks(_band(on_ground(parent))))
    equal = _blocks(_shrunk(differs)).max(axis=-1) == 0
    return _counted(there, np.ones_like(equal), equal)


def _counted(there: Blocks, whole: NDArray[np.bool_], same: NDArray[np.bool_]) -> Intact:
    textured = whole & (np.sqrt((there**2).mean(axis=-1)) > _TEXTURED)
    return Intact(int(textured.sum()), int((textured & same).sum()))


def _shrunk(mask: Mask) -> Plane:
    """White where all of a pixel is set, black where nothing of it is."""
    white = mask.astype(np.uint8) * np.uint8(_WHITE)
    return fit(white, _WORKING_PX)[0].astype(np.float32)


def _band(pixels: Pixels) -> Plane:
    """Structure between the two sizes: without noise, without shading."""
    luma = grey(fit(pixels, _WORKING_PX)[0]).astype(np.float32)
    return blurred(luma, _FINE_SIGMA) - blurred(luma, _COARSE_SIGMA)


def _blocks(plane: Plane) -> Blocks:
    """Cut into whole blocks, shape (rows, columns, pixels of a block)."""
    side = max(8, min(_BLOCK_PX, min(plane.shape) // 8))
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    cut = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return cut.swapaxes(1, 2).reshape(rows, columns, side * side)


def _centred(blocks: Blocks) -> Blocks:
    return np.asarray(blocks - blocks.mean(axis=-1, keepdims=True), dtype=np.float32)
