"""Parameters and inputs: what the artist set anew, and what cannot be compared at all."""

import json
from dataclasses import replace

import pytest

from remarque.model.comparison import Action, Category, compare_recipes, incomparable
from remarque.model.recipe import LoraUse, Pass, Recipe, Setting, Size, SourceUse
from stand_ins.samples import sample

FULL = Recipe(
    prompt="a paper boat on a pond, soft light",
    negative_prompt="text",
    seed=2692150200,
    steps=33,
    cfg=9,
    sampler="Euler a",
    scheduler="Karras",
    model="paper-v1",
    model_hash="c0d1994c73",
    vae="vae-ft-mse",
    clip_skip=2,
    denoise=1.0,
    generated_size=Size(512, 768),
    final_size=Size(512, 768),
    loras=(LoraUse("ink", 0.8),),
    settings=(Setting("ENSD", "31337"),),
)


def after(**values):
    return replace(FULL, **values)


def sentences(before, later):
    return [change.sentence for change in compare_recipes(before, later)]


def test_the_worked_example_one_thing_at_a_time():
    """The four steps of Li v. Liu in their structure, with neutral words."""
    first = FULL
    second = after(loras=(LoraUse("ink", 0.75),))
    third = replace(second, seed=2692150199)
    fourth = replace(third, prompt=f"{third.prompt}, calm, elegant, best quality")
    assert sentences(first, second) == ["weight of the LoRA “ink” 0.8 → 0.75"]
    assert sentences(second, third) == ["seed 2692150200 → 2692150199"]
    assert sentences(third, fourth) == [
        "added the word “calm”",
        "added the word “elegant”",
        "added the words “best quality”",
    ]
    steps = [(first, second), (second, third), (third, fourth)]
    categories = [{one.category for one in compare_recipes(*step)} for step in steps]
    assert categories == [{Category.PARAMETERS}, {Category.PARAMETERS}, {Category.WORDS}]


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"seed": 2**64 - 1}, "seed", "seed 2692150200 → 18446744073709551615"),
        ({"steps": 34}, "steps", "steps 33 → 34"),
        ({"cfg": 7.5}, "cfg", "guidance (CFG) 9 → 7.5"),
        ({"sampler": "DDIM"}, "sampler", "sampler Euler a → DDIM"),
        ({"scheduler": "Normal"}, "scheduler", "scheduler Karras → Normal"),
        ({"vae": "other"}, "vae", "VAE vae-ft-mse → other"),
        ({"clip_skip": 1}, "clip_skip", "CLIP skip 2 → 1"),
        ({"denoise": 0.5}, "denoise", "denoising strength 1 → 0.5"),
        (
            {"generated_size": Size(512, 512)},
            "generated_size",
            "generated size 512×768 → 512×512",
        ),
        ({"final_size": Size(1, 2)}, "final_size", "final size 512×768 → 1×2"),
        ({"model": "x", "model_hash": "45a21ea00a"}, "model", "model paper-v1 → x"),
        (
            {"model_hash": "45a21ea00a"},
            "model_hash",
            "model file, by its hash, c0d1994c73 → 45a21ea00a",
        ),
        (
            {"settings": (Setting("ENSD", "0"),)},
            "settings.ENSD",
            "setting “ENSD” 31337 → 0",
        ),
    ],
)
def test_each_parameter_is_one_change(values, field, sentence):
    (change,) = compare_recipes(FULL, after(**values))
    assert (change.category, change.field, change.sentence) == (
        Category.PARAMETERS,
        field,
        sentence,
    )


@pytest.mark.parametrize(
    "values",
    [
        {"cfg": 9.0},
        {"denoise": 1},
        {"seed": 2692150200.0},
        {"cfg": 9 + 1e-12},
        {"settings": (Setting("ENSD", "31337.0"),)},
        {"model_hash": "C0D1994C73" + "0" * 54},
        {"model": "renamed.safetensors"},
        {"settings": (*FULL.settings, Setting("Version", "1.7"))},
        {"settings": (*FULL.settings, Setting("Hires steps", "10"))},
    ],
)
def test_the_same_written_otherwise_is_no_change(values):
    assert compare_recipes(FULL, after(**values)) == ()


def test_large_neighbouring_seeds_differ():
    assert sentences(Recipe(seed=2**63), Recipe(seed=2**63 + 1)) == [
        "seed 9223372036854775808 → 9223372036854775809"
    ]


@pytest.mark.parametrize(
    "field",
    [
        "prompt",
        "negative_prompt",
        "seed",
        "steps",
        "cfg",
        "sampler",
        "scheduler",
        "model",
        "model_hash",
        "vae",
        "clip_skip",
        "denoise",
        "generated_size",
        "final_size",
    ],
)
def test_a_fact_on_one_side_only_is_named_and_is_no_change(field):
    without = after(**{field: None})
    for pair in ((FULL, without), (without, FULL)):
        assert field in incomparable(*pair)
        assert field not in {change.field for change in compare_recipes(*pair)}


def test_an_empty_prompt_is_a_recorded_prompt():
    assert sentences(Recipe(prompt=""), Recipe(prompt="boat")) == ["added the word “boat”"]


def test_hashes_of_different_kinds_are_not_compared():
    other = after(model_hash="6ce01615")
    assert compare_recipes(FULL, other) == ()
    assert incomparable(FULL, other) == ("model_hash",)


def test_loras_come_and_go():
    later = after(loras=(LoraUse("wash", 0.5),))
    assert sentences(FULL, later) == [
        "removed the LoRA “ink” (weight 0.8)",
        "added the LoRA “wash” (weight 0.5)",
    ]


def test_a_lora_tag_in_the_prompt_is_one_parameter_and_no_words():
    listed = Recipe(prompt="boat, <lora:ink:0.8>", loras=(LoraUse("ink", 0.8),))
    tagged = Recipe(prompt="boat, <lora:ink:0.7>")
    assert sentences(listed, tagged) == ["weight of the LoRA “ink” 0.8 → 0.7"]
    both = Recipe(prompt="<lora:ink:0.8:0.4>"), Recipe(prompt="<lora:ink:0.7:0.4>")
    assert sentences(*both) == ["text encoder weight of the LoRA “ink” 0.8 → 0.7"]


def test_another_lora_file_under_the_same_name():
    before, later = (Recipe(prompt="", loras=(LoraUse("ink", hash=h * 10),)) for h in "ab")
    (change,) = compare_recipes(before, later)
    assert change.field == "loras.ink.hash"
    assert incomparable(before, Recipe(prompt="", loras=(LoraUse("ink"),))) == ("loras.ink.hash",)


def test_without_a_prompt_nobody_knows_of_loras():
    assert compare_recipes(FULL, Recipe(seed=2692150200)) == ()
    assert "loras" in incomparable(FULL, Recipe(seed=2692150200))


def test_a_further_pass_is_added_and_then_changed():
    hires = Pass("hires", steps=10, denoise=0.3, upscale=1.5, upscaler="ESRGAN")
    one = after(passes=(hires,))
    two = after(passes=(replace(hires, denoise=0.5, prompt="boat"),))
    assert sentences(FULL, one) == [
        "added the hires pass (steps 10, denoising strength 0.3, upscale factor 1.5,"
        " upscaler ESRGAN)"
    ]
    assert sentences(one, two) == ["denoising strength of the hires pass 0.3 → 0.5"]
    assert incomparable(one, two) == ("passes.hires.prompt",)
    assert sentences(two, after(passes=(replace(hires, denoise=0.5, prompt="red boat"),))) == [
        "replaced “boat” with “red boat” in the prompt of the hires pass"
    ]
    assert [change.action for change in compare_recipes(two, FULL)] == [Action.REMOVED]
    second = after(passes=(Pass("second_pass", steps=14),))
    assert sentences(FULL, second) == ["added the second pass (steps 14)"]


def test_source_pictures_are_inputs():
    one = after(sources=(SourceUse("init", "pond.png"), SourceUse("control", "line.png", "c", 1)))
    two = after(sources=(SourceUse("init", "lake.png"), SourceUse("control", "line.png", "c", 0.8)))
    assert sentences(one, two) == [
        "replaced the initial picture “pond.png” with “lake.png”",
        "strength of the control picture “line.png” 1 → 0.8",
    ]
    assert sentences(FULL, after(sources=(SourceUse("mask", "m.png"),))) == [
        "added the mask “m.png”"
    ]
    assert {change.category for change in compare_recipes(one, two)} == {Category.INPUTS}
    assert sentences(two, FULL)[-1] == "removed the control picture “line.png”"


def test_a_nameless_initial_picture_is_not_called_a_new_one():
    """AUTOMATIC1111 writes a denoising strength for img2img, and not from which picture."""
    before = Recipe(prompt="boat", seed=1, denoise=0.6)
    later = replace(before, sources=(SourceUse("init", "pond.png"),))
    assert compare_recipes(before, later) == ()
    assert incomparable(before, later) == ("sources",)
    nameless = replace(before, sources=(SourceUse("init", None, "m", 0.5),))
    assert incomparable(nameless, later) == (
        "sources.init.name",
        "sources.init.strength",
        "sources.init.model",
    )


def test_a_file_that_says_nothing_changes_nothing():
    assert compare_recipes(FULL, Recipe()) == ()
    assert set(FULL.not_recorded) == set()
    assert set(incomparable(FULL, Recipe())) >= {"prompt", "seed", "loras", "settings.ENSD"}
    assert incomparable(Recipe(), Recipe()) == ()


def test_no_two_real_files_are_compared_with_a_made_up_fact():
    """Every value in a change stands in one of the two files; one-sided facts give none."""
    files = json.loads(sample("ground_truth.json").read_bytes())["files"]
    recipes = [_recipe(file) for file in files]
    for before in recipes:
        for later in recipes:
            one_sided = set(before.not_recorded) ^ set(later.not_recorded)
            changed = {change.field for change in compare_recipes(before, later)}
            assert not changed & one_sided
            assert one_sided <= set(incomparable(before, later))


def _recipe(file):
    names = ("prompt", "negative_prompt", "seed", "steps", "cfg", "sampler", "scheduler", "model")
    size = file["generated_size"]
    return Recipe(
        **{name: file[name] for name in names},
        model_hash=file.get("model_hash"),
        generated_size=Size(*size) if size else None,
        loras=tuple(LoraUse(one["name"], one["weight"]) for one in file.get("loras", ())),
    )


def test_what_is_told_twice_in_a_file_is_one_change():
    before = after(denoise=0.5, settings=(Setting("Denoising strength", "0.5"),))
    later = after(denoise=0.6, settings=(Setting("Denoising strength", "0.6"),))
    assert sentences(before, later) == ["denoising strength 0.5 → 0.6"]
    assert incomparable(before, later) == ()
