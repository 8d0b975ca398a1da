"""Results on stdout, everything else on stderr; ``--json`` prints one object a line."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from remarque.errors import RemarqueError
from remarque.model.canonical import Json
from remarque.progress import Progress, Step, be_silent

ACCENT = "#c8452d"  # vermilion, the colour of the seal


def stdout_console() -> Console:
    """Where results go. Made anew each time, so that a redirected stdout is honoured."""
    return Console(highlight=False, soft_wrap=True)


def stderr_console() -> Console:
    """Where progress, warnings and errors go."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Json) -> None:
    """One JSON object on a line of its own, in UTF-8 whatever the terminal's encoding."""
    line = json.dumps(value, ensure_ascii=False) + "\n"
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(line)
        return
    buffer.write(line.encode("utf-8", errors="replace"))
    buffer.flush()


def say(text: str | Text = "", *, style: str = "") -> None:
    """One line for people. What users and files say is text, never markup."""
    line = text if isinstance(text, Text) else Text(clean(text), style=style)
    stdout_console().print(line)


def say_table(table: Table) -> None:
    """A table for people, as wide as the terminal allows."""
    Console(highlight=False).print(table)


def warn(text: str) -> None:
    """A warning on stderr."""
    stderr_console().print(Text(clean(text), style="yellow"))


def print_error(error: RemarqueError, *, about: str = "", as_json: bool = False) -> None:
    """One sentence and what to do, on stderr; with ``--json`` the same as one object there.

    ``about`` is the file it is about, where the sentence may not name it.
    """
    if as_json:
        print(json.dumps(error_as_json(error), ensure_ascii=False), file=sys.stderr)
        return
    console = stderr_console()
    named = f"{about}: " if about and about not in error.message else ""
    console.print(Text.assemble(("remarque: ", f"bold {ACCENT}"), clean(named + error.message)))
    if error.hint:
        console.print(Text(clean(error.hint), style="dim"))


def error_as_json(error: RemarqueError) -> Json:
    """The one shape of an error: slug, message, hint."""
    return {"ok": False, "error": error.slug, "message": error.message, "hint": error.hint}


def clean(text: str) -> str:
    """Text from files with control characters made visible: no escape reaches the terminal."""
    return "".join(
        char if char in "\n\t" or char.isprintable() else f"\\u{ord(char):04x}" for char in text
    )


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Progress]:
    """A bar on stderr while work goes on; silent when stderr is not a terminal."""
    console = stderr_console()
    if quiet or not console.is_terminal:
        yield be_silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        tasks = {}

        def show(step: Step, /) -> None:
            if step.operation not in tasks:
                tasks[step.operation] = bar.add_task(step.operation, total=step.total or None)
            bar.update(
                tasks[step.operation],
                completed=step.done,
                total=step.total or None,
                description=clean(f"{step.operation} {step.text}")[:60],
            )

        yield show
