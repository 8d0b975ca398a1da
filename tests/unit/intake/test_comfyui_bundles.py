"""Pipes, contexts, packs' loaders and switches: facts come through them, and only theirs."""

import json

import pytest

from remarque.intake.comfyui.reader import read
from remarque.model.recipe import Chunk, LoraUse, Recipe, Size


def node(kind: str, **inputs) -> dict:
    return {"class_type": kind, "inputs": inputs}


SETTINGS = {"steps": 20, "cfg": 6.5, "sampler_name": "euler", "scheduler": "karras"}
BASE = {
    "load": node("CheckpointLoaderSimple", ckpt_name="model.safetensors"),
    "size": node("EmptyLatentImage", width=512, height=640, batch_size=1),
    "yes": node("CLIPTextEncode", text="a fox", clip=["load", 1]),
    "no": node("CLIPTextEncode", text="a dog", clip=["load", 1]),
    "save": node("SaveImage", images=["decode", 0]),
}


def account_of(graph: dict, place: str = "PNG tEXt"):
    text = json.dumps(graph)
    (account,) = read([Chunk(place, "prompt", text.encode(), text)])
    return account


def recipe_of(**nodes) -> Recipe:
    return account_of({**BASE, **nodes}).recipe


def assert_plain(recipe: Recipe) -> None:
    assert (recipe.prompt, recipe.negative_prompt) == ("a fox", "a dog")
    assert (recipe.seed, recipe.steps, recipe.cfg) == (7, 20, 6.5)
    assert (recipe.sampler, recipe.scheduler) == ("euler", "karras")
    assert recipe.model == "model.safetensors"
    assert recipe.generated_size == Size(512, 640)


def test_contexts_hand_on_what_an_earlier_one_holds():
    recipe = recipe_of(
        seed=node("Seed (rgthree)", seed=7),
        one=node("Context (rgthree)", model=["load", 0], latent=["size", 0], seed=["seed", 0]),
        two=node("Context (rgthree)", base_ctx=["one", 0], positive=["yes", 0],
                 negative=["no", 0]),
        switch=node("Context Switch (rgthree)", ctx_02=["two", 0]),
        out=node("Context (rgthree)", base_ctx=["switch", 0]),
        sample=node("KSampler", **SETTINGS, model=["out", 1], positive=["out", 4],
                    negative=["out", 5], latent_image=["out", 6], seed=["out", 8]),
        decode=node("VAEDecode", samples=["sample", 0], vae=["load", 2]),
    )  # fmt: skip
    assert_plain(recipe)


def test_a_later_context_of_a_merge_wins():
    recipe = recipe_of(
        one=node("Context (rgthree)", model=["load", 0], positive=["no", 0]),
        two=node("Context (rgthree)", positive=["yes", 0], negative=["no", 0]),
        both=node("Context Merge (rgthree)", ctx_01=["one", 0], ctx_02=["two", 0]),
        sample=node("KSampler", seed=7, **SETTINGS, model=["both", 1], positive=["both", 4],
                    negative=["both", 5], latent_image=["size", 0]),
        decode=node("VAEDecode", samples=["sample", 0], vae=["load", 2]),
    )  # fmt: skip
    assert_plain(recipe)


def _basic_pipe() -> dict:
    return node("ToBasicPipe", model=["load", 0], clip=["load", 1], vae=["load", 2],
                positive=["yes", 0], negative=["no", 0])  # fmt: skip


def test_basic_pipes_and_their_edits():
    recipe = recipe_of(
        first=node("ToBasicPipe", model=["load", 0], positive=["no", 0], negative=["no", 0]),
        pipe=node("EditBasicPipe", basic_pipe=["first", 0], positive=["yes", 0]),
        sample=node("ImpactKSamplerBasicPipe", basic_pipe=["pipe", 0], seed=7, **SETTINGS,
                    latent_image=["size", 0]),
        decode=node("VAEDecode", samples=["sample", 1], vae=["sample", 2]),
    )  # fmt: skip
    assert_plain(recipe)


def test_a_detailer_with_its_pipe_is_a_later_pass():
    account = account_of({
        **BASE,
        "pipe": _basic_pipe(),
        "detail": node("BasicPipeToDetailerPipe", basic_pipe=["pipe", 0]),
        "sample": node("KSampler", seed=7, **SETTINGS, model=["load", 0], positive=["yes", 0],
                       negative=["no", 0], latent_image=["size", 0]),
        "decode": node("VAEDecode", samples=["sample", 0], vae=["load", 2]),
        "face": node("FaceDetailerPipe", image=["decode", 0], detailer_pipe=["detail", 0],
                     guide_size=256, seed=9, **{**SETTINGS, "steps": 8}, denoise=0.4),
        "save": node("SaveImage", images=["face", 0]),
    })  # fmt: skip
    assert_plain(account.recipe)
    (face,) = account.recipe.passes
    assert (face.role, face.seed, face.steps, face.denoise) == ("detail", 9, 8, 0.4)
    assert (face.model, face.prompt) == ("model.safetensors", "a fox")


def test_an_upscaler_that_samples_through_a_provider():
    recipe = recipe_of(
        pipe=_basic_pipe(),
        sample=node("KSampler", seed=7, **SETTINGS, model=["load", 0], positive=["yes", 0],
                    negative=["no", 0], latent_image=["size", 0]),
        how=node("PixelKSampleUpscalerProviderPipe", basic_pipe=["pipe", 0], seed=9,
                 **{**SETTINGS, "steps": 8}, denoise=0.4),
        up=node("IterativeLatentUpscale", samples=["sample", 0], upscaler=["how", 0],
                upscale_factor=2.0, steps=3),
        decode=node("VAEDecode", samples=["up", 0], vae=["load", 2]),
    )  # fmt: skip
    assert_plain(recipe)
    (again,) = recipe.passes
    assert (again.seed, again.steps, again.denoise, again.upscale) == (9, 8, 0.4, 2.0)


def test_two_providers_share_what_they_share():
    recipe = recipe_of(
        pipe=_basic_pipe(),
        base=node("KSamplerProvider", basic_pipe=["pipe", 0], seed=7, **SETTINGS),
        inner=node("KSamplerProvider", basic_pipe=["pipe", 0], seed=8, **SETTINGS),
        both=node("TwoSamplersForMask", latent_image=["size", 0], base_sampler=["base", 0],
                  mask_sampler=["inner", 0]),
        decode=node("VAEDecode", samples=["both", 0], vae=["load", 2]),
    )  # fmt: skip
    assert (recipe.seed, recipe.steps, recipe.prompt) == (None, 20, "a fox")
    assert recipe.generated_size == Size(512, 640)


LOADER = {
    "ckpt_name": "model.safetensors",
    "positive": "a fox",
    "negative": "a dog",
    "empty_latent_width": 512,
    "empty_latent_height": 640,
    "lora_name": "None",
}


def test_the_efficient_loader_and_its_stack():
    recipe = recipe_of(
        stack=node("LoRA Stacker", input_mode="simple", lora_count=2,
                   lora_name_1="one", lora_wt_1=0.5, model_str_1=1.0, clip_str_1=1.0,
                   lora_name_2="None", lora_wt_2=1.0, lora_name_3="beyond", lora_wt_3=1.0),
        all=node("Efficient Loader", **LOADER, lora_stack=["stack", 0]),
        sample=node("KSampler (Efficient)", seed=7, **SETTINGS, model=["all", 0],
                    positive=["all", 1], negative=["all", 2], latent_image=["all", 3]),
        save=node("SaveImage", images=["sample", 5]),
    )  # fmt: skip
    assert_plain(recipe)
    assert recipe.loras == (LoraUse("one", 0.5, 0.5),)


def test_an_xy_plot_has_no_single_setting():
    recipe = recipe_of(
        plot=node("XY Plot", X=["x", 0]),
        x=node("XY Input: Seeds++ Batch", batch_count=3),
        all=node("Efficient Loader", **LOADER),
        sample=node("KSampler (Efficient)", seed=7, **SETTINGS, model=["all", 0],
                    positive=["all", 1], negative=["all", 2], latent_image=["all", 3],
                    script=["plot", 0]),
        save=node("SaveImage", images=["sample", 5]),
    )  # fmt: skip
    assert (recipe.seed, recipe.prompt, recipe.model) == (None, None, None)


def test_the_sdxl_tuple():
    recipe = recipe_of(
        all=node("Eff. Loader SDXL", base_ckpt_name="model.safetensors",
                 refiner_ckpt_name="refiner.safetensors",
                 **{key: LOADER[key] for key in LOADER if key != "ckpt_name"}),
        open=node("Unpack SDXL Tuple", sdxl_tuple=["all", 0]),
        sample=node("KSampler", seed=7, **SETTINGS, model=["open", 0], positive=["open", 2],
                    negative=["open", 3], latent_image=["all", 1]),
        decode=node("VAEDecode", samples=["sample", 0], vae=["all", 2]),
    )  # fmt: skip
    assert_plain(recipe)


def test_easy_use():
    recipe = recipe_of(
        all=node("easy fullLoader", **{**LOADER, "empty_latent_width": 64},
                 resolution="512 x 640"),
        how=node("easy preSampling", pipe=["all", 0], seed=7, **SETTINGS),
        sample=node("easy kSampler", pipe=["how", 0], image_output="Preview"),
        save=node("SaveImage", images=["sample", 1]),
    )  # fmt: skip
    assert_plain(recipe)


def test_easy_use_draws_its_wildcards_unseen():
    recipe = recipe_of(
        all=node("easy fullLoader", **{**LOADER, "positive": "a __animal__"}),
        how=node("easy preSampling", pipe=["all", 0], seed=7, **SETTINGS),
        sample=node("easy kSampler", pipe=["how", 0], image_output="Save"),
    )
    assert (recipe.prompt, recipe.negative_prompt) == (None, "a dog")


def test_tiny_terra_pipes_through_two_samplers():
    recipe = recipe_of(
        all=node("ttN pipeLoader", **LOADER),
        first=node("ttN pipeKSampler", pipe=["all", 0], seed=7, **SETTINGS, lora_name="own",
                   lora_strength=0.5, image_output="Hide"),
        second=node("ttN pipeKSampler", pipe=["first", 0], seed=8, **SETTINGS, lora_name="None",
                    image_output="Save"),
    )  # fmt: skip
    assert_plain(recipe)
    assert [again.seed for again in recipe.passes] == [8]
    assert recipe.loras == (LoraUse("own", 0.5, 0.5),)


@pytest.mark.parametrize(
    ("switch", "output"),
    [
        (node("CR Model Input Switch", Input=2, model1=["other", 0], model2=["load", 0]), 0),
        (node("CR Model and CLIP Input Switch", Input=2, model1=["other", 0], clip1=["other", 1],
              model2=["load", 0], clip2=["load", 1]), 0),
        (node("Model Input Switch", boolean=False, model_a=["other", 0], model_b=["load", 0]), 0),
        (node("ImpactSwitch", select=2, input1=["other", 0], input2=["load", 0]), 0),
        (node("ImpactConditionalBranch", cond=True, tt_value=["load", 0], ff_value=["other", 0]),
         0),
        (node("easy anythingIndexSwitch", index=1, value0=["other", 0], value1=["load", 0]), 0),
        (node("easy cleanGpuUsed", anything=["load", 0]), 0),
    ],
)  # fmt: skip
def test_the_switched_model(switch, output):
    recipe = recipe_of(
        other=node("CheckpointLoaderSimple", ckpt_name="other.safetensors"),
        switch=switch,
        sample=node("KSampler", seed=7, **SETTINGS, model=["switch", output],
                    positive=["yes", 0], negative=["no", 0], latent_image=["size", 0]),
        decode=node("VAEDecode", samples=["sample", 0], vae=["load", 2]),
    )  # fmt: skip
    assert_plain(recipe)


def test_a_switch_that_only_a_run_could_settle_gives_nothing():
    recipe = recipe_of(
        dice=node("RandomInt", minimum=1, maximum=2),
        switch=node("ImpactSwitch", select=["dice", 0], input1=["load", 0], input2=["load", 0]),
        sample=node("KSampler", seed=7, **SETTINGS, model=["switch", 0], positive=["yes", 0],
                    negative=["no", 0], latent_image=["size", 0]),
        decode=node("VAEDecode", samples=["sample", 0], vae=["load", 2]),
    )  # fmt: skip
    assert recipe.model is None
    assert recipe.prompt == "a fox"


def test_a_bundle_without_the_field_and_a_ring_of_bundles_give_nothing():
    recipe = recipe_of(
        one=node("Context (rgthree)", base_ctx=["two", 0], latent=["size", 0]),
        two=node("Context (rgthree)", base_ctx=["one", 0]),
        sample=node("KSampler", seed=["two", 8], **SETTINGS, model=["one", 1],
                    positive=["two", 4], negative=["two", 5], latent_image=["two", 6]),
        decode=node("VAEDecode", samples=["sample", 0], vae=["load", 2]),
    )  # fmt: skip
    assert (recipe.seed, recipe.model, recipe.prompt) == (None, None, None)
    assert recipe.generated_size == Size(512, 640)


def test_the_video_wrappers_name_both_texts_in_one_node():
    recipe = recipe_of(
        model=node("WanVideoModelLoader", model="wan.safetensors", base_precision="bf16",
                   lora=["lora", 0]),
        lora=node("WanVideoLoraSelect", lora="slow.safetensors", strength=0.8),
        words=node("WanVideoTextEncode", t5=["t5", 0], positive_prompt="a fox",
                   negative_prompt="a dog"),
        t5=node("LoadWanVideoT5TextEncoder", model_name="t5.safetensors"),
        start=node("WanVideoEmptyEmbeds", width=832, height=480, num_frames=81),
        sample=node("WanVideoSampler", model=["model", 0], text_embeds=["words", 0],
                    image_embeds=["start", 0], steps=30, cfg=6.0, shift=5.0, seed=7,
                    scheduler="unipc"),
        decode=node("WanVideoDecode", samples=["sample", 0], vae=["load", 2]),
        save=node("VHS_VideoCombine", images=["decode", 0]),
    )  # fmt: skip
    assert (recipe.prompt, recipe.negative_prompt, recipe.model) == (
        "a fox", "a dog", "wan.safetensors",
    )  # fmt: skip
    assert (recipe.seed, recipe.scheduler, recipe.sampler) == (7, "unipc", None)
    assert recipe.loras == (LoraUse("slow.safetensors", 0.8),)
    assert recipe.generated_size == Size(832, 480)
