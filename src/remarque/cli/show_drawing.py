"""The tree of ``remarque show``: takes under the pictures they came from, choices, counts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from remarque.cli.output import ACCENT, clean, stdout_console
from remarque.cli.show_endings import choices, counts, missing
from remarque.cli.show_lines import Line, cut, inside, line, moment
from remarque.model.changes import Category, Change
from remarque.model.descent import Basis, Relation
from remarque.model.rewording import Action

if TYPE_CHECKING:
    from rich.console import Console

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
_BEGINNING = ("prompt", "negative_prompt", "model", "seed", "steps", "cfg", "sampler")

Children = dict[int | None, list["ToldStep"]]


def draw(telling: "Telling", *, full: bool = False, console: "Console | None" = None) -> None:
    """Print the tree. What users and files say is text, never markup.

    Args:
        telling: The work's history.
        full: Texts uncut, times as recorded, and what each line of lineage rests on.
        console: Where to; standard output if left out.
    """
    console = console or stdout_console()
    for drawn in _lines(telling, full=full):
        for row in drawn.rows(console):
            console.print(row)


def _lines(telling: "Telling", *, full: bool) -> Iterator[Line]:
    history, count = telling.history, len(telling.graph.order)
    title = Text.assemble((clean(history.title), f"bold {ACCENT}"), f"  work {history.work}")
    title.append("  times in UTC", "dim")
    yield line(title, lead="")
    for intent in history.intents:
        said = cut(intent.body.text, full=full)
        yield line(f"intent, stated {moment(intent.time, full=full)}: {said}", "italic")
    if not history.intents:
        yield line("no intent stated", "dim")
    for sentence in telling.graph.order_basis:
        yield line(sentence, "dim")
    hidden = count - len(telling.steps)
    if hidden:
        yield line(
            f"the last {len(telling.steps)} of {count} takes; to see the {hidden} before them "
            f"too: remarque show {history.work} --all",
            "yellow",
        )
    yield from _tree(telling, full=full)
    yield line("", lead="")
    yield from choices(telling, full=full)
    yield from missing(telling, full=full)
    yield from counts(telling.tally)


def _tree(telling: "Telling", *, full: bool) -> Iterator[Line]:
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
        yield from _step(told, depth, has_children=bool(below), full=full)
        waiting += [(child, min(depth + 1, DEEPEST)) for child in reversed(below)]


def _step(told: "ToldStep", depth: int, *, has_children: bool, full: bool) -> Iterator[Line]:
    step, take = told.step, told.step.take
    before = "  " + "│  " * depth
    bars = f"{before}│  {'│ ' if has_children else ''}"
    yield line("", lead=Text(f"{before}│", ACCENT))
    head = Text.assemble(
        (f"take {step.number}", "bold"),
        f"  {clean(take.picture.name)}  ",
        (f"{take.take[:SHORTEST_ID]}  {told.graded.grade}", "dim"),
    )
    yield inside(before, head, sign=Text(f"{'├─' if depth else ''}● ", ACCENT))
    yield inside(bars, _when(told, full=full), "dim")
    if told.problem:
        yield inside(bars, told.problem, "yellow")
    for sentence in _origin(told, full=full):
        yield inside(bars, sentence, "dim")
    yield from _changes(bars, step.changes, full=full)
    if step.parent is not None and not step.changes:
        yield inside(bars, f"no recorded difference to take {step.parent}", "dim")
    if step.incomparable:
        names = ", ".join(name.replace("_", " ") for name in step.incomparable)
        yield inside(bars, f"recorded in only one of the two takes: {names}", "dim")


def _when(told: "ToldStep", *, full: bool) -> str:
    """When the file came into being, when it was entered if that says more, and who saw it."""
    take, witness = told.step.take, told.step.take.witness
    when = f"file of {moment(take.picture.modified, full=full)}"
    if full or witness is None or witness.caught_up:
        when += f", entered {moment(told.take.time, full=full)}"
    if witness is not None:
        program = f" in {witness.program}" if witness.program else ""
        when += f", seen by {witness.observer}{program}"
        when += "" if witness.saved else ", a preview that was not saved"
        when += ", was there before the watch began" if witness.caught_up else ""
    return when


def _origin(told: "ToldStep", *, full: bool) -> Iterator[str]:
    """How the take came from its parent and how that is known; the recipe of a beginning."""
    step = told.step
    if step.basis is Basis.RECIPE:
        # Nothing but the neighbour is known: a relation would say more than is known.
        yield f"compared with take {step.parent}, its neighbour; no parent is known"
    elif step.relation is not None:
        parent = f"take {step.parent}" if step.parent else "a picture outside this work"
        because = f": {step.because}" if full else ""
        how = "" if step.basis is Basis.MAKING else " (inferred)"
        yield f"{step.relation} of {parent}, by {step.basis}{how}{because}"
    others = [str(number) for number in step.parents[1:]]
    if others:
        yield f"also from take {', '.join(others)}"
    if step.parent is None:
        for name in _BEGINNING:
            value = getattr(step.take.recipe, name)
            if value not in (None, ""):
                yield f"{name.replace('_', ' ')}: {cut(str(value), full=full)}"


def _changes(bars: str, changes: tuple[Change, ...], *, full: bool) -> Iterator[Line]:
    """One line a change; changed parameters together, because there are many and each is short."""
    parameters = [one for one in changes if _is_plain_parameter(one)]
    for change in changes:
        if change in parameters and change is not parameters[0]:
            continue
        sign, style = STYLES[change.action]
        together = parameters if change in parameters else [change]
        sentence = "; ".join(cut(one.sentence, full=full) for one in together)
        body = Text.assemble((f"{change.category}: ", "dim"), (clean(sentence), style))
        yield inside(bars, body, sign=Text(f"{sign} ", style))


def _is_plain_parameter(change: Change) -> bool:
    return change.category is Category.PARAMETERS and change.action is Action.CHANGED
