"""Readers of programs and services that write a format of their own."""

import json

import pytest

from remarque.intake import (
    draw_things,
    easy_diffusion,
    hugging_face,
    iptc_fields,
    midjourney,
    mochi_diffusion,
    novelai,
    single_texts,
    stability_matrix,
    swarmui,
    tensor_art,
)
from remarque.model.recipe import Chunk, LoraUse, Pass, Setting, Size, SourceUse

JOB = "bb9dd2e0-2352-4506-942b-9ac923610b8d"
XMP = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" {}>{}</rdf:Description>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
DESCRIPTION = (
    '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:description>'
)


def chunk(key: str, value: object, place: str = "PNG tEXt") -> Chunk:
    text = value if isinstance(value, str) else json.dumps(value)
    return Chunk(place, key, text.encode(), text)


def xmp(inside: str = "", attributes: str = "") -> Chunk:
    return chunk("XML:com.adobe.xmp", XMP.format(attributes, inside), "PNG iTXt")


class TestMidjourney:
    def test_a_command_with_switches(self):
        command = "https://x.example/a.png a fox --ar 3:2 --no dog, cat --seed 42 --iw 2 --v 6"
        text = f"{command} Job ID: {JOB}"
        (account,) = midjourney.read([chunk("Description", text)])
        recipe = account.recipe
        assert (recipe.prompt, recipe.negative_prompt) == (
            "https://x.example/a.png a fox",
            "dog, cat",
        )
        assert (recipe.seed, recipe.model, recipe.generated_size) == (42, None, None)
        assert recipe.sources == (SourceUse("reference", "https://x.example/a.png", strength=2.0),)
        assert recipe.settings == (
            Setting("ar", "3:2"), Setting("iw", "2"), Setting("v", "6"), Setting("Job ID", JOB),
        )  # fmt: skip

    def test_in_xmp_and_without_switches(self):
        (account,) = midjourney.read([xmp(DESCRIPTION.format(f"a fox -- red Job ID: {JOB}"))])
        assert account.recipe.prompt == "a fox -- red"
        assert account.recipe.negative_prompt is None

    @pytest.mark.parametrize(
        "text", ["a fox --v 6", "Job ID: 12", f"Job ID: {JOB} and more", " " * 49_000 + "Job ID:"]
    )
    def test_without_a_job_it_is_anybodys(self, text):
        assert midjourney.read([chunk("Description", text)]) == ()


def test_tensor_art_does_not_take_minus_one_for_a_seed():
    raw = {
        "prompt": "a fox", "negativePrompt": "dog,", "width": 1024, "height": 768, "steps": 25,
        "cfgScale": 7, "seed": "-1", "clipSkip": 2, "sdVae": "Automatic", "schedule": "karras",
        "ksamplerName": "euler_ancestral",
        "baseModel": {"label": "v16", "modelFileName": "WAI-16", "hash": "A5F5"},
        "models": [{"type": "LORA", "label": "l", "weight": 0.8, "hash": "BB"}],
    }  # fmt: skip
    (account,) = tensor_art.read([chunk("generation_data", json.dumps(raw) + "\0")])
    recipe = account.recipe
    assert (recipe.seed, recipe.vae) == (None, None)
    assert (recipe.model, recipe.model_hash) == ("WAI-16", "A5F5")
    assert recipe.loras == (LoraUse("l", 0.8, hash="BB"),)
    assert tensor_art.read([chunk("generation_data", {"prompt": "x"})]) == ()


def test_stability_matrix_has_no_size_of_its_own():
    raw = {"PositivePrompt": "a fox", "NegativePrompt": "", "Steps": 20, "CfgScale": 5,
           "Sampler": "Euler Ancestral Karras", "Seed": 7, "Width": 1536, "Height": 1536,
           "ModelName": "m.safetensors", "ModelHash": "AB", "Fps": 0}  # fmt: skip
    (account,) = stability_matrix.read([chunk("parameters-json", raw)])
    assert account.host
    assert account.recipe.generated_size is account.recipe.final_size is None
    assert (account.recipe.model_hash, account.recipe.settings) == ("AB", ())
    (in_webp,) = stability_matrix.read(
        [chunk("ImageDescription", "parameters-json:" + json.dumps(raw), "EXIF ImageDescription")]
    )
    assert in_webp.recipe == account.recipe


@pytest.mark.parametrize("key", ["parameters", "metadata", "UserComment"])
def test_hugging_face_spaces(key):
    raw = {
        "prompt": "a fox", "negative_prompt": "dog", "resolution": "832 x 1216",
        "guidance_scale": 5.5, "num_inference_steps": 28, "seed": 3, "sampler": "Euler a",
        "Model": {"Model": "Animagine XL 3.1", "Model hash": "e3c47aedb0"},
        "use_lora": {"selected_lora": "a/b", "multiplier": 0.7},
        "use_upscaler": {"upscale_method": "nearest-exact", "upscaler_strength": 0.55,
                         "upscale_by": 1.5, "new_resolution": "1248 x 1824"},
    }  # fmt: skip
    (account,) = hugging_face.read([chunk(key, raw)])
    recipe = account.recipe
    assert (recipe.model, recipe.model_hash) == ("Animagine XL 3.1", "e3c47aedb0")
    assert (recipe.generated_size, recipe.final_size) == (Size(832, 1216), Size(1248, 1824))
    assert recipe.loras == (LoraUse("a/b", 0.7),)
    assert recipe.passes == (Pass("hires", denoise=0.55, upscale=1.5, upscaler="nearest-exact"),)
    assert hugging_face.read([chunk(key, {"prompt": "a fox", "seed": 3})]) == ()


MOCHI = (
    "Include in Image: a fox; red; Exclude from Image: dog; Model: sd-1.5; Steps: 20; "
    "Guidance Scale: 11.0; Seed: 42; Size: 512x768;{} Scheduler: DPM-Solver++; "
    "ML Compute Unit: CPU & GPU; Generator: Mochi Diffusion 4.2"
)


class TestMochiDiffusion:
    def test_the_caption(self):
        (account,) = mochi_diffusion.read([chunk("ImageDescription", MOCHI.format(" "))])
        recipe = account.recipe
        assert (recipe.prompt, recipe.negative_prompt) == ("a fox; red", "dog")
        assert (recipe.seed, recipe.steps, recipe.cfg) == (42, 20, 11.0)
        assert (recipe.sampler, recipe.model) == ("DPM-Solver++", "sd-1.5")
        assert recipe.generated_size == Size(512, 768)
        assert Setting("ML Compute Unit", "CPU & GPU") in recipe.settings

    def test_after_an_upscale_the_size_is_the_results(self):
        inside = DESCRIPTION.format(MOCHI.format(" Upscaler: RealESRGAN; ").replace("&", "&amp;"))
        (account,) = mochi_diffusion.read([xmp(inside)])
        assert (account.recipe.generated_size, account.recipe.final_size) == (None, Size(512, 768))

    def test_other_captions(self):
        for text in ("Include in Image: a fox", MOCHI.replace("Exclude", "Include"), ""):
            assert mochi_diffusion.read([chunk("ImageDescription", text)]) == ()


def test_sygil_and_sd_scripts_write_one_text_a_setting():
    told = {"SD:prompt": "a fox", "SD:seed": "3", "SD:steps": "50", "SD:cfg_scale": "7.5",
            "SD:width": "512", "SD:height": "512", "SD:GFPGAN": "False"}  # fmt: skip
    (account,) = single_texts.read([chunk(key, value) for key, value in told.items()])
    assert (account.generator, account.recipe.generated_size) == ("Sygil WebUI", Size(512, 512))
    assert account.recipe.settings == (Setting("SD:GFPGAN", "False"),)
    told = {"prompt": "a fox", "seed": "3", "steps": "50", "scale": "7.5", "sampler": "ddim"}
    plain = [chunk(key, value) for key, value in told.items()]
    assert single_texts.read(plain) == ()  # anybody's names
    (account,) = single_texts.read([*plain, chunk("negative-prompt", "dog")])
    assert (account.generator, account.recipe.negative_prompt) == ("sd-scripts", "dog")


def test_iptc_fields_and_googles_credit():
    attributes = (
        'Iptc4xmpExt:AISystemUsed="FluxPro" Iptc4xmpExt:AISystemVersionUsed="1.1" '
        'Iptc4xmpExt:AIPromptInformation="a fox"'
    )
    (account,) = iptc_fields.read([xmp(attributes=attributes)])
    assert (account.generator, account.recipe.prompt) == ("FluxPro", "a fox")
    assert account.recipe.settings == (Setting("AISystemVersionUsed", "1.1"),)
    (google,) = iptc_fields.read([xmp("<photoshop:Credit>Made with Google AI</photoshop:Credit>")])
    assert google.generator == "Google AI"
    assert iptc_fields.read([xmp("<photoshop:Credit>Made with love</photoshop:Credit>")]) == ()
    bad = chunk("XMP", "<x:xmpmeta>AISystemUsed</x:xmpmeta>", "JPEG XMP")
    assert iptc_fields.read([bad, chunk("Comment", "Made with Google AI")]) == ()


class TestNovelAI:
    COMMENT = json.dumps(
        {"prompt": "a fox", "uc": "", "seed": 4, "steps": 28, "scale": 5, "width": 832,
         "height": 1216, "strength": 0.5, "request_type": "Img2ImgRequest",
         "reference_strength_multiple": [0.6, 0.3], "director_reference_strengths": [1.0],
         "signed_hash": "x=="}
    )  # fmt: skip

    def test_in_exif_the_comment_is_wrapped(self):
        chunks = [
            chunk("UserComment", {"Comment": self.COMMENT}, "EXIF UserComment"),
            chunk("Software", "NovelAI Diffusion V4.5 4BDE2A90", "EXIF Software"),
        ]
        (account,) = novelai.read(chunks)
        recipe = account.recipe
        assert (recipe.model, recipe.denoise) == ("NovelAI Diffusion V4.5 4BDE2A90", 0.5)
        assert recipe.sources == (
            SourceUse("init", strength=0.5),
            SourceUse("style", strength=0.6),
            SourceUse("style", strength=0.3),
            SourceUse("reference", strength=1.0),
        )
        assert Setting("signed_hash", "x==") in recipe.settings
        assert novelai.read(chunks[:1]) == ()  # nothing names NovelAI

    def test_inpainting_names_its_mask(self):
        raw = {"prompt": "a", "request_type": "NativeInfillingRequest", "strength": 0.7}
        (account,) = novelai.read([chunk("Software", "NovelAI"), chunk("Comment", raw)])
        assert [use.role for use in account.recipe.sources] == ["init", "mask"]
        assert account.recipe.denoise is None


SWARM = {"prompt": "a fox", "model": "a/m", "seed": 1, "clipstopatlayer": -2,
        "initimagecreativity": 0.4, "refinerupscale": 1.5, "refinersteps": 12,
        "refinerupscalemethod": "pixel-lanczos", "loras": "a/l,k", "loraweights": "0.5,1",
}  # fmt: skip
SWARM_MODELS = [
    {"name": "a/m.safetensors", "param": "model", "hash": "0xAA"},
    {"name": "a/l.safetensors", "param": "loras", "hash": "0xBB"},
    {"name": "k.safetensors", "param": "loras", "hash": None},
]


class TestSwarmUI:
    def test_alone_it_tells_the_second_pass(self):
        raw = {"sui_image_params": SWARM, "sui_models": SWARM_MODELS,
               "sui_extra_data": {"original_prompt": "a <random:fox,dog>"}}  # fmt: skip
        (account,) = swarmui.read([chunk("UserComment", raw, "EXIF UserComment")])
        recipe = account.recipe
        assert (recipe.model_hash, recipe.clip_skip, recipe.denoise) == ("0xAA", 2, 0.4)
        assert recipe.loras == (LoraUse("a/l", 0.5, hash="0xBB"), LoraUse("k", 1.0))
        assert recipe.sources == (SourceUse("init", strength=0.4),)
        assert recipe.passes == (Pass("hires", steps=12, upscale=1.5, upscaler="pixel-lanczos"),)
        assert Setting("original_prompt", "a <random:fox,dog>") in recipe.settings

    def test_beside_its_graph_it_leaves_that_to_the_graph(self):
        chunks = [chunk("prompt", {}), chunk("parameters", {"sui_image_params": SWARM})]
        (account,) = swarmui.read(chunks)
        assert account.recipe.passes == account.recipe.sources == ()

    def test_the_early_one_wrote_into_the_camera_model(self):
        (account,) = swarmui.read([chunk("Model", {"sui_image_params": {"prompt": "p"}}, "EXIF")])
        assert (account.recipe.prompt, account.recipe.negative_prompt) == ("p", "")


def test_draw_things_with_hires_fix_refiner_and_old_lists():
    raw = {"c": "a fox", "uc": "", "seed": 5, "steps": 8, "sampler": "DDIM", "scale": 4,
           "size": "1024x1536", "first_stage_size": "512x768", "second_stage_strength": 0.7,
           "refiner": "r.ckpt", "lora": [{"model": "l", "weight": 0.5}],
           "control": [{"file": "c", "weight": 1}]}  # fmt: skip
    (account,) = draw_things.read([chunk("UserComment", raw, "EXIF UserComment")])
    recipe = account.recipe
    assert (recipe.generated_size, recipe.final_size) == (Size(512, 768), Size(1024, 1536))
    assert recipe.passes == (Pass("hires", denoise=0.7), Pass("refiner", model="r.ckpt"))
    assert recipe.loras == (LoraUse("l", 0.5),)
    assert recipe.sources == (SourceUse("control", model="c", strength=1.0),)


class TestEasyDiffusion:
    def test_names_for_people_and_lists_as_text(self):
        told = {
            "Prompt": "a fox", "Negative Prompt": "", "Seed": "5", "Steps": "25",
            "Guidance Scale": "7.5", "Stable Diffusion model": "sd-v1-4", "Width": "512",
            "Height": "640", "VAE model": "None", "LoRA model": "['a', 'b c']",
            "LoRA Strength": "[0.5, 1]", "Sampler": "euler_a", "Software": "x",
            "Use Upscaling": "latent_upscaler", "Upscale By": "2", "Latent Upscaler Steps": "10",
        }  # fmt: skip
        (account,) = easy_diffusion.read([chunk(key, value) for key, value in told.items()])
        recipe = account.recipe
        assert (recipe.prompt, recipe.negative_prompt, recipe.vae) == ("a fox", "", None)
        assert recipe.loras == (LoraUse("a", 0.5), LoraUse("b c", 1.0))
        assert recipe.generated_size == Size(512, 640)
        assert recipe.passes == (Pass("hires", steps=10, upscale=2.0, upscaler="latent_upscaler"),)
        assert all(setting.name != "Software" for setting in recipe.settings)

    def test_json_with_control_and_source(self):
        raw = {"prompt": "a", "seed": 5, "num_inference_steps": 25, "guidance_scale": 7.5,
               "use_stable_diffusion_model": "m", "use_lora_model": ["a"], "lora_alpha": [0.5],
               "use_controlnet_model": "canny", "control_alpha": 0.8, "prompt_strength": 0.6,
        }  # fmt: skip
        (account,) = easy_diffusion.read([chunk("UserComment", raw, "EXIF UserComment")])
        assert account.recipe.loras == (LoraUse("a", 0.5),)
        assert account.recipe.denoise == 0.6
        assert account.recipe.sources == (
            SourceUse("init", strength=0.6),
            SourceUse("control", model="canny", strength=0.8),
        )
