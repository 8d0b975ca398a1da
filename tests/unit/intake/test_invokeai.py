"""InvokeAI through its versions: command lines, sd-metadata, metadata, layers, canvas."""

import json

import pytest

from remarque.intake import invokeai
from remarque.model.recipe import Chunk, LoraUse, Pass, Recipe, Setting, Size, SourceUse


def chunk(key: str, value: object) -> Chunk:
    text = value if isinstance(value, str) else json.dumps(value)
    return Chunk("PNG tEXt", key, text.encode(), text)


def told(key: str, value: object) -> Recipe:
    (account,) = invokeai.read([chunk(key, value)])
    assert account.generator == "InvokeAI"
    return account.recipe


@pytest.mark.parametrize(
    "command",
    [
        '"a fox" -s50 -W512 -H768 -C7.5 -Ak_lms -S42',
        '"a fox" -s 50 -S 42 -W 512 -H 768 -C 7.5 -A k_lms',
        "a fox -s 50 -S 42 -W 512 -H 768 -C 7.5 -A k_lms",
        "a fox -s 50 --seed 42 --width=512 --height=768 --cfg_scale 7.5 --sampler k_lms",
    ],
)
def test_dream_in_every_spelling(command):
    recipe = told("Dream", command)
    assert (recipe.prompt, recipe.negative_prompt) == ("a fox", "")
    assert (recipe.seed, recipe.steps, recipe.cfg) == (42, 50, 7.5)
    assert (recipe.sampler, recipe.generated_size) == ("k_lms", Size(512, 768))


def test_dream_with_pictures_variations_and_repairs():
    recipe = told(
        "Dream",
        '"a fox" -s 50 -W 512 -H 512 -C 7.5 -A ddim -I in/fox.png -M mask.png -f 0.6 '
        "-G 0.8 -ft codeformer -U 2 0.75 -v 0.2 -V 123:0.1,456:0.25 --seamless -S 42",
    )
    assert recipe.denoise == 0.6
    assert recipe.sources == (
        SourceUse("init", name="in/fox.png", strength=0.6),
        SourceUse("mask", name="mask.png"),
    )
    assert set(recipe.settings) == {
        Setting("gfpgan_strength", "0.8"),
        Setting("facetool", "codeformer"),
        Setting("upscale", "2 0.75"),
        Setting("variation_amount", "0.2"),
        Setting("variation", "seed 123, weight 0.1"),
        Setting("variation", "seed 456, weight 0.25"),
    }


def test_dream_without_a_source_has_no_strength():
    assert told("Dream", "fox -s 50 -S 1 -f 0.75").denoise is None


@pytest.mark.parametrize(
    "text",
    ["", "a fox", "a fox -s 50", 'a fox -s 50 -I "in -S 4', "x -s fifty -S 1", "-" * 200_000],
)
def test_what_is_no_command_line(text):
    assert invokeai.read([chunk("Dream", text)]) == ()


def test_sd_metadata_of_img2img():
    image = {
        "prompt": "a fox [dog]", "seed": 5, "steps": 20, "cfg_scale": 7, "sampler": "ddim",
        "width": 512, "height": 640, "type": "img2img", "strength_steps": 0.4,
        "init_image_path": "a/in.png", "init_mask": None, "upscale": [2, 0.75],
    }  # fmt: skip
    recipe = told("sd-metadata", {"model_weights": "sd-1.5", "model_hash": "ab", "image": image})
    assert (recipe.prompt, recipe.negative_prompt) == ("a fox [dog]", "dog")
    assert (recipe.model, recipe.model_hash, recipe.denoise) == ("sd-1.5", "ab", 0.4)
    assert recipe.sources == (SourceUse("init", name="a/in.png", strength=0.4),)
    assert Setting("upscale", "2 0.75") in recipe.settings


def test_weighted_prompts_and_grids_are_no_single_prompt():
    image = {"prompt": [{"prompt": "a", "weight": 1}, {"prompt": "b", "weight": 2}], "seed": 1}
    assert told("sd-metadata", {"image": image}).prompt is None
    assert invokeai.read([chunk("sd-metadata", {"images": [image, image]})]) == ()


def test_the_first_beta_of_version_3():
    raw = {"type": "t2l", "positive_conditioning": "a fox", "negative_conditioning": "", "seed": 1}
    recipe = told("invokeai_metadata", raw)
    assert (recipe.prompt, recipe.negative_prompt, recipe.seed) == ("a fox", "", 1)


def test_high_resolution_fix_has_the_size_of_its_result():
    raw = {"positive_prompt": "a", "width": 1024, "height": 1536, "hrf_enabled": True,
           "hrf_strength": 0.45, "hrf_method": "ESRGAN"}  # fmt: skip
    recipe = told("invokeai_metadata", raw)
    assert (recipe.generated_size, recipe.final_size) == (None, Size(1024, 1536))
    assert recipe.passes == (Pass("hires", denoise=0.45, upscaler="ESRGAN"),)
    assert told("invokeai_metadata", {**raw, "hrf_enabled": False}).final_size is None


def test_flux_with_references_loras_and_further_models():
    raw = {
        "generation_mode": "flux_txt2img", "positive_prompt": "a fox", "guidance": 4,
        "scheduler": "euler", "model": {"name": "FLUX Dev", "hash": "blake3:aa"},
        "t5_encoder": {"name": "t5_base"}, "vae": {"name": "ae"},
        "loras": [{"model": {"name": "l", "hash": "blake3:bb"}, "weight": 0.75}],
        "ref_images": [
            {"isEnabled": True, "config": {"type": "ip_adapter", "weight": 0.5,
             "model": {"name": "ip"}, "image": {"original": {"image": {"image_name": "r.png"}}}}},
            {"isEnabled": False, "config": {"type": "flux_redux", "weight": 1}},
        ],
    }  # fmt: skip
    recipe = told("invokeai_metadata", raw)
    assert recipe.cfg is None
    assert {Setting("guidance", "4"), Setting("t5_encoder", "t5_base")} <= set(recipe.settings)
    assert recipe.loras == (LoraUse("l", 0.75, hash="blake3:bb"),)
    assert recipe.sources == (SourceUse("reference", "r.png", model="ip", strength=0.5),)


def test_canvas_layers_and_regions_that_were_switched_on():
    canvas = {
        "controlLayers": [
            {"isEnabled": True, "controlAdapter": {"model": {"name": "canny"}, "weight": 0.8}},
            {"isEnabled": False, "controlAdapter": {"model": {"name": "depth"}, "weight": 1}},
        ],
        "referenceImages": {
            "entities": [{"ipAdapter": {"model": {"name": "ip"}, "image": {"image_name": "r"}}}]
        },
        "regionalGuidance": [{"positivePrompt": "red fox", "negativePrompt": None}],
    }
    recipe = told("invokeai_metadata", {"positive_prompt": "a", "canvas_v2_metadata": canvas})
    assert recipe.sources == (
        SourceUse("control", model="canny", strength=0.8),
        SourceUse("reference", name="r", model="ip"),
    )
    assert Setting("regional prompt", "red fox") in recipe.settings


def test_layers_of_version_4_2():
    layers = [
        {"type": "initial_image_layer", "image": {"name": "i.png"}, "denoisingStrength": 0.6},
        {"type": "regional_guidance_layer", "positivePrompt": "sky"},
        {"type": "ip_adapter_layer", "ipAdapter": {"image": {"name": "r.png"}, "weight": 1}},
    ]
    recipe = told("invokeai_metadata", {"control_layers": {"layers": layers}})
    assert recipe.sources == (
        SourceUse("init", name="i.png", strength=0.6),
        SourceUse("reference", name="r.png", strength=1.0),
    )
    assert Setting("regional prompt", "sky") in recipe.settings


def test_an_upscale_names_its_source():
    raw = {"upscale_initial_image": {"image_name": "small.png"}, "upscale_model": {"name": "u4"}}
    recipe = told("invokeai_metadata", raw)
    assert recipe.sources == (SourceUse("init", name="small.png"),)
    assert Setting("upscale_model", "u4") in recipe.settings


def test_a_graph_alone_says_only_what_no_edge_feeds():
    note = {"id": "m", "type": "core_metadata", "positive_prompt": "stale", "steps": 20, "seed": 0}
    edges = [
        {"source": {"node_id": "p"}, "destination": {"node_id": "m", "field": field}}
        for field in ("positive_prompt", "seed")
    ]
    graph = {"nodes": {"m": note, "n": {"type": "noise", "seed": 99}}, "edges": edges}
    recipe = told("invokeai_graph", graph)
    assert (recipe.prompt, recipe.seed, recipe.steps) == (None, None, 20)
    both = invokeai.read([chunk("invokeai_graph", graph), chunk("Dream", "a -s 1 -S 2")])
    assert [account.recipe.seed for account in both] == [2]
