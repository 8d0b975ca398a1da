"""``remarque make`` as a person types it, with the miniature that ships."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from remarque.cli import make_running
from remarque.cli.make_telling import Telling
from remarque.errors import DiskFull
from remarque.store.pictures import DiskPictures
from stand_ins.command import run

pytest.importorskip("diffusers")

# diffusers' schedulers hand tensors to numpy 2 in a way that numpy will refuse one day.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PROMPT = "a red mountain by the sea at sunset, flat poster"
QUICK = ("--steps", 2, "--size", "64x64", "--offline", "--no-timestamp")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A vault just made: deriving its keys takes a second, so it is copied for each test."""
    folder = tmp_path_factory.mktemp("fresh") / "vault"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REMARQUE_PASSPHRASE", "a passphrase for tests")
        assert run("init", "--author", "A", "--vault", folder).code == 0
    return folder


@pytest.fixture
def place(fresh, tmp_path, monkeypatch):
    monkeypatch.setenv("REMARQUE_PASSPHRASE", "a passphrase for tests")
    monkeypatch.setenv("REMARQUE_VAULT", str(tmp_path / "vault"))
    monkeypatch.delenv("REMARQUE_MODELS", raising=False)
    shutil.copytree(fresh, tmp_path / "vault")
    return tmp_path


def make(*words):
    return run("make", *words, *QUICK)


def one_sentence(err: str) -> bool:
    return err.startswith("remarque: ") and "Traceback" not in err and len(err.splitlines()) <= 3


def test_pictures_are_made_recorded_and_told(place):
    done = make(PROMPT, "--work", "W", "--seed", 7, "--count", 2, "--json", "--intent", "A poster")
    assert done.code == 0, done.err
    first, second = done.lines()
    assert [first["seed"], second["seed"]] == [7, 8]
    assert first["new"]
    assert first["recipe"]["prompt"] == PROMPT
    assert first["recipe"]["steps"] == 2
    assert first["recipe"]["model"] == "miniature"
    assert any(m["role"] == "checkpoint" and m["digest"] for m in first["models"])
    assert np.asarray(Image.open(first["path"])).shape == (64, 64, 3)
    assert "miniature" in done.err
    (work,) = run("works", "--json").lines()
    assert (work["takes"], work["intent"]) == (2, "A poster")
    assert run("log", "--json").lines()[-1]["checkpoint"] is not None
    assert run("audit").code == 0


def test_the_same_words_and_seed_are_the_same_picture_and_no_second_take(place):
    wishes = (PROMPT, "--work", "W", "--seed", 7)
    first, again = make(*wishes, "--json").line(), make(*wishes)
    assert again.code == 0
    assert first["take"] in again.out
    assert "made this picture before" in again.out
    assert f"remarque choose {first['take']}" in again.err
    assert run("works", "--json").line()["takes"] == 1


def test_a_work_grows_by_one_change_at_a_time(place):
    first = make(PROMPT, "--work", "W", "--seed", 7, "--json").line()
    night = make("--again", first["take"], PROMPT.replace("sunset", "night"), "--json").line()
    assert (night["work"], night["seed"], night["number"]) == (first["work"], 7, 2)
    assert night["picture"] != first["picture"]
    back = make("--again", night["take"], PROMPT, "--work", "W", "--json").line()
    assert (back["picture"], back["new"]) == (first["picture"], False)
    wishes = ("--again", first["take"], "--from", night["take"], "--strength", 0.9)
    third = make(*wishes, "--json").line()
    assert third["recipe"]["sources"][0]["digest"] == night["picture"]
    shown = run("show", "W")
    assert shown.code == 0
    assert "image-to-image" in shown.out


def test_copies_and_a_preview_where_they_are_asked_for(place):
    out, preview = place / "out", place / "preview"
    wishes = (PROMPT, "--work", "W", "--seed", 7, "--out", out, "--preview", preview, "--json")
    done = run("make", *wishes, "--steps", 4, *QUICK[2:])
    assert done.code == 0, done.err
    (copy,) = out.iterdir()
    assert copy.read_bytes() == Path(done.line()["path"]).read_bytes()
    assert copy.name.startswith("0001-seed-7-")
    assert [path.name for path in preview.iterdir()] == ["remarque-preview.png"]
    copy.write_bytes(b"the artist's own file")
    again = run("make", *wishes, "--steps", 4, *QUICK[2:])
    assert again.code == 4
    assert copy.read_bytes() == b"the artist's own file"
    assert json.loads(again.err.splitlines()[-1])["error"] == "already-there"
    assert run("make", *wishes, "--force", "--steps", 4, *QUICK[2:]).code == 0


def test_ctrl_c_keeps_and_lists_what_is_finished(place, monkeypatch):
    tell = Telling.made

    def tell_and_stop(telling, made):
        tell(telling, made)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Telling, "made", tell_and_stop)
    done = make(PROMPT, "--work", "W", "--seed", 7, "--count", 3, "--json")
    assert done.code == 4
    assert len(done.lines()) == 1
    error = json.loads(done.err.splitlines()[-1])
    assert error["error"] == "cancelled"
    assert error["message"] == "stopped; 1 of 3 pictures are made and kept"
    assert run("works", "--json").line()["takes"] == 1
    assert run("audit").code == 0


def test_a_full_disk_leaves_nothing_half_written(place, monkeypatch):
    keep, kept = DiskPictures.keep_bytes, []

    def full_at_last(pictures, content):
        if content.startswith(b"\x89PNG"):
            kept.append(content)
        if len(kept) > 1:
            raise DiskFull("the disk has no room")
        return keep(pictures, content)

    monkeypatch.setattr(DiskPictures, "keep_bytes", full_at_last)
    done = make(PROMPT, "--work", "W", "--seed", 7, "--count", 3, "--json")
    assert done.code == 4
    error = json.loads(done.err.splitlines()[-1])
    assert error["error"] == "disk-full"
    assert "1 of 3 pictures are made and kept" in error["message"]
    assert run("works", "--json").line()["takes"] == 1
    assert run("audit").code == 0


def test_a_checkpoint_that_cannot_be_made_is_said_beside_what_went_wrong(place, monkeypatch):
    def full(*_, **__):
        raise DiskFull("the disk has no room")

    monkeypatch.setattr(make_running, "close_sitting", full)
    done = make(PROMPT, "--work", "W", "--model", "no-such-model")
    assert done.code == 4
    assert "no checkpoint" in done.err
    assert "no-such-model" in done.err


def test_two_makings_at_once_in_two_processes_both_finish_and_agree_to_the_bit(place):
    words = [str(word) for word in (PROMPT, "--seed", 7, "--count", 2, "--json", *QUICK)]
    command = [sys.executable, "-m", "remarque", "make", *words, "--work", "One"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as other:
        here = run("make", *words, "--work", "Two")
        out, err = other.communicate(timeout=300)
    assert (here.code, other.returncode) == (0, 0), here.err + err.decode()
    there = [json.loads(line) for line in out.splitlines()]
    assert [told["picture"] for told in there] == [told["picture"] for told in here.lines()]
    assert [work["takes"] for work in run("works", "--json").lines()] == [2, 2]
    assert run("audit").code == 0


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        ((PROMPT,), 2, "--work"),
        (("--work", "W"), 2, "no prompt"),
        ((PROMPT, "--work", " "), 2, "name"),
        ((PROMPT, "--work", "W", "--count", 0), 2, "--count"),
        ((PROMPT, "--work", "W", "--count", 10_001), 2, "--count"),
        ((PROMPT, "--work", "W", "--size", "0x0"), 2, "--size"),
        ((PROMPT, "--work", "W", "--size", "99999x64"), 2, "--size"),
        ((PROMPT, "--work", "W", "--size", "big"), 2, "--size"),
        ((PROMPT, "--work", "W", "--cfg", "nan"), 2, "--cfg"),
        ((PROMPT, "--work", "W", "--seed", "many"), 2, "--seed"),
        ((PROMPT, "--work", "W", "--lora", "ink:heavy"), 2, "--lora"),
        ((PROMPT, "--work", "W", "--lora", "no-such-lora:1"), 4, "no-such-lora"),
        ((PROMPT, "--work", "W", "--model", "no-such-model"), 4, "no-such-model"),
        ((PROMPT, "--work", "W", "--model", "owner/no-such"), 4, "owner/no-such"),
        ((PROMPT, "--work", "W", "--sampler", "no such sampler"), 2, "no such sampler"),
        ((PROMPT, "--work", "W", "--from", "nowhere.png"), 4, "nowhere.png"),
        ((PROMPT, "--work", "W", "--mask", "m.png"), 2, "--from"),
        ((PROMPT, "--work", "W", "--device", "abacus"), 2, "abacus"),
        ((PROMPT, "--work", "W", "--models", "/no/such/folder"), 4, "/no/such/folder"),
        (("--again", "ffff0000"), 4, "ffff0000"),
    ],
)
def test_whatever_is_wrong_is_one_sentence_and_no_take(place, words, code, named):
    done = run("make", *QUICK, *words) if "--size" in words else make(*words)
    told = "\n".join(line for line in done.err.splitlines() if "with the miniature" not in line)
    assert (done.code, named in done.err) == (code, True), done.err
    assert one_sentence(told), done.err
    assert sum(work["takes"] for work in run("works", "--json").lines()) == 0


def test_a_prompt_of_ten_thousand_words_is_made_or_refused_in_a_sentence(place):
    done = make("mountain " * 10_000, "--work", "W", "--seed", 1, "--json")
    if done.code:
        assert json.loads(done.err.splitlines()[-1])["error"] == "usage"
    else:
        assert len(done.line()["recipe"]["prompt"]) == 90_000
