"""A work's history told: its lineage, each step with the author's choices, what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from remarque.actions.ports import Vault
from remarque.actions.works import History, Recorded, history_of
from remarque.errors import RemarqueError
from remarque.model.changes import Change
from remarque.model.digests import Digest
from remarque.model.entry import Kind, StampState
from remarque.model.history import SelectionInferred, Take, body_of
from remarque.model.lineage import LineageGraph, lineage_of
from remarque.model.steps import Step, steps_in
from remarque.model.tally import Tally, tally_of
from remarque.model.witness import Gap
from remarque.verifying.grading import CoveringStamp, GradedFact, grade_entry
from remarque.verifying.timestamps import check_token


@dataclass(frozen=True, slots=True)
class ToldStep:
    """One step with its entry and its grade; ``problem`` says when the picture's bytes are gone."""

    step: Step
    take: Recorded[Take]
    graded: GradedFact
    problem: str

    @property
    def number(self) -> int:
        """The place of the take in the order told, from 1."""
        return self.step.number

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the author changed to come to this take: *inferred*."""
        return self.step.changes

    @property
    def incomparable(self) -> tuple[str, ...]:
        """Names of facts only one of the two compared takes records."""
        return self.step.incomparable


@dataclass(frozen=True, slots=True)
class Telling:
    """A work's history with its steps.

    ``steps`` are the last ones asked for, or all. ``numbers`` maps every picture of the work to
    the number of its first take. ``without_reason`` are inferred selections the author has not
    given a reason for; ``gaps`` what recorders noted as missing, in this work or, since it was
    opened, for no work in particular.
    """

    history: History
    graph: LineageGraph
    steps: tuple[ToldStep, ...]
    tally: Tally
    numbers: dict[Digest, int]
    without_reason: tuple[Recorded[SelectionInferred], ...]
    gaps: tuple[Gap, ...]


def tell(vault: Vault, reference: str, *, last: int | None = None) -> Telling:
    """The history of one work; each take is compared with the one it came from.

    Args:
        vault: Where the work is.
        reference: Its title or the start of its id.
        last: Tell only so many steps at the end; counts and numbers are still those of all.

    Raises:
        NotFound, Ambiguous: No such work, or several.
    """
    history = history_of(vault, reference)
    takes = [take.body for take in history.takes]
    descents = [descent.body for descent in history.descents]
    graph = lineage_of(takes, descents)
    steps = steps_in(graph, takes, descents, last=last)
    return Telling(
        history=history,
        graph=graph,
        steps=_told(vault, history, steps),
        tally=tally_of(
            takes,
            [selection.body for selection in history.selections],
            [inferred.body for inferred in history.inferred],
            [edition.body for edition in history.editions],
        ),
        numbers=_numbers(graph, takes),
        without_reason=tuple(_without_reason(history)),
        gaps=_gaps(vault, history),
    )


def _told(vault: Vault, history: History, steps: Sequence[Step]) -> tuple[ToldStep, ...]:
    entries = {take.body.take: take for take in history.takes}
    stamps = covering_stamps(vault)
    queued = any(vault.ledger.stamps(pending_only=True))
    told = []
    for step in steps:
        take = entries[step.take.take]
        graded = grade_entry(take.stored.entry, take.index, stamps, stamp_queued=queued)
        told.append(ToldStep(step, take, graded, _problem(vault, step.take)))
    return tuple(told)


def _numbers(graph: LineageGraph, takes: Sequence[Take]) -> dict[Digest, int]:
    places = {node: number for number, node in enumerate(graph.order, start=1)}
    numbers: dict[Digest, int] = {}
    for take in sorted(takes, key=lambda take: places[take.take]):
        numbers.setdefault(take.picture.digest, places[take.take])
    return numbers


def _without_reason(history: History) -> list[Recorded[SelectionInferred]]:
    """Neither confirmed, nor of a picture that was chosen in words afterwards."""
    confirmed = {selection.body.confirms for selection in history.selections}
    last = {selection.body.picture: selection.index for selection in history.selections}
    return [
        inferred
        for inferred in history.inferred
        if inferred.stored.leaf_digest.hex() not in confirmed
        and last.get(inferred.body.picture, -1) < inferred.index
    ]


def _gaps(vault: Vault, history: History) -> tuple[Gap, ...]:
    own = [(gap.index, gap.body) for gap in history.gaps]
    for stored in vault.ledger.entries(kinds=[Kind.GAP_NOTED]):
        body = body_of(stored)
        if isinstance(body, Gap) and body.work is None and stored.entry.time >= history.opened:
            own.append((stored.index, body))
    return tuple(gap for _, gap in sorted(own, key=lambda pair: pair[0]))


def covering_stamps(vault: Vault) -> list[CoveringStamp]:
    """Every timestamp held, judged again from its stored bytes."""
    notes = {checkpoint.size: checkpoint.note for checkpoint in vault.ledger.checkpoints()}
    return [
        CoveringStamp(
            stamp.size,
            stamp.authority,
            check_token(
                stamp.response,
                stamp.request,
                notes[stamp.size],
                vault.authority_roots,
                chain=stamp.chain,
            ),
        )
        for stamp in vault.ledger.stamps()
        if stamp.state is StampState.HELD and stamp.size in notes
    ]


def _problem(vault: Vault, take: Take) -> str:
    """Why the picture's bytes cannot be had, or an empty text. Checks presence, not content."""
    try:
        vault.pictures.path_of(take.picture.digest)
    except RemarqueError as error:
        return error.message
    return ""
