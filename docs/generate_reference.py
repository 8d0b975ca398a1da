"""Write docs/reference/cli.md and docs/reference/errors.md from the code they describe.

``make docs`` runs it; a test fails when a page is stale.
"""

import inspect
import sys
from pathlib import Path

import typer

from remarque import errors
from remarque.cli.main import app

REFERENCE = Path(__file__).parent / "reference"


def cli_page() -> str:
    """Every verb with its options, in the order of the front door."""
    lines = [
        "# The command line",
        "",
        "*Generated from the code by `make docs`.*",
        "",
        "Results go to stdout, everything else to stderr. `--json` prints one object a line.",
        "",
        "Exit codes: 0 done or holds, 1 a negative verdict, 2 usage, 3 cannot decide,",
        "4 any other failure.",
        "",
        "`REMARQUE_VAULT` and `REMARQUE_PASSPHRASE` stand for the vault's folder and passphrase.",
        "",
    ]
    command = typer.main.get_command(app)
    for name, verb in command.commands.items():  # type: ignore[attr-defined]
        lines += [f"## remarque {name}", "", (verb.help or "").strip(), ""]
        lines += ["| argument or option | what it is |", "|---|---|"]
        lines += [_row(parameter) for parameter in verb.params]
        lines.append("")
    return "\n".join(lines)


def _row(parameter: object) -> str:
    names = [*getattr(parameter, "opts", []), *getattr(parameter, "secondary_opts", [])]
    is_option = any(name.startswith("-") for name in names)
    shown = ", ".join(names) if is_option else names[0].upper()
    text = (getattr(parameter, "help", None) or "").replace("|", "\\|")
    need = " *(required)*" if is_option and getattr(parameter, "required", False) else ""
    return f"| `{shown}` | {text}{need} |"


def errors_page() -> str:
    """Every error slug: when it is raised, what to do, and the exit code."""
    lines = [
        "# Error slugs",
        "",
        "*Generated from the code by `make docs`.*",
        "",
        "With `--json` an error is one object on stderr: `ok` (false), `error` (the slug),",
        "`message` and `hint`. In Python every error is a `remarque.RemarqueError`.",
        "",
        "| slug | exit code | when | what to do |",
        "|---|---|---|---|",
    ]
    for _, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.RemarqueError):
            when = (kind.__doc__ or "").strip().splitlines()[0]
            hint = kind.default_hint or "the message says it"
            lines.append(f"| `{kind.slug}` | {kind.exit_code} | {when} | {hint} |")
    return "\n".join([*lines, ""])


PAGES = {"cli.md": cli_page, "errors.md": errors_page}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (REFERENCE / page).write_text(write(), encoding="utf-8")
        sys.stdout.write(f"wrote {REFERENCE / page}\n")
