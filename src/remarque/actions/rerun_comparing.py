"""Compare the picture made again with the recorded one: difference, grade, what must be said."""

from dataclasses import dataclass

from remarque.fingerprints.pdq import distance, pdq
from remarque.fingerprints.searching import NEAR_QUALITY
from remarque.model.reruns import PictureDifference, RerunGrade
from remarque.pictures.differing import difference_of, grade_of, one_scale
from remarque.pictures.scaling import Pixels

TOO_PLAIN = (
    "One of the pictures is too plain to have a fingerprint: whether a person sees the same "
    "cannot be decided, and only their pixels were compared."
)

DEEPER = (
    "The recorded picture has 16 bits a sample and was compared at 8: whether the rest agrees "
    "cannot be decided."
)
_BITS = 8


@dataclass(frozen=True, slots=True)
class Compared:
    """The grade with the difference it rests on; ``remarks`` are sentences about the comparison."""

    grade: RerunGrade
    difference: PictureDifference
    remarks: tuple[str, ...] = ()


def compare_pictures(original: Pixels, again: Pixels, *, bit_depth: int = _BITS) -> Compared:
    """Grade a picture made again by what it shares with the recorded one.

    Args:
        original: The recorded picture, 8 bits a sample.
        again: The picture made again.
        bit_depth: How many bits the recorded file has; with more than 8 nothing is bit-exact.
    """
    ours, theirs = pdq(original), pdq(again)
    is_plain = min(ours.quality, theirs.quality) < NEAR_QUALITY
    found = difference_of(original, again, distance=None if is_plain else distance(ours, theirs))
    same_size = original.shape[:2] == again.shape[:2]
    grade = grade_of(found, same_size=same_size)
    remarks = []
    if bit_depth > _BITS:
        remarks.append(DEEPER)
        grade = RerunGrade.WITHIN_TOLERANCE if grade is RerunGrade.BIT_EXACT else grade
    if not same_size:
        remarks.append(_sizes(original, again))
        grade = grade if one_scale(original, again) else RerunGrade.DIFFERS
    if is_plain and grade in (RerunGrade.VISUALLY_SAME, RerunGrade.DIFFERS):
        remarks.append(TOO_PLAIN)
    if found.shift_px:
        remarks.append(f"It lies {found.shift_px:g} pixels beside the recorded one.")
    return Compared(grade, found, tuple(remarks))


def _sizes(original: Pixels, again: Pixels) -> str:
    (height, width), (now_height, now_width) = original.shape[:2], again.shape[:2]
    return (
        f"The recorded picture has {width} x {height} pixels, the one made now {now_width} x "
        f"{now_height}; it was scaled to be compared."
    )
