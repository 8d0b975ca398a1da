"""Forms found in published pictures of many programs that no sample here has; all self-written."""

import io
import json
import struct
from typing import ClassVar

import pytest
from PIL import Image

from remarque.intake import draw_things, flux_exif, invokeai, read_picture
from remarque.intake.automatic1111.reader import read as read_infotexts
from remarque.intake.comfyui.reader import read as read_graphs
from remarque.model.recipe import Chunk, Recipe, Setting, Size

_GRAPH = {
    "load": ("CheckpointLoaderSimple", {"ckpt_name": "model.safetensors"}),
    "yes": ("CLIPTextEncode", {"text": "a fox", "clip": ["load", 1]}),
    "no": ("CLIPTextEncode", {"text": "a dog", "clip": ["load", 1]}),
    "sample": (
        "KSampler",
        {"seed": 7, "steps": 20, "cfg": 6.5, "model": ["load", 0], "positive": ["yes", 0],
         "negative": ["no", 0], "latent_image": ["size", 0]},
    ),
    "size": ("EmptyLatentImage", {"width": 512, "height": 640}),
    "save": ("SaveImage", {"images": ["decode", 0]}),
    "decode": ("VAEDecode", {"samples": ["sample", 0]}),
}  # fmt: skip


def chunk(key: str, value: object, place: str = "PNG tEXt") -> Chunk:
    text = value if isinstance(value, str) else json.dumps(value)
    return Chunk(place, key, text.encode(), text)


def graph_text(**changes: tuple[str, dict]) -> str:
    nodes = {**_GRAPH, **changes}
    return json.dumps({k: {"class_type": v[0], "inputs": v[1]} for k, v in nodes.items()})


def recipe_of_graph(**changes: tuple[str, dict]) -> Recipe:
    (account,) = read_graphs([chunk("prompt", graph_text(**changes))])
    return account.recipe


def sampled_from(positive: list, negative: list, model: list) -> tuple[str, dict]:
    kind, inputs = _GRAPH["sample"]
    return kind, {**inputs, "model": model, "positive": positive, "negative": negative}


class TestSidesOfConditioning:
    _PATCH: ClassVar[dict] = {
        "model": ["load", 0], "positive": ["yes", 0], "negative": ["no", 0],
    }  # fmt: skip

    @pytest.mark.parametrize("kind", ["BrushNet", "ApplyInstantID", "SomePatchOfTomorrow"])
    def test_a_node_that_patches_the_model_gives_it_before_both_sides(self, kind):
        recipe = recipe_of_graph(
            patch=(kind, self._PATCH),
            sample=sampled_from(["patch", 1], ["patch", 2], ["patch", 0]),
        )
        assert (recipe.prompt, recipe.negative_prompt) == ("a fox", "a dog")
        assert recipe.model == "model.safetensors"

    def test_where_no_model_is_seen_to_come_out_the_asking_input_decides(self):
        recipe = recipe_of_graph(
            patch=("SomePatch", self._PATCH),
            sample=sampled_from(["patch", 1], ["patch", 2], ["load", 0]),
        )
        assert (recipe.prompt, recipe.negative_prompt) == ("a fox", "a dog")

    def test_sides_crossed_on_purpose_stay_crossed(self):
        recipe = recipe_of_graph(
            control=(
                "ControlNetApplyAdvanced", {"positive": ["yes", 0], "negative": ["no", 0]},
            ),
            sample=sampled_from(["control", 1], ["control", 0], ["load", 0]),
        )  # fmt: skip
        assert (recipe.prompt, recipe.negative_prompt) == ("a dog", "a fox")


def test_a_picture_to_fill_in_and_a_face_to_keep_are_sources():
    picture = ("LoadImage", {"image": "room.png"})
    sides = TestSidesOfConditioning._PATCH
    patch = {**sides, "model": ["face", 0], "vae": ["load", 2], "image": ["room", 0]}
    kind, inputs = sampled_from(["patch", 1], ["patch", 2], ["patch", 0])
    recipe = recipe_of_graph(
        room=picture,
        mine=("LoadImage", {"image": "face.png"}),
        face=("ApplyPulidFlux", {"model": ["load", 0], "image": ["mine", 0], "weight": 0.9}),
        patch=("BrushNet", {**patch, "mask": ["room", 1]}),
        sample=(kind, {**inputs, "latent_image": ["patch", 3]}),
    )
    assert [(use.role, use.name, use.strength) for use in recipe.sources] == [
        ("init", "room.png", None),
        ("mask", "room.png", None),
        ("reference", "face.png", 0.9),
    ]
    assert (recipe.prompt, recipe.generated_size) == ("a fox", None)


def test_texts_put_around_each_frame_make_the_schedule_a_part_only():
    inputs = {"text": '"0": "a fox"', "max_frames": 8, "clip": ["load", 1], "app_text": ""}
    around = recipe_of_graph(yes=("BatchPromptSchedule", {**inputs, "pre_text": "best"}))
    alone = recipe_of_graph(yes=("BatchPromptSchedule", {**inputs, "pre_text": ""}))
    assert (around.prompt, alone.prompt) == (None, '"0": "a fox"')


def test_an_encoder_may_call_its_clip_optional():
    recipe = recipe_of_graph(
        skip=("CLIPSetLastLayer", {"stop_at_clip_layer": -2, "clip": ["load", 1]}),
        yes=("Power Prompt (rgthree)", {"prompt": "a fox", "opt_clip": ["skip", 0]}),
    )
    assert (recipe.prompt, recipe.clip_skip) == ("a fox", 2)


class TestInfotexts:
    @staticmethod
    def _account(line: str):
        (account,) = read_infotexts([chunk("parameters", f"a fox\n{line}")])
        return account

    def test_the_first_versions_wrote_denoising_with_a_capital(self):
        line = "Steps: 10, Sampler: Euler a, CFG scale: 15, Seed: 3126057637, Denoising Strength: 1"
        assert self._account(line).recipe.denoise == 1

    def test_stable_diffusion_cpp_names_the_part_that_draws(self):
        account = self._account(
            "Steps: 20, CFG scale: 7.000000, Eta: inf, Seed: 42, Size: 512x512, Model: , RNG: cuda,"
            " Sampler: euler discrete, TE: one.gguf, TE: two.gguf, Unet: flux.gguf, VAE: ae.sft,"
            " Version: stable-diffusion.cpp"
        )
        assert account.generator == "stable-diffusion.cpp"
        assert (account.recipe.model, account.recipe.vae) == ("flux.gguf", "ae.sft")
        assert Setting("TE", "one.gguf, two.gguf") in account.recipe.settings
        assert account.doubts == ()


def test_a_dream_command_with_the_start_picture_in_it():
    picture = "data:image/png;base64," + "iVBORw0KGgo/+" * 40_000 + "=="
    dream = f'"a fox" -s50 -W512 -H640 -C7.5 -Ak_lms -I{picture} --fit -f0.46 -S2439087110\0'
    (account,) = invokeai.read([chunk("Dream", dream)])
    recipe = account.recipe
    assert (recipe.prompt, recipe.seed, recipe.denoise) == ("a fox", 2439087110, 0.46)
    assert [(use.role, use.name) for use in recipe.sources] == [("init", None)]


class TestDrawThingsLetters:
    @staticmethod
    def _prompts(told: str, uc: str, described: str) -> tuple[str | None, str | None]:
        raw = {"c": told, "uc": uc, "seed": 1, "steps": 2, "sampler": "DDIM", "scale": 3}
        (account,) = draw_things.read(
            [
                chunk("ImageDescription", described, "EXIF ImageDescription"),
                chunk("UserComment", raw, "EXIF UserComment"),
            ]
        )
        return account.recipe.prompt, account.recipe.negative_prompt

    def test_letters_lost_to_ascii_come_from_the_description(self):
        described = "a caf\u00e9 \u2014 why? \U0001f98a\n-d\u00f6g\nSteps: 2, Sampler: DDIM"
        assert self._prompts("a caf? ? why? ??", "d?g", described) == (
            "a caf\u00e9 \u2014 why? \U0001f98a",
            "d\u00f6g",
        )

    @pytest.mark.parametrize("described", ["another picture\nSteps: 2", "a caf\u00e9 and more", ""])
    def test_another_description_restores_nothing(self, described):
        assert self._prompts("a caf?", "", described) == ("a caf?", "")


def exif_of(*tags: tuple[int, bytes], moved: int = 0) -> bytes:
    """A big-endian block; ``moved`` bytes too far for the pointer of the last tag's text."""
    start = 8 + 2 + 12 * len(tags) + 4
    entries, texts = b"", b""
    for place, (tag, text) in enumerate(tags):
        wrong = moved if place == len(tags) - 1 else 0
        entries += struct.pack(">HHII", tag, 2, len(text) + 1, start + len(texts) + wrong)
        texts += text + b"\0"
    return b"MM\0*" + struct.pack(">IH", 8, len(tags)) + entries + b"\0\0\0\0" + texts


def webp_with(exif: bytes) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (1, 1)).save(stream, "WEBP", exif=b"Exif\0\0" + exif)
    return stream.getvalue()


class TestMovedTexts:
    _CANVAS, _PROMPT = b'workflow:{"nodes": []}', b"prompt:" + graph_text().encode()

    @pytest.mark.parametrize("moved", [60, 100_000])
    def test_a_text_whose_pointer_was_not_moved_with_it_is_found(self, moved):
        exif = exif_of((0x010F, self._CANVAS), (0x0110, self._PROMPT), moved=moved)
        reading = read_picture(webp_with(exif))
        assert (reading.recipe.seed, reading.recipe.prompt) == (7, "a fox")
        assert reading.remarks == (
            "The EXIF tag Model points to a wrong place; "
            "its text was found right behind the text before it.",
        )

    def test_a_text_of_another_length_is_not_taken(self):
        exif = exif_of((0x010F, self._CANVAS), (0x0110, self._PROMPT), moved=60)
        reading = read_picture(webp_with(exif.replace(b"}}}\0", b"}}\0\0")))
        assert reading.recipe == Recipe()
        assert "lacks its end" in " ".join(reading.remarks)


def test_exif_carried_into_jpeg_without_its_heading():
    line = b"a fox\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5, Size: 64x64"
    block = exif_of((0x010E, line))
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    assert read_picture(b"\xff\xd8" + segment + b"\xff\xda\0\x02\xff\xd9").recipe.seed == 5


def test_a_byte_order_mark_is_no_part_of_the_prompt():
    line = b"\xef\xbb\xbfa fox\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5"
    assert read_picture(webp_with(exif_of((0x010E, line)))).recipe.prompt == "a fox"


class TestFlux:
    @staticmethod
    def _read(**tags: str):
        return flux_exif.read([chunk(key, text, f"EXIF {key}") for key, text in tags.items()])

    def test_the_published_program(self):
        software = "AI generated;txt2img;flux"
        (account,) = self._read(
            Software=software, Make="Black Forest Labs", Model="flux-dev", ImageDescription="a fox"
        )
        assert account.generator == "Black Forest Labs"
        assert account.recipe == Recipe(prompt="a fox", model="flux-dev")
        (account,) = self._read(Software=software, Make="Black Forest Labs", Model="flux-dev")
        assert account.recipe.prompt is None

    @pytest.mark.parametrize(("quoted", "prompt"), [("'a fox'", "a fox"), ('"it\'s"', "it's")])
    def test_uno(self, quoted, prompt):
        line = f"prompt={quoted}, seed=0, width=512, height=640, guidance=4, num_steps=25"
        (account,) = self._read(Make="UNO", Model="flux-dev", ImageDescription=line)
        recipe = account.recipe
        assert (account.generator, recipe.prompt, recipe.seed) == ("UNO", prompt, 0)
        assert (recipe.steps, recipe.cfg, recipe.generated_size) == (25, None, Size(512, 640))
        assert recipe.settings == (Setting("guidance", "4"),)

    @pytest.mark.parametrize(
        "tags",
        [
            {"Make": "UNO", "ImageDescription": "a holiday"},
            {"Make": "Black Forest Labs", "ImageDescription": "a cake"},
            {"Make": "UNO", "ImageDescription": "prompt='\\N{no such}', seed=0, width=5"},
            {"Software": "AI generated;txt2img;flux", "Make": "Canon", "ImageDescription": "x"},
        ],
    )
    def test_other_pictures_are_left_alone(self, tags):
        assert self._read(**tags) == ()
