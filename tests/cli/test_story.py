"""The whole road through the front door, on real generator files."""

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import remarque
from stand_ins.command import run
from stand_ins.openssl_authority import openssl_authority

PICTURES = Path(remarque.__file__).parent / "wiring" / "demonstration" / "pictures"
PASSPHRASE = "a passphrase for tests"
TITLE = "A galaxy in a bottle"


@pytest.fixture(autouse=True)
def _environment(monkeypatch, tmp_path):
    monkeypatch.setenv("REMARQUE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("REMARQUE_VAULT", str(tmp_path / "vault"))


@pytest.fixture
def outputs(tmp_path) -> Path:
    folder = tmp_path / "outputs"
    folder.mkdir()
    for picture in sorted(PICTURES.glob("*.png")):
        shutil.copyfile(picture, folder / picture.name)
    return folder


def begin(outputs: Path) -> list[dict]:
    assert run("init", "--author", "李某 Li", "--json").code == 0
    done = run("import", outputs, "--work", TITLE, "--intent", "a sky in a bottle", "--json")
    assert done.code == 0, done.err
    return done.lines()


def steal(edition: Path, target: Path) -> Path:
    with Image.open(edition) as picture:
        width, height = picture.size
        picture.convert("RGB").crop((0, 0, width, round(height * 0.88))).save(target, quality=70)
    return target


def published(picture: Path, folder: Path) -> dict:
    marks = ("--visible", "(c) Li", "--label-ai", "--credentials")
    done = run("publish", picture, "--to", folder, *marks, "--json")
    assert done.code == 0, done.err
    return done.line()


def test_from_generator_files_to_a_bundle_a_stranger_can_check(tmp_path, outputs):
    with openssl_authority("good") as authority:
        root = tmp_path / "root.pem"
        root.write_bytes(authority.root_pem)
        imported = begin(outputs)
        assert [line["new"] for line in imported] == [True, True, True]
        assert run("timestamp", "--add", authority.url, "--root", root).code == 0

        chosen = run("choose", "take-3.png", "--because", "the sky fills the bottle", "--json")
        assert chosen.code == 0, chosen.err
        assert len(chosen.line()["over"]) == 2

        edition = published(outputs / "take-3.png", tmp_path / "published")
        assert set(edition) >= {"edition", "path", "picture", "work", "marks"}
        kinds = {mark["kind"]: mark["state"] for mark in edition["marks"]}
        assert kinds["c2pa"] == "trusted"
        assert {"visible", "ai-label", "xmp", "aigc", "cawg-identity", "c2pa-timestamp"} <= set(
            kinds
        )

        stolen = steal(Path(edition["path"]), tmp_path / "blog.jpg")
        found = run("check", stolen, "--json", "--differences", tmp_path / "differences")
        assert found.code == 0, found.err
        sighting = found.line()
        assert sighting["verdict"] in {"copy", "partial"}
        match = sighting["matches"][0]
        assert match["picture"] == imported[2]["picture"]
        assert match["edition"] == edition["edition"]
        assert match["removed"]["visible"] == "cropped"
        (difference,) = (tmp_path / "differences").iterdir()
        with Image.open(difference) as shown:
            assert shown.width > shown.height
        assert {"c2pa", "xmp", "aigc"} <= set(match["marks_missing"])
        assert 0 < match["false_accusation_rate"] < 0.01

        case = run("case", TITLE, "--out", tmp_path / "case", "--json")
        assert case.code == 0, case.err
        bundle = Path(case.line()["bundle"])
        verified = run("verify", bundle, "--root", root, "--json")
        report = verified.line()
        assert (verified.code, report["outcome"]) == (0, "holds"), [
            check for check in report["checks"] if check["outcome"] != "holds"
        ]
        assert run("verify", bundle, "--json").line()["outcome"] == "undecided"
        assert run("audit", "--json").code == 0
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(unpacked)
    checked = subprocess.run(
        ["python3", "check.py"], cwd=unpacked, capture_output=True, text=True, check=False
    )
    assert checked.returncode in (0, 3), checked.stdout + checked.stderr


def test_an_import_may_be_run_again_and_adds_nothing(outputs):
    begin(outputs)
    size = len(run("log", "--json").out.splitlines())
    again = run("import", outputs, "--work", TITLE, "--json")
    assert [line["new"] for line in again.lines()] == [False, False, False]
    assert len(run("log", "--json").out.splitlines()) == size


def test_show_says_what_changed_in_the_courts_categories(outputs):
    begin(outputs)
    shown = run("show", TITLE, "--json").line()
    categories = {change["category"] for step in shown["steps"] for change in step["changes"]}
    assert {"words", "parameters"} <= categories
    assert {step["grade"] for step in shown["steps"]} == {"imported"}
    text = run("show", TITLE).out
    assert "take 1" in text
    assert "imported" in text


def test_a_bundle_without_an_outside_timestamp_cannot_be_decided(tmp_path, outputs):
    begin(outputs)
    case = run("case", TITLE, "--out", tmp_path / "case", "--json")
    assert case.code == 0
    assert "self-attested" in case.err
    verified = run("verify", case.line()["bundle"], "--json")
    assert verified.code == 3
    assert verified.line()["outcome"] == "undecided"


def test_a_bundle_shows_nothing_of_other_works(tmp_path, outputs):
    begin(outputs)
    other = tmp_path / "secret-idea.png"
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(other)
    assert run("import", other, "--work", "The other work").code == 0
    case = run("case", TITLE, "--out", tmp_path / "case", "--json")
    content = Path(case.line()["bundle"]).read_bytes()
    with zipfile.ZipFile(case.line()["bundle"]) as archive:
        content += b"".join(archive.read(name) for name in archive.namelist())
    assert b"secret-idea" not in content
    assert b"The other work" not in content


def test_an_unrelated_picture_is_not_accused(tmp_path, outputs):
    begin(outputs)
    chance = np.random.default_rng(5)
    small = Image.fromarray(chance.integers(0, 256, (16, 16, 3), dtype=np.uint8))
    small.resize((640, 640)).save(tmp_path / "unrelated.png")
    before = len(run("log", "--json").out.splitlines())
    done = run("check", tmp_path / "unrelated.png", "--json")
    assert done.line()["verdict"] == "none"
    assert done.line()["matches"] == []
    assert len(run("log", "--json").out.splitlines()) == before


def test_in_place_keeps_the_file_with_the_artist_and_says_when_it_has_gone(outputs):
    assert run("init", "--author", "A", "--json").code == 0
    assert run("import", outputs, "--work", TITLE, "--in-place").code == 0
    (outputs / "take-1.png").unlink()
    shown = run("show", TITLE, "--json").line()
    assert "no longer" in shown["steps"][0]["problem"] or "gone" in shown["steps"][0]["problem"]
    assert shown["steps"][1]["problem"] == ""
    audited = run("audit", "--json")
    assert audited.code == 3, audited.out


def test_backup_and_restore_bring_the_whole_vault_elsewhere(tmp_path, outputs):
    begin(outputs)
    before = run("log", "--json").out
    assert run("backup", tmp_path / "backup").code == 0
    elsewhere = tmp_path / "elsewhere"
    restored = run("restore", tmp_path / "backup", "--vault", elsewhere)
    assert restored.code == 0, restored.err
    assert run("log", "--json", "--vault", elsewhere).out == before
    assert run("audit", "--json", "--vault", elsewhere).code == 0


def test_read_tells_every_key_of_the_contract(outputs):
    line = run("read", outputs / "take-1.png", "--json").line()
    keys = (
        "path generator prompt negative_prompt seed steps cfg sampler scheduler model model_hash"
        " generated_size final_size file_size loras sources not_recorded chunks"
    )
    assert set(keys.split()) <= set(line)
    assert line["file_size"] == [1024, 1024]
    assert line["generator"] == "ComfyUI"
    assert line["seed"] == 721897303308196


def test_marks_of_a_picture_that_carries_none(outputs):
    line = run("marks", outputs / "take-2.png", "--json").line()
    assert next(m for m in line["marks"] if m["kind"] == "c2pa")["state"] == "absent"


def test_json_lines_are_json_even_for_names_in_any_script(tmp_path):
    assert run("init", "--author", "艺术家 ©", "--json").line()["author"] == "艺术家 ©"
    done = run("works", "作品 — №1", "--intent", "星空", "--json")
    assert json.loads(done.out)["intent"] == "星空"
