"""Pictures made by a running web UI at our request, against a stand-in for its interface."""

import base64
import io
import json
from dataclasses import replace
from threading import Event

import pytest
from PIL import Image

from remarque.actions.orders import Listening, Machine, ModelWish, Order, Speed
from remarque.engines.webui_engine import WebuiEngine
from remarque.errors import (
    Cancelled,
    MakingFailed,
    ModelChanged,
    ModelMissing,
    OutOfMemory,
    ProgramUnavailable,
    UsageError,
)
from remarque.model.digests import Digest, digest_of
from remarque.model.recipe import LoraUse, Pass, Recipe, Setting, Size, SourceUse
from remarque.model.witness import ModelFile, Observer
from stand_ins.engine_making import Making
from stand_ins.memory_vault import FixedClock
from stand_ins.webui_server import SHA, WebuiStandIn

RECIPE = Recipe(
    prompt="a (lighthouse:1.2) at dusk", negative_prompt="blurry", seed=4_294_967_295, steps=3,
    cfg=6.5, sampler="DPM++ 2M", scheduler="Karras", model="dream", model_hash=SHA[:10],
    vae="clear.pt", clip_skip=2, generated_size=Size(640, 512), loras=(LoraUse("ink", 0.5),),
    passes=(Pass("hires", steps=2, denoise=0.4, upscale=1.5, upscaler="Latent"),),
    settings=(Setting("RNG", "CPU"), Setting("ENSD", "31337"), Setting("Version", "v1.10.1")),
)  # fmt: skip
PLAIN = Recipe(prompt="sea", seed=1, steps=2, cfg=7.0, sampler="Euler", model="dream",
               generated_size=Size(512, 512), model_hash=SHA[:10])  # fmt: skip


@pytest.fixture
def server():
    with WebuiStandIn() as running:
        yield running


@pytest.fixture
def engine(server):
    return WebuiEngine(server.url, FixedClock(), patience=5)


def picture(colour):
    written = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(written, "PNG")
    return written.getvalue()


def test_a_recipe_becomes_a_request_and_a_picture(server, engine):
    made = engine.make(Order(RECIPE, ()), Listening())
    path, said = server.requests[0]
    assert path == "/sdapi/v1/txt2img"
    assert said["prompt"] == "a (lighthouse:1.2) at dusk <lora:ink:0.5>"
    assert (said["seed"], said["steps"], said["cfg_scale"]) == (4_294_967_295, 3, 6.5)
    assert (said["sampler_name"], said["scheduler"]) == ("DPM++ 2M", "Karras")
    assert (said["width"], said["height"], said["save_images"]) == (640, 512, False)
    assert said["override_settings"] == {
        "sd_model_checkpoint": f"dream.safetensors [{SHA[:10]}]", "sd_vae": "clear.pt",
        "CLIP_stop_at_last_layers": 2, "randn_source": "CPU", "eta_noise_seed_delta": 31337,
    }  # fmt: skip
    assert said["override_settings_restore_afterwards"] is True
    assert (said["enable_hr"], said["hr_scale"], said["denoising_strength"]) == (True, 1.5, 0.4)
    witness = made.seen.witness
    assert (witness.observer, witness.program) == (Observer.REMARQUE, "AUTOMATIC1111 v1.10.1")
    assert witness.models == (
        ModelFile("checkpoint", "dream", Digest(f"sha256:{SHA}")), ModelFile("lora", "ink"),
    )  # fmt: skip
    assert Setting("torch", "2.1.2+cu121") in witness.environment
    recipe = made.seen.reading.recipe
    assert (recipe.seed, recipe.sampler, recipe.model_hash) == (RECIPE.seed, "DPM++ 2M", SHA[:10])
    assert recipe.passes[0].role == "hires"
    assert json.loads(made.seen.executed)["body"]["seed"] == RECIPE.seed
    assert any("has the recorded hash" in each for each in made.assumed)
    assert engine.name == "AUTOMATIC1111 v1.10.1"


def test_the_same_order_gives_the_same_picture(server, engine):
    first, second = (engine.make(Order(PLAIN, ()), Listening()) for _ in range(2))
    assert first.seen.content == second.seen.content
    other = engine.make(Order(replace(PLAIN, seed=2), ()), Listening())
    assert other.seen.content != first.seen.content


def test_image_to_image_with_a_mask(server, engine):
    pictures = {digest_of(picture(c)): picture(c) for c in ("red", "white")}
    init, mask = pictures
    sources = (SourceUse("init", digest=init, strength=0.6), SourceUse("mask", digest=mask))
    recipe = replace(
        PLAIN, sources=sources,
        settings=(Setting("Masked content", "fill"), Setting("Mask blur", "8")),
    )  # fmt: skip
    made = engine.make(Order(recipe, (), pictures=pictures), Listening())
    path, said = server.requests[0]
    assert path == "/sdapi/v1/img2img"
    assert base64.b64decode(said["init_images"][0]) == pictures[init]
    assert base64.b64decode(said["mask"]) == pictures[mask]
    assert (said["denoising_strength"], said["inpainting_fill"], said["mask_blur"]) == (0.6, 0, 8)
    assert made.seen.sources == tuple(pictures.values())
    kept = json.loads(made.seen.executed)["body"]
    assert (kept["init_images"], kept["mask"]) == ([init], mask)
    assert {use.digest for use in made.seen.reading.recipe.sources} == {init, mask}
    with pytest.raises(UsageError, match="not at hand"):
        engine.make(Order(recipe, ()), Listening())


def test_prompts_of_another_syntax_and_names_of_other_programs(server, engine):
    recipe = replace(
        PLAIN, prompt="(sea:1.3), [sky]", sampler="euler_ancestral", scheduler="karras",
        passes=(Pass("hires", upscaler="Latent"),), final_size=Size(1024, 1024),
    )  # fmt: skip
    made = engine.make(Order(recipe, (), syntax="comfyui"), Listening())
    said = server.requests[0][1]
    assert (said["sampler_name"], said["scheduler"]) == ("Euler a", "Karras")
    assert said["prompt"] == r"(sea:1.3), \[sky\]"
    assert (said["hr_resize_x"], said["hr_resize_y"]) == (1024, 1024)
    text = " ".join(made.assumed)
    assert "named alike, not shown to be equal" in text
    assert "not shown to act alike" in text


def test_what_is_left_open_or_not_handed_on_is_said(server, engine):
    recipe = Recipe(prompt="sea", settings=(Setting("Eta", "0.5"), Setting("Fancy", "on")))
    order = Order(recipe, (ModelWish("checkpoint", "dream"),), machine=Machine(speed=Speed.FAST))
    made = engine.make(order, Listening())
    said = " ".join(made.assumed)
    for what in ("the seed (it draws one)", "the guidance", "Fancy, eta_ancestral", "no hash",
                 "our", "no sampler"):  # fmt: skip
        assert what in said
    assert made.seen.reading.recipe.seed == 12345  # the one it drew
    assert server.requests[0][1].get("seed") is None


# --- models ---


def test_a_missing_model_names_those_near_it(engine):
    with pytest.raises(ModelMissing, match="no model 'dreamer'") as caught:
        engine.make(Order(replace(PLAIN, model="dreamer"), ()), Listening())
    assert "dreamier" in caught.value.hint
    with pytest.raises(ModelMissing, match="no model 'oil'"):
        engine.make(Order(replace(PLAIN, loras=(LoraUse("oil"),)), ()), Listening())
    with pytest.raises(ModelMissing, match=r"no model 'foggy\.pt'"):
        engine.make(Order(replace(PLAIN, vae="foggy.pt"), ()), Listening())
    with pytest.raises(ModelMissing, match="no model is named"):
        engine.make(Order(Recipe(prompt="sea"), ()), Listening())


def test_further_models_are_found_by_name_too(server, engine):
    passes = (Pass("hires", model="dreamier", upscale=1.5), Pass("refiner", model="dreamier"))
    recipe = replace(PLAIN, passes=passes, settings=(Setting("Refiner switch at", "0.8"),))
    engine.make(Order(recipe, ()), Listening())
    said = server.requests[0][1]
    assert (said["hr_checkpoint_name"], said["refiner_checkpoint"]) == ("dreamier.ckpt",) * 2
    assert said["refiner_switch_at"] == 0.8
    missing = (Pass("refiner", model="nowhere"),)
    with pytest.raises(ModelMissing, match="no model 'nowhere'"):
        engine.make(Order(replace(PLAIN, passes=missing), ()), Listening())


def test_another_file_of_the_same_name_is_model_changed(server, engine):
    with pytest.raises(ModelChanged, match="the record says 0123456789"):
        engine.make(Order(replace(PLAIN, model_hash="0123456789"), ()), Listening())
    wish = ModelWish("checkpoint", "dream", digest=digest_of(b"another"))
    with pytest.raises(ModelChanged):
        engine.make(Order(PLAIN, (wish,)), Listening())
    assert not server.requests


def test_a_hash_the_web_ui_works_out_while_loading_is_compared(server, engine):
    made = engine.make(Order(replace(PLAIN, model="dreamier"), ()), Listening())
    assert any("has the recorded hash" in said for said in made.assumed)
    with pytest.raises(ModelChanged):
        engine.make(
            Order(replace(PLAIN, model="dreamier", model_hash="0123456789"), ()), Listening()
        )


def test_a_hash_that_cannot_be_compared_is_said(server, engine):
    made = engine.make(Order(replace(PLAIN, model_hash="3f8e0a11"), ()), Listening())
    assert any("was not compared" in said for said in made.assumed)
    server.text = ""
    recipe = replace(PLAIN, model="dreamier", loras=(LoraUse("ink"),))
    said = " ".join(engine.make(Order(recipe, ()), Listening()).assumed)
    assert "was not compared" in said
    assert "no digests of LoRAs" in said


def test_a_picture_with_another_model_is_refused(server, engine):
    server.forge = True
    with pytest.raises(MakingFailed, match="with the model 'dreamier' instead of 'dream'"):
        engine.make(Order(PLAIN, ()), Listening())


def test_what_it_did_otherwise_is_said(server, engine):
    server.text = (
        "sea\nSteps: 2, Sampler: Euler, CFG scale: 7, Seed: 9, Size: 512x512, Model: dream"
    )
    made = engine.make(Order(PLAIN, ()), Listening())
    assert "The web UI says that the seed was 9, where 1 was asked." in made.assumed


@pytest.mark.parametrize(
    "more",
    [
        {"sampler": "Dance"},
        {"scheduler": "Someday"},
        {"sources": (SourceUse("control", model="lines"),)},
        {"passes": (Pass("detail"),)},
        {"settings": (Setting("outpaint", "64,0,64,0"),)},
    ],
)
def test_what_the_interface_cannot_do_is_refused(server, engine, more):
    with pytest.raises(UsageError):
        engine.make(Order(replace(PLAIN, **more), ()), Listening())
    assert not server.requests


# --- following ---


def test_progress_and_previews_are_handed_on(server, engine):
    server.gate = Event()
    steps, shown = [], []

    def progress(step):
        steps.append((step.done, step.total))

    def preview(step, of, pixels):
        shown.append((step, of, pixels.shape))
        server.gate.set()

    engine.make(Order(PLAIN, ()), Listening(progress=progress, preview=preview))
    assert steps[0] == (1, 2)
    assert shown[0] == (1, 2, (8, 8, 3))


@pytest.mark.parametrize("absent", [frozenset(), frozenset({"internal"})])
def test_stopping_interrupts(server, engine, absent):
    server.gate, server.absent = Event(), absent
    making = Making(engine, Order(PLAIN, ()))
    making.start()
    assert server.at_gate.wait(10)
    assert isinstance(making.stopped(), Cancelled)
    assert server.interrupts == 1


def test_a_picture_of_another_person_is_not_interrupted(server, engine):
    server.gate, server.busy = Event(), True
    making = Making(engine, Order(PLAIN, ()))
    making.start()
    assert server.at_gate.wait(10)
    while "/internal/progress" not in server.asked:
        Event().wait(0.01)
    Event().wait(0.1)
    stopped = making.stopped()
    assert isinstance(stopped, Cancelled)
    assert "still has the picture in its queue" in stopped.message
    assert server.interrupts == 0


def test_nothing_moving_is_given_up(server):
    server.gate = Event()
    with pytest.raises(MakingFailed, match="nothing moved in the web UI"):
        WebuiEngine(server.url, FixedClock(), patience=0.3).make(Order(PLAIN, ()), Listening())


def test_a_server_that_goes_away_mid_run(server, engine):
    server.gate = Event()
    making = Making(engine, Order(PLAIN, ()))
    making.start()
    assert server.at_gate.wait(10)
    server.go_away()
    assert isinstance(making.ended(), ProgramUnavailable)


# --- what goes wrong ---


@pytest.mark.parametrize(
    ("reason", "error"), [("OutOfMemoryError", OutOfMemory), ("ValueError", MakingFailed)]
)
def test_a_failing_run_is_one_sentence(server, engine, reason, error):
    server.fails = reason
    with pytest.raises(error, match=reason):
        engine.make(Order(PLAIN, ()), Listening())


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        *(("/sdapi/v1/txt2img", fault) for fault in ("html", "half", "status", "locked", "absent")),
        *(("/sdapi/v1/sd-models", fault) for fault in ("html", "half", "endless", "locked")),
        *(("/sdapi/v1/sd-models", fault) for fault in ("absent", "status")),
    ],
)
def test_nonsense_is_program_unavailable(server, engine, path, fault):
    server.faults[path] = fault
    with pytest.raises(ProgramUnavailable) as caught:
        engine.make(Order(PLAIN, ()), Listening())
    assert "\n" not in caught.value.message
    hints = {"locked": "--api-auth", "absent": "with --api"}
    assert hints.get(fault, "") in caught.value.hint


@pytest.mark.parametrize("path", ["samplers", "options", "txt2img", "progress"])
def test_wrong_types_leak_nothing(server, engine, path):
    server.faults[f"/sdapi/v1/{path}"] = "types"
    server.gate = Event() if path == "progress" else None
    making = Making(WebuiEngine(server.url, FixedClock(), patience=0.5), Order(PLAIN, ()))
    making.start()
    result = making.ended()
    assert isinstance(result, ProgramUnavailable | UsageError | MakingFailed) or result.seen


@pytest.mark.parametrize("text", ["", "no infotext at all", "Steps: x\x00"])
def test_a_text_that_cannot_be_read_leaves_the_file_to_speak(server, engine, text):
    server.text = text
    made = engine.make(Order(PLAIN, ()), Listening())
    assert made.seen.content


def test_a_password_in_the_address_is_sent_and_never_shown(server):
    server.required = "Basic " + base64.b64encode(b"me:secret").decode()
    address = server.url.replace("http://", "http://me:secret@")
    assert WebuiEngine(address, FixedClock()).make(Order(PLAIN, ()), Listening()).seen.content
    with pytest.raises(ProgramUnavailable) as caught:
        WebuiEngine(address.replace("secret", "wrong"), FixedClock()).environment()
    assert "wrong" not in caught.value.message + caught.value.hint


def test_nobody_there_and_no_address():
    with pytest.raises(ProgramUnavailable, match="cannot be asked"):
        WebuiEngine("http://127.0.0.1:9", FixedClock()).make(Order(PLAIN, ()), Listening())
    with pytest.raises(UsageError, match="no address of a web UI"):
        WebuiEngine("ftp://somewhere", FixedClock())


@pytest.mark.parametrize("absent", [frozenset(), frozenset({"sysinfo", "sd-vae", "loras"})])
def test_the_environment_holds_what_changes_pixels_and_no_path(server, engine, absent):
    server.absent = absent
    facts = engine.environment()
    assert facts["flag no_half"] == "True"
    assert facts["option randn_source"] == "CPU"
    assert "flag medvram" not in facts
    assert not [value for value in facts.values() if "/home" in value]
    assert ("torch" in facts) == (not absent)
    assert facts.get("device", "Stand-in") == "Stand-in"
    assert engine.name == ("web UI" if absent else "AUTOMATIC1111 v1.10.1")
    engine.close()
    engine.close()
