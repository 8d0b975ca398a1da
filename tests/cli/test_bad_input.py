"""Every way a person or a file can be wrong gets one clear sentence and an exit code."""

import os
import sqlite3
import time
from pathlib import Path

import pytest

import remarque
from stand_ins.command import run
from stand_ins.samples import samples_under

PICTURE = Path(remarque.__file__).parent / "wiring" / "demonstration" / "pictures" / "take-2.png"


@pytest.fixture(autouse=True)
def _environment(monkeypatch, tmp_path):
    monkeypatch.setenv("REMARQUE_PASSPHRASE", "a passphrase for tests")
    monkeypatch.setenv("REMARQUE_VAULT", str(tmp_path / "vault"))


@pytest.fixture
def vault(tmp_path) -> Path:
    assert run("init", "--author", "A").code == 0
    return tmp_path / "vault"


def one_sentence(err: str) -> bool:
    return err.startswith("remarque: ") and "Traceback" not in err and len(err.splitlines()) <= 3


def test_no_vault_says_how_to_make_one():
    done = run("works")
    assert done.code == 4
    assert one_sentence(done.err)
    assert "remarque init" in done.err


def test_a_vault_is_never_made_over_another(vault):
    done = run("init", "--author", "B")
    assert done.code == 4
    assert one_sentence(done.err)


def test_a_wrong_passphrase_changes_nothing(vault, monkeypatch):
    monkeypatch.setenv("REMARQUE_PASSPHRASE", "not this one")
    done = run("import", PICTURE, "--work", "W")
    assert done.code == 4
    assert "passphrase" in done.err
    assert len(run("log", "--json").lines()) == 2  # the opening entry and its checkpoint


def test_the_recovery_code_opens_the_vault_as_well(tmp_path, monkeypatch):
    code = run("init", "--author", "A", "--json").line()["recovery_code"]
    monkeypatch.setenv("REMARQUE_PASSPHRASE", code.lower().replace("-", " "))
    assert run("import", PICTURE, "--work", "W").code == 0


def test_a_missing_passphrase_is_asked_for_in_words(vault, monkeypatch):
    monkeypatch.delenv("REMARQUE_PASSPHRASE")
    done = run("import", PICTURE, "--work", "W")
    assert done.code == 4
    assert "REMARQUE_PASSPHRASE" in done.err


def test_a_vault_from_a_newer_version_is_left_alone(vault):
    with sqlite3.connect(vault / "vault.db") as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    before = (vault / "vault.db").read_bytes()
    done = run("works")
    assert done.code == 4
    assert "newer" in done.err
    assert (vault / "vault.db").read_bytes() == before


@pytest.mark.parametrize("verb", ["read", "marks"])
def test_a_file_that_is_not_there(vault, verb, tmp_path):
    done = run(verb, tmp_path / "nothing.png")
    assert done.code == 4
    assert one_sentence(done.err)


def test_an_empty_folder(vault, tmp_path):
    (tmp_path / "empty").mkdir()
    done = run("import", tmp_path / "empty", "--work", "W")
    assert done.code == 4
    assert "no picture" in done.err


def test_an_unreadable_folder(vault, tmp_path, monkeypatch):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0)
    if os.access(folder, os.R_OK):  # root may read every folder, so the system's answer is played

        def refuse(path):
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "iterdir", refuse)
    done = run("import", folder, "--work", "W")
    assert done.code == 4
    assert one_sentence(done.err)
    assert "permission denied" in done.err


def test_a_text_file_is_not_a_picture_and_the_rest_goes_on(vault, tmp_path):
    (tmp_path / "notes.png").write_text("not a picture")
    done = run("import", tmp_path / "notes.png", PICTURE, "--work", "W", "--json")
    assert done.code == 4
    assert sorted(line["new"] for line in done.lines()) == [False, True]
    problem = next(line for line in done.lines() if not line["new"])
    assert problem["error"] == "picture-unreadable"


@pytest.mark.parametrize("path", samples_under("malformed"), ids=lambda path: path.name)
def test_malformed_files_end_in_a_result_or_a_sentence(vault, path):
    start = time.monotonic()
    for verb in (("read",), ("marks",), ("check",), ("import", "--work", "W")):
        done = run(verb[0], path, *verb[1:], "--json")
        assert done.code in (0, 3, 4), (verb, done.err)
        assert "Traceback" not in done.err
        if done.code == 4:
            assert done.err.startswith(("remarque: ", "{"))
    assert time.monotonic() - start < 20  # a bound against hanging: 4 verbs, 5 s each


def test_nonsense_on_the_command_line_is_a_usage_error(vault):
    assert run("import").code == 2
    assert run("nonsense").code == 2
    assert run("choose", "x", "--because", " ").code in (2, 4)


def test_a_work_that_is_not_there_lists_those_that_are(vault):
    run("works", "The one")
    done = run("show", "The other")
    assert done.code == 4
    assert "The one" in done.err


def test_publishing_needs_a_take(vault, tmp_path):
    done = run("publish", PICTURE, "--to", tmp_path / "out")
    assert done.code == 4
    assert "remarque import" in done.err
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())


def test_errors_are_json_when_asked(vault):
    done = run("show", "nothing", "--json")
    assert '"error": "not-found"' in done.err
    assert done.out == ""


def test_a_terminal_escape_in_a_prompt_does_not_reach_the_terminal(vault, tmp_path):
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("parameters", "a cat \x1b[2J\x07\nSteps: 3, Sampler: Euler, Seed: 1, Size: 8x8")
    Image.new("RGB", (64, 64), "red").save(tmp_path / "escape.png", pnginfo=text)
    assert run("import", tmp_path / "escape.png", "--work", "W").code == 0
    assert "\x1b[2J" not in run("show", "W").out
    assert "\x1b[2J" not in run("read", tmp_path / "escape.png").out


def test_a_bundle_that_is_not_there_is_no_negative_verdict(tmp_path):
    done = run("verify", tmp_path / "none.zip", "--json")
    assert done.code == 4
    assert "not there" in done.err


def test_something_else_than_a_bundle_fails(tmp_path):
    (tmp_path / "x.zip").write_text("hi")
    done = run("verify", tmp_path / "x.zip", "--json")
    assert done.code == 1
    assert done.line()["outcome"] == "fails"


def test_a_visible_mark_never_comes_out_as_boxes(vault, tmp_path):
    run("import", PICTURE, "--work", "W")
    done = run("publish", "take-2.png", "--to", tmp_path / "out", "--visible", "🦊")
    assert done.code == 4
    assert "U+1F98A" in done.err
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name", ["José Łukasz", "Ярослав", "李某", "山田テスト", "김민수"])
def test_names_of_many_scripts_can_be_a_visible_mark(vault, tmp_path, name):
    run("import", PICTURE, "--work", "W")
    done = run(
        "publish", "take-2.png", "--to", tmp_path / "out", "--visible", f"© {name}", "--json"
    )
    assert done.code == 0, done.err
    assert any(mark["kind"] == "visible" for mark in done.line()["marks"])
