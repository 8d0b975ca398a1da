"""``remarque restore``: a vault from its backup, every byte checked first."""

from pathlib import Path
from typing import Annotated

import typer

from remarque.cli.backup import backup_as_json, warn_of_originals
from remarque.cli.options import JsonOption, QuietOption, VaultOption
from remarque.cli.output import print_json, progress_bar, say


def restore(
    source: Annotated[Path, typer.Argument(help="The folder that holds the backup.")],
    vault: VaultOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Bring a backup back as a vault. The place must be free: nothing is ever overwritten."""
    from remarque.wiring.vaults import restore_vault

    with progress_bar(quiet=quiet) as progress:
        summary = restore_vault(source, vault, progress)
    if json:
        print_json(backup_as_json(summary))
        return
    say(f"restored: {summary.target}, {summary.entries} entries, {summary.pictures} files")
    warn_of_originals(summary)
    say("check it: remarque audit")
