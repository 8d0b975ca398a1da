"""``remarque watch`` and ``remarque choose`` as a person starts them."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stand_ins.command import run
from stand_ins.watched import age, picture, wait_until


@pytest.fixture(autouse=True)
def _environment(monkeypatch, tmp_path):
    monkeypatch.setenv("REMARQUE_PASSPHRASE", "a passphrase for tests")
    monkeypatch.setenv("REMARQUE_VAULT", str(tmp_path / "vault"))
    assert run("init", "--author", "Li", "--json").code == 0


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "outputs"
    folder.mkdir()
    return folder


class Command:
    """``remarque watch`` in a process of its own."""

    def __init__(self, tmp_path: Path, *words: object) -> None:
        self.out, self.err = tmp_path / "out.jsonl", tmp_path / "err.txt"
        command = [sys.executable, "-m", "remarque", "watch", *map(str, words), "--json"]
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err)

    def lines(self) -> list[dict]:
        text = self.out.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]

    def takes(self) -> list[str]:
        return [Path(line["path"]).name for line in self.lines() if line.get("new")]

    def wait(self, met) -> None:
        wait_until(lambda: met() or self.process.poll() is not None)
        assert self.process.poll() is None, self.err.read_text()

    def wait_until_watching(self) -> None:
        self.wait(lambda: any("came_while_nobody_watched" in line for line in self.lines()))

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def test_live_killed_and_caught_up(tmp_path, folder):
    (folder / "old.png").write_bytes(picture(0))
    command = Command(tmp_path, folder, "--work", "A")
    command.wait_until_watching()
    assert "1 files lie there already" in command.err.read_text()
    (folder / "1.png").write_bytes(picture(1))
    command.wait(lambda: command.takes() == ["1.png"])
    (line,) = [line for line in command.lines() if line.get("new")]
    assert {"path", "picture", "take", "work", "new", "caught_up", "seconds"} <= set(line)
    assert not line["caught_up"]
    command.end(signal.SIGKILL)

    (folder / "2.png").write_bytes(picture(2))
    age(folder / "2.png", 5)
    command = Command(tmp_path, folder, "--work", "A")
    command.wait_until_watching()
    assert command.takes() == ["2.png"]
    (line,) = [line for line in command.lines() if line.get("new")]
    assert line["caught_up"]
    assert {"came_while_nobody_watched": 1} in command.lines()
    (folder / "best").mkdir()
    (folder / "1.png").rename(folder / "best" / "1.png")
    command.wait(lambda: any("inferred" in line for line in command.lines()))
    assert command.end(signal.SIGTERM) == 0
    assert run("audit").code == 0

    owed = run("choose", "--pending", "--json").line()
    assert (owed["name"], owed["sign"]) == ("1.png", "moved to another folder")
    assert "1.png over 2.png" in run("choose").out
    chosen = run("choose", folder / "best" / "1.png", "--because", "the light", "--json")
    assert chosen.line()["confirms"] == owed["entry"]
    assert run("choose", "--pending", "--json").lines() == []
    assert "has its reason" in run("choose").out


def test_auto_groups_and_existing_files_are_imported(tmp_path, folder):
    for number in range(3):
        (folder / f"{number}.png").write_bytes(picture(number))
        age(folder / f"{number}.png", 60 - number)
    command = Command(tmp_path, folder, "--auto", "--existing")
    command.wait_until_watching()
    assert command.takes() == ["0.png", "1.png", "2.png"]
    assert all(line["work"] for line in command.lines() if line.get("new"))
    assert command.end() == 0


def test_two_watches_of_one_vault_do_not_break_each_other(tmp_path, folder):
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / "logs").mkdir()
    first = Command(tmp_path, folder, "--work", "A")
    second = Command(tmp_path / "logs", other, "--work", "B")
    first.wait_until_watching()
    second.wait_until_watching()
    for number in range(10):
        (folder / f"{number}.png").write_bytes(picture(number))
        (other / f"{number}.png").write_bytes(picture(100 + number))
    first.wait(lambda: len(first.takes()) == 10)
    second.wait(lambda: len(second.takes()) == 10)
    assert (first.end(), second.end()) == (0, 0)
    assert run("audit").code == 0


def test_choose_asks_only_for_the_reason(tmp_path, folder):
    command = Command(tmp_path, folder, "--work", "A")
    command.wait_until_watching()
    for number in range(4):
        (folder / f"{number}.png").write_bytes(picture(number))
    command.wait(lambda: len(command.takes()) == 4)
    (folder / "best").mkdir()
    for name in ("0.png", "1.png"):
        (folder / name).rename(folder / "best" / name)
    command.wait(lambda: sum("inferred" in line for line in command.lines()) == 2)
    assert command.end() == 0

    told = asked(b"the light\n", b"n\n")
    assert "1 of 2 choices have their reason now" in told
    (left,) = run("choose", "--pending", "--json").lines()
    assert left["name"] == "1.png"


def asked(*answers: bytes) -> str:
    """What ``remarque choose`` says on a terminal to somebody who answers so."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "remarque", "choose"], stdin=theirs, stdout=subprocess.PIPE
    )
    os.write(ours, b"".join(answers))
    out, _ = process.communicate(timeout=120)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0
    return out.decode()


@pytest.mark.parametrize("kind", ["systemd", "launchd", "windows"])
def test_a_service_unit_is_printed_and_nothing_is_watched(folder, kind):
    done = run("watch", folder, "--work", "A", "--service", kind)
    assert done.code == 0
    assert str(folder) in done.out
    assert run("works", "--json").lines() == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nowhere", "--work", "A"], 4),
        (["."], 2),
        ([".", "--work", "A", "--auto"], 2),
        (["http://", "--work", "A"], 2),
        (["--work", "A"], 2),
    ],
)
def test_wrong_use_is_one_sentence(words, code):
    done = run("watch", *words)
    assert done.code == code, done.err
    assert "Traceback" not in done.err


def test_the_vault_itself_is_not_watched(tmp_path):
    assert run("watch", tmp_path / "vault" / "pictures", "--work", "A").code == 2


def test_choose_without_a_picture_but_with_a_reason_is_refused():
    assert run("choose", "--because", "x").code == 2
    assert run("choose", "a.png").code == 2
