"""InvokeAI, NovelAI, SwarmUI, Fooocus, Draw Things, Easy Diffusion, and several in one file."""

import json

from remarque.intake import (
    draw_things,
    easy_diffusion,
    fooocus,
    invokeai,
    novelai,
    read_picture,
    swarmui,
)
from remarque.intake.reading import read_accounts
from remarque.model.recipe import Chunk, LoraUse, Setting, Size, SourceUse
from stand_ins.samples import sample


def chunk(key: str, value: object, place: str = "PNG tEXt") -> Chunk:
    text = value if isinstance(value, str) else json.dumps(value)
    return Chunk(place, key, text.encode(), text)


def test_invokeai_keeps_variations_and_adapters():
    reading = read_picture(sample("generators/invokeai/000008.2772421987.png").read_bytes())
    assert Setting("variation", "seed 2772421987, weight 0.1") in reading.recipe.settings
    recipe = read_picture(sample("generators/invokeai/invokeai_imeta1.png").read_bytes()).recipe
    assert recipe.vae == "VAEFix"
    assert recipe.sources[0].model == "ip-adapter-plus_sdxl_vit-h"


def test_invokeai_negative_words_in_brackets():
    dream = '"a fox [dog] in snow [cat]" -s 20 -S 5 -W 512 -H 768 -C 7.5 -A k_euler_a'
    (account,) = invokeai.read([chunk("Dream", dream)])
    assert account.recipe.prompt == "a fox [dog] in snow [cat]"
    assert account.recipe.negative_prompt == "dog cat"
    assert account.recipe.generated_size == Size(512, 768)


def test_invokeai_of_today():
    raw = {
        "positive_prompt": "a fox",
        "seed": 5,
        "model": {"name": "m", "hash": "blake3:ab"},
        "loras": [{"model": {"name": "l"}, "weight": 0.75}],
        "refiner_model": {"name": "r"},
        "refiner_steps": 10,
    }
    (account,) = invokeai.read([chunk("invokeai_metadata", raw)])
    assert (account.recipe.model, account.recipe.model_hash) == ("m", "blake3:ab")
    assert account.recipe.loras == (LoraUse("l", 0.75),)
    assert account.recipe.passes[0].model == "r"
    assert account.recipe.negative_prompt is None


def test_novelai_text_and_hidden_text_agree():
    reading = read_picture(sample("generators/novelai/sample-0317.png").read_bytes())
    assert reading.recipe.generated_size == Size(128, 128)
    assert reading.recipe.denoise == 0.7
    assert reading.contradictions == ()


def test_a_comment_without_novelai_beside_it_is_not_novelai():
    raw = {"steps": 5, "seed": 1, "scale": 2, "sampler": "k_lms"}
    assert novelai.read([chunk("Comment", raw)]) == ()


def test_novelai_prompts_of_single_characters_are_kept():
    raw = {"prompt": "two", "v4_prompt": {"caption": {"char_captions": [{"char_caption": "fox"}]}}}
    (account,) = novelai.read([chunk("Software", "NovelAI"), chunk("Comment", raw)])
    assert account.recipe.settings == (Setting("character prompt", "fox"),)


def test_swarmui_leads_and_its_graph_fills():
    told = {"prompt": "a fox", "negativeprompt": "", "seed": 7, "model": "m", "loras": ["l"]}
    graph = {"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.ckpt"}}}
    accounts = read_accounts(
        [chunk("prompt", graph), chunk("parameters", {"sui_image_params": told})]
    )
    assert [account.generator for account in accounts] == ["SwarmUI", "ComfyUI"]
    assert accounts[0].recipe.loras == (LoraUse("l"),)
    assert swarmui.read([chunk("parameters", {"sui_image_params": []})]) == ()


def test_fooocus_and_its_fork():
    raw = {"metadata_scheme": "fooocus", "prompt": "p", "seed": "5", "resolution": "(768, 1280)"}
    raw["loras"] = [["l", 0.5, "abc"], ["k", 1], "x"]
    (account,) = fooocus.read([chunk("parameters", raw)])
    assert account.recipe.generated_size == Size(768, 1280)
    assert account.recipe.loras == (LoraUse("l", 0.5, hash="abc"), LoraUse("k", 1.0))
    (fork,) = fooocus.read([chunk("parameters", {"software": "RuinedFooocus", "Prompt": "q"})])
    assert (fork.generator, fork.recipe.prompt) == ("RuinedFooocus", "q")
    assert fooocus.read([chunk("parameters", {"prompt": "p", "seed": 5})]) == ()


def test_draw_things_inside_xmp():
    raw = {"c": "a fox", "uc": "", "seed": 5, "steps": 8, "sampler": "DDIM", "scale": 4,
           "size": "512x768", "v2": {"controls": [{"file": "c", "weight": 0.5}]}}  # fmt: skip
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:UserComment><rdf:Alt><rdf:li>'
        f"{json.dumps(raw)}</rdf:li></rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF>"
        "</x:xmpmeta>"
    )
    (account,) = draw_things.read([chunk("XML:com.adobe.xmp", xmp, "PNG iTXt")])
    assert account.recipe.prompt == "a fox"
    assert account.recipe.generated_size == Size(512, 768)
    assert account.recipe.sources == (SourceUse("control", model="c", strength=0.5),)


def test_xmp_that_expands_entities_is_not_read():
    bomb = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:exif="http://ns.adobe.com/exif/1.0/">'
        "<exif:UserComment>&lol;</exif:UserComment></x:xmpmeta>"
    )
    xmp = '<!DOCTYPE x [<!ENTITY lol "ha">]>' + bomb
    assert draw_things.read([chunk("XMP", xmp, "WebP XMP")]) == ()


def test_easy_diffusion_needs_its_own_names():
    told = {
        "prompt": "a fox",
        "seed": "5",
        "num_inference_steps": "25",
        "guidance_scale": "7.5",
        "use_stable_diffusion_model": "sd-v1-4",
        "width": "512",
        "height": "512",
    }
    (account,) = easy_diffusion.read([chunk(key, value) for key, value in told.items()])
    assert (account.recipe.seed, account.recipe.steps) == (5, 25)
    assert easy_diffusion.read([chunk("prompt", "a fox"), chunk("seed", "5")]) == ()
