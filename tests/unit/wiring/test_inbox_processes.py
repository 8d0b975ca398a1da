"""Programs and watches in processes of their own, and what is left when one of them is killed."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from remarque.engines.inbox_folder import InboxFolder
from remarque.model.history import Manner
from remarque.wiring.initialising import Founding, make_vault
from stand_ins import webui_program
from stand_ins.inbox_reading import all_takes, empty, hand_over, read_all
from stand_ins.watched import wait_until


@pytest.fixture(scope="module")
def model_vault(tmp_path_factory):
    place = tmp_path_factory.mktemp("model") / "vault"
    make_vault(place, Founding("Ada", "a passphrase"))
    return place


@pytest.fixture
def place(tmp_path, model_vault):
    return shutil.copytree(model_vault, tmp_path / "vault")


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    monkeypatch.setenv("REMARQUE_INBOX", str(tmp_path / "inbox"))
    monkeypatch.setenv("REMARQUE_PASSPHRASE", "a passphrase")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "output").mkdir()
    return tmp_path / "inbox"


def web_ui(output, count, first_seed):
    """A web UI in which Remarque cannot be imported."""
    words = [sys.executable, webui_program.__file__, str(output), str(count), str(first_seed)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Watch:
    """``remarque watch`` in a process of its own."""

    def __init__(self, place: Path, folder: Path) -> None:
        words = ["-m", "remarque", "watch", str(folder), "--work", "Cats", "--vault", str(place),
                 "--no-timestamp", "--json"]  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def until_reading(self, inbox: Path) -> None:
        before = time.time() - 2
        mark = inbox / ".reader"
        wait_until(lambda: (mark.exists() and mark.stat().st_mtime >= before) or self._ended())

    def _ended(self) -> bool:
        assert self.process.poll() is None, self.process.communicate()
        return False

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def end(self) -> list[dict]:
        self.process.send_signal(signal.SIGINT)
        out, error = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, error
        return [json.loads(line) for line in out.splitlines()]


def test_a_web_ui_without_remarque_and_a_watch(inbox, place, tmp_path):
    watch = Watch(place, tmp_path / "output")
    watch.until_reading(inbox)
    program = web_ui(tmp_path / "output", 3, 100)
    said, error = program.communicate(timeout=120)
    assert program.returncode == 0, error
    assert said.splitlines() == ["Remarque: 1 pictures handed over; a watch records them."] * 3
    wait_until(lambda: len(all_takes(place)) == 3 and empty(inbox))
    watch.end()
    takes = all_takes(place)
    assert [take.recipe.seed for take in takes] == [100, 101, 102]
    assert {take.manner for take in takes} == {Manner.AS_IT_HAPPENED}
    # The watched folder saw the same files; what the program told came first.
    assert {str(take.witness.observer) for take in takes} == {"web UI extension"}


def test_two_programs_at_once(inbox, place, tmp_path):
    programs = [web_ui(tmp_path / "output" / str(n), 4, 100 * n) for n in (1, 2)]
    for program in programs:
        _, error = program.communicate(timeout=120)
        assert program.returncode == 0, error
    assert read_all(place, inbox) == []
    seeds = sorted(take.recipe.seed for take in all_takes(place))
    assert seeds == [100, 101, 102, 103, 200, 201, 202, 203]


def test_a_watch_that_is_killed_again_and_again(inbox, place, tmp_path):
    for number in range(30):
        hand_over(inbox, number)
    for wanted in (5, 12):
        watch = Watch(place, tmp_path / "output")
        wait_until(lambda wanted=wanted: len(all_takes(place)) >= wanted)
        watch.kill()
    read_all(place, inbox)
    assert sorted(take.recipe.seed for take in all_takes(place)) == list(range(30))


def test_a_program_that_is_killed_leaves_only_whole_hand_overs(inbox, place, tmp_path):
    program = web_ui(tmp_path / "output", 200, 0)
    wait_until(lambda: inbox.is_dir() and len(InboxFolder(inbox).hand_overs()) >= 5)
    program.kill()
    program.communicate()
    waiting = len(InboxFolder(inbox).hand_overs())
    assert read_all(place, inbox) == []
    takes = all_takes(place)
    assert len(takes) == waiting
    assert len({take.picture.digest for take in takes}) == waiting


def test_a_service_manager_may_end_it_while_much_waits(inbox, place, tmp_path):
    for number in range(10):
        hand_over(inbox, number)
    watch = Watch(place, tmp_path / "output")
    wait_until(lambda: all_takes(place))
    told = watch.end()
    assert any(line for line in told)
    read_all(place, inbox)
    assert len(all_takes(place)) == 10
