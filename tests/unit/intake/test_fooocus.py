"""Fooocus and its forks: names, LoRAs, refiners, each as the program itself writes them."""

import json

import pytest

from remarque.intake import fooocus, fooocus_loras
from remarque.model.recipe import Chunk, LoraUse, Pass, Setting, Size, SourceUse

PLUS = {
    "Base Model": "elsewhereXL_v10", "Base Model Hash": "79fd29ab43", "CLIP Skip": 2,
    "Guidance Scale": 4.5, "LoRAs": [], "Metadata Scheme": "Fooocus", "Negative Prompt": "",
    "Prompt": "a field", "Refiner Model": "None", "Resolution": "(1024, 1024)",
    "Sampler": "dpmpp_2m_sde_gpu", "Scheduler": "karras", "Seed": "5256010854089202552",
    "Sharpness": 6, "Steps": 30, "VAE": "Default (model)", "Version": "FooocusPlus 1.0.0",
}  # fmt: skip
MRE = {
    "prompt": "a fox", "negative_prompt": "dog", "real_prompt": ["cinematic a fox", "a fox"],
    "seed": 7, "width": 896, "height": 1152, "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras",
    "performance": "Speed", "steps": 30, "cfg": 7.0, "base_model": "sd_xl_base.safetensors",
    "refiner_model": "sd_xl_refiner.safetensors", "l1": "offset.safetensors", "w1": 0.5,
    "l2": "None", "w2": 1, "denoise": 0.83, "input_image": "in.png",
    "software": "Fooocus 2.0.78.5 MRE",
}  # fmt: skip


def chunk(key: str, value: object, place: str = "PNG tEXt") -> Chunk:
    text = json.dumps(value)
    return Chunk(place, key, text.encode(), text)


@pytest.mark.parametrize(
    ("key", "place"), [("Comment", "PNG tEXt"), ("UserComment", "EXIF UserComment")]
)
def test_fooocus_plus_writes_names_in_title_case(key, place):
    (account,) = fooocus.read([chunk(key, PLUS, place)])
    recipe = account.recipe
    assert account.generator == "FooocusPlus"
    assert (recipe.prompt, recipe.negative_prompt) == ("a field", "")
    assert (recipe.seed, recipe.steps, recipe.cfg) == (5256010854089202552, 30, 4.5)
    assert (recipe.model, recipe.model_hash) == ("elsewhereXL_v10", "79fd29ab43")
    assert recipe.generated_size == Size(1024, 1024)
    assert recipe.vae is None  # the checkpoint's own, which has no name
    assert recipe.passes == ()
    assert Setting("Sharpness", "6") in recipe.settings


@pytest.mark.parametrize("key", ["Comment", "comment"])
def test_fooocus_mre_writes_a_comment(key):
    (account,) = fooocus.read([chunk(key, MRE)])
    recipe = account.recipe
    assert account.generator == "Fooocus-MRE"
    assert (recipe.prompt, recipe.cfg, recipe.generated_size) == ("a fox", 7.0, Size(896, 1152))
    assert recipe.loras == (LoraUse("offset.safetensors", 0.5),)
    assert recipe.sources == (SourceUse("init", name="in.png", strength=0.83),)
    assert recipe.passes == (Pass("refiner", model="sd_xl_refiner.safetensors"),)
    assert Setting("real_prompt", "cinematic a fox") in recipe.settings


def test_a_version_that_is_no_fooocus_names_nothing():
    assert fooocus.read([chunk("parameters", {"version": "v1.0", "base_model": "m"})]) == ()
    assert fooocus.read([chunk("Comment", "Created with GIMP")]) == ()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([["BFA3BB4FBE", "1.0 - moi\\fox.safetensors"]],
         (LoraUse("moi\\fox.safetensors", 1.0, hash="BFA3BB4FBE"),)),
        ([["", "0.5 - a - b.safetensors"]], (LoraUse("a - b.safetensors", 0.5),)),
        ("[['AB12', '0.1 - offset.safetensors']]",
         (LoraUse("offset.safetensors", 0.1, hash="AB12"),)),
        ("<None:1>,<offset:0.5>", (LoraUse("offset", 0.5),)),
        ({"unexpected": "shape"}, ()),
        ([["AB12", "no weight"]], ()),
    ],
)  # fmt: skip
def test_the_loras_of_ruined_fooocus(written, expected):
    assert fooocus_loras.packed(written) == expected


def test_numbered_loras_where_no_list_is():
    raw = {
        "lora_combined_1": "a b.safetensors : 0.1",
        "lora_combined_2": "True : c : 0.5",
        "lora_combined_3": "False : d : 0.5",
        "lora_combined_4": "None : 1",
        "lora_combined_5": 3,
    }
    expected = (LoraUse("a b.safetensors", 0.1), LoraUse("c", 0.5))
    assert fooocus_loras.numbered(raw) == expected
