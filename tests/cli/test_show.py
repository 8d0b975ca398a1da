"""``remarque show``: the tree, its JSON, what is missing, and large works."""

import shutil
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from rich.cells import cell_len
from rich.console import Console

import remarque
from remarque.actions.lineage import infer_work
from remarque.actions.recording import Fact, record
from remarque.actions.telling import tell
from remarque.actions.works import history_of
from remarque.cli.show import SHOWN
from remarque.cli.show_drawing import draw
from remarque.model.history import SelectionInferred, Sign
from remarque.model.witness import Gap, Observer
from remarque.wiring.vaults import open_vault
from stand_ins.command import run

PICTURES = Path(remarque.__file__).parent / "wiring" / "demonstration" / "pictures"
PASSPHRASE = "a passphrase for tests"


@pytest.fixture
def vault(monkeypatch, tmp_path) -> Path:
    place = tmp_path / "vault"
    monkeypatch.setenv("REMARQUE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("REMARQUE_VAULT", str(place))
    assert run("init", "--author", "Ada", "--json").code == 0
    return place


def edited_story(tmp_path: Path) -> None:
    """Three takes of the demonstration, then the last one painted over in an editor."""
    folder = tmp_path / "made"
    folder.mkdir()
    for picture in sorted(PICTURES.glob("*.png")):
        shutil.copyfile(picture, folder / picture.name)
    assert run("import", folder, "--work", "Bottle", "--json").code == 0
    with Image.open(folder / "take-3.png") as picture:
        changed = picture.convert("RGB")
    ImageDraw.Draw(changed).ellipse((40, 60, 140, 160), fill=(250, 240, 20))
    changed.save(tmp_path / "final.jpg", quality=92)
    assert run("import", tmp_path / "final.jpg", "--work", "Bottle", "--json").code == 0


def test_the_tree_says_relation_basis_gaps_and_what_lacks_a_reason(vault, tmp_path):
    edited_story(tmp_path)
    with open_vault(vault, passphrase=PASSPHRASE) as opened:
        history = history_of(opened, "Bottle")
        list(infer_work(opened, "Bottle"))
        first, second = (take.body.picture.digest for take in history.takes[:2])
        seen = "2026-11-23T10:00:00.000Z"
        inferred = SelectionInferred(history.work, first, (second,), Sign.MOVED, seen, "to best")
        record(opened, Fact(inferred, history.work, (first, second)))
        gap = Gap(history.work, Observer.FOLDER, seen, "one picture", "the disk was full")
        record(opened, Fact(gap, history.work))
    drawn = run("show", "Bottle").out
    assert "edit of take 3, by picture comparison" in drawn
    assert "edited “take-3.png” outside the generator" in drawn
    assert "take 1 preferred to 1 other (inferred: moved to another folder)" in drawn
    assert "the reason is missing: remarque choose" in drawn
    assert "missing: one picture the disk was full (folder watch)" in drawn
    assert "spread keypoints" not in drawn
    assert "spread keypoints" in run("show", "Bottle", "--full").out
    assert "imported, order proposed" in drawn
    assert "counted as context, not as a score" in drawn
    assert "phrases tried" in drawn

    told = run("show", "Bottle", "--json").line()
    last = told["steps"][-1]
    assert last["relation"] == "edit"
    assert last["basis"] == "picture comparison"
    assert last["parent"] == told["steps"][2]["take"]["take"]
    assert last["parent_number"] == 3
    assert 0.005 < last["edit"]["share"] < 0.02
    assert [change["category"] for change in last["changes"]] == ["edit"]
    assert told["gaps"][0]["missing"] == "one picture"
    assert told["inferred"][0]["reason_missing"] is True
    assert told["tally"]["made"] == 4
    assert told["tally"]["viewed"] is None
    kept = {"number", "index", "recorded", "grade", "grade_because", "take", "changes"}
    assert kept | {"not_comparable", "problem"} <= set(last)

    assert run("choose", "take-1.png", "--because", "the light", "--work", "Bottle").code == 0
    told = run("show", "Bottle", "--json").line()
    assert told["inferred"][0]["reason_missing"] is False
    assert told["tally"]["chosen"] == 1


def test_a_long_work_is_drawn_by_its_end_and_whole_when_asked(vault, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    count = SHOWN + 3
    for number in range(count):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{number:04}.png")
    assert run("import", folder, "--work", "Many").code == 0
    drawn = run("show", "Many").out
    assert f"the last {SHOWN} of {count} takes" in drawn
    assert "--all" in drawn
    assert "take 3 " not in drawn
    assert f"take {count} " in drawn
    every = run("show", "Many", "--all").out
    assert "take 1 " in every
    assert "--all" not in every
    assert len(run("show", "Many", "--json").line()["steps"]) == count


def test_control_characters_in_names_never_reach_the_terminal(vault, tmp_path):
    path = tmp_path / "a\x1b[31mred.png"
    Image.new("RGB", (8, 8)).save(path)
    assert run("import", path, "--work", "Odd").code == 0
    drawn = run("show", "Odd").out
    assert "\x1b" not in drawn
    assert "\\u001b[31mred.png" in drawn


def at_80_columns(vault: Path, work: str) -> list[str]:
    console = Console(
        width=80, force_terminal=True, color_system=None, record=True, file=StringIO()
    )
    with open_vault(vault, passphrase=PASSPHRASE) as opened:
        draw(tell(opened, work, last=SHOWN), console=console)
    return console.export_text().splitlines()


def test_in_a_terminal_every_row_fits_and_the_tree_goes_on_beside_it(vault, tmp_path):
    edited_story(tmp_path)
    intent = "一个装着银河的玻璃瓶" * 30
    assert run("works", "Bottle", "--intent", intent).code == 0
    with open_vault(vault, passphrase=PASSPHRASE) as opened:
        list(infer_work(opened, "Bottle"))
    rows = at_80_columns(vault, "Bottle")
    assert max(map(cell_len, rows)) <= 80
    stated = next(place for place, row in enumerate(rows) if "intent, stated" in row)
    assert "…" in "".join(rows[stated : stated + 8])
    assert any(row.startswith("  │  │ ") for row in rows)
    assert any(row.startswith("  │    ") for row in rows)


def test_takes_without_a_known_parent_are_not_called_variations(vault, tmp_path):
    edited_story(tmp_path)
    drawn = run("show", "Bottle").out
    assert "compared with take 1, its neighbour; no parent is known" in drawn
    assert "variation" not in drawn


def test_works_counts_gaps_and_inferred_choices(vault, tmp_path):
    edited_story(tmp_path)
    line = run("works", "--json").line()
    assert (line["takes"], line["gaps"], line["inferred_choices"]) == (4, 0, 0)
