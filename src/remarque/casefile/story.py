"""The story of one work, told from its proven entries and nothing else (DESIGN §3, §5)."""

from collections.abc import Iterable, Sequence

from remarque.casefile.chapters import (
    Absence,
    Choice,
    Comparison,
    Copy,
    Dated,
    EntrySeen,
    Explained,
    GapSeen,
    Inferred,
    Intent,
    MadeAgain,
    Publication,
    Step,
    Story,
)
from remarque.casefile.datings import Dater, JudgeStamp, judge_with, see_checkpoints
from remarque.casefile.material import CaseMaterial, ProvenEntry
from remarque.errors import NotFound
from remarque.model.descent import Descent
from remarque.model.explanations import Explanation
from remarque.model.history import (
    Body,
    Edition,
    IntentStated,
    Selection,
    SelectionInferred,
    Sighting,
    Take,
    WorkOpened,
    body_of,
)
from remarque.model.lineage import lineage_of
from remarque.model.reruns import Rerun
from remarque.model.steps import steps_in
from remarque.model.tally import Tally, tally_of
from remarque.model.times import parse_time
from remarque.model.witness import Gap

Told = tuple[Body, Dated]


def tell_story(material: CaseMaterial, *, judge_stamp: JudgeStamp | None = None) -> Story:
    """Put the entries of one work in order, compare neighbouring takes, grade every entry.

    Args:
        material: The entries with their proofs, checkpoints and stamps.
        judge_stamp: Judges a stamp over a checkpoint's bytes; the verifying room's own judge
            with the material's trusted roots if left out. A stamp by an authority on loopback
            never makes anything contemporaneous, whatever is judged about it.

    Raises:
        MetadataMalformed: An entry's body or time is not in the form of its kind.
        NotFound: The sighting the case is about is not among the entries.
    """
    judge = judge_stamp or judge_with(material.trusted_roots)
    checkpoints = see_checkpoints(material.checkpoints, material.stamps, judge)
    dater = Dater(checkpoints)
    told: list[tuple[ProvenEntry, Body, Dated]] = []
    for proven in material.entries:
        body = body_of(proven.stored)
        told.append((proven, body, dater.date(proven.stored, body)))
    of_work = [(body, dated) for proven, body, dated in told if _is_of(proven, material.work)]
    steps, order_basis = _steps(of_work)
    missing = [Absence(digest, reason) for digest, reason in material.missing]
    withheld = set(material.withheld)
    story = Story(
        author=material.author,
        key_id=material.key_id,
        verifier_key=material.verifier_key,
        work=material.work,
        title=material.title,
        software=material.software,
        written_at=parse_time(material.written_at),
        opened=next((dated for body, dated in of_work if isinstance(body, WorkOpened)), None),
        intents=tuple(Intent(d, b.text) for b, d in of_work if isinstance(b, IntentStated)),
        steps=steps,
        choices=tuple(Choice(d, body) for body, d in of_work if isinstance(body, Selection)),
        publications=tuple(Publication(d, b) for b, d in of_work if isinstance(b, Edition)),
        copies=_copies(of_work, material.work),
        about=material.sighting,
        entries=tuple(_entry_seen(proven, dated) for proven, _, dated in told),
        checkpoints=checkpoints,
        absences=tuple(one for one in missing if one.digest not in withheld),
        inferred=_inferred(told),
        gaps=tuple(GapSeen(d, body) for body, d in of_work if isinstance(body, Gap)),
        tally=_tally(of_work),
        order_basis=order_basis,
        withheld=tuple(one for one in missing if one.digest in withheld),
        reruns=tuple(MadeAgain(d, body) for body, d in of_work if isinstance(body, Rerun)),
        explanations=tuple(Explained(d, b) for b, d in of_work if isinstance(b, Explanation)),
    )
    _require_sighting(story)
    return story


def _require_sighting(story: Story) -> None:
    if story.about is not None and story.accused is None:
        raise NotFound(
            f"the sighting {story.about} is not among the entries of “{story.title}”",
            hint="Name a sighting that was recorded for this work.",
        )


def _is_of(proven: ProvenEntry, work: str) -> bool:
    return proven.stored.entry.work == work


def _steps(of_work: Sequence[Told]) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """The steps in the order told, and what that order rests on."""
    takes = [body for body, _ in of_work if isinstance(body, Take)]
    descents = [body for body, _ in of_work if isinstance(body, Descent)]
    dates = {body.take: dated for body, dated in of_work if isinstance(body, Take)}
    graph = lineage_of(takes, descents)
    steps = tuple(Step(dates[s.take.take], s) for s in steps_in(graph, takes, descents))
    return steps, graph.order_basis


def _tally(of_work: Iterable[Told]) -> Tally:
    bodies = [body for body, _ in of_work]
    return tally_of(
        [body for body in bodies if isinstance(body, Take)],
        [body for body in bodies if isinstance(body, Selection)],
        [body for body in bodies if isinstance(body, SelectionInferred)],
        [body for body in bodies if isinstance(body, Edition)],
    )


def _inferred(told: Iterable[tuple[ProvenEntry, Body, Dated]]) -> tuple[Inferred, ...]:
    told = list(told)
    confirmed = {body.confirms for _, body, _ in told if isinstance(body, Selection)}
    return tuple(
        Inferred(dated, body, leaf in confirmed, leaf)
        for proven, body, dated in told
        if isinstance(body, SelectionInferred) and (leaf := proven.stored.leaf_digest.hex())
    )


def _copies(of_work: list[Told], work: str) -> tuple[Copy, ...]:
    editions = {body.edition: body for body, _ in of_work if isinstance(body, Edition)}
    return tuple(
        Copy(
            dated=dated,
            sighting=body,
            comparisons=tuple(
                Comparison(match, editions.get(match.edition or ""))
                for match in body.matches
                if match.work == work
            ),
        )
        for body, dated in of_work
        if isinstance(body, Sighting)
    )


def _entry_seen(proven: ProvenEntry, dated: Dated) -> EntrySeen:
    stored = proven.stored
    return EntrySeen(
        index=stored.index,
        kind=stored.entry.kind,
        leaf=stored.leaf,
        leaf_digest=stored.leaf_digest,
        proof=proven.proof,
        dated=dated,
    )
