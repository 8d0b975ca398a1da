"""``remarque demo``: the whole story on sample pictures."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from remarque.cli.options import ForceOption, JsonOption
from remarque.cli.output import ACCENT, say
from remarque.cli.reporting import show_report


def demo(
    out: Annotated[Path, typer.Option("--out", help="An empty folder to write into.")] = Path(
        "remarque-demo"
    ),
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Record, mark, find and prove, from real generator files to a verified case file."""
    from remarque.wiring.demonstration.story import run_demonstration

    tell = (lambda _line: None) if json else say
    report = run_demonstration(out, tell, force=force)
    code = show_report(report, as_json=json)
    if not json:
        _say_where_to_look(out)
    raise typer.Exit(code)


def _say_where_to_look(out: Path) -> None:
    say()
    say("Where to look", style=f"bold {ACCENT}")
    say(f"  the case file      {out}/4-case/case.pdf")
    say(f"  the bundle         {out}/4-case/bundle.zip")
    say(f"  the edition        {out}/2-published/")
    say(f"  the stolen copy    {out}/3-seen-elsewhere/blog-post.jpg")
    say("Check it yourself:")
    program = sys.argv[0] if "/" in sys.argv[0] else "remarque"
    say(f"  {program} verify {out}/4-case/bundle.zip --root {out}/demonstration-authority.pem")
    say(f"  unzip {out}/4-case/bundle.zip -d {out}/bundle; follow VERIFY.md in it")
    say(
        "The timestamps come from an authority this demonstration started on this machine:"
        " they prove nothing outside it. Without --root, verify says “cannot decide”.",
        style="dim",
    )
