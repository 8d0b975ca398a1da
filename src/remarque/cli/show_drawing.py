"""The tree of ``remarque show``: takes under the pictures they came from, choices, counts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from remarque.cli.output import ACCENT, clean, stdout_console
from remarque.model.changes import Change
from remarque.model.descent import Relation
from remarque.model.rewording import Action
from remarque.model.tally import Tally

if TYPE_CHECKING:
    from remarque.actions.telling import Telling, ToldStep

SHORTEST_ID = 12
DEEPEST = 6
"""Takes further down than this are drawn at this depth; their line names the parent anyway."""
STYLES = {
    Action.ADDED: ("+", "green"),
    Action.REMOVED: ("-", "red"),
    Action.REPLACED: ("~", "yellow"),
    Action.MOVED: ("↕", "cyan"),
    Action.REWEIGHTED: ("×", "magenta"),
    Action.CHANGED: ("=", "blue"),
}

Children = dict[int | None, list["ToldStep"]]


def draw(telling: "Telling") -> None:
    """Print the tree. What users and files say is text, never markup."""
    console = stdout_console()
    for line in _lines(telling):
        console.print(line)


def _lines(telling: "Telling") -> Iterator[Text]:
    history, count = telling.history, len(telling.graph.order)
    yield Text.assemble((clean(history.title), f"bold {ACCENT}"), f"  work {history.work}")
    for intent in history.intents:
        yield _text(f"  intent, stated {intent.time}: {intent.body.text}", "italic")
    if not history.intents:
        yield _text("  no intent stated", "dim")
    for sentence in telling.graph.order_basis:
        yield _text(f"  {sentence}", "dim")
    hidden = count - len(telling.steps)
    if hidden:
        yield _text(
            f"  the last {len(telling.steps)} of {count} takes; to see the {hidden} before them "
            f"too: remarque show {history.work} --all",
            "yellow",
        )
    yield from _tree(telling)
    yield from _choices(telling)
    yield from _missing(telling)
    yield from _tally(telling.tally)


def _tree(telling: "Telling") -> Iterator[Text]:
    """Takes made from a picture stand under it; the next take of a sitting stands beside it."""
    shown = {told.number for told in telling.steps}
    children: Children = {}
    for told in telling.steps:
        step = told.step
        beside = step.relation is Relation.VARIATION or step.parent not in shown
        children.setdefault(None if beside else step.parent, []).append(told)
    # A list of what is still to be drawn instead of recursion: chains may be long.
    waiting = [(told, 0) for told in reversed(children.get(None, []))]
    while waiting:
        told, depth = waiting.pop()
        below = children.get(told.number, [])
        yield from _step(told, depth, has_children=bool(below))
        waiting += [(child, min(depth + 1, DEEPEST)) for child in reversed(below)]


def _step(told: "ToldStep", depth: int, *, has_children: bool) -> Iterator[Text]:
    step, take = told.step, told.step.take
    before = "  " + "│  " * depth
    yield _text(f"{before}│", ACCENT)
    yield Text.assemble(
        (f"{before}{'├─' if depth else ''}● ", ACCENT),
        (f"take {step.number}", "bold"),
        f"  {clean(take.picture.name)}  {take.take[:SHORTEST_ID]}  ",
        (f"{told.graded.grade}", "dim"),
        f"  file of {take.picture.modified}, entered {told.take.time}",
    )
    inside = f"{before}│  {'│ ' if has_children else ''}"
    if told.problem:
        yield _text(f"{inside}{told.problem}", "yellow")
    yield from (_text(inside + line, "dim") for line in _origin(told))
    for change in step.changes:
        yield _change(inside, change)
    if step.parent is not None and not step.changes:
        yield _text(f"{inside}no recorded difference to take {step.parent}", "dim")
    if step.incomparable:
        names = ", ".join(name.replace("_", " ") for name in step.incomparable)
        yield _text(f"{inside}recorded in only one of the two takes: {names}", "dim")


def _origin(told: "ToldStep") -> Iterator[str]:
    """How the take came from its parent and how that is known; the recipe of a beginning."""
    step = told.step
    if step.relation is not None:
        parent = f"take {step.parent}" if step.parent else "a picture outside this work"
        yield f"{step.relation} of {parent}, by {step.basis}: {step.because}"
    others = [str(number) for number in step.parents[1:]]
    if others:
        yield f"also from take {', '.join(others)}"
    if step.parent is None:
        recipe = step.take.recipe
        for name in ("prompt", "negative_prompt", "model", "seed", "steps", "cfg", "sampler"):
            value = getattr(recipe, name)
            if value not in (None, ""):
                yield f"{name.replace('_', ' ')}: {value}"


def _change(inside: str, change: Change) -> Text:
    sign, style = STYLES[change.action]
    return Text.assemble(
        inside,
        (f"{sign} ", style),
        (f"{change.category}: ", "dim"),
        (clean(change.sentence), style),
    )


def _choices(telling: "Telling") -> Iterator[Text]:
    history, numbers = telling.history, telling.numbers
    for selection in history.selections:
        over = ", ".join(str(numbers.get(digest, "?")) for digest in selection.body.over[:12])
        more = f" and {len(selection.body.over) - 12} more" if len(selection.body.over) > 12 else ""  # noqa: PLR2004
        yield _text(
            f"  ◆ {selection.time}  take {numbers.get(selection.body.picture, '?')} chosen over "
            f"{over}{more}: {selection.body.because}  (statement)",
            ACCENT,
        )
    for edition in history.editions:
        marks = ", ".join(mark.kind for mark in edition.body.marks)
        yield _text(f"  ■ {edition.time}  published {edition.body.name} with {marks}")
    for sighting in history.sightings:
        yield _text(
            f"  ◉ {sighting.time}  seen: {sighting.body.suspect.name}, {sighting.body.verdict}"
            f" (sighting {sighting.body.sighting})"
        )


def _missing(telling: "Telling") -> Iterator[Text]:
    for inferred in telling.without_reason:
        number = telling.numbers.get(inferred.body.picture, "?")
        yield _text(
            f"  ◇ {inferred.time}  take {number} preferred to {len(inferred.body.over)} others, "
            f"{inferred.body.sign} (inferred): its reason is missing; give it with remarque choose",
            "yellow",
        )
    for gap in telling.gaps:
        yield _text(
            f"  ✕ {gap.noticed}  missing: {gap.missing} ({gap.because}; {gap.observer})", "yellow"
        )
    for problem in telling.graph.problems:
        yield _text(f"  ! {problem}", "yellow")


def _tally(tally: Tally) -> Iterator[Text]:
    yield Text()
    words = f"{tally.tried} phrases tried"
    if tally.kept is not None:
        words += f", {tally.kept} kept in what was chosen, {tally.dropped} dropped"
    yield _text(f"  words       {words}", "dim")
    explored = ", ".join(
        f"{name.replace('_', ' ')} {count}" for name, count in tally.parameters.items() if count > 1
    )
    yield _text(f"  parameters  values tried: {explored or 'one of each'}", "dim")
    viewed = "viewed not recorded" if tally.viewed is None else f"{tally.viewed} viewed"
    yield _text(
        f"  pictures    {tally.made} made ({tally.previews} of them previews never saved), "
        f"{viewed}, {tally.rejected} rejected, {tally.chosen} chosen, {tally.inferred} preferred "
        f"(inferred), {tally.published} published",
        "dim",
    )
    minutes = round(tally.seconds / 60)
    count = len(tally.sittings)
    yield _text(
        f"  time        {count} sitting{'s' if count != 1 else ''}, {minutes} minutes between the "
        "first and last takes of each",
        "dim",
    )
    for remark in tally.remarks:
        yield _text(f"  {remark}", "dim")


def _text(text: str, style: str = "") -> Text:
    return Text(clean(text), style=style)
