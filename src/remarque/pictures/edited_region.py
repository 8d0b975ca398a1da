"""What was changed between a picture and the one it was made from, as a mask in the child's frame.

Two ways of comparing. Where most pixels of two pictures of one size are exactly equal, nothing was
recompressed, and every pixel that differs counts. Otherwise colours, sharpness and the noise of
recompression are accounted for (``comparing``), and what is left counts from
``LEAST_CHANGED_SHARE`` of the picture on.
"""

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from remarque.model.marks import Region
from remarque.pictures.aligning import Alignment
from remarque.pictures.comparing import Comparison, compare
from remarque.pictures.geometry import Matrix, inverse, scaling
from remarque.pictures.scaling import Pixels, on_ground
from remarque.pictures.warping import Mask, blurred, lay_over

LEAST_CHANGED_SHARE = 0.0005
"""Of a recompressed picture, less than this part changed is put down to the recompression.

110 re-saves of real pictures (JPEG quality 90 to 40, WebP 80 and 50) reach 0.0002 at most."""
GRADED_LEVELS = 4.0
"""Colours changed by so many levels of 255 on average are a change of the whole picture; the same
re-saves reach 2.6."""
SOFTENED_PX = 2.4
"""So much more blur (Gaussian sigma) at the same size is a change of the whole picture; re-saves
reach 1.6."""
_EXACT_SHARE = 0.5
_BORDER_PX = 5
_WHITE = 255


@dataclass(frozen=True, slots=True, eq=False)
class Edited:
    """What differs between child and parent.

    ``mask`` is bool, shape (height, width) of the child; ``region`` its bounding box, None where
    nothing differs; ``share`` the part of the child's pixels that differ (0 to 1); ``whole`` a
    sentence where the whole picture was changed (colours, sharpness), else empty; ``exact`` says
    that pixels were compared one by one.
    """

    mask: Mask
    region: Region | None
    share: float
    whole: str = ""
    exact: bool = False

    @property
    def nothing(self) -> bool:
        """Whether nothing differs but what saving anew explains."""
        return self.region is None


def find_edited(child: Pixels, parent: Pixels, alignment: Alignment) -> Edited:
    """Find what was changed.

    Args:
        child: RGB or RGBA.
        parent: RGB or RGBA.
        alignment: Child to parent.
    """
    if child.shape[:2] == parent.shape[:2]:
        exact = _exact_difference(on_ground(child), on_ground(parent))
        if exact is not None:
            return _edited(exact, exact=True)
    comparison = compare(child, parent, alignment)
    mask = _in_child_frame(comparison, alignment)
    whole = _whole_picture_change(comparison, alignment)
    if whole:
        local = float(mask.mean())
        if local >= LEAST_CHANGED_SHARE:
            whole += f"; beyond that, {local:.1%} of the pixels differ".replace("%", " %")
        return _edited(np.ones_like(mask), whole=whole)
    if mask.mean() < LEAST_CHANGED_SHARE:
        mask = np.zeros_like(mask)
    return _edited(mask)


def mask_png(mask: Mask) -> bytes:
    """A mask as a PNG of one channel, white where it is set."""
    written = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * _WHITE).save(written, format="PNG")
    return written.getvalue()


def _edited(mask: Mask, *, whole: str = "", exact: bool = False) -> Edited:
    return Edited(mask, _box(mask), float(mask.mean()), whole, exact)


def _box(mask: Mask) -> Region | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    top, left = int(rows[0]), int(columns[0])
    return Region(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


def _exact_difference(child: Pixels, parent: Pixels) -> Mask | None:
    """Where pixels differ at all; None where too few are equal for that to mean anything."""
    differs = np.asarray((child != parent).any(axis=2))
    return differs if differs.mean() <= 1 - _EXACT_SHARE else None


def _in_child_frame(comparison: Comparison, alignment: Alignment) -> Mask:
    """The changed pixels, and those the parent does not have, in the child's own pixels."""
    height, width = comparison.changed.shape
    full = alignment.reference_size
    back = inverse(scaling(width / full[0], height / full[1]) @ alignment.matrix)
    changed, _ = lay_over(comparison.changed.astype(np.float32), back, alignment.suspect_size)
    mask = np.asarray(changed > 0.5)  # noqa: PLR2004 - half way between unchanged and changed
    return mask | ~_covered((width, height), back, alignment.suspect_size)


def _covered(size: tuple[int, int], back: Matrix, child_size: tuple[int, int]) -> Mask:
    """Where the parent lies in the child; a frame off by a pixel or two is no change."""
    everywhere = np.ones((size[1], size[0]), dtype=np.float32)
    _, seen = lay_over(everywhere, back, child_size)
    wide = np.ones((2 * _BORDER_PX + 1,) * 2, dtype=np.uint8)
    return np.asarray(cv2.dilate(seen.astype(np.uint8), wide) > 0)


def _whole_picture_change(comparison: Comparison, alignment: Alignment) -> str:
    photometry = comparison.photometry
    ours = comparison.ours.astype(np.float32)
    smooth = blurred(ours, photometry.blur_px) if photometry.blur_px else ours
    off = np.abs(photometry.predict(ours) - smooth).mean(axis=2)
    levels = float(off[comparison.seen].mean()) if comparison.seen.any() else 0.0
    if levels >= GRADED_LEVELS:
        return f"the colours of the whole picture were changed, by {levels:.0f} of 255 on average"
    same_size = alignment.suspect_size == alignment.reference_size
    if same_size and photometry.blur_px >= SOFTENED_PX:
        return "the whole picture was softened"
    return ""
