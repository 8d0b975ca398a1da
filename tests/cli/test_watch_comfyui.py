"""``remarque watch http://…`` in a process of its own, against the stand-in of a ComfyUI server."""

import shutil
import signal

import pytest

from stand_ins.comfyui_server import ComfyStandIn
from stand_ins.comfyui_watching import PREVIEW, prompt_with
from stand_ins.command import run
from stand_ins.watch_command import Command


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
def server(tmp_path):
    with ComfyStandIn(tmp_path / "comfy") as running:
        yield running


def pictures(command: Command) -> list[str]:
    return [line["picture"] for line in command.lines() if line.get("new")]


def missing(command: Command) -> list[dict]:
    return [line for line in command.lines() if "missing" in line]


def test_killed_and_started_again_nothing_is_twice_and_nothing_is_lost(tmp_path, server):
    command = Command(tmp_path, server.url, "--work", "A")
    command.wait_until_watching()
    for seed in range(3):
        server.run(prompt_with(seed=seed))
        only_shown = prompt_with(seed=10 + seed) | {"10": PREVIEW}
        del only_shown["9"]
        server.run(only_shown)
    command.wait(lambda: len(pictures(command)) == 6)
    assert not any(line["caught_up"] for line in command.lines() if line.get("new"))
    first = pictures(command)
    command.end(signal.SIGKILL)

    # The artist deletes what is on record already: that is no loss of the record.
    (server.folder / "output" / "a" / "Sea_00001_.png").unlink()
    for temporary in (server.folder / "temp").iterdir():
        temporary.unlink()
    server.run(prompt_with(seed=7))
    gone = server.run(prompt_with(seed=8))
    name = server.history[gone]["outputs"]["9"]["images"][0]["filename"]
    (server.folder / "output" / "a" / name).unlink()

    command = Command(tmp_path, server.url, "--work", "A")
    command.wait_until_watching()
    (line,) = [line for line in command.lines() if line.get("new")]
    assert line["caught_up"]
    assert line["picture"] not in first
    assert {"came_while_nobody_watched": 1} in command.lines()
    (lost,) = missing(command)
    assert name in lost["missing"]
    server.run(prompt_with(seed=9))
    command.wait(lambda: len(pictures(command)) == 2)
    assert command.end() == 0

    again = Command(tmp_path, server.url, "--work", "A")
    again.wait_until_watching()
    assert again.end() == 0
    assert pictures(again) == missing(again) == []
    shown = run("show", "A", "--json").line()
    assert len(shown["steps"]) == 8
    assert len(shown["gaps"]) == 1
    assert sum(step["grade"] == "imported" for step in shown["steps"]) == 1
    assert run("audit").code == 0
    told = run("show", "A").out
    assert "imported" in told
    assert name in told


def test_auto_groups_runs_and_a_restart_keeps_the_groups(tmp_path, server):
    command = Command(tmp_path, server.url, "--auto")
    command.wait_until_watching()
    server.run(prompt_with(seed=1, batch_size=2))
    command.wait(lambda: len(pictures(command)) == 2)
    assert command.end() == 0
    server.run(prompt_with(seed=2))
    command = Command(tmp_path, server.url, "--auto")
    command.wait_until_watching()
    assert len(pictures(command)) == 1
    assert command.end() == 0
    (work,) = run("works", "--json").lines()
    assert len(run("show", work["work"], "--json").line()["steps"]) == 3
