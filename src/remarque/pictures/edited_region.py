"""What was changed between a picture and the one it was made from, as a mask in the child's frame.

Two ways of comparing. Where most pixels of two pictures of one size are exactly equal, nothing was
recompressed, and every pixel that differs counts. Otherwise colours, sharpness and the noise of
recompression are accounted for (``comparing``), and what is left counts from
``LEAST_CHANGED_SHARE`` of the picture on. What rings around an edge is left aside: a JPEG of a
flag or an icon differs there far more than the noise elsewhere explains, but the differences of
neighbouring pixels cancel out, and those of an edit do not.
"""

import io
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image

from remarque.model.marks import Region
from remarque.pictures.aligning import Alignment
from remarque.pictures.comparing import Comparison, compare
from remarque.pictures.geometry import Matrix, corners, inverse, scaling, transform_points
from remarque.pictures.intact import NOTHING_INTACT, Intact, count_equal, count_intact
from remarque.pictures.scaling import Pixels, fit, on_ground
from remarque.pictures.warping import Mask, Plane, blurred, lay_over

LEAST_CHANGED_SHARE = 0.0005
"""Of a recompressed picture, less than this part changed is put down to the recompression.

110 re-saves of real pictures (JPEG quality 90 to 40, WebP 80 and 50) reach 0.0002 at most."""
GRADED_LEVELS = 4.0
"""Colours changed by so many levels of 255 on average are a change of the whole picture; the same
re-saves reach 2.6."""
SOFTENED_PX = 2.4
"""So much more blur (Gaussian sigma) at the same size is a change of the whole picture; re-saves
reach 1.6."""
STANDS_OUT_LEVELS, _STANDS_OUT_SIGMA = 6.0, 4.0
"""An edit moves the mean around some of its pixels by so many levels of 255."""
_LONGEST_CHILD_PX = 1400
_MANY_KEYPOINTS = 40
_OFF_BY = 0.02
_EXACT_SHARE = 0.5
_NEIGHBOURS_PX = 9
_BORDER_PX = 5
_WHITE = 255


@dataclass(frozen=True, slots=True, eq=False)
class Edited:
    """What differs between child and parent.

    ``mask`` is bool, shape (height, width) of the child; ``region`` its bounding box, None where
    nothing differs; ``share`` the part of the child's pixels that differ (0 to 1); ``whole`` a
    sentence where the whole picture was changed (colours, sharpness), else empty; ``exact`` says
    that pixels were compared one by one; ``intact`` counts the blocks left untouched.
    """

    mask: Mask
    region: Region | None
    share: float
    whole: str = ""
    exact: bool = False
    intact: Intact = NOTHING_INTACT

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
            return _edited(exact, count_equal(parent, exact), exact=True)
    laid = _lay(child, parent, alignment)
    plain = _plain_scaling(alignment) if alignment.score < _MANY_KEYPOINTS else None
    if plain is not None and laid.mask.mean() >= LEAST_CHANGED_SHARE:
        # Few keypoints make a geometry that is off by pixels; where it nearly is the plain one,
        # the plain one is tried, and that which explains more is right.
        again = _lay(child, parent, plain)
        laid = again if again.mask.mean() < laid.mask.mean() else laid
    intact = count_intact(laid.comparison, laid.predicted)
    mask, whole = laid.mask, _whole_picture_change(laid)
    if whole:
        local = float(mask.mean())
        if local >= LEAST_CHANGED_SHARE:
            whole += f"; beyond that, {local:.1%} of the pixels differ".replace("%", " %")
        return _edited(np.ones_like(mask), intact, whole=whole)
    if mask.mean() < LEAST_CHANGED_SHARE:
        mask = np.zeros_like(mask)
    return _edited(mask, intact)


def mask_png(mask: Mask) -> bytes:
    """A mask as a PNG of one channel, white where it is set."""
    written = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * _WHITE).save(written, format="PNG")
    return written.getvalue()


def _edited(mask: Mask, intact: Intact, *, whole: str = "", exact: bool = False) -> Edited:
    return Edited(mask, _box(mask), float(mask.mean()), whole, exact, intact)


def _box(mask: Mask) -> Region | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    top, left = int(rows[0]), int(columns[0])
    return Region(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


def _exact_difference(child: Pixels, parent: Pixels) -> Mask | None:
    """Where pixels differ at all; None where too few are equal for that to mean anything.

    A JPEG of what was a JPEG before leaves most pixels as they were, with single ones between
    them that are not: only pixels whose neighbours are equal too count as equal.
    """
    differs = _any_channel(child != parent)
    near = cv2.dilate(differs.astype(np.uint8), np.ones((_NEIGHBOURS_PX,) * 2, dtype=np.uint8))
    return differs if float(near.mean()) <= 1 - _EXACT_SHARE else None


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """The child on its parent.

    ``predicted`` is the parent in the child's colours, ``mask`` what was changed, in the child's
    own pixels.
    """

    alignment: Alignment
    comparison: Comparison
    predicted: Plane
    mask: Mask


def _lay(child: Pixels, parent: Pixels, alignment: Alignment) -> _Laid:
    small, scale = fit(child, _LONGEST_CHILD_PX)
    shrunk = _as_if_shrunk(alignment, scale)
    comparison = compare(small, parent, shrunk)
    predicted = comparison.photometry.predict(comparison.ours.astype(np.float32))
    mask = _in_child_frame(_standing_out(comparison, predicted), shrunk)
    if scale < 1:
        size = alignment.suspect_size
        mask = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return _Laid(alignment, comparison, predicted, mask)


def _as_if_shrunk(alignment: Alignment, scale: float) -> Alignment:
    """The alignment of the child shrunk by ``scale``: a large one costs no more than another."""
    if scale == 1.0:
        return alignment
    width, height = alignment.suspect_size
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    back = scaling(width / size[0], height / size[1])
    return replace(alignment, matrix=alignment.matrix @ back, suspect_size=size)


def _plain_scaling(alignment: Alignment) -> Alignment | None:
    """All of the child on all of the parent, where the alignment is nearly that."""
    width, height = alignment.suspect_size
    wide, high = alignment.reference_size
    plain = scaling(wide / width, high / height)
    ends = corners(alignment.suspect_size)
    off = np.abs(transform_points(alignment.matrix, ends) - transform_points(plain, ends))
    if alignment.mirrored or float(off.max()) > _OFF_BY * max(wide, high):
        return None
    return replace(alignment, matrix=plain)


def _standing_out(comparison: Comparison, predicted: Plane) -> Mask:
    """The changed areas in which the pixels did not only swing around what they were."""
    if not comparison.changed.any():
        return comparison.changed
    moved = np.abs(blurred(comparison.laid - predicted, _STANDS_OUT_SIGMA))
    count, labels = cv2.connectedComponents(comparison.changed.astype(np.uint8))
    kept = np.zeros(count, dtype=np.bool_)
    kept[labels[_any_channel(moved >= STANDS_OUT_LEVELS)]] = True
    kept[0] = False
    return np.asarray(kept[labels])


def _in_child_frame(found: Mask, alignment: Alignment) -> Mask:
    """The changed pixels, and those the parent does not have, in the child's own pixels."""
    height, width = found.shape
    full = alignment.reference_size
    back = inverse(scaling(width / full[0], height / full[1]) @ alignment.matrix)
    changed, _ = lay_over(found.astype(np.float32), back, alignment.suspect_size)
    mask = np.asarray(changed > 0.5)  # noqa: PLR2004 - half way between unchanged and changed
    return mask | ~_covered((width, height), back, alignment.suspect_size)


def _covered(size: tuple[int, int], back: Matrix, child_size: tuple[int, int]) -> Mask:
    """Where the parent lies in the child; a frame off by a pixel or two is no change."""
    everywhere = np.ones((size[1], size[0]), dtype=np.float32)
    _, seen = lay_over(everywhere, back, child_size)
    wide = np.ones((2 * _BORDER_PX + 1,) * 2, dtype=np.uint8)
    return np.asarray(cv2.dilate(seen.astype(np.uint8), wide) > 0)


def _any_channel(planes: Mask) -> Mask:
    """Where any of three channels is set; much faster than numpy's reduction along a short axis."""
    return np.asarray(planes[..., 0] | planes[..., 1] | planes[..., 2])


def _whole_picture_change(laid: _Laid) -> str:
    comparison, alignment = laid.comparison, laid.alignment
    photometry = comparison.photometry
    ours = comparison.ours.astype(np.float32)
    smooth = blurred(ours, photometry.blur_px) if photometry.blur_px else ours
    off = np.abs(laid.predicted - smooth).mean(axis=2)
    levels = float(off[comparison.seen].mean()) if comparison.seen.any() else 0.0
    if levels >= GRADED_LEVELS:
        return f"the colours of the whole picture were changed, by {levels:.0f} of 255 on average"
    same_size = alignment.suspect_size == alignment.reference_size
    if same_size and photometry.blur_px >= SOFTENED_PX:
        return "the whole picture was softened"
    return ""
