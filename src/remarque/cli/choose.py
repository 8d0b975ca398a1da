"""``remarque choose``: record a selection and its reason, or the reasons that are still owed."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from remarque.cli.options import JsonOption, NoStampOption, VaultOption
from remarque.cli.output import clean, print_json, say
from remarque.cli.vaults import close_sitting, opened
from remarque.errors import UsageError
from remarque.model.canonical import Json, json_from_value

if TYPE_CHECKING:
    from pathlib import Path

    from remarque.actions.confirming import Pending
    from remarque.actions.ports import Vault

_MOST_NAMES = 6
_NO_CHOICE = "n"


def choose(
    picture: Annotated[
        str | None, typer.Argument(help="The chosen picture: file, take id or digest.")
    ] = None,
    because: Annotated[
        str | None, typer.Option("--because", help="Your reason, in your words.")
    ] = None,
    over: Annotated[
        list[str] | None,
        typer.Option("--over", help="A picture it was chosen over (repeat). Default: all others."),
    ] = None,
    pending: Annotated[
        bool, typer.Option("--pending", help="Only list the choices that lack a reason.")
    ] = False,
    work: Annotated[
        str | None, typer.Option("--work", help="The work, where a picture is in several.")
    ] = None,
    vault: VaultOption = None,
    no_timestamp: NoStampOption = False,
    json: JsonOption = False,
) -> None:
    """Record which picture you chose and why; without one, give the reasons still owed."""
    if picture is None:
        if because is not None or over:
            raise UsageError("say which picture was chosen: remarque choose PICTURE --because …")
        _owed(vault, work, ask=not (pending or json), stamp=not no_timestamp, as_json=json)
        return
    if because is None:
        raise UsageError("a choice needs its reason", hint='Say it with --because "…"')
    from remarque.actions.confirming import choose_or_confirm

    with opened(vault, to_write=True) as opened_vault:
        selection = choose_or_confirm(opened_vault, picture, over or [], because, work=work)
        close_sitting(opened_vault, stamp=not no_timestamp)
    if json:
        print_json(json_from_value(selection))
    else:
        say(f"recorded: chosen over {len(selection.over)} other(s), because {selection.because}")


def _owed(vault: "Path | None", work: str | None, *, ask: bool, stamp: bool, as_json: bool) -> None:
    """List what lacks a reason; on a terminal, ask for each."""
    from remarque.actions.confirming import pending_choices

    ask = ask and sys.stdin.isatty()
    with opened(vault, to_write=ask) as opened_vault:
        owed = pending_choices(opened_vault, work=work)
        if as_json:
            for one in owed:
                print_json(_as_json(one))
        elif not owed:
            say("every choice on record has its reason")
        elif ask:
            if _ask_each(opened_vault, owed):
                close_sitting(opened_vault, stamp=stamp)
        else:
            for one in owed:
                say(_shown(one))


def _ask_each(vault: "Vault", owed: "list[Pending]") -> int:
    """Ask for each reason; how many were given. A reason that was typed is on disk at once."""
    from remarque.actions.confirming import confirm

    given = 0
    say("Type the reason and Enter. Enter alone leaves it for later, n: it was no choice.")
    for one in owed:
        say(_shown(one))
        try:
            answer = input("  because: ").strip()
        except EOFError:
            break
        if answer.lower() == _NO_CHOICE:
            say("  left as it is: inferred, without a reason")
        elif answer:
            confirm(vault, one, answer)
            given += 1
    say(f"{given} of {len(owed)} choices have their reason now")
    return given


def _shown(one: "Pending") -> str:
    names = ", ".join(one.over[:_MOST_NAMES])
    more = f" and {len(one.over) - _MOST_NAMES} more" if len(one.over) > _MOST_NAMES else ""
    return clean(f"“{one.title}”: {one.name} over {names}{more}. {one.inferred.detail}")


def _as_json(one: "Pending") -> Json:
    inferred = one.inferred
    return {
        "picture": inferred.picture,
        "name": one.name,
        "over": list(inferred.over),
        "work": inferred.work,
        "title": one.title,
        "sign": inferred.sign.value,
        "seen": inferred.seen,
        "detail": inferred.detail,
        "entry": one.leaf,
    }
