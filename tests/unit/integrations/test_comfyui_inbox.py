"""The node package in a ComfyUI whose Python has no Remarque: everything goes through the inbox."""

import ast
import logging
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image
from safetensors.numpy import save_file

from remarque.engines import inbox_writing
from remarque.model.digests import digest_of
from remarque.model.history import Manner
from remarque.model.witness import Observer
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault
from stand_ins.comfyui_program import PACKAGE, Comfy, noise
from stand_ins.inbox_reading import InboxReading, all_takes, empty, read_all

SAMPLER = {
    "seed": 42, "steps": 12, "cfg": 6.5, "sampler_name": "euler", "scheduler": "karras",
    "denoise": 1.0, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0],
    "latent_image": ["5", 0],
}  # fmt: skip
PROMPT = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sea.safetensors"}},
    "5": {
        "class_type": "EmptyLatentImage",
        "inputs": {"width": 64, "height": 64, "batch_size": 1},
    },
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "3": {"class_type": "KSampler", "inputs": SAMPLER},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
}
SAVE = {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "sea"}}
PREVIEW = {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}
# What of Remarque the package uses where it is installed; none of it may load here.
OURS = ("remarque", "remarque.engines", "remarque.wiring", "remarque.actions", "remarque.errors")


@pytest.fixture(scope="module")
def model_vault(tmp_path_factory):
    place = tmp_path_factory.mktemp("model") / "vault"
    make_vault(place, Founding("Ada", "a passphrase"))
    return place


@pytest.fixture
def place(tmp_path, model_vault):
    return shutil.copytree(model_vault, tmp_path / "vault")


@pytest.fixture
def comfy(tmp_path, monkeypatch):
    """A ComfyUI in which Remarque cannot be imported while the package is loaded."""
    monkeypatch.setenv("REMARQUE_INBOX", str(tmp_path / "inbox"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    running = Comfy(tmp_path / "ComfyUI")
    running.inbox = tmp_path / "inbox"
    running.nodes |= {
        "KSampler": lambda told, _: ((noise(told["seed"], told["latent_image"][-1]),), {}),
        "EmptyLatentImage": lambda told, _: ((("latent", told["batch_size"]),), {}),
        "VAEDecode": lambda told, _: ((told["samples"],), {}),
    }
    running.install(monkeypatch)
    with monkeypatch.context() as without:
        for name in [one for one in sys.modules if one.split(".")[0] == "remarque"]:
            without.setitem(sys.modules, name, None)
        running.load_package()
    yield running
    running.recording.handing.close()


def takes(comfy, place):
    assert comfy.recording.handing.flush(60)
    comfy.gaps = read_all(place, comfy.inbox)
    return all_takes(place)


def test_a_run_is_recorded_with_what_only_comfyui_knows(comfy, place):
    path = comfy.base / "models/checkpoints/sea.safetensors"
    save_file({"weight": noise(1)[0]}, path, metadata={"modelspec.title": "Sea"})
    with InboxReading(place) as reading:
        comfy.run(PROMPT | {"9": SAVE})
        comfy.recording.handing.flush(60)
        reading.wait(lambda: empty(comfy.inbox) and reading.new)
    [take] = all_takes(place)
    assert take.manner is Manner.AS_IT_HAPPENED
    assert (take.recipe.seed, take.recipe.prompt, take.recipe.steps) == (42, "a lighthouse", 12)
    assert take.witness.observer is Observer.COMFYUI_NODE
    assert take.witness.program == "ComfyUI 0.3.64"
    assert (take.witness.run, take.witness.saved) == ("run-1", True)
    [model] = take.witness.models
    assert (model.role, model.name) == ("checkpoint", "sea.safetensors")
    assert (model.digest, model.version) == (digest_of(path.read_bytes()), "Sea")
    assert take.picture.digest == digest_of((comfy.base / "output/sea_00001_.png").read_bytes())
    assert take.contradictions == ()
    with open_vault(place) as vault:
        assert b'"ckpt_name":"sea.safetensors"' in vault.pictures.read(take.witness.executed)


def test_a_seed_that_another_node_drew_is_the_one_recorded(comfy, place):
    comfy.nodes["Draw a number"] = lambda *_: ((2**64 - 3,), {})
    drawn = {"class_type": "Draw a number", "inputs": {"minimum": 0}}
    sampler = {"class_type": "KSampler", "inputs": SAMPLER | {"seed": ["2", 0]}}
    comfy.run({"2": drawn} | PROMPT | {"3": sampler, "9": SAVE})
    [take] = takes(comfy, place)
    assert take.recipe.seed == 2**64 - 3
    assert take.manner is Manner.IMPORTED  # no watch read the inbox when it was made


def test_previews_and_pictures_that_went_in(comfy, place):
    Image.fromarray(noise(7)[0]).save(comfy.base / "input/start.png")
    prompt = PROMPT | {
        "21": {"class_type": "LoadImage", "inputs": {"image": "start.png"}},
        "5": {"class_type": "VAEEncode", "inputs": {"pixels": ["21", 0], "vae": ["4", 2]}},
        "9": PREVIEW,
    }
    comfy.nodes["VAEEncode"] = lambda *_: ((("latent", 1),), {})
    comfy.run({key: prompt[key] for key in ["4", "21", "5", "6", "7", "3", "8", "9"]})
    [take] = takes(comfy, place)
    assert not take.witness.saved
    digest = digest_of((comfy.base / "input/start.png").read_bytes())
    assert [(use.role, use.name, use.digest) for use in take.recipe.sources] == [
        ("init", "start.png", digest)
    ]


def test_a_picture_shown_again_from_the_cache_is_handed_over_once(comfy, place):
    comfy.run(PROMPT | {"9": SAVE})
    comfy.run(PROMPT | {"9": SAVE}, run_id="run-2")
    assert len(takes(comfy, place)) == 1
    assert comfy.recording.handing.handed == 1


def test_a_batch_and_a_failed_run(comfy, place):
    def fail(*_):
        raise RuntimeError("out of memory")

    comfy.nodes["Fails"] = fail
    batch = {
        "class_type": "EmptyLatentImage",
        "inputs": {"width": 64, "height": 64, "batch_size": 2},
    }
    comfy.run(PROMPT | {"5": batch, "9": SAVE, "99": {"class_type": "Fails", "inputs": {}}})
    found = takes(comfy, place)
    assert [take.recipe.settings[-1].value for take in found] == ["1 of 2", "2 of 2"]
    assert any("out of memory" in remark for remark in found[0].witness.remarks)


def test_a_number_that_json_has_no_word_for(comfy, place):
    odd = {"class_type": "Odd", "inputs": {"value": float("nan"), "text": "half \ud800 a letter"}}
    comfy.run(PROMPT | {"9": SAVE, "50": odd})
    [take] = takes(comfy, place)
    assert take.recipe.seed == 42


def test_the_save_node_saves_and_says_what_marked_copies_need(comfy, place, caplog):
    marked = {
        "images": ["8", 0], "filename_prefix": "sea", "work": "Lighthouse",
        "copies_folder": "marked", "visible_mark": "", "label_ai": False, "credentials": False,
    }  # fmt: skip
    with caplog.at_level(logging.WARNING, "remarque.comfyui"):
        comfy.run(PROMPT | {"9": {"class_type": "RemarqueSaveMarkedCopy", "inputs": marked}})
    assert "marked copies need Remarque installed" in caplog.text
    assert not (comfy.base / "output/marked").exists()
    takes(comfy, place)
    with open_vault(place) as vault:
        from remarque.actions.works import histories

        assert [history.title for history in histories(vault)] == ["Lighthouse"]


@pytest.mark.parametrize("broken", [None, [], {"outputs": 5}, {"outputs": {"9": {"images": [3]}}}])
def test_a_result_of_a_strange_form_never_stops_comfyui(comfy, broken):
    comfy.queue.currently_running[5] = (0, "odd", {"9": SAVE}, {}, [])
    result = broken if isinstance(broken, dict) else {"outputs": broken}
    comfy.queue.task_done(5, result, status=type("S", (), {"_asdict": dict, "messages": None})())
    assert "odd" in comfy.queue.history


def test_a_picture_that_is_gone_is_counted(comfy, place):
    comfy.recording.handing._writer()  # the thread is not running yet: the file goes first
    comfy.queue.currently_running[5] = (0, "r", dict(PROMPT), {}, [])
    shown = {"9": {"images": [{"filename": "gone.png", "subfolder": "", "type": "output"}]}}
    status = type("S", (), {"_asdict": dict, "messages": []})()
    comfy.queue.task_done(5, {"outputs": shown, "meta": {}}, status=status)
    assert takes(comfy, place) == []
    comfy.recording.handing.close()
    assert any(
        "1 pictures that ComfyUI" in gap for gap in [*comfy.gaps, *read_all(place, comfy.inbox)]
    )


def test_files_both_packages_carry_are_the_same():
    webui = PACKAGE.parent / "webui" / "remarque_webui"
    ours = Path(inbox_writing.__file__).read_bytes()
    assert (PACKAGE / "inbox_writing.py").read_bytes() == ours
    assert (PACKAGE / "handing.py").read_bytes() == (webui / "handing.py").read_bytes()


def test_what_runs_without_remarque_is_of_python_3_10():
    for path in PACKAGE.glob("*.py"):
        ast.parse(path.read_text(), feature_version=(3, 10))
    without = "handing_over", "handing", "inbox_writing", "looking_on", "found", "facts", "orders"
    for name in (*without, "saving", "__init__"):
        tree = ast.parse((PACKAGE / f"{name}.py").read_text())
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert str(node.module).split(".")[0] != "remarque", path
