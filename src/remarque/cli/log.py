"""``remarque log``: the ledger, line by line."""

from typing import Annotated

import typer

from remarque.cli.options import JsonOption, VaultOption
from remarque.cli.output import print_json, say
from remarque.cli.vaults import opened
from remarque.model.digests import digest_from_raw
from remarque.model.entry import Checkpoint, Stamp, StampState, StoredEntry


def log(
    work: Annotated[str | None, typer.Option("--work", help="Only this work's entries.")] = None,
    start: Annotated[int, typer.Option("--from", min=0, help="Begin at this index.")] = 0,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Show entries, checkpoints and timestamps in order."""
    from remarque.actions.works import find_work

    with opened(vault) as opened_vault:
        ledger = opened_vault.ledger
        chosen = find_work(opened_vault, work) if work is not None else None
        for stored in ledger.entries(work=chosen, start=start):
            _show_entry(stored, as_json=json)
        if work is None:
            stamps = ledger.stamps()
            for checkpoint in ledger.checkpoints():
                _show_checkpoint(checkpoint, stamps, as_json=json)


def _show_entry(stored: StoredEntry, *, as_json: bool) -> None:
    entry, digest = stored.entry, digest_from_raw(stored.leaf_digest)
    if as_json:
        print_json(
            {
                "index": stored.index,
                "kind": entry.kind,
                "time": entry.time,
                "work": entry.work,
                "leaf": digest,
                "pictures": list(entry.pictures),
                "body": entry.body,
            }
        )
        return
    work = entry.work or "-"
    say(f"{stored.index:>8}  {entry.time}  {entry.kind:<18}  {work:<16}  {digest[7:23]}…")


def _show_checkpoint(checkpoint: Checkpoint, stamps: list[Stamp], *, as_json: bool) -> None:
    mine = [stamp for stamp in stamps if stamp.size == checkpoint.size]
    if as_json:
        print_json(
            {
                "checkpoint": checkpoint.size,
                "root": digest_from_raw(checkpoint.root),
                "stamps": [
                    {
                        "authority": stamp.authority,
                        "state": stamp.state,
                        "time": stamp.time,
                        "problem": stamp.problem,
                    }
                    for stamp in mine
                ],
            }
        )
        return
    say(f"checkpoint over {checkpoint.size} entries, root {checkpoint.root.hex()}", style="bold")
    for stamp in mine:
        held = stamp.state is StampState.HELD
        word = f"stamped {stamp.time}" if held else str(stamp.state)
        say(f"    {word} by {stamp.authority}{': ' + stamp.problem if stamp.problem else ''}")
