"""``remarque watch`` and ``remarque choose`` as a person starts them."""

import os
import pty
import shutil
import signal
import subprocess
import sys
import time

import pytest

from stand_ins.command import run
from stand_ins.watch_command import Command
from stand_ins.watched import age, picture


@pytest.fixture(scope="module")
def _made(tmp_path_factory):
    """A vault that is made once; keys take their time."""
    place = tmp_path_factory.mktemp("made") / "vault"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REMARQUE_PASSPHRASE", "a passphrase for tests")
        assert run("init", "--author", "Li", "--json", "--vault", place).code == 0
    return place


@pytest.fixture(autouse=True)
def _environment(monkeypatch, tmp_path, _made):
    monkeypatch.setenv("REMARQUE_PASSPHRASE", "a passphrase for tests")
    monkeypatch.setenv("REMARQUE_VAULT", str(shutil.copytree(_made, tmp_path / "vault")))
    monkeypatch.setenv("REMARQUE_INBOX", str(tmp_path / "inbox"))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "outputs"
    folder.mkdir()
    return folder


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
    command.wait(lambda: command.moved() == 1)
    assert command.end(signal.SIGTERM) == 0  # what was done to the files is judged at the end
    assert sum("inferred" in line for line in command.lines()) == 1
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
    command.wait(lambda: command.moved() == 2)
    assert command.end() == 0

    told = asked(b"n\n", b"\n")
    assert "0 of 2 choices have their reason now" in told
    told = asked(b"the l\xffight\n", b"\x04")  # Ctrl-D
    assert "1 of 2 choices have their reason now" in told
    (left,) = run("choose", "--pending", "--json").lines()
    assert left["name"] == "1.png"
    assert f"still without a reason:\n  “A”: {left['name']} over" in told
    (given,) = run("show", "A", "--json").line()["selections"]
    assert given["because"].startswith("the l")

    told, code = interrupted_at("1 of 1")
    assert code == 0
    assert "0 of 1 choices have their reason now" in told


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


def interrupted_at(place: str) -> tuple[str, int]:
    """What is said to somebody who presses Ctrl-C when asked that question."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "remarque", "choose"]
    process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, text=True)
    said = ""
    while place not in said:
        said += process.stdout.readline()
    time.sleep(0.5)  # the question follows the line; Ctrl-C before it would end the program
    process.send_signal(signal.SIGINT)
    said += process.communicate(timeout=120)[0]
    os.close(ours)
    os.close(theirs)
    return said, process.returncode


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
        (["--work", "A", "--no-inbox"], 2),
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
