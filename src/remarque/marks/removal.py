"""What became of a visible mark in a copy: kept, reconstructed over, covered, or cropped away.

The copy is laid on our frame; what its colours and sharpness went through is fitted on the rest
of the picture; then the place of the mark is compared with what it would look like *with* and
*without* the mark. The thresholds were set on other pictures than the tests use.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np

from remarque.errors import MarkError
from remarque.model.marks import Region
from remarque.pictures.aligning import Alignment
from remarque.pictures.geometry import Matrix, shifting
from remarque.pictures.photometry import fit_photometry
from remarque.pictures.scaling import Pixels, on_ground, resize
from remarque.pictures.warping import (
    Mask,
    Plane,
    blur_of_magnifying,
    blurred,
    lay_over,
    magnification,
)

LEAST_SEEN = 0.5
"""With less of the mark's box inside the copy the mark counts as cropped away."""
LEAST_CLEARNESS = 3.0
"""How far the mark must stand out of the copy's noise, in noises, to say anything."""
KEPT_STRENGTH = (0.72, 1.4)
"""Strength of the mark in the copy, 1 as published and 0 gone, that counts as kept."""
KEPT_CORRELATION = 0.9
KEPT_GROUND = 3.0
"""Deviation of the ground around the letters, in noises, that a kept mark may have."""
GONE_STRENGTH, GONE_CORRELATION = 0.5, 0.7
"""Up to this strength and likeness the mark was removed; between the two nothing is said."""
LIKE_THE_MARK = 0.8
"""A quiet ground and a difference this large, in marks, may be the mark in another place."""
COVERED_GROUND = 6.0
COVERED_LEVELS = 18.0
COVERED_CONTRAST = 2.0
"""Something lies over the mark when its ground deviates so much, in noises, in levels, and as a
multiple of what the worst tenth of the surroundings deviates."""

_LEAST_MARGIN_PX = 160
_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-3)
_FARTHEST_PX = 6.0
_SEARCHED_PX = 12
_SMEARS = (24, 12, 6)
_INK_FROM = 40
_LEAST_GROUND_PX = 40


class RemovalState(StrEnum):
    """What became of a mark. RECONSTRUCTED: painted over with picture, or smeared."""

    KEPT = "kept"
    RECONSTRUCTED = "reconstructed"
    COVERED = "covered"
    CROPPED = "cropped"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Removal:
    """The state of a mark in a copy and what it rests on.

    ``seen`` is the part of the mark's box inside the copy (0 to 1). ``strength`` is the projection
    of the copy on the mark (1 as published, 0 gone), ``correlation`` how alike their shapes are,
    ``ground`` the deviation around the letters in noises, ``ground_levels`` the same in levels
    (0 to 255), ``clearness`` how many noises the mark would stand out, ``difference``
    how far the box is from the clean picture, in marks, ``contrast`` the deviation around the
    letters as a multiple of what the worst tenth of the surroundings deviates, ``smeared`` how
    alike the shape is to the mark after blurring it.
    """

    state: RemovalState
    seen: float
    strength: float = 0.0
    correlation: float = 0.0
    ground: float = 0.0
    ground_levels: float = 0.0
    clearness: float = 0.0
    difference: float = 0.0
    contrast: float = 0.0
    smeared: float = 0.0


def judge_removal(
    suspect_pixels: Pixels,
    alignment: Alignment,
    published_pixels: Pixels,
    clean_pixels: Pixels,
    region: Region,
    layer: Pixels,
) -> Removal:
    """Judge what became of one visible mark.

    Args:
        suspect_pixels: The copy, RGB or RGBA.
        alignment: The copy to the clean or the published picture (they share a frame).
        published_pixels: The edition as written, RGB or RGBA.
        clean_pixels: The picture before its marks.
        region: The mark's box in pixels of the published picture.
        layer: The mark alone, RGBA, of the size of ``region`` or of the whole picture.

    Raises:
        MarkError: The layer has another size.
    """
    published = on_ground(published_pixels)
    height, width = published.shape[:2]
    clean = on_ground(clean_pixels)
    if clean.shape != published.shape:
        clean = resize(clean, width, height)
    place = _place(suspect_pixels, alignment.matrix, (clean, published), region)
    scene = _scene(place, place.matrix)
    in_box = scene.seen[scene.box]
    seen = float(in_box.mean()) if in_box.size else 0.0
    if seen < LEAST_SEEN:
        return Removal(RemovalState.CROPPED, seen)
    letters = _letters(layer, region)
    found = _measured(scene, letters, seen)
    if found.state is RemovalState.KEPT:
        return found
    # A mark that is there may itself show where it is, better than a smooth picture does.
    shifted = _shifted_to_mark(place, scene)
    if shifted is None:
        return found
    again = _measured(_scene(place, shifted, by_mark=True), letters, seen)
    return again if again.state is RemovalState.KEPT else found


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """The surroundings of the mark, cut out of our pictures; ``matrix`` takes the copy there."""

    copy: Plane
    matrix: Matrix
    clean: Plane
    published: Plane
    box: tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """The surroundings of the mark, cut out of everything, as float32 levels in one frame.

    ``copy`` is the copy laid there, ``clean`` and ``published`` what an unaltered copy would
    show without and with the mark, ``box`` where the mark's box is in these arrays. ``noise``
    is the usual deviation of the surroundings from the fit, ``worst_elsewhere`` what a tenth of
    them exceeds, in levels.
    """

    copy: Plane
    clean: Plane
    published: Plane
    seen: Mask
    box: tuple[slice, slice]
    noise: float
    worst_elsewhere: float


def _place(
    suspect: Pixels, matrix: Matrix, pictures: tuple[Pixels, Pixels], region: Region
) -> _Place:
    height, width = pictures[0].shape[:2]
    around = _surroundings(region, width, height)
    rows = slice(around.top, around.top + around.height)
    columns = slice(around.left, around.left + around.width)
    copy = on_ground(suspect).astype(np.float32)
    there = shifting(-around.left, -around.top) @ matrix
    sigma = blur_of_magnifying(magnification(there, (copy.shape[1], copy.shape[0])))
    clean, published = (
        _softened(picture[rows, columns].astype(np.float32), sigma) for picture in pictures
    )
    top, left = region.top - around.top, region.left - around.left
    box = (slice(top, top + region.height), slice(left, left + region.width))
    return _Place(copy, there, clean, published, box)


def _scene(place: _Place, matrix: Matrix, *, by_mark: bool = False) -> _Scene:
    """Lay the copy there, moved to where its surroundings, or the mark itself, fit best."""
    height, width = place.clean.shape[:2]
    laid, seen = lay_over(place.copy, matrix, (width, height))
    elsewhere = _elsewhere(seen, place.box)
    if not elsewhere.any():
        return _Scene(laid, place.clean, place.published, seen, place.box, 255.0, 255.0)
    photometry = fit_photometry(place.clean, laid, elsewhere)
    if by_mark:
        around = np.zeros_like(seen)
        around[place.box] = True
        step = _step(laid, photometry.predict(place.published), around & seen)
    else:
        step = _step(laid, photometry.predict(place.clean), elsewhere)
    if step is not None:
        laid, seen = lay_over(place.copy, step @ matrix, (width, height))
        photometry = fit_photometry(place.clean, laid, _elsewhere(seen, place.box))
    clean, published = photometry.predict(place.clean), photometry.predict(place.published)
    off = np.abs(laid - clean).mean(axis=2)[_elsewhere(seen, place.box)]
    worst = float(np.percentile(off, 90)) if off.size else 255.0
    return _Scene(laid, clean, published, seen, place.box, photometry.noise, worst)


def _surroundings(region: Region, width: int, height: int) -> Region:
    """The box with enough of the picture around it to learn what the copier did."""
    margin = max(_LEAST_MARGIN_PX, 2 * region.height, region.width // 2)
    left, top = max(0, region.left - margin), max(0, region.top - margin)
    right = min(width, region.left + region.width + margin)
    bottom = min(height, region.top + region.height + margin)
    return Region(left, top, right - left, bottom - top)


def _softened(plane: Plane, sigma: float) -> Plane:
    return blurred(plane, sigma) if sigma else plane


def _elsewhere(seen: Mask, box: tuple[slice, slice]) -> Mask:
    """What is seen away from the mark: a cover is often larger than what it hides."""
    kept = np.asarray(cv2.erode(seen.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    rows, columns = box
    pad = max(6, (rows.stop - rows.start) // 4)
    kept[
        max(0, rows.start - pad) : rows.stop + pad, max(0, columns.start - pad) : columns.stop + pad
    ] = False
    return kept


def _step(laid: Plane, expected: Plane, where: Mask) -> Matrix | None:
    """The step by which a global alignment is off here, at most a few pixels; ``None`` if none."""
    try:
        _, found = cv2.findTransformECC(
            _luma(expected),
            _luma(laid),
            np.eye(2, 3, dtype=np.float32),
            cv2.MOTION_TRANSLATION,
            _STEPS,
            where.astype(np.uint8),
            5,
        )
    except cv2.error:  # raised where it does not converge
        return None
    across, down = float(found[0, 2]), float(found[1, 2])
    return shifting(-across, -down) if np.hypot(across, down) <= _FARTHEST_PX else None


def _shifted_to_mark(place: _Place, scene: _Scene) -> Matrix | None:
    """The matrix that lays the copy where it looks most like the published mark's box."""
    rows, columns = scene.box
    top, left = max(0, rows.start - _SEARCHED_PX), max(0, columns.start - _SEARCHED_PX)
    window = _luma(scene.copy)[top : rows.stop + _SEARCHED_PX, left : columns.stop + _SEARCHED_PX]
    wanted = _luma(scene.published)[scene.box]
    if wanted.std() < 1:
        return None
    fits = cv2.matchTemplate(window, wanted, cv2.TM_CCOEFF_NORMED)
    down, across = np.unravel_index(int(np.argmax(fits)), fits.shape)
    step = shifting(columns.start - left - int(across), rows.start - top - int(down))
    return step @ place.matrix


def _luma(colours: Plane) -> Plane:
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), dtype=np.float32)


def _letters(layer: Pixels, region: Region) -> Mask:
    """Where in its box the mark has ink."""
    if layer.shape[:2] != (region.height, region.width):
        rows = slice(region.top, region.top + region.height)
        layer = layer[rows, region.left : region.left + region.width]
    if layer.shape[:2] != (region.height, region.width):
        raise MarkError(
            f"the layer of the visible mark does not fit its box of {region.width} x "
            f"{region.height} pixels",
            hint="Publish the picture again; the stored mark is not the one that was drawn.",
        )
    if layer.shape[2] == 3:  # noqa: PLR2004 - RGB: all of it is ink
        return np.ones(layer.shape[:2], dtype=np.bool_)
    return np.asarray(layer[..., 3] > _INK_FROM)


def _measured(scene: _Scene, letters: Mask, seen: float) -> Removal:
    visible = scene.seen[scene.box]
    mark = (scene.published - scene.clean)[scene.box]
    off = (scene.copy - scene.clean)[scene.box]
    inked = letters & visible
    if not inked.any():
        return Removal(RemovalState.UNDECIDED, seen)
    strength = float((off[visible] * mark[visible]).sum() / ((mark[visible] ** 2).sum() + 1e-6))
    ground = _ground(scene, letters)
    found = Removal(
        state=RemovalState.UNDECIDED,
        seen=seen,
        strength=strength,
        correlation=max(
            _correlation(off[visible], mark[visible]),
            _correlation(_luma(off)[visible], _luma(mark)[visible]),
        ),
        ground=ground / scene.noise,
        ground_levels=ground,
        contrast=ground / max(scene.worst_elsewhere, 1.0),
        smeared=max(
            _correlation(_luma(off)[visible], _luma(blurred(mark, sigma))[visible])
            for sigma in (letters.shape[0] / share for share in _SMEARS)
        ),
        clearness=_rms(mark[inked]) / scene.noise,
        difference=_rms(off[visible]) / max(_rms(mark[visible]), 1e-3),
    )
    return replace(found, state=_state(found))


def _rms(values: Plane) -> float:
    return float(np.sqrt((values**2).mean()))


def _correlation(one: Plane, other: Plane) -> float:
    if one.std() < 1e-3 or other.std() < 1e-3:  # noqa: PLR2004 - flat
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _ground(scene: _Scene, letters: Mask) -> float:
    """Upper quartile of the deviation, in levels, in and closely around the box beside the ink."""
    rows, columns = scene.box
    pad = max(4, letters.shape[0] // 6)
    beside = np.zeros(scene.seen.shape, dtype=np.bool_)
    beside[
        max(0, rows.start - pad) : rows.stop + pad, max(0, columns.start - pad) : columns.stop + pad
    ] = True
    reach = 2 * max(2, letters.shape[0] // 20) + 1
    inked = cv2.dilate(letters.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    beside[scene.box] &= ~np.asarray(inked)
    beside &= scene.seen
    if beside.sum() < _LEAST_GROUND_PX:
        return 0.0
    off = np.abs(scene.copy - scene.clean).mean(axis=2)
    return float(np.percentile(off[beside], 75))


def _state(found: Removal) -> RemovalState:
    if found.clearness < LEAST_CLEARNESS:
        return RemovalState.UNDECIDED
    quiet = found.ground < KEPT_GROUND
    weakest, strongest = KEPT_STRENGTH
    sharp = found.correlation > max(KEPT_CORRELATION, found.smeared)
    if quiet and sharp and weakest < found.strength < strongest:
        return RemovalState.KEPT
    loud = found.ground > COVERED_GROUND and found.ground_levels > COVERED_LEVELS
    if loud:
        clear = found.contrast > COVERED_CONTRAST
        return RemovalState.COVERED if clear else RemovalState.UNDECIDED
    gone = found.strength < GONE_STRENGTH and found.correlation < GONE_CORRELATION
    displaced = quiet and found.difference > LIKE_THE_MARK
    return RemovalState.RECONSTRUCTED if gone and not displaced else RemovalState.UNDECIDED
