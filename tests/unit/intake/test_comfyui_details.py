"""Texts, sizes, LoRAs and outputs as nodes of many packs name them."""

import json

import pytest

from remarque.intake.comfyui.reader import read
from remarque.model.recipe import Chunk, LoraUse, Recipe, Size


def node(kind: str, **inputs) -> dict:
    return {"class_type": kind, "inputs": inputs}


def graph_with(**changes) -> dict:
    graph = {
        "load": node("CheckpointLoaderSimple", ckpt_name="model.safetensors"),
        "size": node("EmptyLatentImage", width=512, height=640, batch_size=1),
        "yes": node("CLIPTextEncode", text="a fox", clip=["load", 1]),
        "no": node("CLIPTextEncode", text="a dog", clip=["load", 1]),
        "sample": node("KSampler", seed=7, steps=20, cfg=6.5, sampler_name="euler",
                       scheduler="normal", denoise=1.0, model=["load", 0],
                       positive=["yes", 0], negative=["no", 0], latent_image=["size", 0]),
        "decode": node("VAEDecode", samples=["sample", 0], vae=["load", 2]),
        "save": node("SaveImage", images=["decode", 0]),
    }  # fmt: skip
    return {**graph, **changes}


def account_of(graph: object, place: str = "PNG tEXt", key: str = "prompt"):
    text = json.dumps(graph) if place.startswith("PNG") else "prompt:" + json.dumps(graph)
    (account,) = read([Chunk(place, key, text.encode(), text)])
    return account


def recipe_of(**changes) -> Recipe:
    return account_of(graph_with(**changes)).recipe


def prompt_from(kind: str, output: int = 0, **inputs) -> str | None:
    return recipe_of(
        source=node(kind, **inputs),
        yes=node("CLIPTextEncode", text=["source", output], clip=["load", 1]),
    ).prompt


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        ("StringReplace", {"string": "a fox", "find": "fox", "replace": "cat"}, "a cat"),
        ("StringReplace", {"string": "a fox", "find": "", "replace": "cat"}, None),
        ("Text Find and Replace", {"text": "a fox", "find": "fox", "replace": "cat"}, "a cat"),
        ("Text Find and Replace", {"text": "a fox", "find": "f.x", "replace": "cat"}, None),
        ("CR Text Replace", {"text": "a b", "find1": "a", "replace1": "x", "find2": "b",
                             "replace2": "y"}, "x y"),
        ("StringTrim", {"string": " a fox\n", "mode": "Both"}, "a fox"),
        ("CR Combine Prompt", {"part1": "a", "part2": "b", "part3": "", "part4": "c",
                               "separator": "/"}, "a/b//c"),
        ("Text Multiline", {"text": "a fox\n# not this\nin snow\n"}, "a fox\nin snow"),
        ("Text Multiline", {"text": "a fox at [time]"}, None),
        ("Text String", {"text": "a fox", "text_b": "b"}, "a fox"),
        ("Text String", {"text": "a fox by [user]", "text_b": "b"}, None),
        ("Text Concatenate", {"delimiter": ", ", "clean_whitespace": "true", "text_a": " a ",
                              "text_b": "", "text_c": "b"}, "a, b"),
        ("StringFunction|pysssss", {"action": "append", "tidy_tags": "yes", "text_a": "a,",
                                    "text_b": "b", "result": "of the last run"}, "a, b"),
        ("StringFunction|pysssss", {"action": "append", "tidy_tags": "yes", "text_a": "a",
                                    "text_b": "undefined"}, None),
        ("StringFunction|pysssss", {"action": "replace", "tidy_tags": "no", "text_a": "a",
                                    "text_b": "/a/", "text_c": "b"}, None),
        ("ImpactWildcardProcessor", {"wildcard_text": "__x__", "populated_text": "a fox",
                                     "mode": True, "seed": 3}, "a fox"),
        ("ImpactWildcardProcessor", {"wildcard_text": "__x__", "populated_text": "a __x__"}, None),
        ("JoinStringMulti", {"inputcount": 2, "string_1": "a", "string_2": "b", "string_3": "c",
                             "delimiter": " ", "return_list": False}, "a b"),
        ("String Literal (Image Saver)", {"string": "a fox"}, "a fox"),
        ("easy positive", {"positive": "a fox"}, "a fox"),
        ("DPRandomGenerator", {"text": "a {fox|cat}"}, None),
    ],
)  # fmt: skip
def test_texts_are_worked_out_where_that_is_certain(kind, inputs, expected):
    assert prompt_from(kind, **inputs) == expected


def test_a_second_output_is_that_of_the_second_text():
    assert prompt_from("Text String", 1, text="a cat", text_b="a fox") == "a fox"
    assert prompt_from("StringConcatenate", 1, string_a="a", string_b="b", delimiter="") is None


def test_a_display_hands_on_what_it_shows_and_not_what_it_showed_before():
    shown = {"words": node("PrimitiveString", value="a fox")}
    text = prompt_from("ShowText|pysssss", text=["words", 0], text_0="old")
    assert text is None  # the shown text's own source is not in this graph
    recipe = recipe_of(
        **shown,
        show=node("ShowText|pysssss", text=["words", 0], text_0="old"),
        yes=node("CLIPTextEncode", text=["show", 0], clip=["load", 1]),
    )
    assert recipe.prompt == "a fox"


@pytest.mark.parametrize(
    ("latent", "output", "expected"),
    [
        (node("CR SDXL Aspect Ratio", width=64, height=64, swap_dimensions="Off",
              aspect_ratio="3:4 portrait 896x1152", upscale_factor=1), 4, Size(896, 1152)),
        (node("CR SDXL Aspect Ratio", width=64, height=72, swap_dimensions="On",
              aspect_ratio="custom", upscale_factor=1), 4, Size(72, 64)),
        (node("CR Aspect Ratio", width=64, height=64, swap_dimensions="Off", prescale_factor=1.5,
              aspect_ratio="SD1.5 - 2:3 portrait 512x768"), 5, Size(768, 1152)),
        (node("CR Aspect Ratio", width=64, height=64, swap_dimensions="Off",
              prescale_factor=1e308, aspect_ratio="512x768"), 5, None),
        (node("SDXLEmptyLatentSizePicker+", resolution="832x1216 (0.68)", width_override=0,
              height_override=1024, batch_size=1), 0, Size(832, 1024)),
        (node("EmptyLatentImagePresets", dimensions="512 x 768 (2:3)", invert=True), 0,
         Size(768, 512)),
        (node("EmptyLatentImagePresets", dimensions="as you like", invert=True), 0, None),
    ],
)  # fmt: skip
def test_sizes_named_by_a_preset(latent, output, expected):
    graph = graph_with(size=latent)
    graph["sample"]["inputs"]["latent_image"] = ["size", output]
    assert account_of(graph).recipe.generated_size == expected


def test_width_and_height_taken_from_a_preset():
    recipe = recipe_of(
        ratio=node("CR SDXL Aspect Ratio", width=64, height=64, swap_dimensions="Off",
                   aspect_ratio="16:9 landscape 1344x768", upscale_factor=1),
        size=node("EmptyLatentImage", width=["ratio", 0], height=["ratio", 1]),
    )  # fmt: skip
    assert recipe.generated_size == Size(1344, 768)


@pytest.mark.parametrize(
    ("loader", "expected"),
    [
        (node("CR Load LoRA", switch="Off", lora_name="l", strength_model=1), ()),
        (node("CR Load LoRA", switch="On", lora_name="l", strength_model=0.7, strength_clip=0.6),
         (LoraUse("l", 0.7, 0.6),)),
        (node("LoraLoaderModelOnly", lora_name="None", strength_model=1), ()),
        (node("Lora Loader Stack (rgthree)", lora_01="one", strength_01=0.5, lora_02="None",
              strength_02=1), (LoraUse("one", 0.5),)),
        (node("Lora Loader (LoraManager)", text="<lora:no:1>", loras={"__value__": [
            {"name": "one", "strength": "0.5", "active": True},
            {"name": "off", "strength": "0.5", "active": False}]}), (LoraUse("one", 0.5, 0.5),)),
        (node("PCLazyLoraLoader", text="words <lora:one:0.5> <lora:two:1:0.2>"),
         (LoraUse("one", 0.5, 0.5), LoraUse("two", 1.0, 0.2))),
        (node("SomethingElse", text="<lora:one:0.5>"), ()),
    ],
)  # fmt: skip
def test_loras(loader, expected):
    loader["inputs"]["model"] = ["load", 0]
    graph = graph_with(lora=loader)
    graph["sample"]["inputs"]["model"] = ["lora", 0]
    recipe = account_of(graph).recipe
    assert recipe.loras == expected
    assert recipe.model == "model.safetensors"


def test_a_row_switched_off_in_a_stack_and_a_stack_switched_off():
    rows = {
        "lora_name_1": "one",
        "model_weight_1": 0.5,
        "clip_weight_1": 0.4,
        "switch_1": "On",
        "lora_name_2": "two",
        "model_weight_2": 1,
        "clip_weight_2": 1,
        "switch_2": "Off",
    }
    recipe = recipe_of(
        rows=node("CR LoRA Stack", **rows, lora_stack=["none", 0]),
        none=node("easy loraStack", toggle=False, mode="simple", num_loras=1, lora_1_name="no",
                  lora_1_strength=1),
        apply=node("CR Apply LoRA Stack", model=["load", 0], lora_stack=["rows", 0]),
        sample=node("KSampler", seed=7, steps=20, cfg=6.5, sampler_name="euler",
                    scheduler="normal", model=["apply", 0], positive=["yes", 0]),
    )  # fmt: skip
    assert recipe.loras == (LoraUse("one", 0.5, 0.4),)


def test_loaders_are_known_by_the_one_model_file_they_name():
    gguf = node("LoaderGGUFAdvanced", gguf_name="flux.gguf", vae_name="ae.safetensors")
    assert recipe_of(load=gguf).model == "flux.gguf"
    two = node("TwoLoader", one="a.safetensors", two="b.safetensors")
    assert recipe_of(load=two).model is None


def _other_sampler(**saves) -> dict:
    graph = graph_with(decode2=node("VAEDecode", samples=["other", 0], vae=["load", 2]), **saves)
    graph["other"] = node("KSampler", **{**graph["sample"]["inputs"], "seed": 99})
    return graph


def test_a_saved_picture_that_nothing_sampled_is_not_that_of_the_preview_beside_it():
    graph = graph_with(
        photo=node("LoadImage", image="photo.png"),
        save=node("SaveImage", images=["photo", 0]),
        look=node("PreviewImage", images=["decode", 0]),
    )
    assert account_of(graph).recipe == Recipe()


def test_saved_texts_and_models_are_no_pictures():
    graph = graph_with(
        save=node("Save Text File", text=["yes", 0]),
        weights=node("CheckpointSave", model=["load", 0]),
        look=node("PreviewImage", images=["decode", 0]),
    )
    assert account_of(graph).recipe.seed == 7


def test_an_animation_was_not_written_by_the_node_that_writes_png_and_the_other_way_round():
    graph = _other_sampler(film=node("SaveAnimatedWEBP", images=["decode2", 0]))
    assert account_of(graph).recipe.seed == 7
    assert account_of(graph, "EXIF Model", "Model").recipe.seed == 99


def test_a_node_that_only_writes_settings_down_samples_nothing():
    graph = graph_with()
    settings = {**graph["sample"]["inputs"], "seed": 5, "positive": "x", "images": ["decode", 0]}
    del settings["model"], settings["latent_image"], settings["negative"]
    graph["save"] = node("SDPromptSaver", **settings)
    account = account_of(graph)
    assert (account.recipe.seed, account.recipe.passes) == (7, ())


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda graph: {"prompt": graph, "extra_data": {"client_id": "x"}},
        lambda graph: {"prompt": json.dumps(graph)},
        lambda graph: {"prompt": json.dumps({"prompt": graph})},
        lambda graph: {"prompt": [3, "an-id", graph, {}, ["save"]]},
    ],
)
def test_a_graph_inside_something_else(wrapped):
    assert account_of(wrapped(graph_with())).recipe.seed == 7


def test_the_upscale_model_of_a_pass():
    graph = graph_with(
        model=node("UpscaleModelLoader", model_name="4x.pth"),
        big=node("ImageUpscaleWithModel", upscale_model=["model", 0], image=["decode", 0]),
        encode=node("VAEEncode", pixels=["big", 0], vae=["load", 2]),
        decode2=node("VAEDecode", samples=["again", 0], vae=["load", 2]),
        save=node("SaveImage", images=["decode2", 0]),
    )
    again = {**graph["sample"]["inputs"], "latent_image": ["encode", 0], "denoise": 0.4}
    (second,) = account_of({**graph, "again": node("KSampler", **again)}).recipe.passes
    assert (second.upscaler, second.denoise) == ("4x.pth", 0.4)


def test_guidance_for_two_conditions_is_not_one_number():
    graph = graph_with(
        sample=node("SamplerCustomAdvanced", guider=["guide", 0], latent_image=["size", 0]),
        guide=node("DualCFGGuider", model=["load", 0], cond1=["yes", 0], cond2=["no", 0],
                   negative=["no", 0], cfg_conds=5.0, cfg_cond2_negative=2.0),
    )  # fmt: skip
    recipe = account_of(graph).recipe
    assert (recipe.prompt, recipe.cfg) == ("a fox", None)
    assert [(one.name, one.value) for one in recipe.settings] == [
        ("cfg_conds", "5"), ("cfg_cond2_negative", "2"),
    ]  # fmt: skip


def test_a_long_ring_of_bundles_ends():
    graph = graph_with(**{
        f"c{n}": node("Context Merge (rgthree)", ctx_01=[f"c{(n + 1) % 3000}", 0],
                      ctx_02=[f"c{(n * 7 + 3) % 3000}", 0])
        for n in range(3000)
    })  # fmt: skip
    graph["sample"]["inputs"]["model"] = ["c0", 1]
    recipe = account_of(graph).recipe
    assert (recipe.model, recipe.prompt) == (None, "a fox")


def _service(**inputs) -> dict:
    asked = {"prompt": "a fox", "seed": 5, "size": "1024x1536", "model": "image-1", **inputs}
    return {
        "make": node("OpenAIGPTImage1", **asked),
        "save2": node("SaveImage", images=["make", 0]),
    }


def test_a_picture_service_is_read_from_its_own_node():
    recipe = account_of(_service(model="image-1")).recipe
    assert (recipe.prompt, recipe.negative_prompt, recipe.seed) == ("a fox", None, 5)
    assert (recipe.model, recipe.generated_size) == ("image-1", Size(1024, 1536))
    assert (recipe.steps, recipe.cfg, recipe.sampler) == (None, None, None)


def test_a_service_beside_a_sampler_is_another_picture():
    account = account_of(graph_with(**_service()))
    assert (account.recipe.seed, account.recipe.steps) == (None, None)
    assert account.recipe.prompt == "a fox"
    assert "2 ways" in account.doubts[0]


def test_a_loaded_picture_saved_beside_a_sampled_one_is_said():
    graph = graph_with(
        photo=node("LoadImage", image="photo.png"), save2=node("SaveImage", images=["photo", 0])
    )
    account = account_of(graph)
    assert account.recipe.seed == 7
    assert "no sampler of it made (nodes save2)" in account.doubts[0]
