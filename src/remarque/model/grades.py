"""How far a fact can be trusted, always in these words (DESIGN §3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

RECORDED_WITHIN = timedelta(minutes=10)
STAMPED_WITHIN = timedelta(hours=24)


class Grade(StrEnum):
    """The four grades; see ``docs/explanation/words.md``."""

    CONTEMPORANEOUS = "contemporaneous"
    RECORDED = "recorded"
    IMPORTED = "imported"
    SELF_ATTESTED = "self-attested"


@dataclass(frozen=True, slots=True)
class Dating:
    """The moments a grade is made from; ``None`` where there is none.

    ``came_into_being`` is the file's own time, ``recorded`` the entry's, ``stamped`` the first
    outside timestamp over a checkpoint that includes the entry, ``stamp_queued`` whether one
    has been asked for and is still to come.
    """

    imported: bool
    recorded: datetime
    came_into_being: datetime | None
    stamped: datetime | None
    stamp_queued: bool = False


def grade_of(dating: Dating) -> Grade:
    """The grade these moments earn. An import stays an import for ever.

    A stamp that claims to be earlier than the entry proves the clocks wrong, not the record
    early: then the fact is *recorded*, never *contemporaneous*.
    """
    if dating.imported:
        return Grade.IMPORTED
    if dating.stamped is None:
        return Grade.RECORDED if dating.stamp_queued else Grade.SELF_ATTESTED
    wait = dating.stamped - dating.recorded
    came = dating.came_into_being or dating.recorded
    prompt = timedelta(0) <= dating.recorded - came <= RECORDED_WITHIN
    covered = timedelta(minutes=-1) <= wait <= STAMPED_WITHIN
    return Grade.CONTEMPORANEOUS if prompt and covered else Grade.RECORDED
