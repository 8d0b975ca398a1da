"""``remarque marks``: every mark found in a picture, and what state it is in."""

from pathlib import Path
from typing import Annotated

import typer

from remarque.cli.options import JsonOption, VaultOption
from remarque.cli.output import error_as_json, print_error, print_json, say
from remarque.errors import RemarqueError, VaultMissing
from remarque.model.canonical import json_from_value
from remarque.model.marks import MarkState

STYLES = {
    MarkState.TRUSTED: "green",
    MarkState.INTACT: "green",
    MarkState.PRESENT: "",
    MarkState.BROKEN: "bold red",
    MarkState.ABSENT: "dim",
    MarkState.UNDECIDED: "yellow",
}


def marks(
    files: Annotated[list[Path], typer.Argument(help="Picture files, or folders of them.")],
    vault: VaultOption = None,
    anchor: Annotated[
        list[Path] | None,
        typer.Option("--anchor", help="PEM root certificate of a signer you know (repeat)."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List credentials, labels and metadata of any picture. Your own vault's key is recognised."""
    from remarque.actions.finding_files import find_pictures, read_file
    from remarque.actions.publishing import marks_of

    roots = [read_file(path) for path in anchor or []]
    own = _own_chain(vault)
    failed = False
    for path in find_pictures(files):
        try:
            found = marks_of(read_file(path), own=own, known=roots)
        except RemarqueError as error:
            failed = True
            print_error(error, about=str(path))
            if json:
                print_json({"path": str(path), **error_as_json(error)})
            continue
        if json:
            print_json({"path": str(path), "marks": [json_from_value(mark) for mark in found]})
            continue
        say(str(path), style="bold")
        for mark in found:
            say(f"  {mark.kind:<15} {mark.state:<10} {mark.detail}", style=STYLES[mark.state])
    if failed:
        raise typer.Exit(4)


def _own_chain(place: Path | None) -> str:
    """The author's own certificate chain, if there is a vault; reading marks needs none."""
    from remarque.cli.vaults import opened

    try:
        with opened(place) as vault:
            return vault.author.claim_chain
    except VaultMissing:
        return ""
