"""``remarque case``: write the case file of a work."""

from pathlib import Path
from typing import Annotated

import typer

from remarque.cli.options import ForceOption, JsonOption, NoStampOption, QuietOption, VaultOption
from remarque.cli.output import print_json, progress_bar, say, warn
from remarque.cli.reporting import WORDS
from remarque.cli.vaults import opened
from remarque.model.entry import StampState


def case(
    work: Annotated[str, typer.Argument(help="The work's name, or the start of its id.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to write into.")],
    match: Annotated[
        str | None,
        typer.Option("--match", help="The sighting it is about (default: the newest one)."),
    ] = None,
    with_private_paths: Annotated[
        bool,
        typer.Option(
            "--with-private-paths",
            help="Put files in as they are, private paths and keys in their metadata included.",
        ),
    ] = False,
    vault: VaultOption = None,
    force: ForceOption = False,
    no_timestamp: NoStampOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Write case.pdf, which the court reads, and bundle.zip, which anyone can check."""
    from remarque.actions.proving import CaseWishes, write_case

    wishes = CaseWishes(
        out=out,
        sighting=match,
        force=force,
        stamp=not no_timestamp,
        with_private=with_private_paths,
    )
    with opened(vault, to_write=True) as opened_vault, progress_bar(quiet=quiet) as progress:
        written = write_case(opened_vault, work, wishes, progress)
        stamps = opened_vault.ledger.stamps()
    for sentence in written.warnings:
        warn(sentence)
    for digest, reason in written.missing:
        warn(f"not in the bundle: {digest}: {reason}")
    if not any(stamp.state is StampState.HELD for stamp in stamps):
        warn("no outside timestamp covers this work: the record is self-attested")
    if json:
        print_json(
            {
                "work": written.work,
                "pdf": str(written.pdf),
                "bundle": str(written.bundle),
                "entries": written.entries,
                "pictures": written.pictures,
                "missing": [list(pair) for pair in written.missing],
                "warnings": list(written.warnings),
                "outcome": written.report.outcome,
            }
        )
        return
    say(f"case file: {written.pdf}")
    say(f"bundle:    {written.bundle}  ({written.entries} entries, {written.pictures} files)")
    say(f"checked by remarque verify: {WORDS[written.report.outcome][0]}")
