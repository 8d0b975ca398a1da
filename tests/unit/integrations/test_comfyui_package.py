"""The node package, loaded as ComfyUI loads it, in stand-ins of ComfyUI's modules."""

import asyncio
import inspect
import logging
import sys
import tomllib

import pytest
from PIL import Image
from safetensors.numpy import save_file

import remarque
from remarque.actions.works import histories
from remarque.engines.comfyui_environment import _PIXEL_OPTIONS
from remarque.model.digests import digest_of
from remarque.model.history import Manner
from remarque.model.witness import Observer
from remarque.wiring.initialising import Founding
from stand_ins.comfyui_program import PACKAGE, Comfy, Interrupt, noise

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
WORK = {"class_type": "RemarqueWork", "inputs": {"work": "Lighthouse"}}


def marked(**inputs):
    given = {
        "images": ["8", 0], "filename_prefix": "sea", "work": "Lighthouse",
        "copies_folder": "marked", "visible_mark": "", "label_ai": False, "credentials": False,
    }  # fmt: skip
    return {"class_type": "RemarqueSaveMarkedCopy", "inputs": given | inputs}


@pytest.fixture
def comfy(tmp_path, monkeypatch):
    """A ComfyUI with the package loaded and an empty vault; sampling gives noise of the seed."""
    monkeypatch.setenv("REMARQUE_VAULT", str(tmp_path / "vault"))
    monkeypatch.setenv("REMARQUE_PASSPHRASE", "correct horse")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    remarque.make_vault(tmp_path / "vault", Founding("Mara", "correct horse"))
    running = Comfy(tmp_path / "ComfyUI")
    running.nodes |= {
        "KSampler": lambda told, _: ((noise(told["seed"], told["latent_image"][-1]),), {}),
        "EmptyLatentImage": lambda told, _: ((("latent", told["batch_size"]),), {}),
        "VAEDecode": lambda told, _: ((told["samples"],), {}),
    }
    running.install(monkeypatch)
    running.load_package()
    yield running
    running.recording.recorder.close(60)


def takes(comfy):
    """Every take in the vault, after all that waited was recorded."""
    assert comfy.recording.recorder.flush(120)
    assert comfy.recording.recorder.problems == ()
    with remarque.open_vault() as vault:
        return [take.body for history in histories(vault) for take in history.takes]


def work_titles():
    with remarque.open_vault() as vault:
        return {history.title for history in histories(vault)}


def test_a_run_is_recorded_without_any_node_of_ours_in_the_graph(comfy):
    comfy.run(PROMPT | {"9": SAVE})
    (take,) = takes(comfy)
    assert take.manner is Manner.AS_IT_HAPPENED
    assert (take.recipe.seed, take.recipe.prompt, take.recipe.steps) == (42, "a lighthouse", 12)
    assert take.witness.observer is Observer.COMFYUI_NODE
    assert take.witness.program == "ComfyUI 0.3.64"
    assert take.witness.run == "run-1"
    assert take.picture.digest == digest_of((comfy.base / "output/sea_00001_.png").read_bytes())
    assert take.contradictions == ()


def test_the_executed_prompt_is_kept_in_the_vault(comfy):
    comfy.run(PROMPT | {"9": SAVE})
    (take,) = takes(comfy)
    with remarque.open_vault() as vault:
        assert b'"ckpt_name":"sea.safetensors"' in vault.pictures.read(take.witness.executed)


def test_previews_that_were_not_saved_are_recorded(comfy):
    comfy.run(PROMPT | {"10": PREVIEW})
    (take,) = takes(comfy)
    assert not take.witness.saved


def test_a_batch_has_one_seed_and_each_picture_its_place(comfy):
    batch = {
        "class_type": "EmptyLatentImage",
        "inputs": {"width": 64, "height": 64, "batch_size": 3},
    }
    comfy.run(PROMPT | {"5": batch, "9": SAVE})
    found = takes(comfy)
    assert [take.recipe.seed for take in found] == [42, 42, 42]
    assert [take.recipe.settings[-1].value for take in found] == ["1 of 3", "2 of 3", "3 of 3"]


def test_a_seed_that_another_node_drew_is_the_one_recorded(comfy):
    comfy.nodes["Draw a number"] = lambda *_: ((2**64 - 3,), {})
    drawn = {"class_type": "Draw a number", "inputs": {"minimum": 0}}
    sampler = {"class_type": "KSampler", "inputs": SAMPLER | {"seed": ["2", 0]}}
    comfy.run({"2": drawn} | PROMPT | {"3": sampler, "9": SAVE})
    (take,) = takes(comfy)
    assert take.recipe.seed == 2**64 - 3
    computed = [item for item in take.recipe.settings if item.name.startswith("computed")]
    assert [(item.name, item.value) for item in computed] == [
        ("computed at run time: 3.seed", str(2**64 - 3))
    ]


def test_model_files_are_recorded_as_they_lay_on_disk(comfy):
    path = comfy.base / "models/checkpoints/sea.safetensors"
    save_file({"weight": noise(1)[0]}, path, metadata={"modelspec.title": "Sea"})
    comfy.run(PROMPT | {"9": SAVE})
    (take,) = takes(comfy)
    (model,) = take.witness.models
    assert (model.role, model.name) == ("checkpoint", "sea.safetensors")
    assert model.digest == digest_of(path.read_bytes())
    assert model.size_bytes == path.stat().st_size


def test_a_model_that_is_not_found_is_named_without_a_digest(comfy):
    words = {"text": "embedding:bad:1.2, fog", "clip": ["4", 1]}
    comfy.run(PROMPT | {"7": {"class_type": "CLIPTextEncode", "inputs": words}, "9": SAVE})
    (take,) = takes(comfy)
    assert [(model.role, model.name, model.digest) for model in take.witness.models] == [
        ("checkpoint", "sea.safetensors", None),
        ("embedding", "bad", None),
    ]


def test_a_picture_that_went_in_is_kept(comfy):
    Image.fromarray(noise(7)[0]).save(comfy.base / "input/start.png")
    prompt = PROMPT | {
        "21": {"class_type": "LoadImage", "inputs": {"image": "start.png"}},
        "5": {"class_type": "VAEEncode", "inputs": {"pixels": ["21", 0], "vae": ["4", 2]}},
        "9": SAVE,
    }
    comfy.nodes["VAEEncode"] = lambda *_: ((("latent", 1),), {})
    order = ["4", "21", "5", "6", "7", "3", "8", "9"]
    comfy.run({key: prompt[key] for key in order})
    (take,) = takes(comfy)
    digest = digest_of((comfy.base / "input/start.png").read_bytes())
    assert [(use.role, use.name, use.digest) for use in take.recipe.sources] == [
        ("init", "start.png", digest)
    ]


def test_the_environment_names_custom_nodes_with_their_versions(comfy):
    folder = comfy.base / "custom_nodes" / "someone-nodes"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nversion = "2.1.0"\n')
    comfy.modules["nodes"].LOADED_MODULE_DIRS["someone-nodes"] = str(folder)
    comfy.run(PROMPT | {"9": SAVE})
    (take,) = takes(comfy)
    told = {setting.name: setting.value for setting in take.witness.environment}
    assert told["custom node someone-nodes"] == "2.1.0"
    assert "python" in told


def test_a_run_that_fails_later_keeps_the_pictures_it_made(comfy):
    def fail(*_):
        raise RuntimeError("out of memory")

    comfy.nodes["Fails"] = fail
    comfy.run(PROMPT | {"9": SAVE, "99": {"class_type": "Fails", "inputs": {}}})
    (take,) = takes(comfy)
    assert any("out of memory" in remark for remark in take.witness.remarks)


def test_an_interrupted_run_without_pictures_is_no_trouble(comfy):
    def interrupt(*_):
        raise Interrupt

    comfy.nodes["Stops"] = interrupt
    comfy.run({"1": {"class_type": "Stops", "inputs": {}}})
    assert takes(comfy) == []


def test_a_picture_shown_again_from_the_cache_is_recorded_once(comfy):
    comfy.run(PROMPT | {"9": SAVE})
    comfy.run(PROMPT | {"9": SAVE}, run_id="run-2")
    assert len(takes(comfy)) == 1


def test_the_work_node_names_the_work(comfy):
    comfy.run(PROMPT | {"9": SAVE, "30": WORK})
    takes(comfy)
    assert work_titles() == {"Lighthouse"}


def test_the_save_node_saves_as_comfyui_does_and_publishes_a_marked_copy(comfy):
    comfy.run(PROMPT | {"9": marked()}, workflow={"nodes": [{"id": 1}], "version": 0.4})
    assert comfy.recording.marking.wait(120)
    assert len(takes(comfy)) == 1
    with Image.open(comfy.base / "output/sea_00001_.png") as saved:
        assert '"ckpt_name"' in saved.info["prompt"]
        assert saved.info["workflow"] == '{"nodes": [{"id": 1}], "version": 0.4}'
    (copy,) = (comfy.base / "output/marked").iterdir()
    content = copy.read_bytes()
    assert b"lighthouse" not in content.replace(b"Lighthouse", b"")
    assert b"KSampler" not in content
    assert b"Mara" in content


def test_without_a_passphrase_the_plain_picture_is_saved_and_the_reason_said(
    comfy, monkeypatch, caplog
):
    monkeypatch.delenv("REMARQUE_PASSPHRASE")
    monkeypatch.setattr("remarque.wiring.settings.find_passphrase", lambda _place: None)
    with caplog.at_level(logging.WARNING, "remarque.comfyui"):
        comfy.run(PROMPT | {"9": marked(credentials=True)})
        assert comfy.recording.marking.wait(120)
    assert (comfy.base / "output/sea_00001_.png").exists()
    assert not list((comfy.base / "output/marked").glob("*.png"))
    assert "no marked copy of sea_00001_.png" in caplog.text
    assert "passphrase" in caplog.text
    assert len(takes(comfy)) == 1


def test_copies_never_leave_the_output_folder(comfy):
    comfy.run(PROMPT | {"9": marked(copies_folder="../../elsewhere")})
    assert comfy.recording.marking.wait(120)
    assert not (comfy.base.parent / "elsewhere").exists()


def test_without_a_vault_the_generation_goes_on_and_one_line_is_said(
    comfy, monkeypatch, tmp_path, caplog
):
    monkeypatch.setenv("REMARQUE_VAULT", str(tmp_path / "no vault"))
    fresh = Comfy(tmp_path / "second")
    fresh.nodes |= comfy.nodes | {
        "SaveImage": fresh._save_image,
        "PreviewImage": fresh._preview_image,
    }
    fresh.install(monkeypatch)
    fresh.load_package()
    with caplog.at_level(logging.WARNING, "remarque.comfyui"):
        fresh.run(PROMPT | {"9": SAVE})
        assert fresh.recording.recorder.flush(60)
        done = fresh.run(PROMPT | {"9": SAVE}, run_id="run-2")
    assert done["status"]["completed"]
    assert fresh.recording.recorder.problems
    assert len([r for r in caplog.records if "could not record" in r.message]) == 1
    fresh.recording.recorder.close(10)


@pytest.mark.parametrize("broken", [None, [], {"outputs": 5}, {"outputs": {"9": {"images": [3]}}}])
def test_a_result_of_a_strange_form_never_stops_comfyui(comfy, broken):
    comfy.queue.currently_running[5] = (0, "odd", {"9": SAVE}, {}, [])
    result = broken if isinstance(broken, dict) else {"outputs": broken}
    comfy.queue.task_done(5, result, status=type("S", (), {"_asdict": dict, "messages": None})())
    assert "odd" in comfy.queue.history


def test_looking_on_twice_is_looking_on_once(comfy):
    before = comfy.queue.task_done, comfy.modules["execution"].get_output_data
    comfy.load_package()
    assert (comfy.queue.task_done, comfy.modules["execution"].get_output_data) == before


def test_the_hooks_look_like_what_they_stand_around(comfy):
    hooked = comfy.modules["execution"].get_output_data
    assert inspect.iscoroutinefunction(hooked)
    assert "prompt_id" in inspect.signature(hooked).parameters


def test_a_node_that_raises_raises_the_same_through_the_hook(comfy):
    def fail(*_):
        raise KeyError("mine")

    comfy.nodes["Fails"] = fail
    node = type("N", (), {"kind": "Fails"})()
    with pytest.raises(KeyError, match="mine"):
        asyncio.run(comfy.modules["execution"].get_output_data("r", "1", node, {}))


def test_what_changes_pixels_is_the_same_list_everywhere(comfy):
    facts = sys.modules[f"{comfy.package}.facts"]
    assert facts.PIXEL_OPTIONS == _PIXEL_OPTIONS


def test_the_package_is_described_as_the_registry_asks():
    told = tomllib.loads((PACKAGE / "pyproject.toml").read_text())
    assert "comfy" not in told["project"]["name"].casefold()
    assert told["tool"]["comfy"].keys() >= {"PublisherId", "DisplayName"}
    required = (PACKAGE / "requirements.txt").read_text().splitlines()
    assert told["project"]["dependencies"] == required
    assert (PACKAGE / told["project"]["license"]["file"]).read_text().lstrip().startswith("Apache")
