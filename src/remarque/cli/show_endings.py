"""What stands under the tree: choices and editions, what is missing, what was counted."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from remarque.cli.output import ACCENT
from remarque.cli.show_lines import Line, cut, line, many, moment
from remarque.model.digests import Digest
from remarque.model.tally import Tally

if TYPE_CHECKING:
    from remarque.actions.telling import Telling

MOST_NAMED = 12


def choices(telling: "Telling", *, full: bool) -> Iterator[Line]:
    """What was chosen over what and why, what was published, where copies were seen."""
    history = telling.history
    for chosen in history.selections:
        because = cut(chosen.body.because, full=full)
        text = (
            f"{moment(chosen.time, full=full)}  take {_number(telling, chosen.body.picture)} "
            f"chosen over {_over(telling, chosen.body.over, full=full)}: {because}  (statement)"
        )
        yield line(text, ACCENT, lead="  ◆ ")
    for edition in history.editions:
        marks = ", ".join(mark.kind for mark in edition.body.marks)
        when = moment(edition.time, full=full)
        yield line(f"{when}  published {edition.body.name} with {marks}", lead="  ■ ")
    for seen in history.sightings:
        text = (
            f"{moment(seen.time, full=full)}  seen: {seen.body.suspect.name}, {seen.body.verdict} "
            f"(sighting {seen.body.sighting})"
        )
        yield line(text, lead="  ◉ ")


def missing(telling: "Telling", *, full: bool) -> Iterator[Line]:
    """Reasons still owed, gaps the recorders noticed, contradictions in the lineage."""
    for inferred in telling.without_reason:
        number = _number(telling, inferred.body.picture)
        others = many(len(inferred.body.over), "other")
        text = (
            f"{moment(inferred.time, full=full)}  take {number} preferred to {others} (inferred: "
            f"{inferred.body.sign}); the reason is missing: remarque choose"
        )
        yield line(text, "yellow", lead="  ◇ ")
    for gap in telling.gaps:
        when = moment(gap.noticed, full=full)
        text = f"{when}  missing: {gap.missing} {gap.because} ({gap.observer})"
        yield line(text if full else cut(text, full=False), "yellow", lead="  ✕ ")
    for problem in telling.graph.problems:
        yield line(problem, "yellow", lead="  ! ")


def counts(tally: Tally) -> Iterator[Line]:
    """What went into the work, as context."""
    yield line("", lead="")
    words = f"{many(tally.tried, 'phrase')} tried"
    if tally.kept is not None:
        words += f", {tally.kept} kept in what was chosen, {tally.dropped} dropped"
    explored = ", ".join(
        f"{name.replace('_', ' ')} {count}" for name, count in tally.parameters.items() if count > 1
    )
    made = f"{tally.made} made"
    if tally.previews:
        made += f" ({many(tally.previews, 'preview')} never saved)"
    viewed = "views not recorded" if tally.viewed is None else f"{tally.viewed} viewed"
    minutes = many(round(tally.seconds / 60), "minute")
    rows = (
        ("words", words),
        ("parameters", f"values tried: {explored or 'one of each'}"),
        (
            "pictures",
            f"{made}, {viewed}, {tally.rejected} rejected, {tally.chosen} chosen, "
            f"{tally.inferred} preferred (inferred), {tally.published} published",
        ),
        (
            "time",
            f"{many(len(tally.sittings), 'sitting')}, {minutes} between the first and last takes "
            "of each",
        ),
    )
    for name, text in rows:
        yield line(text, "dim", lead=f"  {name:<12}")
    for remark in tally.remarks:
        yield line(remark, "dim")


def _number(telling: "Telling", picture: Digest) -> str:
    return str(telling.numbers.get(picture, "?"))


def _over(telling: "Telling", pictures: tuple[Digest, ...], *, full: bool) -> str:
    named = pictures if full else pictures[:MOST_NAMED]
    numbers = ", ".join(_number(telling, picture) for picture in named)
    left = len(pictures) - len(named)
    return numbers + (f" and {left} more" if left else "")
