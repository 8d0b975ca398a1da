"""The demonstration: the whole story, on pictures made here and without the libraries for it."""

import zipfile

import pytest

from remarque.wiring.demonstration import story
from stand_ins.command import run

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_the_story_on_pictures_made_here_holds(tmp_path):
    out = tmp_path / "demo"
    done = run("demo", "--out", out)
    assert done.code == 0, done.out + done.err
    assert "outcome: holds" in done.out
    assert "made again from its record alone: bit-exact" in done.out
    assert "visible: cropped" in done.out
    assert len(list((out / "1-generated").glob("take-*.png"))) == 4
    with zipfile.ZipFile(out / "4-case" / "bundle.zip") as bundle:
        kinds = b"".join(bundle.read(name) for name in bundle.namelist() if "entries" in name)
    for kind in ("take.recorded", "take.rerun", "take.explained", "edition.published"):
        assert f'"kind":"{kind}"'.encode() in kinds
    assert b"take.imported" not in kinds


def test_the_story_without_the_libraries_for_making_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(story, "can_make", lambda: False)
    out = tmp_path / "demo"
    done = run("demo", "--out", out)
    assert done.code == 0, done.out + done.err
    assert "three real pictures are imported" in done.out
    assert run("demo", "--out", out).code != 0
    assert run("demo", "--out", out, "--force", "--json").line()["outcome"] == "holds"
