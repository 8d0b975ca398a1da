"""Run a command of the front door in this process, as a person would type it."""

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from unittest import mock

from remarque.cli.main import main


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def lines(self) -> list[dict]:
        """The JSON objects on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    def line(self) -> dict:
        """The only JSON object on stdout."""
        (line,) = self.lines()
        return line


def run(*words: object) -> Done:
    """Run ``remarque WORDS…`` and say how it ended."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    argv = ["remarque", *map(str, words)]
    code = 0
    with (
        mock.patch.object(sys, "argv", argv),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    out.flush()
    return Done(code, out.buffer.getvalue().decode(), err.getvalue())
