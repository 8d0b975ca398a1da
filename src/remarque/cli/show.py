"""``remarque show``: one work's history in the terminal, with what changed at each step."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from remarque.cli.options import JsonOption, VaultOption
from remarque.cli.output import ACCENT, clean, print_json, say
from remarque.cli.vaults import opened
from remarque.model.canonical import Json, json_from_value
from remarque.model.changes import Change
from remarque.model.rewording import Action

if TYPE_CHECKING:
    from remarque.actions.telling import Step, Telling


SHORTEST_ID = 12
STYLES = {
    Action.ADDED: ("+", "green"),
    Action.REMOVED: ("-", "red"),
    Action.REPLACED: ("~", "yellow"),
    Action.MOVED: ("↕", "cyan"),
    Action.REWEIGHTED: ("×", "magenta"),
    Action.CHANGED: ("=", "blue"),
}


def show(
    work: Annotated[str, typer.Argument(help="The work's name, or the start of its id.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Draw how a work came about: takes, the author's choices between them, editions."""
    from remarque.actions.telling import tell

    with opened(vault) as opened_vault:
        telling = tell(opened_vault, work)
    if json:
        print_json(telling_as_json(telling))
    else:
        _draw(telling)


def telling_as_json(telling: "Telling") -> Json:
    """The whole history of a work as one object."""
    history = telling.history
    return {
        "work": history.work,
        "title": history.title,
        "opened": history.opened,
        "intents": [
            {"time": i.time, "text": i.body.text, "basis": "statement"} for i in history.intents
        ],
        "steps": [
            {
                "number": step.number,
                "index": step.take.index,
                "recorded": step.take.time,
                "grade": step.graded.grade,
                "grade_because": step.graded.sentence,
                "take": json_from_value(step.take.body),
                "changes": [json_from_value(change) for change in step.changes],
                "not_comparable": list(step.incomparable),
                "problem": step.problem,
            }
            for step in telling.steps
        ],
        "selections": [
            {"time": s.time, "basis": "statement", **json_from_value(s.body)}
            for s in history.selections
        ],
        "editions": [{"time": e.time, **json_from_value(e.body)} for e in history.editions],
        "sightings": [{"time": s.time, **json_from_value(s.body)} for s in history.sightings],
    }


def _draw(telling: "Telling") -> None:
    history = telling.history
    say(Text.assemble((clean(history.title), f"bold {ACCENT}"), f"  work {history.work}"))
    for intent in history.intents:
        say(f"  intent, stated {intent.time}: {intent.body.text}", style="italic")
    if not history.intents:
        say("  no intent stated", style="dim")
    for step in telling.steps:
        _draw_step(step)
    numbers = {step.take.body.picture.digest: step.number for step in telling.steps}
    for selection in history.selections:
        chosen = numbers.get(selection.body.picture, "?")
        over = ", ".join(str(numbers.get(digest, "?")) for digest in selection.body.over)
        say(
            f"  ◆ {selection.time}  take {chosen} chosen over {over}: {selection.body.because}"
            "  (statement)",
            style=ACCENT,
        )
    for edition in history.editions:
        marks = ", ".join(mark.kind for mark in edition.body.marks)
        say(f"  ■ {edition.time}  published {edition.body.name} with {marks}")
    for sighting in history.sightings:
        say(
            f"  ◉ {sighting.time}  seen: {sighting.body.suspect.name}, {sighting.body.verdict}"
            f" (sighting {sighting.body.sighting})"
        )


def _draw_step(step: "Step") -> None:
    take = step.take.body
    say(
        Text.assemble(
            ("  │\n  ●", ACCENT),
            (f" take {step.number}", "bold"),
            f"  {clean(take.picture.name)}  {take.take[:SHORTEST_ID]}  ",
            (f"{step.graded.grade}", "dim"),
            f"  file of {take.picture.modified}, entered {step.take.time}",
        )
    )
    if step.problem:
        say(f"  │   {step.problem}", style="yellow")
    if step.number == 1:
        _draw_first(step)
    for change in step.changes:
        say(_change_line(change))
    if step.number > 1 and not step.changes:
        say("  │   no recorded difference to the take before", style="dim")
    if step.incomparable:
        names = ", ".join(name.replace("_", " ") for name in step.incomparable)
        say(f"  │   recorded in only one of the two takes: {names}", style="dim")


def _draw_first(step: "Step") -> None:
    recipe = step.take.body.recipe
    for name in ("prompt", "negative_prompt", "model", "seed", "steps", "cfg", "sampler"):
        value = getattr(recipe, name)
        if value not in (None, ""):
            say(f"  │   {name.replace('_', ' ')}: {value}")


def _change_line(change: Change) -> Text:
    sign, style = STYLES[change.action]
    return Text.assemble(
        "  │   ",
        (f"{sign} ", style),
        (f"{change.category}: ", "dim"),
        (clean(change.sentence), style),
    )
