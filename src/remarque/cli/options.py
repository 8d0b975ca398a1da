"""The options several verbs share, each spelled once."""

from pathlib import Path
from typing import Annotated

import typer

VaultOption = Annotated[
    Path | None,
    typer.Option("--vault", envvar="REMARQUE_VAULT", help="The vault's folder.", show_envvar=True),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON object a line on stdout, for programs.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite what is already there.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]
WorkOption = Annotated[str, typer.Option("--work", help="The work's name, or the start of its id.")]
NoStampOption = Annotated[
    bool,
    typer.Option("--no-timestamp", help="Do not ask the timestamp authorities after this."),
]
RootOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--root", help="PEM certificate of a timestamp authority you trust (may be repeated)."
    ),
]
