"""``remarque verify``: check a bundle offline, row by row."""

from pathlib import Path
from typing import Annotated

import typer

from remarque.cli.options import JsonOption, RootOption
from remarque.cli.output import error_as_json, print_error, print_json
from remarque.cli.reporting import show_report


def verify(
    bundle: Annotated[Path, typer.Argument(help="The bundle: a zip, or the unpacked folder.")],
    root: RootOption = None,
    json: JsonOption = False,
) -> None:
    """Check every digest, proof, signature and timestamp. No vault, no network needed."""
    from remarque.actions.finding_files import read_file
    from remarque.errors import BundleRefused, PlaceUnusable
    from remarque.verifying.bundle import examine_bundle

    if not bundle.exists():  # that is nobody's evidence failing
        raise PlaceUnusable(f"{bundle} is not there", hint="Give the bundle's zip, or its folder.")
    roots = tuple(read_file(path) for path in root or [])
    try:
        report = examine_bundle(bundle, roots=roots)
    except BundleRefused as error:
        print_error(error)
        if json:
            print_json(
                {"subject": str(bundle), "outcome": "fails", "checks": [], **error_as_json(error)}
            )
        raise typer.Exit(error.exit_code) from None
    raise typer.Exit(show_report(report, as_json=json))
