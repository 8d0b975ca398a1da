"""From stamps and clocks to the grade of each entry (DESIGN §3).

The grade itself comes from the room that verifies bundles, so that the case file and the check
of its bundle cannot disagree.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from remarque.casefile.chapters import CheckpointSeen, Dated, StampSeen
from remarque.errors import MetadataMalformed
from remarque.model.entry import Checkpoint, Stamp, StampState, StoredEntry
from remarque.model.history import Body, Take
from remarque.model.times import parse_time
from remarque.verifying.grading import CoveringStamp, grade_entry
from remarque.verifying.timestamps import TokenJudgement, check_token

JudgeStamp = Callable[[Stamp, bytes], TokenJudgement]
"""Judges a held stamp over the bytes of its checkpoint."""


def judge_with(roots: Sequence[bytes]) -> JudgeStamp:
    """The judge of the verifying room, with the authorities' roots the author trusts (PEM)."""

    def judge(stamp: Stamp, note: bytes) -> TokenJudgement:
        return check_token(stamp.response, stamp.request or None, note, roots, chain=stamp.chain)

    return judge


def see_checkpoints(
    checkpoints: Iterable[Checkpoint], stamps: Iterable[Stamp], judge_stamp: JudgeStamp
) -> tuple[CheckpointSeen, ...]:
    """Every checkpoint with its stamps judged, smallest first."""
    by_size: dict[int, list[Stamp]] = {}
    for stamp in stamps:
        by_size.setdefault(stamp.size, []).append(stamp)
    return tuple(
        CheckpointSeen(
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            note=checkpoint.note,
            stamps=tuple(
                _see(stamp, checkpoint.note, judge_stamp)
                for stamp in by_size.get(checkpoint.size, ())
            ),
        )
        for checkpoint in sorted(checkpoints, key=lambda checkpoint: checkpoint.size)
    )


@dataclass(frozen=True, slots=True)
class Dater:
    """Dates entries by the stamps over the checkpoints that cover them."""

    checkpoints: tuple[CheckpointSeen, ...]

    def date(self, stored: StoredEntry, body: Body) -> Dated:
        """When this entry was recorded, and the grade that earns.

        Raises:
            MetadataMalformed: The entry's time is not a time.
        """
        covering = [s for c in self.checkpoints if c.size > stored.index for s in c.stamps]
        queued = any(_is_awaited(stamp) for stamp in covering)
        pairs = [(s, made) for s in covering if (made := _as_covering(s)) is not None]
        graded = grade_entry(
            stored.entry, stored.index, [made for _, made in pairs], stamp_queued=queued
        )
        witness = next((seen for seen, made in pairs if made is graded.stamp), None)
        return Dated(
            index=stored.index,
            recorded=parse_time(stored.entry.time),
            grade=graded.grade,
            witness=witness,
            queued=queued,
            came=_own_time(body),
            demonstration=witness is None and any(s.holds for s in covering),
        )


def _see(stamp: Stamp, note: bytes, judge_stamp: JudgeStamp) -> StampSeen:
    judged = judge_stamp(stamp, note) if stamp.state is StampState.HELD else None
    return StampSeen(
        size=stamp.size,
        authority=stamp.authority,
        state=stamp.state,
        judgement=judged,
        problem=stamp.problem,
    )


def _as_covering(stamp: StampSeen) -> CoveringStamp | None:
    if stamp.judgement is None:
        return None
    return CoveringStamp(stamp.size, stamp.authority, stamp.judgement)


def _is_awaited(stamp: StampSeen) -> bool:
    return stamp.state is StampState.PENDING and not stamp.is_on_this_machine


def _own_time(body: Body) -> datetime | None:
    if not isinstance(body, Take):
        return None
    try:
        return parse_time(body.picture.modified)
    except MetadataMalformed:
        return None  # files without a usable time of their own are common
