"""Infotexts of AUTOMATIC1111's family, and texts that only look like one."""

import pytest

from remarque.intake.automatic1111.reader import read
from remarque.model.recipe import Chunk, LoraUse, Recipe, Size, SourceUse

_LINE = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768, Model: m"


def reading_of(text: str, key: str = "parameters"):
    return read([Chunk("PNG tEXt", key, text.encode(), text)])


def recipe_of(text: str) -> Recipe:
    (account,) = reading_of(text)
    return account.recipe


@pytest.mark.parametrize(
    ("text", "prompt", "negative"),
    [
        (f"a\nb\nNegative prompt: c\nd\n{_LINE}", "a\nb", "c\nd"),
        (f"a\r\nNegative prompt: c\r\n{_LINE}", "a", "c"),
        (f"a\n{_LINE}", "a", None),
        (f"a\nNegative prompt: \n{_LINE}", "a", ""),
        (f"\nNegative prompt: c\n{_LINE}", "", "c"),
        (f"\n{_LINE}", "", None),
        (_LINE, None, None),
        (f"Steps: 3, walk slowly\n{_LINE}", "Steps: 3, walk slowly", None),
        (f"a\n{_LINE}\nTemplate: {{a|b}}", "a", None),
    ],
)
def test_prompts_stand_where_the_text_puts_them(text, prompt, negative):
    recipe = recipe_of(text)
    assert (recipe.prompt, recipe.negative_prompt, recipe.seed) == (prompt, negative, 5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Steps: 20",
        "Steps: 20 minutes, Size: large\nMix the flour.",
        "How to bake\nSteps: 4\nSeed: sesame\nModel: round",
        '{"Steps": 20, "Sampler": "Euler", "Seed": 5}',
        "Steps: many, Sampler: Euler, Seed: 5, Size: 1x1",
        "The Steps: 20, Sampler: Euler, Seed: 5, Size: 1x1 are what I used",
    ],
)
def test_texts_that_only_look_similar_say_nothing(text):
    assert reading_of(text) == ()


def test_other_chunks_are_left_alone():
    assert reading_of(f"a\n{_LINE}", key="Software") == ()


@pytest.mark.parametrize(
    ("more", "generator"),
    [
        ("", "AUTOMATIC1111"),
        ("Version: v1.10.1", "AUTOMATIC1111"),
        ("Version: 1.6.0", "AUTOMATIC1111"),
        ("Version: f0.0.17v1.8.0rc-latest-277-g0af28699", "Forge"),
        ("Version: f2.0.1v1.10.1-previous-669-gdfdcbab6", "Forge"),
        ("Version: neo", "Forge"),
        ("Version: classic", "Forge"),
        ("Version: f1.0.0v2-v1.10.1RC-latest-2498-g5120e679", "reForge"),
        ("App: SD.Next, Version: 33c1d0f", "SD.Next"),
        ("Version: ComfyUI", "ComfyUI"),
        ("Version: Fooocus v2.5.0", "Fooocus"),
        ("Version: 0123abc", "AUTOMATIC1111"),
        ('Civitai resources: [{"type":"checkpoint","modelName":"n"}]', "Civitai"),
    ],
)
def test_the_program_is_told_by_the_text(more, generator):
    (account,) = reading_of(f"a\n{_LINE}, {more}".rstrip(", "))
    assert account.generator == generator


def test_quoted_values_keep_commas_colons_and_quotes():
    recipe = recipe_of(f'a\n{_LINE}, Note: "x, y: \\"z\\"", Version: v1.6.0')
    assert {setting.name: setting.value for setting in recipe.settings} == {
        "Note": 'x, y: "z"',
        "Version": "v1.6.0",
    }


def test_loras_come_from_tags_with_their_hashes():
    recipe = recipe_of(
        "a <lora:one:0.8> <lora:two:0.5:0.7> <lora:three> <lora:four:te=0.1:unet=0.2>\n"
        f'{_LINE}, Lora hashes: "one: abc, five: def"'
    )
    assert recipe.loras == (
        LoraUse("one", 0.8, 0.8, "abc"),
        LoraUse("two", 0.7, 0.5),
        LoraUse("three"),
        LoraUse("four", 0.2, 0.1),
        LoraUse("five", hash="def"),
    )


def test_civitai_resources_name_the_model_only_where_there_is_one():
    line = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5"
    one = '{"type":"checkpoint","modelName":"one","modelVersionName":"v1"}'
    lora = '{"type":"lora","modelName":"thin","weight":0.4}'
    recipe = recipe_of(f"a\n{line}, Civitai resources: [{one},{lora}], Civitai metadata: {{}}")
    assert recipe.model == "one"
    assert recipe.loras == (LoraUse("thin", 0.4),)
    assert recipe_of(f"a\n{line}, Civitai resources: [{one},{one}]").model is None


def test_hires_pass_and_refiner():
    recipe = recipe_of(
        f"a\n{_LINE}, Denoising strength: 0.4, Hires upscale: 2, Hires steps: 8, "
        "Hires upscaler: Latent, Hires sampler: DDIM, Refiner: sdxl_refiner [7440042bbd], "
        "Refiner switch at: 0.8"
    )
    hires, refiner = recipe.passes
    assert (hires.role, hires.denoise, hires.steps, hires.sampler) == ("hires", 0.4, 8, "DDIM")
    assert recipe.denoise is None  # the strength is that of the second pass
    assert recipe.final_size == Size(1024, 1536)
    assert (refiner.role, refiner.model) == ("refiner", "sdxl_refiner")


def test_a_final_size_that_may_have_been_rounded_is_not_given():
    recipe = recipe_of(f"a\n{_LINE}, Hires upscale: 1.3, Hires upscaler: Latent")
    assert recipe.generated_size == Size(512, 768)
    assert recipe.final_size is None


def test_the_old_first_pass_size_is_the_generated_one():
    recipe = recipe_of(f"a\n{_LINE}, First pass size: 256x384")
    assert (recipe.generated_size, recipe.final_size) == (Size(256, 384), Size(512, 768))


def test_control_units():
    unit = "Module: canny, Model: control_canny [e3fe7712], Weight: 0.6, Resize Mode: Crop"
    recipe = recipe_of(f'a\n{_LINE}, ControlNet 0: "{unit}"')
    assert recipe.sources == (SourceUse("control", model="control_canny", strength=0.6),)


def test_a_name_said_twice_differently_is_unknown_and_reported():
    (account,) = reading_of(f"a\n{_LINE}, Seed: 6")
    assert account.recipe.seed is None
    assert account.doubts == ('PNG tEXt "parameters" says "Seed" twice, differently.',)


def test_text_that_has_no_utf_8_form_is_left_out():
    recipe = recipe_of(f'a\n{_LINE}, Note: "\\ud800", Lora hashes: "\\udc00x: ab, y: cd"')
    assert [setting.name for setting in recipe.settings] == []
    assert recipe.loras == (LoraUse("y", hash="cd"),)


@pytest.mark.parametrize("seed", ["-1", "99999999999999999999999", "5.5", "nan", "0x10"])
def test_numbers_that_are_none_stay_unknown(seed):
    assert recipe_of(f"a\n{_LINE}".replace("Seed: 5", f"Seed: {seed}")).seed is None


def test_the_sampler_keeps_the_word_of_the_file():
    assert recipe_of(f"a\n{_LINE}".replace("Euler a", "Undefined")).sampler == "Undefined"
    karras = recipe_of(f"a\n{_LINE}".replace("Euler a", "DPM++ 2M Karras"))
    assert (karras.sampler, karras.scheduler) == ("DPM++ 2M Karras", None)
