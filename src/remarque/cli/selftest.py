"""``remarque selftest``: does this installation compute what the published vectors say?"""

import typer

from remarque.cli.options import JsonOption
from remarque.cli.reporting import show_report


def selftest(json: JsonOption = False) -> None:
    """Run the test vectors that ship with the package."""
    from remarque.wiring.selftesting import run_selftest

    raise typer.Exit(show_report(run_selftest(), as_json=json))
