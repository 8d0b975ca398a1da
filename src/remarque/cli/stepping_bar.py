"""A progress bar that steps aside while a result is printed.

Both lie on the same terminal, and a bar redraws itself over whatever was written below it: lines
printed while it is live would be wiped out. A bar that was stopped remembers how many lines it
had and wipes out as many when it is started again, so each time a new one is made.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from remarque.cli.output import clean, stderr_console
from remarque.progress import Step

_LONGEST_LABEL = 60


class SteppingBar:
    """Shows steps on a terminal; silent without one."""

    def __init__(self, console: Console | None) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: Step, /) -> None:
        """Show where the work is."""
        if self._console is None:
            return
        bar = self._bar or self._begin(self._console)
        total = step.total or None
        if step.operation not in self._tasks:
            self._tasks[step.operation] = bar.add_task(step.operation, total=total)
        bar.update(
            self._tasks[step.operation],
            completed=step.done,
            total=total,
            description=clean(f"{step.operation} {step.text}")[:_LONGEST_LABEL],
        )

    def step_aside(self) -> None:
        """Leave the terminal to others until the next step."""
        if self._bar is not None:
            self._bar.stop()
        self._bar = None
        self._tasks.clear()

    def _begin(self, console: Console) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._bar = Progress(*columns, console=console, transient=True)
        self._bar.start()
        return self._bar


@contextmanager
def stepping_bar(*, quiet: bool = False) -> Iterator[SteppingBar]:
    """A bar on stderr while work goes on; silent when stderr is not a terminal."""
    console = stderr_console()
    bar = SteppingBar(None if quiet or not console.is_terminal else console)
    try:
        yield bar
    finally:
        bar.step_aside()
