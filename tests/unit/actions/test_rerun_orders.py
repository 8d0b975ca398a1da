"""From what a record says to an order: what is mapped, what is assumed, what stands in the way."""

import json
from dataclasses import replace

import pytest

from remarque.actions.orders import Machine, Memory, ModelWish, Speed
from remarque.actions.rerun_gaps import Program
from remarque.actions.rerun_models import places_looked_in
from remarque.actions.rerun_orders import order_of
from remarque.actions.witnessing import Seen, record_seen
from remarque.actions.works import open_work
from remarque.model.digests import digest_of
from remarque.model.recipe import LoraUse, Pass, Reading, Recipe, Setting, Size, SourceUse
from remarque.model.witness import ModelFile, Observer, Witness
from stand_ins.making import png, scene
from stand_ins.memory_vault import MORNING, build_memory_vault
from stand_ins.samples import sample

CHECKPOINT = ModelFile("checkpoint", "painting.safetensors", digest_of(b"model"))
RECIPE = Recipe(prompt="a boat", seed=4, steps=20, cfg=7.0, sampler="Euler", model="painting")


@pytest.fixture
def vault(tmp_path):
    return build_memory_vault(tmp_path)


@pytest.fixture
def recorded(vault):
    work = open_work(vault, "Harbour")[0]

    def enter(recipe=RECIPE, generator="Remarque", executed=None, sources=(), **told):
        witness = Witness(told.pop("observer", Observer.REMARQUE), **told)
        seen = Seen(
            content=png(scene(1, (96, 128))),
            name="a.png",
            came=MORNING,
            witness=witness,
            reading=Reading(generator, recipe),
            executed=executed,
            sources=sources,
        )
        return record_seen(vault, work, seen).take

    return enter


@pytest.fixture
def imported(vault):
    work = open_work(vault, "Imported")[0]

    def enter(name):
        content = sample(name).read_bytes()
        seen = Seen(content, name, MORNING, Witness(Observer.FOLDER, caught_up=True))
        return record_seen(vault, work, seen).take

    return enter


def test_a_take_made_here_is_ordered_as_it_was_made(vault, recorded):
    environment = (
        Setting("runs on", "cpu"),
        Setting("speed", "balanced"),
        Setting("memory", "tight"),
    )
    executed = json.dumps({"syntax": "comfyui"}).encode()
    take = recorded(models=(CHECKPOINT,), environment=environment, executed=executed)
    found = order_of(vault, take)
    assert found.missing == ()
    assert found.order.machine == Machine("cpu", Speed.BALANCED, Memory.TIGHT)
    assert found.order.syntax == "comfyui"
    assert found.order.executed == executed
    assert found.order.models == (ModelWish("checkpoint", "painting", digest=CHECKPOINT.digest),)
    assert found.order.recipe.generated_size == Size(128, 96)
    assert found.assumed == ("No size is on record; that of the picture itself was taken.",)


def test_pictures_that_went_in_are_handed_along_with_their_bytes(vault, recorded):
    init = png(scene(2, (96, 128)))
    source = SourceUse("init", digest=digest_of(init))
    take = recorded(replace(RECIPE, sources=(source,), denoise=0.6), sources=(init,))
    found = order_of(vault, take)
    assert found.missing == ()
    assert found.order.pictures == {digest_of(init): init}


def test_pictures_that_were_not_kept_are_missing_each_by_name(vault, recorded):
    gone = SourceUse("init", name="beach.png", digest=digest_of(b"gone"))
    unseen = SourceUse("control", name="pose.png", model="openpose")
    style = SourceUse("style", name="monet.png")
    missing = order_of(vault, recorded(replace(RECIPE, sources=(gone, unseen, style)))).missing
    assert missing[0] == "A picture went in as style, which cannot be carried out here."
    assert missing[1].startswith("The picture “beach.png” that went in as init is not in the vault")
    assert (
        missing[2] == "The picture “pose.png” that went in as control was not seen by the recorder."
    )
    assert len(missing) == 4


def test_nothing_on_record_names_everything_that_is_missing(vault, recorded):
    recipe = Recipe(
        seed=-1,
        sampler="made up",
        denoise=0.5,
        settings=(
            Setting("Variation seed", "12"),
            Setting("Tiling", "False"),
            Setting("Version", "1.9"),
        ),
    )
    missing = order_of(vault, recorded(recipe, generator="AUTOMATIC1111")).missing
    assert missing == (
        "No prompt is on record.",
        "The seed on record, -1, stands for one drawn by chance.",
        "No model is on record.",
        "The sampler “made up” has no counterpart here.",
        "It was made from another picture, and the record does not say from which.",
        "“Variation seed” (12) cannot be carried out here.",
    )


def test_further_passes_are_carried_out_or_missing(vault, recorded):
    hires = Pass("hires", upscale=2.0, denoise=0.4)
    assert order_of(vault, recorded(replace(RECIPE, passes=(hires,)))).missing == ()


def test_a_refiner_is_missing(vault, recorded):
    take = recorded(replace(RECIPE, passes=(Pass("refiner", model="xl"),)))
    assert order_of(vault, take).missing == (
        "A further pass “refiner” cannot be carried out here.",
    )


def test_an_automatic1111_picture_says_what_the_web_ui_leaves_open(vault, imported):
    take = imported("generators/automatic1111/automatic1111_cropped.png")
    found = order_of(vault, take)
    assert found.order.syntax == "automatic1111"
    assert found.order.machine == Machine(speed=Speed.EXACT)
    assert any("graphics card" in one for one in found.assumed)


def test_models_known_by_a_short_hash_are_looked_for_by_it(vault, recorded):
    recipe = replace(
        RECIPE,
        model_hash="6ce0161689",
        vae="Automatic",
        loras=(LoraUse("ink", 0.8, hash="ab12cd"),),
    )
    take = recorded(recipe, generator="AUTOMATIC1111", observer=Observer.FOLDER)
    looked = [wish.name for wish in places_looked_in(take)]
    assert looked == ["painting [6ce0161689]", "ink [ab12cd]"]
    # The loader reads the hashes of the recipe itself; the order keeps the names as recorded.
    assert [wish.name for wish in order_of(vault, take).order.models] == ["painting", "ink"]


def test_a_whole_digest_in_the_recipe_is_a_digest(vault, recorded):
    whole = digest_of(b"model")
    recipe = replace(RECIPE, model_hash=whole.removeprefix("sha256:").upper())
    take = recorded(recipe, generator="AUTOMATIC1111", observer=Observer.FOLDER)
    (wish,) = order_of(vault, take).order.models
    assert wish.digest == whole


def diffusers_call(**more):
    call = {
        "pipeline": "StableDiffusionPipeline",
        "generators": [{"seed": 4, "device": "cpu", "fresh": True, "state": "x"}],
        "parts": {
            "unet": {"class": "U", "dtype": "float32", "device": "cpu"},
            "scheduler": {"class": "S"},
        },
        "scheduler": {
            "class": "DPMSolverMultistepScheduler",
            "config": {
                "algorithm_type": "sde-dpmsolver++",
                "solver_order": 2,
                "solver_type": "midpoint",
            },
        },
    }
    return json.dumps(call | more).encode()


DIFFUSERS = replace(RECIPE, sampler="DPMSolverMultistepScheduler", model_hash=digest_of(b"unet"))
PARTS = (
    ModelFile("unet", "painting/unet/model.safetensors", digest_of(b"unet")),
    ModelFile("vae", "vae (weights in memory)", digest_of(b"numbers")),
)


def test_a_diffusers_recording_names_its_sampler_by_its_options(vault, recorded):
    take = recorded(
        DIFFUSERS,
        generator="diffusers",
        executed=diffusers_call(),
        observer=Observer.DIFFUSERS,
        models=PARTS,
        environment=(Setting("torch threads", "1"),),
    )
    found = order_of(vault, take)
    assert found.missing == ()
    assert found.order.recipe.sampler == "DPM++ 2M SDE"
    assert found.order.machine == Machine("cpu", Speed.EXACT)
    assert found.order.syntax == "plain"
    # The hash is that of a part: it must not be taken for that of the whole model.
    assert found.order.recipe.model_hash is None
    assert found.order.models == (
        ModelWish("checkpoint", "painting"),
        ModelWish("unet", PARTS[0].name, digest=PARTS[0].digest),
    )


def test_a_recording_on_several_threads_runs_on_several_again(vault, recorded):
    environment = (Setting("torch threads", "2"),)
    take = recorded(
        DIFFUSERS,
        generator="diffusers",
        executed=diffusers_call(),
        observer=Observer.DIFFUSERS,
        environment=environment,
    )
    assert order_of(vault, take).order.machine == Machine("cpu", Speed.BALANCED)


def test_a_generator_that_was_used_before_gives_no_noise_again(vault, recorded):
    used = [{"seed": 4, "device": "cuda:0", "fresh": False, "state": "x"}]
    take = recorded(
        DIFFUSERS,
        generator="diffusers",
        executed=diffusers_call(generators=used),
        observer=Observer.DIFFUSERS,
    )
    found = order_of(vault, take)
    assert any("had been used before" in one for one in found.missing)
    assert any("drawn on cuda:0" in one for one in found.assumed)


def test_a_graph_is_queued_as_it_is_and_nothing_of_it_is_mapped(vault, recorded):
    graph = json.dumps({"3": {"class_type": "KSampler", "inputs": {}}}).encode()
    recipe = Recipe(sampler="made up")
    take = recorded(recipe, generator="ComfyUI", executed=graph, observer=Observer.COMFYUI_SERVER)
    assert order_of(vault, take, Program.COMFYUI).missing == ()
    assert order_of(vault, take, Program.COMFYUI).order.executed == graph
    assert order_of(vault, take).missing


def test_the_graph_of_an_imported_picture_is_read_from_its_metadata(vault, imported):
    take = imported("generators/comfyui/img2img_cropped.png")
    executed = order_of(vault, take, Program.COMFYUI).order.executed
    assert any("class_type" in node for node in json.loads(executed).values())


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_words_that_were_withheld_are_never_run_as_if_they_were_said(vault, recorded, field):
    take = recorded(replace(RECIPE, **{field: "a boat for joe@example.org, at night"}))
    assert "joe@" not in getattr(take.recipe, field)
    missing = order_of(vault, take).missing
    name = field.replace("_", " ")
    assert missing == (
        f"Words of the {name} were withheld from the record: “[e-mail address withheld]”.",
    )


@pytest.mark.parametrize(("place", "stands_in_the_way"), [(1, False), (2, True)])
def test_only_the_first_of_a_batch_has_the_noise_of_its_seed(
    vault, recorded, place, stands_in_the_way
):
    said = (
        "One generator made the noise of the whole batch in turn: the seed gives this picture "
        f"again only in a batch of 2, as picture {place}."
    )
    take = recorded(generator=None, observer=Observer.DIFFUSERS, remarks=(said,))
    found = order_of(vault, take)
    assert any("picture 2 of a batch of 2" in one for one in found.missing) is stands_in_the_way


def test_noise_that_was_handed_in_is_missing_and_not_its_seed(vault, recorded):
    executed = json.dumps({"arguments": {"latents": {"tensor": [1, 4, 16, 16]}}}).encode()
    take = recorded(replace(RECIPE, seed=None), executed=executed, observer=Observer.DIFFUSERS)
    assert order_of(vault, take).missing == (
        "The noise itself was handed to the pipeline, and the record does not hold it.",
    )


def test_a_lora_known_by_its_numbers_alone_is_looked_for_in_no_folder(vault, recorded):
    lora = ModelFile("lora", "default_0", digest_of(b"numbers"))
    recipe = replace(RECIPE, loras=(LoraUse("default_0", 0.8),))
    take = recorded(recipe, observer=Observer.DIFFUSERS, models=(CHECKPOINT, lora))
    assert [wish.role for wish in places_looked_in(take)] == ["checkpoint"]
    assert "“default_0” is on record by its numbers" in order_of(vault, take).missing[0]


def test_the_sampler_of_flow_models_has_its_name(vault, recorded):
    take = recorded(replace(RECIPE, sampler="FlowMatchEulerDiscreteScheduler"))
    found = order_of(vault, take)
    assert (found.order.recipe.sampler, found.missing) == ("Euler", ())
