"""Pictures made by a running ComfyUI at our request, against a stand-in that speaks as it does."""

import io
import json
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from PIL import Image

from remarque.actions.orders import Listening, Machine, ModelWish, Order, Speed
from remarque.engines.comfyui_engine import ComfyEngine
from remarque.errors import (
    Cancelled,
    MakingFailed,
    ModelMissing,
    OutOfMemory,
    ProgramUnavailable,
    UsageError,
)
from remarque.model.canonical import encode_canonical
from remarque.model.digests import digest_of
from remarque.model.recipe import LoraUse, Pass, Recipe, Setting, Size, SourceUse
from remarque.model.witness import ModelFile, Observer
from stand_ins.comfyui_queueing import ComfyQueueStandIn
from stand_ins.comfyui_watching import PREVIEW, PROMPT, prompt_with
from stand_ins.engine_making import Making
from stand_ins.memory_vault import FixedClock


@pytest.fixture
def server(tmp_path):
    with ComfyQueueStandIn(folder=tmp_path) as running:
        yield running


@pytest.fixture
def engine(server):
    return ComfyEngine(server.url, FixedClock(), patience=5)


def recorded(prompt=PROMPT, **recipe):
    return Order(Recipe(**recipe), (), executed=encode_canonical(prompt))


def picture(colour):
    written = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(written, "PNG")
    return written.getvalue()


RECIPE = Recipe(
    prompt="a (lighthouse:1.2), <lora:ink:0.5> dusk", negative_prompt="blurry", seed=2**63,
    steps=3, cfg=6.5, sampler="euler", scheduler="karras", model="Dream", clip_skip=2,
    vae="clear.pt", generated_size=Size(640, 512), loras=(LoraUse("ink", 0.5, 0.25),),
    passes=(Pass("hires", steps=2, denoise=0.4, upscale=1.5, upscaler="Latent (bicubic)"),),
)  # fmt: skip


def queued(server, number=-1):
    return [said["prompt"] for path, said in server.posted if path == "/prompt"][number]


def nodes(graph, kind):
    return [node["inputs"] for node in graph.values() if node["class_type"] == kind]


# --- a recorded graph ---


def test_a_recorded_graph_is_queued_exactly_and_its_picture_comes_back(server, engine):
    made = engine.make(recorded(seed=2**64 - 1), Listening())
    assert queued(server) == PROMPT
    assert made.seen.content == (server.folder / "output/a/Sea_00001_.png").read_bytes()
    witness = made.seen.witness
    assert (witness.observer, witness.program) == (Observer.REMARQUE, "ComfyUI 0.3.64")
    assert witness.models == (ModelFile("checkpoint", "dream.safetensors"),)
    assert Setting("torch", "2.13.0+cpu") in witness.environment
    assert made.seen.executed == encode_canonical(PROMPT)
    assert made.seen.reading.generator == "ComfyUI"
    assert made.seen.reading.recipe.seed == 2**64 - 1
    assert any("not shown to be the recorded files" in said for said in made.assumed)


def test_the_same_graph_runs_anew_although_comfyui_remembers_it(server, engine):
    first = engine.make(recorded(), Listening())
    second = engine.make(recorded(), Listening())
    assert first.seen.witness.run != second.seen.witness.run
    assert len(server.sampled) == 2
    assert ("/free", {"unload_models": False, "free_memory": True}) in server.posted
    assert any("made to forget" in said for said in second.assumed)
    assert np.array_equal(*(np.asarray(Image.open(io.BytesIO(made.seen.content)))
                            for made in (first, second)))  # fmt: skip


def test_a_remembered_picture_is_never_passed_off_as_a_new_one(server, engine):
    server.forgets = False
    engine.make(recorded(), Listening())
    with pytest.raises(MakingFailed, match="remembers of an earlier run"):
        engine.make(recorded(), Listening())
    changed = prompt_with(filename_prefix="another name")  # makes only the last node run
    with pytest.raises(MakingFailed, match="remembers of an earlier run"):
        engine.make(recorded(changed), Listening())
    assert len(server.sampled) == 1


def test_the_picture_of_the_node_that_fits_the_record_is_given(server, engine):
    second = {
        "20": {"class_type": "KSampler", "inputs": {**PROMPT["3"]["inputs"], "seed": 7}},
        "21": {"class_type": "VAEDecode", "inputs": {"samples": ["20", 0], "vae": ["4", 2]}},
        "22": {"class_type": "SaveImage", "inputs": {"images": ["21", 0], "filename_prefix": "b"}},
    }
    prompt = prompt_with() | {"10": PREVIEW} | second
    made = engine.make(recorded(prompt, seed=7), Listening())
    assert made.seen.name.startswith("b_")
    assert any("gave 3 pictures; the one of node 22" in said for said in made.assumed)
    made = engine.make(recorded(prompt, seed=2**64 - 1), Listening())
    assert made.seen.name.startswith("Sea_")


def test_input_pictures_are_uploaded_under_names_of_their_own(server, engine):
    content = picture("red")
    digest = digest_of(content)
    prompt = prompt_with() | {
        "5": {"class_type": "VAEEncode", "inputs": {"pixels": ["11", 0], "vae": ["4", 2]}},
        "11": {"class_type": "LoadImage", "inputs": {"image": "mine.png [input]"}},
    }
    prompt = {key: prompt[key] for key in ("11", "4", "5", "6", "7", "3", "8", "9")}
    use = SourceUse("init", name="mine.png [input]", digest=digest)
    order = replace(recorded(prompt, sources=(use,)), pictures={digest: content})
    made = engine.make(order, Listening())
    name = queued(server)["11"]["inputs"]["image"]
    assert name == f"remarque-{digest.removeprefix('sha256:')[:32]}.png"
    assert (server.folder / "input" / name).read_bytes() == content
    assert any("was uploaded to ComfyUI as" in said for said in made.assumed)
    assert made.seen.sources == (content,)
    assert json.loads(made.seen.executed)["11"]["inputs"]["image"] == name


def test_an_input_picture_that_was_not_kept_is_compared_where_it_lies(server, engine):
    content = picture("green")
    prompt = {"11": {"class_type": "LoadImage", "inputs": {"image": "mine.png"}}} | prompt_with()
    place = server.folder / "input" / "mine.png"
    place.parent.mkdir()
    place.write_bytes(content)
    use = SourceUse("init", name="mine.png", digest=digest_of(content))
    made = engine.make(recorded(prompt, sources=(use,)), Listening())
    assert any("has the digest that was recorded" in said for said in made.assumed)
    place.write_bytes(picture("blue"))
    with pytest.raises(MakingFailed, match="another one now"):
        engine.make(recorded(prompt, sources=(use,)), Listening())
    made = engine.make(recorded(prompt), Listening())
    assert any("no digest to compare" in said for said in made.assumed)


# --- following ---


def test_progress_and_previews_are_handed_on(server, engine):
    steps, previews = [], []
    listening = Listening(
        progress=lambda step: steps.append((step.done, step.total)),
        preview=lambda step, of, pixels: previews.append((step, of, pixels.shape)),
        preview_every=2,
    )
    engine.make(recorded(prompt_with(steps=6)), listening)
    assert steps == [(step, 6) for step in range(1, 7)]
    assert previews == [(step, 6, (8, 8, 3)) for step in (2, 4, 6)]


def test_messages_of_every_wrong_form_are_left_aside(server, engine):
    server.chatters = True
    steps, shown = [], []
    listening = Listening(
        progress=lambda step: steps.append(step.done), preview=lambda *told: shown.append(told[0])
    )
    assert engine.make(recorded(prompt_with(steps=3)), listening).seen.content
    assert (steps, shown) == ([1, 2, 3], [1, 2, 3])


@pytest.mark.parametrize("how", ["refused", "broken off"])
def test_without_a_websocket_the_history_tells_the_end(server, engine, how):
    server.sockets_refused = how == "refused"
    server.gate = Event()
    making = Making(engine, recorded())
    making.start()
    assert server.steps_at_gate.wait(10)
    server.hang_up()
    server.gate.set()
    assert making.ended().seen.content


def test_stopping_interrupts_the_run_and_leaves_other_runs_alone(server, engine):
    server.gate = Event()
    first, second = Making(engine, recorded()), Making(engine, recorded())
    first.start()
    assert server.steps_at_gate.wait(10)
    second.start()
    while not server.pending:
        Event().wait(0.01)
    assert isinstance(second.stopped(), Cancelled)
    assert not server.pending
    assert not [path for path, _ in server.posted if path == "/interrupt"]
    assert isinstance(first.stopped(), Cancelled)
    assert [path for path, _ in server.posted].count("/interrupt") == 1


def test_a_listener_that_cancels_withdraws_the_run(server, engine):
    def cancel(_step):
        raise Cancelled("enough")

    server.gate = Event()
    with pytest.raises(Cancelled, match="enough"):
        engine.make(recorded(), Listening(progress=cancel))
    assert "/interrupt" in [path for path, _ in server.posted]


def test_a_run_stopped_in_comfyui_itself_is_cancelled(server, engine):
    server.gate = Event()
    making = Making(engine, recorded())
    making.start()
    assert server.steps_at_gate.wait(10)
    server.interrupted = True
    server.gate.set()
    assert "in ComfyUI itself" in making.ended().message


def test_nothing_moving_is_given_up(server):
    server.gate = Event()
    with pytest.raises(MakingFailed, match=r"nothing moved in ComfyUI for 0\.5 s"):
        ComfyEngine(server.url, FixedClock(), patience=0.5).make(recorded(), Listening())


# --- what goes wrong ---


@pytest.mark.parametrize(
    ("reason", "error"),
    [("CUDA out of memory. Tried to allocate 2 GiB", OutOfMemory), ("bad shapes", MakingFailed)],
)
def test_a_failing_run_is_one_sentence(server, engine, reason, error):
    server.fails = reason
    with pytest.raises(error, match=reason.split(".")[0]):
        engine.make(recorded(), Listening())


def test_a_missing_model_names_those_near_it(server, engine):
    with pytest.raises(ModelMissing, match=r"no model 'dreamy\.safetensors'") as caught:
        engine.make(recorded(prompt_with(ckpt_name="dreamy.safetensors")), Listening())
    assert "dreamier.safetensors" in caught.value.hint
    with pytest.raises(ModelMissing):
        engine.make(Order(replace(RECIPE, model="nowhere"), ()), Listening())


def test_a_missing_node_is_named(server, engine):
    prompt = prompt_with() | {"30": {"class_type": "FancyNode", "inputs": {}}}
    with pytest.raises(MakingFailed, match="node FancyNode does not exist"):
        engine.make(recorded(prompt), Listening())


@pytest.mark.parametrize("fault", ["html", "half", "status", "types", "endless", "locked"])
@pytest.mark.parametrize("path", ["/system_stats", "/prompt", "/queue"])
def test_nonsense_is_program_unavailable(server, engine, path, fault):
    server.faults[path] = fault
    server.gate = Event() if path == "/queue" else None
    with pytest.raises(ProgramUnavailable) as caught:
        engine.make(recorded(), Listening())
    assert "\n" not in caught.value.message
    assert fault != "locked" or "password" in caught.value.hint


@pytest.mark.parametrize("fault", ["html", "broken", "types"])
def test_a_picture_that_is_none_is_one_sentence(server, engine, fault):
    server.faults["/view"] = fault
    with pytest.raises(MakingFailed, match="picture"):
        engine.make(recorded(), Listening())


def test_a_server_that_goes_away_mid_run(server, engine):
    server.gate = Event()
    making = Making(engine, recorded())
    making.start()
    assert server.steps_at_gate.wait(10)
    server.go_away()
    assert isinstance(making.ended(), ProgramUnavailable)


def test_nobody_there_and_no_address():
    with pytest.raises(ProgramUnavailable, match="cannot be asked"):
        ComfyEngine("http://127.0.0.1:9", FixedClock()).make(recorded(), Listening())
    with pytest.raises(UsageError):
        ComfyEngine("file:///etc/passwd", FixedClock())


# --- a graph built from a recipe ---


@pytest.mark.parametrize("combo", [False, True])
def test_a_plain_graph_is_built_from_a_recipe(server, engine, combo):
    server.combo_form = combo
    made = engine.make(Order(RECIPE, (), machine=Machine(speed=Speed.FAST)), Listening())
    graph = queued(server)
    first, second = nodes(graph, "KSampler")
    assert nodes(graph, "CheckpointLoaderSimple")[0]["ckpt_name"] == "dream.safetensors"
    assert (first["seed"], first["steps"], first["cfg"]) == (2**63, 3, 6.5)
    assert (first["sampler_name"], first["scheduler"], first["denoise"]) == ("euler", "karras", 1)
    assert (second["steps"], second["denoise"], second["seed"]) == (2, 0.4, 2**63)
    assert nodes(graph, "LatentUpscaleBy")[0]["upscale_method"] == "bicubic"
    lora = nodes(graph, "LoraLoader")[0]
    assert (lora["strength_model"], lora["strength_clip"]) == (0.5, 0.25)
    assert nodes(graph, "CLIPSetLastLayer")[0]["stop_at_clip_layer"] == -2
    assert nodes(graph, "CLIPTextEncode")[0]["text"] == "a (lighthouse:1.2), dusk"
    assert nodes(graph, "VAELoader")[0]["vae_name"] == "clear.pt"
    recipe = made.seen.reading.recipe
    assert (recipe.seed, recipe.model) == (2**63, "dream.safetensors")
    said = " ".join(made.assumed)
    assert "a plain one of core nodes was built" in said
    assert "do not act alike" in said
    assert "ComfyUI's own settings" in said


def test_image_to_image_with_a_mask_and_a_control(server, engine):
    pictures = {digest_of(picture(c)): picture(c) for c in ("red", "white", "black")}
    init, mask, lines = pictures
    sources = (
        SourceUse("init", digest=init, strength=0.6), SourceUse("mask", digest=mask),
        SourceUse("control", digest=lines, model="lines", strength=0.8),
    )  # fmt: skip
    recipe = replace(RECIPE, sources=sources, loras=(), passes=(), prompt="sea", vae="Automatic")
    made = engine.make(Order(recipe, (), pictures=pictures), Listening())
    graph = queued(server)
    assert nodes(graph, "KSampler")[0]["denoise"] == 0.6
    assert nodes(graph, "ControlNetApplyAdvanced")[0]["strength"] == 0.8
    assert nodes(graph, "LoadImageMask")[0]["channel"] == "red"
    assert len(list((server.folder / "input").iterdir())) == 3
    assert set(made.seen.sources) <= set(pictures.values())
    with pytest.raises(UsageError, match=r"picture .* is not at hand"):
        engine.make(Order(recipe, ()), Listening())


def test_what_the_recipe_leaves_open_is_said(server, engine):
    made = engine.make(
        Order(Recipe(prompt="sea"), (ModelWish("checkpoint", "dream"),)), Listening()
    )
    said = " ".join(made.assumed)
    for what in ("the size", "the seed", "the steps", "the guidance", "no sampler"):
        assert what in said
    with pytest.raises(ModelMissing, match="no model is named"):
        engine.make(Order(Recipe(prompt="sea"), ()), Listening())


@pytest.mark.parametrize(
    "more",
    [
        {"sources": (SourceUse("style"),)},
        {"passes": (Pass("detail"),)},
        {"settings": (Setting("outpaint", "64,0,64,0"),)},
        {"passes": (Pass("hires", upscaler="R-ESRGAN 4x+"),)},
    ],
)
def test_what_a_plain_graph_cannot_do_is_refused(server, engine, more):
    with pytest.raises(UsageError):
        engine.make(Order(replace(RECIPE, **more), ()), Listening())
    assert not server.posted


@pytest.mark.parametrize("executed", [b"{", b"[]", b'{"a": 1}', b'{"call": {}}', b"\xff" * 9])
def test_bytes_that_are_no_graph_leave_the_recipe(server, engine, executed):
    engine.make(Order(RECIPE, (), executed=executed), Listening())
    assert nodes(queued(server), "KSampler")


def test_the_environment_names_versions_and_the_device(server, engine):
    facts = engine.environment()
    assert facts["program"] == engine.name == "ComfyUI 0.3.64"
    assert facts["torch"] == "2.13.0+cpu"
    assert facts["device"] == "cuda:0 Stand-in RTX"
    engine.close()
    engine.close()
