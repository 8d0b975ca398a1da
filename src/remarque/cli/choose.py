"""``remarque choose``: record a selection and its reason, or the reasons that are still owed."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from remarque.cli.options import JsonOption, NoStampOption, VaultOption
from remarque.cli.output import clean, print_json, say
from remarque.cli.show_lines import many
from remarque.cli.vaults import close_sitting, opened
from remarque.errors import UsageError
from remarque.model.canonical import Json, json_from_value

if TYPE_CHECKING:
    from pathlib import Path

    from remarque.actions.confirming import Pending
    from remarque.actions.ports import Vault

_MOST_NAMES = 6
_MOST_LEFT = 10
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
        others = many(len(selection.over), "other picture")
        say(f"recorded: chosen over {others}, because {selection.because}")


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

    left = list(owed)
    say(
        "Type the reason and Enter. Enter alone leaves it for later, n: it was no choice. "
        "Ctrl-C ends; what was typed is kept."
    )
    for place, one in enumerate(owed, start=1):
        say(f"{place} of {len(owed)}: {_shown(one)}")
        answer = _asked("  because: ")
        if answer is None:
            break
        if answer.lower() == _NO_CHOICE:
            say("  left as it is: inferred, without a reason")
        elif answer:
            confirm(vault, one, answer)
            left.remove(one)
    _sum_up(len(owed), left)
    return len(owed) - len(left)


def _asked(question: str) -> str | None:
    """What was typed; None where the person is done (Ctrl-C, Ctrl-D)."""
    try:
        typed = input(question)
    except (EOFError, KeyboardInterrupt):
        say()
        return None
    # A terminal of another encoding gives bytes that are no text; an entry is text.
    return typed.encode("utf-8", "replace").decode("utf-8").strip()


def _sum_up(asked: int, left: "list[Pending]") -> None:
    say(f"{asked - len(left)} of {asked} choices have their reason now")
    if left:
        say("still without a reason:")
    for one in left[:_MOST_LEFT]:
        say(f"  {_shown(one)}")
    if len(left) > _MOST_LEFT:
        say(f"  and {len(left) - _MOST_LEFT} more: remarque choose --pending")


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
