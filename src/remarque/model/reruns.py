"""A take made again from its record alone, and how alike the two pictures are."""

from dataclasses import dataclass
from enum import StrEnum

from remarque.model.digests import Digest
from remarque.model.witness import ModelFile


class RerunGrade(StrEnum):
    """How the picture made again compares with the recorded one.

    BIT_EXACT: every pixel is the same. WITHIN_TOLERANCE: so little differs as arithmetic in
    another order makes differ. VISUALLY_SAME: more differs, and a person sees the same picture.
    DIFFERS: another picture. CANNOT_RUN: it could not be made again, and ``missing`` says why.
    """

    BIT_EXACT = "bit-exact"
    WITHIN_TOLERANCE = "within-tolerance"
    VISUALLY_SAME = "visually-same"
    DIFFERS = "differs"
    CANNOT_RUN = "cannot-run"


@dataclass(frozen=True, slots=True)
class PictureDifference:
    """Two pictures of one size, sample by sample; ``largest`` and ``mean`` in grey levels of 255.

    ``changed_share`` is the part of the pixels that differ at all, ``distance`` that of their PDQ
    fingerprints in bits (0 to 256; None where a picture is too plain to have one), ``shift_px``
    how far one had to be moved to lie on the other. ``place`` is the largest difference of the mean
    brightness or colour of any one small place, in levels (None: not measured): an object that is
    gone shows there while ``mean`` stays small.
    """

    largest: int
    mean: float
    changed_share: float
    distance: int | None = None
    shift_px: float = 0.0
    place: float | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentLine:
    """One fact of the environment then and now; None where it is not recorded or not known."""

    name: str
    recorded: str | None
    now: str | None

    @property
    def same(self) -> bool:
        """Whether both sides are known and equal."""
        return self.recorded is not None and self.recorded == self.now


@dataclass(frozen=True, slots=True)
class Rerun:
    """One attempt to make a recorded take again. A failed one is recorded like any other.

    ``take`` is the recorded take and ``original`` its picture; ``engine`` names the program that
    ran, with its version; ``picture`` is what came out, None where nothing did; ``causes`` are
    sentences on the likely reasons of a difference, ``missing`` on what stood in the way,
    ``assumed`` on what the record does not hold and was taken as usual. ``models`` are the files
    that were used now. Times are RFC 3339.
    """

    rerun: str
    work: str
    take: str
    original: Digest
    engine: str
    grade: RerunGrade
    picture: Digest | None = None
    difference: PictureDifference | None = None
    environment: tuple[EnvironmentLine, ...] = ()
    causes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    models: tuple[ModelFile, ...] = ()
    executed: Digest | None = None
    film: Digest | None = None
    started: str = ""
    finished: str = ""
