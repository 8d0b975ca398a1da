"""What the readers say about real files, against what a person read in the raw chunks."""

import json

import pytest

from remarque.intake import read_picture
from remarque.model.recipe import Recipe
from stand_ins.samples import SAMPLES, sample

_TRUTH = SAMPLES / "ground_truth.json"
_FILES = json.loads(_TRUTH.read_text("utf-8"))["files"] if _TRUTH.exists() else []
_PLAIN = ("seed", "steps", "cfg", "sampler", "scheduler", "model", "model_hash", "clip_skip")
_GENERATORS = {
    "automatic1111": "AUTOMATIC1111",
    "civitai": "Civitai",
    "comfyui": "ComfyUI",
    "draw_things": "Draw Things",
    "fooocus": "Fooocus",
    "forge": "Forge",
    "gimp_re-save": None,
    "invokeai": "InvokeAI",
    "novelai": "NovelAI",
    "sd_next": "SD.Next",
    "swarmui": "SwarmUI",
}


def _text(value):
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


@pytest.mark.skipif(not _FILES, reason="the shared samples are not beside this checkout")
@pytest.mark.parametrize("truth", _FILES, ids=lambda truth: truth["path"])
class TestAgainstWhatAPersonRead:
    def test_every_fact_is_the_one_in_the_file(self, truth):
        recipe = read_picture(sample(truth["path"]).read_bytes()).recipe
        expected = {key: truth[key] for key in _PLAIN if key in truth}
        assert {key: getattr(recipe, key) for key in expected} == expected
        assert _text(recipe.prompt) == _text(truth["prompt"])
        assert _text(recipe.negative_prompt) == _text(truth["negative_prompt"])

    def test_sizes(self, truth):
        recipe = read_picture(sample(truth["path"]).read_bytes()).recipe
        assert _size(recipe.generated_size) == truth["generated_size"]
        if "final_size" in truth:
            assert _size(recipe.final_size) == truth["final_size"]

    def test_further_passes_and_sources(self, truth):
        recipe = read_picture(sample(truth["path"]).read_bytes()).recipe
        for role in ("hires", "refiner", "second_pass"):
            if role in truth:
                (found,) = [one for one in recipe.passes if one.role == role]
                assert {key: getattr(found, key) for key in truth[role]} == truth[role]
        _check_sources(recipe, truth)

    def test_the_generator_is_named(self, truth):
        reading = read_picture(sample(truth["path"]).read_bytes())
        assert reading.generator == _GENERATORS[truth["path"].split("/")[1]]


def _size(size):
    return None if size is None else [size.width, size.height]


def _check_sources(recipe: Recipe, truth) -> None:
    if "denoise" in truth:
        assert recipe.denoise == truth["denoise"]
    if "init_image" in truth:
        assert truth["init_image"] in [use.name for use in recipe.sources if use.role == "init"]
    if truth.get("mode") == "inpaint":
        assert any(use.role == "mask" for use in recipe.sources)
    if "loras" in truth:
        found = [{"name": use.name, "weight": use.weight} for use in recipe.loras]
        assert found == truth["loras"]
    if "controlnets" in truth:
        controls = [use for use in recipe.sources if use.role == "control"]
        found = [{"model": c.model, "strength": c.strength, "image": c.name} for c in controls]
        assert found == truth["controlnets"]


def test_a_picture_saved_again_by_an_editor_yields_no_recipe():
    reading = read_picture(sample("generators/gimp_re-save/gimp.png").read_bytes())
    assert reading.generator is None
    assert reading.recipe == Recipe()
    assert [chunk.text for chunk in reading.chunks] == ["GIMPで再保存しただけ"]


def test_photos_and_pictures_with_credentials_of_no_ai_tool_yield_no_recipe():
    for folder in ("photos", "c2pa/c2pa-rs"):
        for path in sorted((SAMPLES / folder).rglob("*.jpg"))[:12]:
            reading = read_picture(path.read_bytes())
            assert (reading.generator, reading.recipe) == (None, Recipe()), path.name


def test_hidden_text_alone_is_read():
    reading = read_picture(
        sample("generators/automatic1111/automatic1111_stealth.png").read_bytes()
    )
    assert reading.recipe.prompt == "a circle"
    assert reading.recipe.seed == 2015833630
    assert [chunk.place for chunk in reading.chunks] == ["stealth alpha"]


def test_hidden_text_that_says_the_same_is_no_contradiction():
    reading = read_picture(sample("generators/forge/forge.png").read_bytes())
    assert [chunk.place for chunk in reading.chunks] == ["PNG iTXt", "stealth alpha"]
    assert reading.contradictions == ()


def test_a_canvas_alone_gives_what_it_settles():
    recipe = read_picture(sample("generators/comfyui/extra_metadata.png").read_bytes()).recipe
    assert recipe.prompt is not None
    assert recipe.prompt.startswith("1girl, hatsune miku")
    assert recipe.seed == 0  # the canvas holds it fixed
    assert recipe.generated_size is None  # a node that is not ComfyUI's own knows it
