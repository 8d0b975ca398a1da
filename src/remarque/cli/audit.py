"""``remarque audit``: rebuild every root of the ledger from the stored bytes."""

import typer

from remarque.cli.options import JsonOption, QuietOption, VaultOption
from remarque.cli.output import progress_bar
from remarque.cli.reporting import show_report
from remarque.cli.vaults import opened


def audit(vault: VaultOption = None, quiet: QuietOption = False, json: JsonOption = False) -> None:
    """Check the whole vault with code that shares nothing with what wrote it."""
    from remarque.actions.auditing import audit as audit_vault

    with opened(vault) as opened_vault, progress_bar(quiet=quiet) as progress:
        report = audit_vault(opened_vault, progress)
    raise typer.Exit(show_report(report, as_json=json))
