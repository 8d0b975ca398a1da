"""The web UI extension on a stand-in of the web UI (tests/stand_ins/webui_program.py)."""

import ast
import base64
import importlib
import io
import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from remarque.actions.works import histories
from remarque.engines import inbox_writing
from remarque.model.digests import digest_of
from remarque.model.history import Manner
from remarque.model.witness import Observer
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault
from stand_ins.inbox_reading import InboxReading, empty, read_all
from stand_ins.webui_program import EXTENSION, ControlNetUnit, Processing, WebUi


@pytest.fixture(scope="module")
def model_vault(tmp_path_factory):
    place = tmp_path_factory.mktemp("model") / "vault"
    make_vault(place, Founding("Ada", "a passphrase"))
    return place


@pytest.fixture
def place(tmp_path, model_vault):
    return shutil.copytree(model_vault, tmp_path / "vault")


@pytest.fixture
def program(tmp_path, place, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("REMARQUE_INBOX", str(tmp_path / "inbox"))
    web_ui = WebUi(tmp_path / "output", monkeypatch)
    web_ui.shared.opts.data.update(remarque_work="Cats", remarque_line=False)
    web_ui.inbox = tmp_path / "inbox"
    yield web_ui
    web_ui.end()
    for name in [name for name in sys.modules if name.startswith("remarque_webui")]:
        del sys.modules[name]


def history_of(program, place):
    program.end()
    assert program.callbacks.reported == []
    program.gaps = read_all(place, program.inbox)
    with open_vault(place) as vault:
        [history] = histories(vault)
        assert history.title == "Cats"
        return history


def takes_of(program, place):
    return [take.body for take in history_of(program, place).takes]


def settings_of(take):
    return {one.name: one.value for one in take.witness.environment}


def test_saved_pictures_with_their_true_seeds(program, place):
    p = Processing(program.folder, batch_size=2, n_iter=2, subseed_strength=0.3)
    program.return_grid = program.grid_save = False
    program.process_images(p)
    takes = takes_of(program, place)
    assert [take.picture.name for take in takes] == [
        "00000-100.png", "00001-100.png", "00002-100.png", "00003-100.png"
    ]  # fmt: skip
    assert [settings_of(take)["seed of this picture"] for take in takes] == ["100"] * 4
    assert [settings_of(take)["variation seed of this picture"] for take in takes] == [
        "5", "6", "7", "8"
    ]  # fmt: skip
    assert {take.witness.observer for take in takes} == {Observer.WEBUI_EXTENSION}
    assert len({take.witness.run for take in takes}) == 1
    assert {take.witness.saved for take in takes} == {True}
    assert takes[0].recipe.seed == 100
    assert takes[0].recipe.prompt == "a cat"
    assert takes[0].witness.program == "Stable Diffusion web UI v1.10.1"


def test_files_and_infotext_are_untouched(program, place):
    processed = program.process_images(Processing(program.folder))
    [image] = processed.images
    path = program.folder / "txt2img" / "00000-100.png"
    [take] = takes_of(program, place)
    assert take.picture.digest == digest_of(path.read_bytes())
    assert image.info["parameters"] == processed.infotexts[0]
    assert processed.comments == ""


def test_a_file_saved_under_another_name_is_found(program, place):
    program.process_images(Processing(program.folder))
    program.process_images(Processing(program.folder, prompt="a dog"))
    takes = takes_of(program, place)
    assert [take.picture.name for take in takes] == ["00000-100.png", "00000-100-1.png"]


def test_pictures_that_are_not_saved(program, place):
    program.samples_save = program.grid_save = False
    program.process_images(Processing(program.folder, batch_size=2))
    takes = takes_of(program, place)
    assert [take.witness.saved for take in takes] == [False] * 3  # the shown grid, two pictures
    assert [take.recipe.seed for take in takes[1:]] == [100, 101]
    assert "grid" in takes[0].picture.name
    assert "did not save" in takes[1].witness.remarks[0]


def test_grids(program, place):
    program.process_images(Processing(program.folder, batch_size=3))
    takes = takes_of(program, place)
    assert [take.picture.name for take in takes][-1] == "grid-0000.png"
    assert len(takes) == 4
    assert any("grid" in one for one in takes[-1].witness.remarks)
    assert "seed of this picture" not in settings_of(takes[-1])


def test_grids_and_unsaved_pictures_can_be_left_out(program, place):
    program.shared.opts.data.update(remarque_grids=False, remarque_unsaved=False)
    program.process_images(Processing(program.folder, batch_size=2))
    program.samples_save = program.grid_save = False
    program.process_images(Processing(program.folder, batch_size=2, seed=900))
    assert [take.recipe.seed for take in takes_of(program, place)] == [100, 101]


def test_without_text_in_the_files_the_recipe_is_known(program, place):
    program.enable_pnginfo = False
    program.process_images(Processing(program.folder))
    [take] = takes_of(program, place)
    assert (take.recipe.seed, take.recipe.steps, take.recipe.prompt) == (100, 4, "a cat")


def test_what_went_in_is_kept(program, place):
    start = Image.fromarray(np.full((32, 32, 3), 80, np.uint8))
    mask = Image.new("L", (32, 32), 255)
    program.process_images(Processing(program.folder, init_images=[start], image_mask=mask))
    history_of(program, place)
    with open_vault(place) as vault:
        [history] = histories(vault)
        sources = history.takes[0].body.recipe.sources
        assert [one.role for one in sources] == ["init", "mask"]
        assert all(vault.pictures.holds(one.digest) for one in sources)
        executed = vault.pictures.read(history.takes[0].body.witness.executed)
        assert b'"all_seeds": [100]' in executed


def test_model_files(program, place, tmp_path, monkeypatch):
    checkpoint, lora = tmp_path / "ink.safetensors", tmp_path / "style.safetensors"
    checkpoint.write_bytes(b"a checkpoint")
    lora.write_bytes(b"a lora")
    program.shared.sd_model.sd_checkpoint_info = SimpleNamespace(filename=str(checkpoint))
    networks = ModuleType("networks")
    on_disk = SimpleNamespace(filename=str(lora))
    networks.loaded_networks = [SimpleNamespace(network_on_disk=on_disk)]
    monkeypatch.setitem(sys.modules, "networks", networks)
    program.process_images(Processing(program.folder))
    [take] = takes_of(program, place)
    assert [(one.role, one.name, one.digest) for one in take.witness.models] == [
        ("checkpoint", "ink.safetensors", digest_of(b"a checkpoint")),
        ("lora", "style.safetensors", digest_of(b"a lora")),
    ]


def test_an_interrupted_run_is_said(program, place):
    program.shared.state.skipped = True
    program.process_images(Processing(program.folder))
    [take] = takes_of(program, place)
    assert any("interrupted" in one for one in take.witness.remarks)


def test_a_run_that_breaks_off(program, place):
    program.fail_at = 1
    with pytest.raises(RuntimeError, match="out of memory"):
        program.process_images(Processing(program.folder, batch_size=3))
    program.fail_at = None
    program.process_images(Processing(program.folder, seed=900))
    history = history_of(program, place)
    takes = [take.body for take in history.takes]
    assert [settings_of(take)["seed of this picture"] for take in takes] == ["100", "101", "900"]
    assert any("ended early" in one for one in takes[1].witness.remarks)
    assert any("1 pictures" in gap and "never finished" in gap for gap in program.gaps)


def test_saved_by_hand_without_a_run(program, place):
    image = Image.new("RGB", (32, 32), "green")
    text = "a cat\nSteps: 4, Sampler: Euler a, CFG scale: 7, Seed: 9, Size: 32x32"
    program.save_image(image, str(program.folder / "saved"), "kept", None, text)
    [take] = takes_of(program, place)
    assert (take.picture.name, take.recipe.seed) == ("kept.png", 9)


def test_switched_off(program):
    program.shared.opts.data["remarque_enabled"] = False
    program.process_images(Processing(program.folder))
    program.end()
    assert empty(program.inbox)


def test_an_inbox_that_cannot_be_written_is_not_felt_and_said(program, tmp_path):
    (tmp_path / "a file").touch()
    program.shared.opts.data["remarque_inbox"] = str(tmp_path / "a file" / "inbox")
    first = program.process_images(Processing(program.folder))
    assert len(first.images) == 1
    program.script_module.recorder.flush(60)
    second = program.process_images(Processing(program.folder, seed=900))
    # Said as soon as it is known, and once.
    assert "are not recorded. It met NotADirectoryError" in first.comments + second.comments
    assert program.callbacks.reported == []


def test_a_recorder_that_breaks_is_not_felt(program, place, monkeypatch):
    recording = importlib.import_module("remarque_webui.recording")

    def broken(*_):
        raise RuntimeError("no luck")

    monkeypatch.setattr(recording, "executed_text", broken)
    assert len(program.process_images(Processing(program.folder)).images) == 1
    program.end()
    gaps = read_all(place, program.inbox)
    assert any("no luck" in gap for gap in gaps)


def test_the_line_under_the_pictures(program, place):
    program.shared.opts.data["remarque_line"] = True
    alone = program.process_images(Processing(program.folder))
    assert "1 pictures handed over, and nobody reads the inbox" in alone.comments
    with InboxReading(place) as reading:
        read = program.process_images(Processing(program.folder, seed=900))
        program.script_module.recorder.flush(60)
        reading.wait(lambda: empty(program.inbox))
    assert read.comments == "Remarque: 1 pictures handed over; a watch records them.\n"


def test_while_a_watch_reads_it_is_recorded_as_it_happens(program, place):
    program.process_images(Processing(program.folder))
    program.script_module.recorder.flush(60)
    with InboxReading(place) as reading:
        program.process_images(Processing(program.folder, seed=900))
        program.script_module.recorder.flush(60)
        reading.wait(lambda: empty(program.inbox) and len(reading.new) == 2)
    before, during = reading.new
    assert before.manner is Manner.IMPORTED
    assert any("read from the inbox only later" in one for one in before.witness.remarks)
    assert during.manner is Manner.AS_IT_HAPPENED
    assert not during.witness.caught_up


def test_control_pictures_are_kept(program, place):
    edges = np.zeros((32, 32, 3), np.uint8)
    units = (
        ControlNetUnit(True, {"image": edges, "mask": edges}),
        ControlNetUnit(False, {"image": edges + 1, "mask": None}),
        {"enabled": True, "module": "depth", "model": "d", "image": base64_png(edges + 2)},
        "no unit",
    )
    program.process_images(Processing(program.folder, script_args=units))
    [take] = takes_of(program, place)
    assert [one.role for one in take.recipe.sources] == ["control", "control"]
    assert len({one.digest for one in take.recipe.sources}) == 2


def test_embeddings_the_web_ui_says_it_used(program, place, tmp_path, monkeypatch):
    used, unused = tmp_path / "bad-hands.pt", tmp_path / "cat.pt"
    used.write_bytes(b"an embedding")
    unused.write_bytes(b"another")
    hijack = ModuleType("modules.sd_hijack")
    known = {"bad: hands": SimpleNamespace(filename=str(used)),
             "cat": SimpleNamespace(filename=str(unused))}  # fmt: skip
    hijack.model_hijack = SimpleNamespace(embedding_db=SimpleNamespace(word_embeddings=known))
    monkeypatch.setitem(sys.modules, "modules.sd_hijack", hijack)
    told = {"TI hashes": "bad hands: 0123456789ab, gone: 11"}
    program.process_images(Processing(program.folder, extra_generation_params=told))
    [take] = takes_of(program, place)
    assert [(one.role, one.name, one.digest) for one in take.witness.models] == [
        ("embedding", "bad-hands.pt", digest_of(b"an embedding"))
    ]


def test_a_model_file_that_changed_since_has_no_digest(program, place, tmp_path):
    checkpoint = tmp_path / "ink.safetensors"
    checkpoint.write_bytes(b"a checkpoint")
    program.shared.sd_model.sd_checkpoint_info = SimpleNamespace(filename=str(checkpoint))
    program.process_images(Processing(program.folder))
    program.script_module.recorder.flush(60)
    checkpoint.write_bytes(b"another checkpoint")
    [take] = takes_of(program, place)
    assert [(one.name, one.digest) for one in take.witness.models] == [("ink.safetensors", None)]
    assert any("was changed or moved" in one for one in take.witness.remarks)


def test_the_extras_tab_with_what_went_in(program, place):
    start = Image.new("RGB", (16, 16), "red")
    program.run_postprocessing(start)
    [take] = takes_of(program, place)
    assert (take.picture.name, take.picture.width_px) == ("00000.png", 32)
    assert [one.role for one in take.recipe.sources] == ["init"]
    # A picture saved by hand afterwards did not come out of it.
    program.save_image(Image.new("RGB", (8, 8)), str(program.folder / "saved"), "b", None, "a dog")
    program.script_module.recorder.flush(60)


def test_the_settings_page(program):
    labels = program.shared.opts.data_labels
    assert set(labels) == {
        "remarque_enabled", "remarque_inbox", "remarque_work", "remarque_unsaved",
        "remarque_grids", "remarque_line",
    }  # fmt: skip
    assert {one.section for one in labels.values()} == {("remarque", "Remarque")}


def test_the_extension_is_of_python_3_10_and_needs_no_remarque():
    for path in EXTENSION.rglob("*.py"):
        tree = ast.parse(path.read_text(), feature_version=(3, 10))
        wanted = {name for node in ast.walk(tree) for name in imported(node)}
        assert "remarque" not in wanted, path
        assert "tomllib" not in wanted, path


def test_the_writing_side_is_one_file():
    ours = Path(inbox_writing.__file__).read_bytes()
    assert (EXTENSION / "remarque_webui/inbox_writing.py").read_bytes() == ours


def imported(node):
    """Top-level names a statement imports when it runs; what only type checkers see is left out."""
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module != "remarque.engines.inbox_writing":
        return [str(node.module).split(".")[0]]
    return []


def base64_png(pixels):
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()
