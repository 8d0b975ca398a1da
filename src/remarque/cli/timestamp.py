"""``remarque timestamp``: ask for the outside time, and say whom to ask."""

from pathlib import Path
from typing import Annotated

import typer

from remarque.cli.options import JsonOption, VaultOption
from remarque.cli.output import print_json, say, warn
from remarque.cli.vaults import opened
from remarque.model.entry import StampState


def timestamp(
    add: Annotated[
        str | None, typer.Option("--add", metavar="URL", help="From now on ask this authority.")
    ] = None,
    root: Annotated[
        Path | None, typer.Option("--root", help="With --add: the PEM root you trust for it.")
    ] = None,
    remove: Annotated[
        str | None, typer.Option("--remove", metavar="URL", help="No longer ask this authority.")
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Have every authority stamp the newest checkpoint. Only a digest leaves the machine."""
    from remarque.actions.checkpointing import close_sitting
    from remarque.actions.finding_files import read_file
    from remarque.wiring.vaults import add_authority, remove_authority

    if add is not None:
        add_authority(vault, add, read_file(root) if root is not None else None)
    if remove is not None:
        remove_authority(vault, remove)
    with opened(vault, to_write=True) as opened_vault:
        if not opened_vault.authorities:
            warn("no timestamp authority is set up: the record stays self-attested")
            say("Add one, for example: remarque timestamp --add https://freetsa.org/tsr")
            raise typer.Exit(3)
        stamps = close_sitting(opened_vault)
    for stamp in stamps:
        if json:
            print_json(
                {
                    "checkpoint": stamp.size,
                    "authority": stamp.authority,
                    "state": stamp.state,
                    "time": stamp.time,
                    "problem": stamp.problem,
                }
            )
        elif stamp.state is StampState.HELD:
            say(f"stamped {stamp.time} by {stamp.authority} (checkpoint {stamp.size})")
            if stamp.problem:
                warn(f"  {stamp.problem}; give its root with --add {stamp.authority} --root FILE")
        else:
            warn(f"{stamp.state}: {stamp.authority}: {stamp.problem}")
    if not all(stamp.state is StampState.HELD for stamp in stamps):
        raise typer.Exit(4)
