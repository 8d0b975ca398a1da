"""Facts from executed graphs: found by walking, unknown where the graph does not settle them."""

import json

import pytest

from remarque.intake.comfyui.reader import read, read_canvas
from remarque.model.recipe import Chunk, LoraUse, Recipe, Size, SourceUse


def node(kind: str, **inputs) -> dict:
    return {"class_type": kind, "inputs": inputs}


def simple(**changes) -> dict:
    """A plain text-to-image graph; changes replace or add nodes."""
    graph = {
        "load": node("CheckpointLoaderSimple", ckpt_name="model.safetensors"),
        "size": node("EmptyLatentImage", width=512, height=640, batch_size=1),
        "yes": node("CLIPTextEncode", text="a fox", clip=["load", 1]),
        "no": node("CLIPTextEncode", text="a dog", clip=["load", 1]),
        "sample": node(
            "KSampler",
            seed=7,
            steps=20,
            cfg=6.5,
            sampler_name="euler",
            scheduler="normal",
            denoise=1.0,
            model=["load", 0],
            positive=["yes", 0],
            negative=["no", 0],
            latent_image=["size", 0],
        ),
        "decode": node("VAEDecode", samples=["sample", 0], vae=["load", 2]),
        "save": node("SaveImage", images=["decode", 0]),
    }
    return {**graph, **changes}


def with_inputs(graph: dict, name: str, **inputs) -> dict:
    changed = node(graph[name]["class_type"], **{**graph[name]["inputs"], **inputs})
    return {**graph, name: changed}


def account_of(graph: object):
    text = json.dumps(graph)
    (account,) = read([Chunk("PNG tEXt", "prompt", text.encode(), text)])
    return account


def recipe_of(graph: object) -> Recipe:
    return account_of(graph).recipe


def test_a_plain_graph():
    recipe = recipe_of(simple())
    assert (recipe.prompt, recipe.negative_prompt) == ("a fox", "a dog")
    assert (recipe.seed, recipe.steps, recipe.cfg) == (7, 20, 6.5)
    assert (recipe.sampler, recipe.scheduler) == ("euler", "normal")
    assert recipe.model == "model.safetensors"
    assert recipe.generated_size == Size(512, 640)
    assert recipe.final_size is None
    assert account_of(simple()).doubts == ()


def test_values_come_through_small_nodes():
    graph = simple(
        words=node("StringConcatenate", string_a=["fox", 0], string_b="in snow", delimiter=", "),
        fox=node("PrimitiveString", value="a fox"),
        number=node("PrimitiveInt", value=11),
        relay=node("Reroute", anything=["number", 0]),
    )
    graph = with_inputs(graph, "yes", text=["words", 0])
    graph = with_inputs(graph, "sample", seed=["relay", 0])
    recipe = recipe_of(graph)
    assert (recipe.prompt, recipe.seed) == ("a fox, in snow", 11)


@pytest.mark.parametrize(
    "source",
    [
        node("OllamaGenerate", prompt="write me a prompt"),
        node("RandomPrompts", text="{a|b}"),
        node("TextGenerate", prompt="expand this"),
        node("LoadTextFile", text="prompts.txt"),
        node("RegexReplace", string="a fox", regex_pattern="f.x", replace="cat"),
        node("SomethingUnheardOf", text="a fox"),
    ],
)
def test_text_that_another_program_made_is_unknown(source):
    graph = with_inputs(simple(source=source), "yes", text=["source", 0])
    assert recipe_of(graph).prompt is None
    assert recipe_of(graph).seed == 7


def test_the_switched_way_is_taken():
    graph = simple(
        cat=node("PrimitiveString", value="a cat"),
        fox=node("PrimitiveString", value="a fox in the switch"),
        flag=node("PrimitiveBoolean", value=True),
        switch=node("ComfySwitchNode", switch=["flag", 0], on_true=["fox", 0], on_false=["cat", 0]),
    )
    assert recipe_of(with_inputs(graph, "yes", text=["switch", 0])).prompt == "a fox in the switch"


def test_different_texts_of_one_conditioning_are_joined_and_a_missing_part_is_fatal():
    graph = simple(
        more=node("CLIPTextEncode", text="at night", clip=["load", 1]),
        both=node("ConditioningCombine", conditioning_1=["yes", 0], conditioning_2=["more", 0]),
    )
    graph = with_inputs(graph, "sample", positive=["both", 0])
    assert recipe_of(graph).prompt == "a fox\nat night"
    del graph["more"]
    assert recipe_of(graph).prompt is None


def test_flux_without_guidance_scale_or_negative_prompt():
    graph = {
        "unet": node("UNETLoader", unet_name="flux.safetensors"),
        "text": node("CLIPTextEncode", text="a fox", clip=["clip", 0]),
        "clip": node("DualCLIPLoader", clip_name1="t5", clip_name2="l"),
        "guide": node("FluxGuidance", guidance=3.5, conditioning=["text", 0]),
        "guider": node("BasicGuider", model=["unet", 0], conditioning=["guide", 0]),
        "noise": node("RandomNoise", noise_seed=2**64 - 1),
        "name": node("KSamplerSelect", sampler_name="euler"),
        "sigmas": node("BasicScheduler", scheduler="simple", steps=8, denoise=1.0),
        "size": node("EmptySD3LatentImage", width=1024, height=768),
        "sample": node(
            "SamplerCustomAdvanced",
            noise=["noise", 0],
            guider=["guider", 0],
            sampler=["name", 0],
            sigmas=["sigmas", 0],
            latent_image=["size", 0],
        ),
        "decode": node("VAEDecode", samples=["sample", 0], vae=["vae", 0]),
        "vae": node("VAELoader", vae_name="ae.safetensors"),
        "save": node("SaveImage", images=["decode", 0]),
    }
    recipe = recipe_of(graph)
    assert (recipe.prompt, recipe.negative_prompt, recipe.cfg) == ("a fox", None, None)
    assert (recipe.seed, recipe.steps, recipe.scheduler) == (2**64 - 1, 8, "simple")
    assert (recipe.model, recipe.vae) == ("flux.safetensors", "ae.safetensors")
    assert [(setting.name, setting.value) for setting in recipe.settings] == [("guidance", "3.5")]


def test_loras_clip_skip_and_the_model_behind_them():
    graph = simple(
        one=node("LoraLoader", lora_name="one", strength_model=0.5, strength_clip=0.4,
                 model=["load", 0], clip=["load", 1]),
        two=node("Power Lora Loader (rgthree)", model=["one", 0], clip=["one", 1],
                 lora_1={"on": True, "lora": "two", "strength": 0.3},
                 lora_2={"on": False, "lora": "off", "strength": 1}),
        skip=node("CLIPSetLastLayer", stop_at_clip_layer=-2, clip=["two", 1]),
    )  # fmt: skip
    graph = with_inputs(graph, "sample", model=["two", 0])
    graph = with_inputs(graph, "yes", clip=["skip", 0])
    recipe = recipe_of(graph)
    assert recipe.loras == (LoraUse("one", 0.5, 0.4), LoraUse("two", 0.3, 0.3))
    assert (recipe.model, recipe.clip_skip) == ("model.safetensors", 2)


def test_a_merge_has_no_single_model():
    graph = simple(
        other=node("CheckpointLoaderSimple", ckpt_name="other.safetensors"),
        merge=node("ModelMergeSimple", model1=["load", 0], model2=["other", 0], ratio=0.5),
    )
    assert recipe_of(with_inputs(graph, "sample", model=["merge", 0])).model is None


def test_inpainting_and_control():
    graph = simple(
        photo=node("LoadImage", image="photo.png"),
        edges=node("Canny", image=["photo", 0], low_threshold=0.4),
        net=node("ControlNetLoader", control_net_name="canny.pth"),
        apply=node("ControlNetApplyAdvanced", positive=["yes", 0], negative=["no", 0],
                   control_net=["net", 0], image=["edges", 0], strength=0.7),
        encode=node("VAEEncodeForInpaint", pixels=["photo", 0], mask=["photo", 1], vae=["load", 2]),
    )  # fmt: skip
    graph = with_inputs(
        graph, "sample", positive=["apply", 0], negative=["apply", 1], latent_image=["encode", 0]
    )
    recipe = recipe_of(graph)
    assert recipe.sources == (
        SourceUse("init", "photo.png"),
        SourceUse("mask", "photo.png"),
        SourceUse("control", "photo.png", "canny.pth", 0.7),
    )
    assert (recipe.prompt, recipe.negative_prompt) == ("a fox", "a dog")
    assert recipe.generated_size is None


def _two_passes(**saves) -> dict:
    graph = simple(
        bigger=node("LatentUpscaleBy", samples=["sample", 0], scale_by=1.5),
        decode2=node("VAEDecode", samples=["again", 0], vae=["load", 2]),
        save2=node("SaveImage", images=["decode2", 0]),
        **saves,
    )
    again = {**graph["sample"]["inputs"], "latent_image": ["bigger", 0], "seed": 8, "denoise": 0.5}
    return {**graph, "again": node("KSampler", **again)}


def test_a_second_pass():
    graph = _two_passes()
    del graph["save"]
    account = account_of(graph)
    (second,) = account.recipe.passes
    assert (second.role, second.seed, second.denoise) == ("second_pass", 8, 0.5)
    assert (account.recipe.seed, account.recipe.final_size) == (7, Size(768, 960))
    assert account.doubts == ()


def test_two_saved_stages_are_said():
    (doubt,) = account_of(_two_passes()).doubts
    assert "after several of its samplers" in doubt


def test_two_unrelated_pictures_share_what_they_share():
    graph = simple(
        decode2=node("VAEDecode", samples=["other", 0], vae=["load", 2]),
        save2=node("SaveImage", images=["decode2", 0]),
    )
    graph["other"] = node("KSampler", **{**graph["sample"]["inputs"], "seed": 99})
    account = account_of(graph)
    assert account.recipe.seed is None
    assert account.recipe.prompt == "a fox"
    assert "2 ways" in account.doubts[0]


def test_a_preview_beside_a_saved_picture_is_no_candidate():
    graph = simple(
        decode2=node("VAEDecode", samples=["other", 0], vae=["load", 2]),
        look=node("PreviewImage", images=["decode2", 0]),
    )
    graph["other"] = node("KSampler", **{**graph["sample"]["inputs"], "seed": 99})
    assert account_of(graph).recipe.seed == 7


def test_a_refiner_goes_on_where_the_first_sampler_stopped():
    graph = simple(refiner=node("CheckpointLoaderSimple", ckpt_name="refiner.safetensors"))
    first = {"noise_seed": 7, "start_at_step": 0, "end_at_step": 16, "add_noise": "enable"}
    graph = with_inputs(graph, "sample", **first)
    second = {**graph["sample"]["inputs"], **first, "start_at_step": 16, "model": ["refiner", 0]}
    graph["sample2"] = node("KSamplerAdvanced", **{**second, "latent_image": ["sample", 0]})
    graph = with_inputs(graph, "decode", samples=["sample2", 0])
    (refiner,) = recipe_of(graph).passes
    assert (refiner.role, refiner.model) == ("refiner", "refiner.safetensors")
    assert refiner.start_at_step == 16


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("sample", {"latent_image": ["sample", 0]}),
        ("sample", {"latent_image": ["decode", 0]}),
        ("sample", {"model": ["nowhere", 0]}),
        ("sample", {"positive": ["yes", 0, 1]}),
        ("sample", {"positive": [["yes"], 0]}),
        ("sample", {"seed": {"deep": []}}),
        ("yes", {"text": ["yes", 0]}),
        ("decode", {"samples": ["save", 0]}),
        ("save", {"images": ["save", 0]}),
    ],
)
def test_cycles_and_links_to_nowhere_leave_facts_unknown(name, inputs):
    recipe = recipe_of(with_inputs(simple(), name, **inputs))
    changed = {"latent_image": "generated_size", "model": "model", "positive": "prompt"}
    for key in inputs:
        assert getattr(recipe, changed.get(key, "vae")) is None


def test_a_chain_of_doubling_texts_ends():
    graph = {f"n{i}": node("StringConcatenate", string_a=[f"n{i + 1}", 0],
                           string_b=[f"n{i + 1}", 0], delimiter="")
             for i in range(50)}  # fmt: skip
    graph["n50"] = node("PrimitiveString", value="x" * 100)
    assert recipe_of(with_inputs(simple(**graph), "yes", text=["n0", 0])).prompt is None


def test_a_ladder_of_samplers_ends():
    graph = simple()
    base = graph["sample"]["inputs"]
    for step in range(60):
        below = [f"s{step - 1}a", 0] if step else ["size", 0]
        graph[f"s{step}a"] = node("KSampler", **{**base, "latent_image": [f"m{step}", 0]})
        graph[f"s{step}b"] = node("KSampler", **{**base, "latent_image": [f"m{step}", 0]})
        beside = [f"s{step - 1}b", 0] if step else ["size", 0]
        graph[f"m{step}"] = node("LatentComposite", samples_to=below, samples_from=beside)
    graph = with_inputs(graph, "decode", samples=["s59a", 0])
    assert recipe_of(graph).steps == 20


@pytest.mark.parametrize("raw", ["a fox", "[]", "{}", '{"1": 2}', '{"1": {"class_type": 5}}', "{"])
def test_a_prompt_chunk_that_is_no_graph_says_nothing(raw):
    assert read([Chunk("PNG tEXt", "prompt", raw.encode(), raw)]) == ()


def test_nan_and_doubled_keys():
    text = json.dumps(simple()).replace('"seed": 7', '"seed": 7, "seed": 8, "is_changed": NaN')
    (account,) = read([Chunk("PNG tEXt", "prompt", text.encode(), text)])
    assert account.recipe.seed is None
    assert account.recipe.prompt == "a fox"
    assert account.doubts == ('PNG tEXt "prompt" says "seed" twice in one object.',)


def test_exif_tags_that_begin_with_the_name():
    text = "Prompt:" + json.dumps(simple())
    (account,) = read([Chunk("EXIF Make", "Make", text.encode(), text)])
    assert account.recipe.seed == 7


def _canvas(control: str, text: str = "a fox", bypassed: bool = False) -> dict:
    kinds = [
        (1, "CheckpointLoaderSimple", ["model.safetensors"], []),
        (2, "CLIPTextEncode", [text], [("clip", 11)]),
        (3, "EmptyLatentImage", [512, 640, 1], []),
        (4, "KSampler", [7, control, 20, 6.5, "euler", "normal", 1],
         [("model", 12), ("positive", 13), ("latent_image", 14)]),
        (5, "VAEDecode", [], [("samples", 15), ("vae", 16)]),
        (6, "SaveImage", ["x"], [("images", 17)]),
        (7, "LoraLoaderModelOnly", ["lora", 1.0], [("model", 18)]),
    ]  # fmt: skip
    links = [[11, 1, 1, 2, 0, "CLIP"], [12, 7, 0, 4, 0, "MODEL"], [13, 2, 0, 4, 1, "CONDITIONING"],
             [14, 3, 0, 4, 2, "LATENT"], [15, 4, 0, 5, 0, "LATENT"], [16, 1, 2, 5, 1, "VAE"],
             [17, 5, 0, 6, 0, "IMAGE"], [18, 1, 0, 7, 0, "MODEL"]]  # fmt: skip
    nodes = [
        {
            "id": number,
            "type": kind,
            "mode": 4 if bypassed and number == 7 else 0,
            "widgets_values": widgets,
            "inputs": [
                {"name": n, "link": link, "type": n.upper()} for n, link in inputs
            ],
            "outputs": [{"name": "MODEL", "type": "MODEL"}],
        }
        for number, kind, widgets, inputs in kinds
    ]  # fmt: skip
    return {"nodes": nodes, "links": links}


def canvas_recipe(**how) -> Recipe:
    text = json.dumps(_canvas(**how))
    (account,) = read_canvas([Chunk("PNG tEXt", "workflow", text.encode(), text)])
    return account.recipe


def test_a_canvas_gives_the_seed_only_where_it_is_fixed():
    assert canvas_recipe(control="fixed").seed == 7
    recipe = canvas_recipe(control="randomize")
    assert recipe.seed is None
    assert (recipe.prompt, recipe.steps, recipe.model) == ("a fox", 20, "model.safetensors")
    assert recipe.generated_size == Size(512, 640)


def test_a_canvas_text_that_is_rewritten_before_each_run_is_unknown():
    assert canvas_recipe(control="fixed", text="a {red|blue} fox").prompt is None
    assert canvas_recipe(control="fixed", text="a fox // in snow?").prompt is None


def test_a_bypassed_node_was_not_used():
    assert canvas_recipe(control="fixed").loras == (LoraUse("lora", 1.0),)
    recipe = canvas_recipe(control="fixed", bypassed=True)
    assert (recipe.loras, recipe.model) == ((), "model.safetensors")
