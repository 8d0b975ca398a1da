"""Which registered picture a suspect is: PDQ makes a short list, alignment judges it.

A judgement never rests on one kind of evidence: keypoints must fit one geometry *and* the picture
between them must agree, block by block; or the whole fingerprint must be near *and* the whole
picture must agree. The thresholds are this module's constants; how often they accuse wrongly is
measured by ``benchmarks/false_accusations.py`` and kept in ``measured.py``.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from remarque.fingerprints.measured import false_accusation_rate
from remarque.fingerprints.pdq import (
    Fingerprint,
    Ranked,
    Table,
    nearest,
    pdq,
    pdq_all_ways,
    tabulate,
)
from remarque.model.history import Verdict
from remarque.model.marks import Region
from remarque.pictures.agreement import Agreement, agreement
from remarque.pictures.aligning import Alignment, align_described
from remarque.pictures.keypoints import Described, describe
from remarque.pictures.refining import refine, whole_on_whole
from remarque.pictures.scaling import Pixels
from remarque.pictures.wording import transform_in_words

ALL_ARE_JUDGED_UP_TO = 200
"""With so many registered pictures every one is aligned; beyond, the nearest by PDQ."""
SHORT_LIST = 64

SAME_BYTES_SCORE = 64
"""The score of a suspect that is the registered file itself, byte for byte."""

LEAST_SCORE = 8
"""Spread inliers that make a finding, with the agreement below."""
LEAST_AGREEING = 4
"""Blocks that must agree."""
LEAST_SHARE = 0.3
"""Part of the textured blocks that must agree for a finding."""
WEAK_SCORE, WEAK_AGREEING, WEAK_SHARE = 6, 8, 0.5
"""Fewer inliers are enough where more of the picture agrees."""
SMOOTH_TONE = 0.9
"""Where fewer blocks than ``LEAST_AGREEING`` have texture, the large shapes must correlate."""
ALTERED_SHARE = 0.45
"""Below this part of agreeing blocks a found picture is called derived, not a copy."""
DOUBTFUL_SHARE = 0.15
"""Below this part a geometric fit is put down to chance or to a shared mark."""
NEAR_DISTANCE, NEAR_QUALITY = 31, 50
"""PDQ's own rule for a confident match of the whole picture (hashing document, 2019)."""
TRIED_DISTANCE = 60
"""Up to this PDQ distance the whole suspect is laid on the whole picture when keypoints fail."""
WHOLE_TONE, WHOLE_SHARE, WHOLE_TEXTURED = 0.95, 0.6, 12
"""What must agree then."""
MOSTLY = 0.5
"""A copy shows so much of our picture and little else; otherwise the match is partial."""
REFINED_BELOW_SHARE, REFINED_BELOW_SCORE = 0.7, 30
"""Less agreement or fewer inliers may mean a rough alignment, which is then refined."""


class Method(StrEnum):
    """What a judgement rests on."""

    KEYPOINTS = "keypoints"
    WHOLE_PICTURE = "whole-picture"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row of the registered fingerprints worth aligning, with its PDQ distance (0 to 256)."""

    index: int
    pdq_distance: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """One suspect against one registered picture.

    ``score`` is the number of spread inliers (agreeing blocks where ``method`` is the whole
    picture), ``false_accusation_rate`` the measured 95 % bound for one comparison of unrelated
    pictures to be judged so, ``transform`` a sentence. ``alignment`` is ``None`` where our
    picture was not located; then the verdict is none or undecided.
    """

    verdict: Verdict
    score: int
    false_accusation_rate: float
    method: Method
    pdq_distance: int
    agreement: Agreement
    alignment: Alignment | None
    transform: str


class Recollection:
    """Described pictures kept for the life of the process, the least recently used let go.

    A picture prepared for alignment takes about 1.5 MB. Safe from several threads.
    """

    def __init__(self, capacity: int = 128) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[str, Described] = OrderedDict()
        self._lock = Lock()

    def recall(self, key: str, load: Callable[[], Described]) -> Described:
        """The picture kept under ``key``, made by ``load`` where it is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        described = load()
        with self._lock:
            self._kept[key] = described
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return described


def shortlist(ways: Sequence[Fingerprint], table: Table) -> list[Candidate]:
    """The registered pictures to align with, nearest first.

    All of them up to ``ALL_ARE_JUDGED_UP_TO``, because a crop or a screenshot has a distant
    fingerprint; beyond that only the ``SHORT_LIST`` nearest, so that there crops are missed.

    Args:
        ways: The suspect's fingerprint in all orientations (``pdq_all_ways``).
        table: The registered fingerprints (``tabulate``).
    """
    ranked: list[Ranked] = nearest(ways, table)
    kept = ranked if len(table) <= ALL_ARE_JUDGED_UP_TO else ranked[:SHORT_LIST]
    return [Candidate(row.index, row.distance) for row in kept]


def judge(
    suspect_pixels: Pixels,
    reference_pixels: Pixels,
    pdq_distance: int | None = None,
    *,
    without: Region | None = None,
) -> Judgement:
    """Judge a suspect against one registered picture, best the clean one (before its marks).

    Args:
        suspect_pixels: RGB or RGBA.
        reference_pixels: RGB or RGBA.
        pdq_distance: Their distance from the short list; measured here where not given.
        without: The box of the visible mark, where only the marked picture is at hand.
    """
    suspect, reference = describe(suspect_pixels), describe(reference_pixels, without=without)
    return judge_described(suspect, reference, pdq_distance)


def judge_described(
    suspect: Described, reference: Described, pdq_distance: int | None = None
) -> Judgement:
    """As ``judge``, for pictures that were described before."""
    located = _by_keypoints(suspect, reference)
    found = _verdict_by_keypoints(*located) if located else Verdict.NONE
    settled = found not in (Verdict.NONE, Verdict.UNDECIDED)
    if pdq_distance is not None and (settled or pdq_distance > TRIED_DISTANCE):
        return _judgement(found, Method.KEYPOINTS, pdq_distance, located)
    near = _nearness(suspect, reference)
    if settled or near.distance > TRIED_DISTANCE or not near.quality:
        return _judgement(found, Method.KEYPOINTS, near.distance, located)
    whole = _as_a_whole(suspect, reference, near.orientation)
    if whole and _agrees_as_a_whole(whole[1], near.distance):
        return _judgement(_extent(whole[0]), Method.WHOLE_PICTURE, near.distance, whole)
    if near.distance <= NEAR_DISTANCE and near.quality >= NEAR_QUALITY:
        found = Verdict.UNDECIDED
    return _judgement(found, Method.KEYPOINTS, near.distance, located)


@dataclass(frozen=True, slots=True)
class _Nearness:
    """PDQ distance in the best orientation of the suspect, and the lesser quality."""

    distance: int
    orientation: int
    quality: int


def _nearness(suspect: Described, reference: Described) -> _Nearness:
    own = pdq(reference.colours)
    ways = pdq_all_ways(suspect.colours)
    best = nearest(ways, tabulate([own]))[0]
    return _Nearness(best.distance, best.orientation, min(own.quality, ways[0].quality))


Located = tuple[Alignment, Agreement]


def _by_keypoints(suspect: Described, reference: Described) -> Located | None:
    alignment = align_described(suspect, reference)
    if alignment is None:
        return None
    return _refined(suspect, reference, alignment)


def _as_a_whole(suspect: Described, reference: Described, orientation: int) -> Located | None:
    alignment = whole_on_whole(
        suspect,
        reference,
        quarter_turns=orientation % 4,
        mirror=orientation >= 4,  # noqa: PLR2004
    )
    return _refined(suspect, reference, alignment) if alignment else None


def _refined(suspect: Described, reference: Described, alignment: Alignment) -> Located:
    """The alignment and its agreement, refined where that makes more of the picture agree."""
    agreed = agreement(suspect, reference, alignment)
    if agreed.share >= REFINED_BELOW_SHARE and alignment.score >= REFINED_BELOW_SCORE:
        return alignment, agreed
    closer = refine(suspect, reference, alignment)
    if closer is None:
        return alignment, agreed
    then = agreement(suspect, reference, closer)
    return (closer, then) if then.likeness > agreed.likeness else (alignment, agreed)


def _verdict_by_keypoints(alignment: Alignment, agreed: Agreement) -> Verdict:
    if _is_confirmed(alignment.score, agreed):
        return Verdict.DERIVED if _is_altered(agreed) else _extent(alignment)
    doubtful = agreed.agreeing >= LEAST_AGREEING and agreed.share >= DOUBTFUL_SHARE
    return Verdict.UNDECIDED if alignment.score >= LEAST_SCORE and doubtful else Verdict.NONE


def _is_confirmed(score: int, agreed: Agreement) -> bool:
    if agreed.textured < LEAST_AGREEING:
        return score >= LEAST_SCORE and agreed.tone >= SMOOTH_TONE
    strong = (
        score >= LEAST_SCORE and agreed.agreeing >= LEAST_AGREEING and agreed.share >= LEAST_SHARE
    )
    weak = score >= WEAK_SCORE and agreed.agreeing >= WEAK_AGREEING and agreed.share >= WEAK_SHARE
    return strong or weak


def _is_altered(agreed: Agreement) -> bool:
    return agreed.textured >= LEAST_AGREEING and agreed.share < ALTERED_SHARE


def _agrees_as_a_whole(agreed: Agreement, pdq_distance: int) -> bool:
    if agreed.tone < WHOLE_TONE:
        return False
    if agreed.textured >= WHOLE_TEXTURED:
        return agreed.share >= WHOLE_SHARE
    return pdq_distance <= NEAR_DISTANCE


def _extent(alignment: Alignment) -> Verdict:
    whole = alignment.share >= MOSTLY and alignment.cover >= MOSTLY
    return Verdict.COPY if whole else Verdict.PARTIAL


def _judgement(
    verdict: Verdict, method: Method, pdq_distance: int, located: Located | None
) -> Judgement:
    nothing = (None, Agreement(0, 0, 0.0))
    alignment, agreed = located or nothing
    if verdict is Verdict.NONE:
        alignment = None
    by_keypoints = alignment.score if alignment else 0
    score = agreed.agreeing if method is Method.WHOLE_PICTURE else by_keypoints
    return Judgement(
        verdict=verdict,
        score=score,
        false_accusation_rate=false_accusation_rate(method.value, score) if alignment else 1.0,
        method=method,
        pdq_distance=pdq_distance,
        agreement=agreed,
        alignment=alignment,
        transform=transform_in_words(alignment) if alignment else "",
    )
