"""``remarque show``: how one work came about, as a tree in the terminal or as JSON."""

from typing import TYPE_CHECKING, Annotated

import typer

from remarque.cli.options import JsonOption, VaultOption
from remarque.cli.output import print_json
from remarque.cli.vaults import opened
from remarque.model.canonical import Json, json_from_value

if TYPE_CHECKING:
    from remarque.actions.telling import Telling, ToldStep

SHOWN = 30
"""So many of the last takes are drawn unless all are asked for."""


def show(
    work: Annotated[str, typer.Argument(help="The work's name, or the start of its id.")],
    all_takes: Annotated[
        bool, typer.Option("--all", help=f"Draw every take, not only the last {SHOWN}.")
    ] = False,
    full: Annotated[
        bool,
        typer.Option("--full", help="Texts in full, exact times, and what each line rests on."),
    ] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Draw how a work came about: takes and their lineage, the author's choices, editions."""
    from remarque.actions.telling import tell

    with opened(vault) as opened_vault:
        telling = tell(opened_vault, work, last=None if json or all_takes else SHOWN)
    if json:
        print_json(telling_as_json(telling))
    else:
        from remarque.cli.show_drawing import draw

        draw(telling, full=full)


def telling_as_json(telling: "Telling") -> Json:
    """The whole history of a work as one object."""
    history, graph = telling.history, telling.graph
    return {
        "work": history.work,
        "title": history.title,
        "opened": history.opened,
        "intents": [
            {"time": i.time, "text": i.body.text, "basis": "statement"} for i in history.intents
        ],
        "order": list(graph.order_basis),
        "steps": [_step_as_json(telling, told) for told in telling.steps],
        "lineage_problems": list(graph.problems),
        "selections": [
            {"time": s.time, "basis": "statement", **json_from_value(s.body)}
            for s in history.selections
        ],
        "inferred": [
            {
                "time": one.time,
                "basis": "inferred",
                "reason_missing": one in telling.without_reason,
                **json_from_value(one.body),
            }
            for one in history.inferred
        ],
        "editions": [{"time": e.time, **json_from_value(e.body)} for e in history.editions],
        "sightings": [{"time": s.time, **json_from_value(s.body)} for s in history.sightings],
        "gaps": [json_from_value(gap) for gap in telling.gaps],
        "tally": json_from_value(telling.tally),
    }


def _step_as_json(telling: "Telling", told: "ToldStep") -> Json:
    step = told.step
    return {
        "number": step.number,
        "index": told.take.index,
        "recorded": told.take.time,
        "grade": told.graded.grade,
        "grade_because": told.graded.sentence,
        "take": json_from_value(step.take),
        "parent": None if step.parent is None else telling.graph.order[step.parent - 1],
        "parent_number": step.parent,
        "parents": [telling.graph.order[number - 1] for number in step.parents],
        "relation": step.relation,
        "basis": step.basis,
        "because": step.because,
        "changes": [json_from_value(change) for change in step.changes],
        "not_comparable": list(step.incomparable),
        "edit": None if step.edit is None else json_from_value(step.edit),
        "problem": told.problem,
    }
