"""``remarque case``: write the case file of a work."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from remarque.cli.options import ForceOption, JsonOption, NoStampOption, QuietOption, VaultOption
from remarque.cli.output import print_json, progress_bar, say, warn
from remarque.cli.reporting import WORDS
from remarque.cli.vaults import opened
from remarque.model.digests import Digest
from remarque.model.entry import StampState

MOST_NAMED = 8
_REST_OF_DIGEST = re.compile(r"(?<=[0-9a-f]{12})[0-9a-f]{52}")


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
    for sentence in _not_in_the_bundle(written.missing):
        warn(sentence)
    states = {stamp.state for stamp in stamps}
    if StampState.HELD not in states:
        awaited = ", asked for and still to come" if StampState.PENDING in states else ""
        warn(f"no outside timestamp covers this work{awaited}: for now it is self-attested")
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


def _not_in_the_bundle(missing: Sequence[tuple[Digest, str]]) -> Iterator[str]:
    """A sentence for each file, its digest cut; of many the first, for the rest the list."""
    for digest, reason in missing[:MOST_NAMED]:
        yield _REST_OF_DIGEST.sub("…", f"not in the bundle: {digest}: {reason}")
    left = len(missing) - MOST_NAMED
    if left > 0:
        yield f"not in the bundle: {left} more; case.pdf and bundle.json list every one"
