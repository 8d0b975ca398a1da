"""A rough alignment made exact, and the alignment of a whole picture laid on a whole picture.

Source: Evangelidis and Psarakis, "Parametric image alignment using enhanced correlation
coefficient maximization", 2008 (ECC), as in OpenCV.
"""

import cv2
import numpy as np

from remarque.pictures.agreement import working_matrix
from remarque.pictures.aligning import Alignment, alignment_from
from remarque.pictures.geometry import Matrix, inverse, mirroring, off_grid, on_grid, scaling
from remarque.pictures.keypoints import Described
from remarque.pictures.scaling import grey

_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-4)
_SMOOTHING_PX = 5


def refine(suspect: Described, reference: Described, alignment: Alignment) -> Alignment | None:
    """Move the alignment to where the two pictures correlate best; ``None`` if nowhere near."""
    start = on_grid(inverse(working_matrix(suspect, reference, alignment))).astype(np.float32)
    there, here = grey(reference.colours), grey(suspect.colours)
    everywhere = np.full(here.shape, 255, dtype=np.uint8)
    try:
        _, back = cv2.findTransformECC(
            there, here, start, cv2.MOTION_HOMOGRAPHY, _STEPS, everywhere, _SMOOTHING_PX
        )
    except cv2.error:  # raised where it does not converge
        return None
    matrix = off_grid(np.asarray(back, dtype=np.float64))
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-9:  # noqa: PLR2004
        return None
    return alignment_from(
        inverse(matrix),
        suspect,
        reference,
        inliers=alignment.inliers,
        score=alignment.score,
    )


def whole_on_whole(
    suspect: Described, reference: Described, *, quarter_turns: int, mirror: bool
) -> Alignment | None:
    """The suspect mirrored, then turned counter-clockwise by quarters, and laid on all of ours."""
    height, width = suspect.colours.shape[:2]
    matrix = mirroring(width) if mirror else np.eye(3)
    for _ in range(quarter_turns):
        matrix = _quarter(width) @ matrix
        width, height = height, width
    there_height, there_width = reference.colours.shape[:2]
    matrix = scaling(there_width / width, there_height / height) @ matrix
    return alignment_from(matrix, suspect, reference, inliers=0, score=0)


def _quarter(width_px: int) -> Matrix:
    """A quarter turn counter-clockwise of a picture of this width."""
    return np.array([[0.0, 1, 0], [-1, 0, width_px], [0, 0, 1]])
