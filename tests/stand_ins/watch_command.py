"""``remarque watch`` as a person starts it."""

import json
import signal
import subprocess
import sys
import weakref
from pathlib import Path

from stand_ins.watched import wait_until


class Command:
    """``remarque watch`` in a process of its own."""

    def __init__(self, tmp_path: Path, *words: object) -> None:
        self.out, self.err = tmp_path / "out.jsonl", tmp_path / "err.txt"
        command = [sys.executable, "-m", "remarque", "watch", *map(str, words), "--json"]
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err)
        weakref.finalize(self, self.process.kill)  # where a test fails half-way

    def lines(self) -> list[dict]:
        text = self.out.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]

    def takes(self) -> list[str]:
        return [Path(line["path"]).name for line in self.lines() if line.get("new")]

    def moved(self) -> int:
        """How many pictures were seen again in another place."""
        return sum(line.get("new") is False for line in self.lines())

    def wait(self, met) -> None:
        wait_until(lambda: met() or self.process.poll() is not None)
        assert self.process.poll() is None, self.err.read_text()

    def wait_until_watching(self) -> None:
        self.wait(lambda: any("came_while_nobody_watched" in line for line in self.lines()))

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)
