"""Graphs read from records, prompts in ComfyUI's words, and which picture of a run is meant."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remarque.engines.comfyui_engine_choice import picture_of, was_sampled
from remarque.engines.comfyui_engine_names import missing_model, named_model, plain_name
from remarque.engines.comfyui_engine_recorded import graph_in
from remarque.engines.comfyui_engine_settings import sampling_names
from remarque.engines.comfyui_engine_words import comfy_prompt
from remarque.engines.comfyui_history import run_from_history
from remarque.engines.comfyui_queue_refusals import refusal_of
from remarque.errors import MakingFailed, ModelMissing, UsageError
from remarque.intake.chunks import read_chunks
from remarque.model.canonical import encode_canonical
from remarque.model.recipe import Recipe, Setting
from stand_ins.comfyui_watching import PROMPT, prompt_with
from stand_ins.samples import sample


def run_of(prompt, outputs):
    return run_from_history("r", {"prompt": [1, "r", prompt], "outputs": outputs, "status": {}})


def images(*names, kind="output"):
    return {"images": [{"filename": name, "subfolder": "", "type": kind} for name in names]}


def test_large_seeds_are_numbers_again_and_texts_stay_texts():
    prompt = prompt_with(text="18446744073709551615")
    graph = graph_in(encode_canonical(prompt))
    assert graph["3"]["inputs"]["seed"] == 2**64 - 1
    assert graph["6"]["inputs"]["text"] == "18446744073709551615"


def test_comfyuis_own_notes_are_not_queued_again():
    noted = {**PROMPT, "9": {**PROMPT["9"], "is_changed": [False]}}
    assert graph_in(json.dumps(noted).encode())["9"] == PROMPT["9"]


@pytest.mark.parametrize(
    "name", ["lora_multiple.png", "hiresfix_latent_workflow.png", "sdxl_simple_example.png"]
)
def test_the_prompt_chunk_of_a_real_picture_is_a_graph(name):
    chunks = read_chunks(sample(f"generators/comfyui/{name}").read_bytes())
    text = next(chunk.text for chunk in chunks if chunk.key == "prompt")
    bare = {key: {k: v for k, v in node.items() if k != "is_changed"}
            for key, node in json.loads(text).items()}  # fmt: skip
    assert graph_in(text.encode()) == bare


@given(st.binary(max_size=200))
def test_any_bytes_are_a_graph_or_none(executed):
    assert graph_in(executed) is None


@pytest.mark.parametrize(
    ("text", "syntax", "written"),
    [
        ("a [b] (c:1.2), BREAK", "comfyui", "a [b] (c:1.2), BREAK"),
        ("a sea, dusk", "automatic1111", "a sea, dusk"),
        ("(sea:1.3), <lora:ink:1>", "automatic1111", "(sea:1.3)"),
        (r"a \(b\)", "automatic1111", r"a \(b\)"),
        ("[sky]", "automatic1111", "(sky:0.909091)"),
        ("a (sea:1.2) at dusk <lora:ink:0.5>", "automatic1111", "a (sea:1.2) at dusk"),
        ("a sea (calm)", "plain", r"a sea \(calm\)"),
    ],
)
def test_prompts_in_comfyuis_words(text, syntax, written):
    assert comfy_prompt(text, syntax)[0] == written


def test_what_its_encoder_does_not_know_is_said():
    written, said = comfy_prompt("a sea BREAK [cat:dog:0.5] AND (sky:1.2)", "automatic1111")
    assert "cat" not in written
    text = " ".join(said)
    for what in ("BREAK", "change while sampling", "AND", "do not act alike"):
        assert what in text


def test_names_are_found_without_folder_and_ending():
    known = ["a/Dream_V2.safetensors", "ink.pt", "b/ink.safetensors"]
    assert named_model("dream_v2", known, "ComfyUI") == "a/Dream_V2.safetensors"
    assert named_model("ink.pt", known, "ComfyUI") == "ink.pt"
    with pytest.raises(ModelMissing, match="several models called 'ink'"):
        named_model("ink", known, "ComfyUI")
    assert "a/Dream_V2" in missing_model("dream", known, "ComfyUI").hint
    assert missing_model("x", [], "ComfyUI").hint
    assert plain_name("C:\\m\\Foo.v1.ckpt") == "foo.v1"


def test_the_recorded_place_in_a_batch_is_kept():
    run = run_of(prompt_with(batch_size=3), {"9": images("a.png", "b.png", "c.png")})
    second = Recipe(settings=(Setting("picture of the batch", "2 of 3"),))
    assert picture_of(run, second)[0].filename == "b.png"
    assert picture_of(run, Recipe())[0].filename == "a.png"


def test_a_saved_picture_comes_before_a_preview_of_the_same():
    prompt = prompt_with() | {
        "10": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}},
    }
    run = run_of(prompt, {"10": images("t.png", kind="temp"), "9": images("s.png")})
    chosen, said = picture_of(run, Recipe(seed=5))
    assert chosen.filename == "s.png"
    assert any("No picture of the graph has the recorded seed 5" in each for each in said)


def test_a_run_without_a_picture_is_one_sentence():
    with pytest.raises(MakingFailed, match="without a picture"):
        picture_of(run_of(PROMPT, {}), Recipe())


@pytest.mark.parametrize(
    ("cached", "sampled"),
    [([], True), (["4", "6", "7"], True), (["3"], False), (["3", "9"], False)],
)
def test_remembered_loaders_are_fine_and_a_remembered_sampler_is_not(cached, sampled):
    run = run_of(PROMPT, {"9": images("s.png")})
    assert was_sampled(run, "9", frozenset(cached)) is sampled


class Known:
    """The lists of a server's sampler node."""

    def options(self, _kind, name):
        return ("euler", "dpmpp_2m", "plms") if name == "sampler_name" else ("normal", "karras")


@pytest.mark.parametrize(
    ("sampler", "scheduler", "found", "said"),
    [
        ("euler", "karras", ("euler", "karras"), ""),
        ("DPM++ 2M Karras", None, ("dpmpp_2m", "karras"), "named alike"),
        ("DPM++ 2M", "Karras", ("dpmpp_2m", "karras"), "named alike"),
        ("Euler", None, ("euler", "normal"), "names no schedule"),
        (None, None, ("euler", "normal"), "names no sampler"),
        (None, "Karras", ("euler", "karras"), "names no sampler"),
    ],
)
def test_samplers_are_found_by_the_names_of_any_program(sampler, scheduler, found, said):
    name, schedule, sentences = sampling_names(sampler, scheduler, Known())
    assert (name, schedule) == found
    assert said in " ".join(sentences)


@pytest.mark.parametrize(
    ("sampler", "scheduler"), [("Dance", None), ("euler", "someday"), ("Euler a", "Karras")]
)
def test_a_sampler_the_server_lacks_is_refused(sampler, scheduler):
    with pytest.raises(UsageError):
        sampling_names(sampler, scheduler, Known())


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "it gives no reason"),
        ({"error": "busy"}, "busy"),
        ({"error": {"message": "Prompt has no outputs", "details": 5}}, "no outputs"),
        ({"node_errors": {"3": {"errors": [{"message": "Too large", "details": "steps"}, 7],
                                "class_type": "KSampler"}, "4": 5}}, "KSampler: Too large (steps)"),
    ],
)  # fmt: skip
def test_every_refusal_is_one_sentence(said, sentence):
    refused = refusal_of(said, lambda _kind, _name: ())
    assert sentence in refused.message
    assert "\n" not in refused.message
