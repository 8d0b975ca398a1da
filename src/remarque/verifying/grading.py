"""From stamps and an entry to a grade: how far a fact can be trusted (DESIGN §3).

A stamp counts as *outside* when it is intact and its authority is not a program on the same
machine; except that whoever verifies may vouch for such an authority by giving its root. Whether
the authority is *known* is kept beside the grade, never mixed into it: then the grade is only as
good as an authority the reader must judge (docs/reference/bundle.md).
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from remarque.errors import MetadataMalformed
from remarque.model.canonical import value_from_json
from remarque.model.entry import Entry
from remarque.model.grades import RECORDED_WITHIN, Dating, Grade, grade_of
from remarque.model.history import BODY_OF, Manner, Take
from remarque.model.times import format_time, parse_time
from remarque.verifying.timestamps import TokenJudgement

CLOCK_TOLERANCE = timedelta(minutes=1)
LOOPBACK_SENTENCE = (
    "this stamp was made by a program on the same machine and proves nothing outside the "
    "demonstration"
)


@dataclass(frozen=True, slots=True)
class CoveringStamp:
    """A judged timestamp over the checkpoint of ``size`` entries, by the authority of that URL.

    ``by_reader``: it was judged with the roots of whoever verifies, not with the author's own.
    The author's word cannot make a program on the author's machine an outside witness; the
    reader's word can.
    """

    size: int
    authority: str
    judgement: TokenJudgement
    by_reader: bool = False

    @property
    def outside(self) -> bool:
        """Whether it was made outside this machine, by anybody."""
        vouched = self.by_reader and self.judgement.trusted
        return self.judgement.intact and (vouched or not is_loopback(self.authority))

    @property
    def known(self) -> bool:
        """Whether it is outside and a known root vouches for its authority."""
        return self.outside and self.judgement.trusted


@dataclass(frozen=True, slots=True)
class GradedFact:
    """The grade of one entry, why in one sentence, and the stamp it rests on.

    ``known`` says whether that stamp's authority is known to whoever verifies.
    """

    grade: Grade
    sentence: str
    stamp: CoveringStamp | None = None
    known: bool = False


def is_loopback(authority: str) -> bool:
    """Whether this URL of an authority is on the machine itself (127.0.0.0/8, ::1, localhost)."""
    try:
        host = (urlsplit(authority).hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or address.is_unspecified or bool(mapped and mapped.is_loopback)


def grade_entry(
    entry: Entry, index: int, stamps: Sequence[CoveringStamp], *, stamp_queued: bool = False
) -> GradedFact:
    """Grade the fact an entry records.

    Args:
        entry: The entry.
        index: Its zero-based index; a checkpoint of more entries than this covers it.
        stamps: Judged stamps over checkpoints of the same ledger. Those over checkpoints that
            have not been proven to extend one another must not be given.
        stamp_queued: Whether a stamp over a covering checkpoint is asked for and still to come.

    Raises:
        MetadataMalformed: The entry's time or body is not of its format.
    """
    recorded = parse_time(entry.time)
    imported, came = _manner_of(entry)
    covering = [stamp for stamp in stamps if stamp.size > index]
    stamp = _first_to_count(covering)
    dating = Dating(
        imported=imported,
        recorded=recorded,
        came_into_being=came,
        stamped=stamp.judgement.time if stamp else None,
        stamp_queued=stamp_queued,
    )
    grade = grade_of(dating)
    known = stamp is not None and stamp.known
    return GradedFact(grade, _sentence(grade, dating, covering, stamp), stamp, known)


def _first_to_count(covering: Sequence[CoveringStamp]) -> CoveringStamp | None:
    """The earliest stamp of a known authority, else the earliest outside one."""
    for pool in ([s for s in covering if s.known], [s for s in covering if s.outside]):
        dated = [(stamp.judgement.time, stamp) for stamp in pool if stamp.judgement.time]
        if dated:
            return min(dated, key=lambda pair: pair[0])[1]
    return None


def _manner_of(entry: Entry) -> tuple[bool, datetime | None]:
    """Whether the fact was imported, and when the file itself says it came into being."""
    if BODY_OF[entry.kind] is not Take:
        return False, None
    take = value_from_json(entry.body, Take)
    try:
        came = parse_time(take.picture.modified)
    except MetadataMalformed:
        came = None
    return take.manner is not Manner.AS_IT_HAPPENED, came


def _sentence(
    grade: Grade, dating: Dating, covering: Sequence[CoveringStamp], stamp: CoveringStamp | None
) -> str:
    recorded = format_time(dating.recorded)
    verb = "imported" if grade is Grade.IMPORTED else "recorded"
    start = f"{grade}: {verb} at {recorded} by the author's own clock"
    if stamp is None or stamp.judgement.time is None:
        return f"{start}; {_why_none(dating, covering)}"
    existed = f"it existed at {format_time(stamp.judgement.time)}, says {stamp.authority}"
    late = _why_not_contemporaneous(grade, dating)
    unknown = "" if stamp.known else ", an authority that is not known here"
    return f"{start}; {existed}{unknown}{late}"


def _why_none(dating: Dating, covering: Sequence[CoveringStamp]) -> str:
    if any(stamp.judgement.intact for stamp in covering):
        return LOOPBACK_SENTENCE
    if dating.stamp_queued:
        return "an outside timestamp is asked for and has not come yet"
    return "no outside timestamp covers it"


def _why_not_contemporaneous(grade: Grade, dating: Dating) -> str:
    if grade is not Grade.RECORDED or dating.stamped is None:
        return ""
    if dating.stamped < dating.recorded - CLOCK_TOLERANCE:
        return "; that is before the entry's own time, so one of the clocks is wrong"
    came = dating.came_into_being
    if came is not None and came > dating.recorded:
        return "; the file says it came into being later than that, so its time is wrong"
    if came is not None and dating.recorded - came > RECORDED_WITHIN:
        return f"; the file came into being at {format_time(came)}, more than 10 minutes before"
    return "; more than 24 hours after it was recorded"
