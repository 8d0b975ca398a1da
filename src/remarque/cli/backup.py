"""``remarque backup``: the whole vault, once more, somewhere else."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from remarque.cli.options import JsonOption, QuietOption, VaultOption
from remarque.cli.output import print_json, progress_bar, say, warn
from remarque.model.canonical import Json

if TYPE_CHECKING:
    from remarque.store.backup import BackupSummary, RestoreSummary


def backup(
    target: Annotated[Path, typer.Argument(help="The folder to write the backup into.")],
    vault: VaultOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Copy the vault, consistent even while it is in use; run again, only what is new is copied."""
    from remarque.wiring.vaults import back_up

    with progress_bar(quiet=quiet) as progress:
        summary = back_up(vault, target, progress)
    if json:
        damaged = {"damaged": list(summary.damaged), "copied": summary.copied}
        print_json({**backup_as_json(summary), **damaged})
        return
    say(f"backup: {summary.target}, {summary.entries} entries, {summary.pictures} files")
    warn_of_originals(summary)
    for digest in summary.damaged:
        warn(f"not in the backup, its stored bytes are damaged: {digest}")


def backup_as_json(summary: "BackupSummary | RestoreSummary") -> Json:
    """What a backup or a restored vault holds, and what it cannot hold."""
    return {
        "place": str(summary.target),
        "entries": summary.entries,
        "pictures": summary.pictures,
        "in_place": [[digest, str(path)] for digest, path in summary.in_place],
        "gone": [[digest, str(path)] for digest, path in summary.gone],
    }


def warn_of_originals(summary: "BackupSummary | RestoreSummary") -> None:
    """Say which originals lie outside the vault, and which of them have gone."""
    if summary.in_place:
        warn(f"{len(summary.in_place)} originals were kept in place and are not copied")
    for _, path in summary.gone:
        warn(f"the original {path} has gone")
