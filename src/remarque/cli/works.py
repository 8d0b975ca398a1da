"""``remarque works``: the works of a vault, and the intent of one."""

from typing import Annotated

import typer
from rich.table import Table

from remarque.actions.works import History
from remarque.cli.options import JsonOption, NoStampOption, VaultOption
from remarque.cli.output import clean, print_json, say, say_table
from remarque.cli.vaults import close_sitting, opened
from remarque.model.canonical import Json


def works(
    name: Annotated[
        str | None, typer.Argument(help="A work to open; with --intent, to say what it is to be.")
    ] = None,
    intent: Annotated[
        str | None, typer.Option("--intent", help="What the picture is to become: a statement.")
    ] = None,
    vault: VaultOption = None,
    no_timestamp: NoStampOption = False,
    json: JsonOption = False,
) -> None:
    """List the works; or open one and state its intent before it is made."""
    from remarque.actions.works import histories, history_of, open_work, state_intent

    with opened(vault, to_write=name is not None) as opened_vault:
        if name is None:
            found = histories(opened_vault)
        else:
            work, _ = open_work(opened_vault, name)
            if intent is not None:
                state_intent(opened_vault, work, intent)
            close_sitting(opened_vault, stamp=not no_timestamp)
            found = [history_of(opened_vault, work)]
    if json:
        for history in found:
            print_json(summary_as_json(history))
    elif found:
        say_table(_table(found))
    else:
        say("no works yet. Begin one: remarque import FOLDER --work NAME")


def summary_as_json(history: History) -> Json:
    """One work in one line: counts, and the intent as last stated."""
    return {
        "work": history.work,
        "title": history.title,
        "opened": history.opened,
        "intent": history.intents[-1].body.text if history.intents else None,
        "takes": len(history.takes),
        "choices": len(history.selections),
        "editions": len(history.editions),
        "sightings": len(history.sightings),
        "inferred_choices": len(history.inferred),
        "gaps": len(history.gaps),
    }


def _table(found: list[History]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("work", "id", "takes", "choices", "editions", "sightings", "intent"):
        numeric = column in {"takes", "choices", "editions", "sightings"}
        table.add_column(column, justify="right" if numeric else "left", style=None)
    for history in found:
        line = summary_as_json(history)
        table.add_row(
            clean(history.title),
            history.work,
            *(str(line[key]) for key in ("takes", "choices", "editions", "sightings")),
            clean(line["intent"] or "not stated"),
        )
    return table
