"""The forms of infotext the programs of the family write, one test for each particular."""

import json

import pytest

from remarque.intake.automatic1111.reader import read
from remarque.intake.chunks import read_chunks
from remarque.model.recipe import Chunk, LoraUse, Pass, Recipe, Size, SourceUse
from stand_ins.samples import sample

_START = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768"
_LINE = f"{_START}, Model: m"


def chunk_of(text: str, key: str = "parameters") -> Chunk:
    return Chunk("PNG tEXt", key, text.encode(), text)


def recipe_of(text: str, key: str = "parameters") -> Recipe:
    (account,) = read([chunk_of(text, key)])
    return account.recipe


def settings_of(recipe: Recipe) -> dict[str, str]:
    return {setting.name: setting.value for setting in recipe.settings}


def generator_of(more: str) -> str:
    (account,) = read([chunk_of(f"a\n{_START}, {more}")])
    return account.generator


class TestTheLineOfSettings:
    def test_a_bare_name_is_no_part_of_the_value_before_it(self):
        recipe = recipe_of(f"a\n{_LINE}, Tiling, Clip skip: 2, Restore faces, ENSD: 3")
        assert (recipe.model, recipe.clip_skip) == ("m", 2)
        assert settings_of(recipe) == {"ENSD": "3"}

    def test_a_line_that_ends_with_a_comma_goes_on_in_the_next(self):
        listed = '[\n  {"type": "lora", "weight": 0.5, "modelName": "thin"}\n]'
        recipe = recipe_of(f"a\n{_LINE}, Version: ComfyUI,\nCivitai resources: {listed}")
        assert recipe.loras == (LoraUse("thin", 0.5),)

    def test_a_line_break_inside_quotes_does_not_end_the_line(self):
        recipe = recipe_of(f'a\n{_LINE}, Hires prompt: "b\nc, d: e", Hires upscale: 2, ENSD: 3')
        assert recipe.passes[0].prompt == "b\nc, d: e"
        assert settings_of(recipe)["ENSD"] == "3"

    def test_what_stands_behind_the_line_is_no_setting(self):
        assert settings_of(recipe_of(f"a\n{_LINE}\nmy notes, Mood: calm")) == {}

    def test_templates_of_dynamic_prompts(self):
        recipe = recipe_of(f"a fox\n{_LINE}\nTemplate:a {{fox|\ndog}}\nNegative Template:__bad__")
        assert recipe.prompt == "a fox"
        assert settings_of(recipe) == {
            "Template": "a {fox|\ndog}",
            "Negative Template": "__bad__",
        }

    def test_an_unclosed_quote_keeps_to_its_own_value(self):
        recipe = recipe_of(f'a\n{_LINE}, Note: "open, Clip skip: 2')
        assert recipe.clip_skip == 2

    def test_names_in_other_scripts_and_odd_ones_hide_nothing(self):
        recipe = recipe_of(f"a\n{_LINE}, [odd] one: 1, Клип: 2, Clip skip: 2")
        assert recipe.clip_skip == 2
        assert settings_of(recipe) == {"Клип": "2"}

    def test_without_steps_a_seed_and_civitais_list_make_an_infotext(self):
        listed = '[{"type":"checkpoint","modelName":"n"}]'
        recipe = recipe_of(f"a\nSeed: 5, Created Date: 2026, Civitai resources: {listed}")
        assert (recipe.seed, recipe.steps, recipe.model) == (5, None, "n")

    def test_two_negative_prompts_are_doubted(self):
        (account,) = read([chunk_of(f"a\nNegative prompt: b\nNegative prompt: c\n{_LINE}")])
        assert account.recipe.prompt == "a"
        assert "2 lines" in account.doubts[0]


@pytest.mark.parametrize(
    ("more", "generator"),
    [
        ("Version: v1.10.1-amd", "AUTOMATIC1111"),
        ("Version: neo-2.28", "Forge"),
        ("Version: f1.3.0-v1.10.1RC-latest-1038-g19395bf9", "reForge"),
        ("Version: f2.0.1v1.10.1-previous-669-gdfdcbab6", "Forge"),
        ("Latent sampler: Default, Version: 0a083c2, Parser: Full parser", "SD.Next"),
        ("Generator: Some Program", "Some Program"),
    ],
)
def test_more_programs_are_told_by_the_text(more, generator):
    assert generator_of(more) == generator


@pytest.mark.parametrize(
    ("sampler", "more", "generator"),
    [
        ("euler_ancestral_karras", "Model: m.safetensors", "ComfyUI"),
        ("Euler a", 'Model: m.safetensors, Hashes: {"model": "45a2"}', "ComfyUI"),
        ("Euler a", "Model: m.safetensors", "AUTOMATIC1111"),
        ("euler_a", "Model: m", "AUTOMATIC1111"),
        ("dpmpp_2m", "Version: v1.10.1", "AUTOMATIC1111"),
    ],
)
def test_nodes_that_save_an_infotext_are_told_by_comfyuis_names(sampler, more, generator):
    line = _START.replace("Euler a", sampler)
    (account,) = read([chunk_of(f"a\n{line}, {more}")])
    assert account.generator == generator


class TestModelsAndNetworks:
    def test_hashes_fill_what_no_other_name_says(self):
        hashes = '{"model": "67ab2fd8ec", "Model:flux1": "8e91b68084", "lora:thin": "7c6b"}'
        recipe = recipe_of(f"a <lora:thin:0.4>\n{_START}, Hashes: {hashes}, Version: ComfyUI")
        assert (recipe.model, recipe.model_hash) == ("flux1", "67ab2fd8ec")
        assert recipe.loras == (LoraUse("thin", 0.4, 0.4, "7c6b"),)

    def test_names_said_outright_come_before_hashes(self):
        recipe = recipe_of(f'a\n{_LINE}, Model hash: aa, Hashes: {{"model": "bb", "Model:x": "c"}}')
        assert (recipe.model, recipe.model_hash) == ("m", "aa")

    def test_resources_that_have_only_an_identifier(self):
        base, lora = "urn:air:sdxl:checkpoint:civitai:1@2", "urn:air:sdxl:lora:civitai:3@4"
        listed = json.dumps([{"air": base}, {"air": lora, "weight": 0.7}])
        recipe = recipe_of(f"a\n{_START}, Civitai resources: {listed}")
        assert recipe.model == base
        assert recipe.loras == (LoraUse(lora, 0.7),)

    def test_a_scheduler_by_its_newer_name(self):
        recipe = recipe_of(f"a\n{_LINE}, Scheduler: FlowMatchEulerDiscreteScheduler, App: SD.Next")
        assert recipe.scheduler == "FlowMatchEulerDiscreteScheduler"

    def test_a_size_taken_apart(self):
        line = "Steps: 20, Sampler: Euler, Seed: 5, Model: m, Size-1: 512, Size-2: 640"
        assert recipe_of(f"a\n{line}").generated_size == Size(512, 640)


class TestPasses:
    def test_hires_words_for_the_same_are_no_names(self):
        recipe = recipe_of(
            f"a\n{_LINE}, Denoising strength: 0.4, Hires upscale: 2, "
            "Hires sampler: Use same sampler, Hires checkpoint: Use same checkpoint, "
            "Hires prompt: b, Hires negative prompt: c, Hires schedule type: Karras"
        )
        assert recipe.passes == (
            Pass(
                "hires", denoise=0.4, upscale=2.0, prompt="b", negative_prompt="c",
                scheduler="Karras",
            ),
        )  # fmt: skip

    def test_sd_next_pass_sizes_and_strength(self):
        recipe = recipe_of(
            f"a\n{_LINE}, App: SD.Next, Operations: txt2img; hires, Hires upscaler: Latent, "
            "Hires scale: 1.3, Hires size: 664x1000, Hires steps: 9, Hires strength: 0.35"
        )
        assert recipe.final_size == Size(664, 1000)
        assert recipe.passes == (
            Pass("hires", steps=9, denoise=0.35, upscale=1.3, upscaler="Latent"),
        )

    def test_sd_next_refiner_alone_is_no_upscale_pass(self):
        recipe = recipe_of(
            f"a\n{_LINE}, App: SD.Next, Operations: txt2img; refine, Refiner: r, "
            "Refiner steps: 5, Refiner prompt: b, Hires steps: 0, Denoising strength: 0.3"
        )
        assert recipe.passes == (Pass("refiner", model="r", steps=5, prompt="b"),)
        assert recipe.denoise == 0.3

    def test_details_of_both_programs(self):
        recipe = recipe_of(
            f"a\n{_LINE}, ADetailer model: face.pt, ADetailer prompt: b, ADetailer steps: 9, "
            "ADetailer model 2nd: hand.pt, ADetailer CFG scale 2nd: 4, "
            "ADetailer sampler 2nd: DDIM, Detailer: face, Detailer strength: 0.2"
        )
        assert recipe.passes == (
            Pass("detail", steps=9, prompt="b"),
            Pass("detail", cfg=4.0, sampler="DDIM"),
            Pass("detail", denoise=0.2),
        )


class TestSources:
    def test_a_mask_means_a_start_picture_too(self):
        recipe = recipe_of(f"a\n{_LINE}, Denoising strength: 0.57, Mask blur: 4")
        assert recipe.sources == (SourceUse("init", strength=0.57), SourceUse("mask"))

    def test_a_strength_alone_means_neither(self):
        assert recipe_of(f"a\n{_LINE}, Denoising strength: 0.57").sources == ()

    def test_sd_next_names_its_start_picture(self):
        recipe = recipe_of(f"a\n{_LINE}, Init image size: 1x1, Init image hash: 9e42a6be")
        assert [source.role for source in recipe.sources] == ["init"]

    def test_control_units_as_written_before_2023(self):
        recipe = recipe_of(
            f"a\n{_LINE}, ControlNet-0 Enabled: True, ControlNet-0 Module: canny, "
            "ControlNet-0 Model: control_canny-fp16 [e3fe7712], ControlNet-0 Weight: 0.5, "
            "ControlNet-1 Enabled: False, ControlNet-1 Model: unused"
        )
        assert recipe.sources == (SourceUse("control", model="control_canny-fp16", strength=0.5),)

    def test_the_oldest_writing_of_one_control_unit(self):
        recipe = recipe_of(
            f"a\n{_LINE}, ControlNet Enabled: True, ControlNet Module: none, "
            "ControlNet Model: control_sd15_scribble(fef5e48e)"
        )
        assert recipe.sources == (SourceUse("control", model="control_sd15_scribble"),)

    def test_a_reference_needs_no_control_model(self):
        unit = "preprocessor: reference_only, model: None, weight: 0.6, resize mode: Crop"
        recipe = recipe_of(f'a\n{_LINE}, ControlNet 0: "{unit}"')
        assert recipe.sources == (SourceUse("reference", strength=0.6),)


class TestGrids:
    def test_what_differs_along_an_axis_is_left_open_and_said(self):
        (account,) = read(
            [
                chunk_of(
                    f'a\n{_LINE}, Script: X/Y/Z plot, X Type: Seed, X Values: "0,1,2", '
                    'Y Type: Checkpoint name, Y Values: "m, n", Z Type: Nothing'
                )
            ]
        )
        recipe = account.recipe
        assert (recipe.seed, recipe.model, recipe.steps) == (None, None, 20)
        assert [("Seed" in said, "Checkpoint" in said) for said in account.doubts] == [
            (True, False),
            (False, True),
        ]

    @pytest.mark.parametrize("listed", ["1-5", "1-5 (+2)", "10-20 [3]"])
    def test_a_range_is_several_values(self, listed):
        assert recipe_of(f"a\n{_LINE}, X Type: Steps, X Values: {listed}").steps is None

    def test_one_value_along_an_axis_leaves_everything_known(self):
        (account,) = read([chunk_of(f"a\n{_LINE}, X Type: [Param] Steps, X Values: 20")])
        assert account.recipe.steps == 20
        assert account.doubts == ()

    def test_a_grid_that_does_not_say_what_differs_is_said(self):
        (account,) = read([chunk_of(f"a\n{_LINE}, App: SD.Next, Batch: 2x2, Grid: 2x2")])
        assert account.recipe.seed == 5
        assert "one of them" in account.doubts[0]


class TestOtherPlaces:
    @pytest.mark.parametrize("key", ["XPComment", "Comment", "Caption-Abstract", "Parameters"])
    def test_an_infotext_counts_wherever_texts_are_kept(self, key):
        assert recipe_of(f"a\n{_LINE}", key).seed == 5

    def test_what_was_done_afterwards_becomes_settings(self):
        done = "Postprocess upscale by: 2, Postprocess upscaler: R-ESRGAN 4x+"
        (account,) = read([chunk_of(f"a\n{_LINE}"), chunk_of(done, "postprocessing")])
        assert account.recipe.seed == 5
        assert settings_of(account.recipe)["Postprocess upscale by"] == "2"
        (alone,) = read([chunk_of(done, "postprocessing")])
        assert (alone.generator, alone.recipe.prompt) == ("AUTOMATIC1111", None)


_REQUEST = {
    "prompt": "a", "negativePrompt": "b", "seed": 5, "steps": 20, "cfgScale": 7,
    "sampler": "Euler a", "clipSkip": 2, "width": 512, "height": 768,
    "transformations": [{"image": "first.jpeg", "upscaleWidth": 1024, "upscaleHeight": 1536}],
}  # fmt: skip


class TestCivitaisRequest:
    def test_beside_the_graph(self):
        text = json.dumps({"12": {"class_type": "x"}, "extraMetadata": json.dumps(_REQUEST)})
        (account,) = read([chunk_of(text, "UserComment")])
        recipe = account.recipe
        assert (account.generator, recipe.seed, recipe.clip_skip) == ("Civitai", 5, 2)
        assert (recipe.generated_size, recipe.final_size) == (Size(512, 768), Size(1024, 1536))
        assert recipe.sources == (SourceUse("init", name="first.jpeg"),)

    @pytest.mark.parametrize("inner", ["no json", "[]", "{}", '{"prompt": "a"}', 5, None])
    def test_anything_else_says_nothing(self, inner):
        assert read([chunk_of(json.dumps({"extraMetadata": inner}), "UserComment")]) == ()


def test_the_inpainted_sample_names_its_mask():
    path = sample("generators/automatic1111/card-no-preview.png")
    (account,) = read(read_chunks(path.read_bytes()))
    assert [source.role for source in account.recipe.sources] == ["init", "mask"]
