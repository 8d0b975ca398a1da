"""The web UI extension on a stand-in of the web UI (tests/stand_ins/webui_program.py)."""

import importlib
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from remarque.actions.works import histories
from remarque.model.digests import digest_of
from remarque.model.witness import Observer
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault
from stand_ins.webui_program import EXTENSION, Processing, WebUi


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
    web_ui = WebUi(tmp_path / "output", monkeypatch)
    web_ui.shared.opts.data.update(remarque_vault=str(place), remarque_work="Cats")
    yield web_ui
    web_ui.end()
    for name in [name for name in sys.modules if name.startswith("remarque_webui")]:
        del sys.modules[name]


def history_of(program, place):
    program.end()
    assert program.callbacks.reported == []
    with open_vault(place) as vault:
        [history] = histories(vault)
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
    program.end()
    with open_vault(place) as vault:
        [history] = histories(vault)
        sources = history.takes[0].body.recipe.sources
        assert [one.role for one in sources] == ["init", "mask"]
        assert all(vault.pictures.holds(one.digest) for one in sources)
        executed = vault.pictures.read(history.takes[0].body.witness.executed)
        assert b'"all_seeds": [100]' in executed


def test_model_files(program, place, tmp_path, monkeypatch):
    from types import ModuleType, SimpleNamespace

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
    assert "1 decoded pictures were never finished" in history.gaps[0].body.because


def test_saved_by_hand_without_a_run(program, place):
    image = Image.new("RGB", (32, 32), "green")
    text = "a cat\nSteps: 4, Sampler: Euler a, CFG scale: 7, Seed: 9, Size: 32x32"
    program.save_image(image, str(program.folder / "saved"), "kept", None, text)
    [take] = takes_of(program, place)
    assert (take.picture.name, take.recipe.seed) == ("kept.png", 9)


def test_switched_off(program, place):
    program.shared.opts.data["remarque_enabled"] = False
    program.process_images(Processing(program.folder))
    program.end()
    with open_vault(place) as vault:
        assert histories(vault) == []


def test_without_a_vault_the_web_ui_goes_on_and_says_so(program, tmp_path):
    program.shared.opts.data["remarque_vault"] = str(tmp_path / "nowhere")
    first = program.process_images(Processing(program.folder))
    assert len(first.images) == 1
    program.script_module.recorder.flush(60)
    second = program.process_images(Processing(program.folder, seed=900))
    # Said as soon as it is known, and once.
    assert "missing from the record" in first.comments + second.comments
    assert program.callbacks.reported == []


def test_a_recorder_that_breaks_is_not_felt(program, place, monkeypatch):
    recording = importlib.import_module("remarque_webui.recording")

    def broken(*_):
        raise RuntimeError("no luck")

    monkeypatch.setattr(recording, "executed_bytes", broken)
    assert len(program.process_images(Processing(program.folder)).images) == 1
    history = history_of(program, place)
    assert history.takes == []
    assert "no luck" in history.gaps[0].body.because


def test_the_settings_page(program):
    labels = program.shared.opts.data_labels
    assert set(labels) == {
        "remarque_enabled", "remarque_vault", "remarque_work", "remarque_unsaved", "remarque_grids"
    }  # fmt: skip
    assert {one.section for one in labels.values()} == {("remarque", "Remarque")}


def test_where_remarque_is_not_installed_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "remarque_webui.recording", None)
    web_ui = WebUi(tmp_path / "output", monkeypatch)
    processed = web_ui.process_images(Processing(web_ui.folder))
    assert "is not recording" in processed.comments
    assert web_ui.callbacks.reported == []


def test_the_installer_leaves_old_pythons_alone(monkeypatch):
    from types import ModuleType

    asked = []
    launch = ModuleType("launch")
    launch.is_installed = lambda _name: False
    launch.run_pip = lambda command, _what: asked.append(command)
    monkeypatch.setitem(sys.modules, "launch", launch)
    source = (EXTENSION / "install.py").read_text()
    exec(compile(source, "install.py", "exec"), {"__name__": "install"})
    monkeypatch.setattr(sys, "version_info", (3, 10, 6))
    exec(compile(source, "install.py", "exec"), {"__name__": "install"})
    assert asked == ["install remarque"]
