"""``remarque choose``: record a selection and its reason."""

from typing import Annotated

import typer

from remarque.cli.options import JsonOption, NoStampOption, VaultOption
from remarque.cli.output import print_json, say
from remarque.cli.vaults import close_sitting, opened
from remarque.model.canonical import json_from_value


def choose(
    picture: Annotated[str, typer.Argument(help="The chosen picture: file, take id or digest.")],
    because: Annotated[str, typer.Option("--because", help="Your reason, in your words.")],
    over: Annotated[
        list[str] | None,
        typer.Option("--over", help="A picture it was chosen over (repeat). Default: all others."),
    ] = None,
    work: Annotated[
        str | None, typer.Option("--work", help="The work, where a picture is in several.")
    ] = None,
    vault: VaultOption = None,
    no_timestamp: NoStampOption = False,
    json: JsonOption = False,
) -> None:
    """Record which picture you chose, over which others, and why."""
    from remarque.actions.choosing import choose as record_choice

    with opened(vault, to_write=True) as opened_vault:
        selection = record_choice(opened_vault, picture, over or [], because, work=work)
        close_sitting(opened_vault, stamp=not no_timestamp)
    if json:
        print_json(json_from_value(selection))
    else:
        say(f"recorded: chosen over {len(selection.over)} other(s), because {selection.because}")
