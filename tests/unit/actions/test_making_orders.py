"""From wishes to orders: one change each over the take begun from, inputs kept with their bytes."""

import io

import pytest
from PIL import Image

from remarque.actions.importing import import_pictures
from remarque.actions.making import make_pictures
from remarque.actions.making_orders import plan
from remarque.actions.making_wishes import (
    ControlWish,
    HiresWish,
    LoraWish,
    MakeWishes,
    Outpaint,
)
from remarque.actions.orders import Machine, Speed
from remarque.actions.works import open_work
from remarque.errors import NotFound, PictureUnreadable, UsageError
from remarque.model.digests import digest_of
from remarque.model.recipe import LoraUse, Setting, Size
from stand_ins.memory_vault import build_memory_vault
from stand_ins.painting_engine import PaintingEngine
from stand_ins.watched import picture as written

SMALL = Size(96, 96)


@pytest.fixture
def vault(tmp_path):
    return build_memory_vault(tmp_path)


def picture(path, colour="red", **how):
    Image.new("RGB", (32, 32), colour).save(path, **how)
    return path


def taken(vault, **wishes):
    """A take on record, made with these wishes."""
    work, _ = open_work(vault, "Harbour")
    planned = plan(vault, MakeWishes(**wishes))
    (one,) = make_pictures(vault, work, planned, PaintingEngine(vault.clock))
    return one.take


def order(vault, **wishes):
    return next(plan(vault, MakeWishes(**wishes)).orders())


def test_what_is_left_open_is_left_to_the_engine_and_the_model_is_the_miniature(vault):
    planned = plan(vault, MakeWishes("a fox"))
    recipe = planned.base.recipe
    assert planned.miniature
    assert (recipe.prompt, recipe.model, recipe.negative_prompt) == ("a fox", "miniature", None)
    assert (recipe.steps, recipe.cfg, recipe.sampler, recipe.generated_size) == (None,) * 4
    assert [(m.role, m.name, m.place) for m in planned.base.models] == [
        ("checkpoint", "miniature", "")
    ]
    own = plan(vault, MakeWishes("a fox", other_program=True))
    assert (own.miniature, own.base.models, own.base.recipe.model) == (False, (), None)


def test_models_are_named_without_their_folders_and_found_by_their_place(vault, tmp_path):
    file = tmp_path / "dream.safetensors"
    file.write_bytes(b"")
    base = plan(vault, MakeWishes("a", model=str(file), vae="owner/vae@main")).base
    assert (base.recipe.model, base.recipe.vae) == ("dream", "owner/vae@main")
    assert [m.place for m in base.models] == [str(file), "owner/vae@main"]


def test_loras_of_prompt_and_options_are_both_recorded_and_none_twice(vault):
    made = order(
        vault,
        prompt="a fox <lora:ink:0.5> <lora:oil>",
        loras=(LoraWish("ink", 0.5), LoraWish("folder/wash.safetensors", 0.3)),
    )
    assert made.recipe.prompt == "a fox <lora:ink:0.5> <lora:oil>"
    assert made.recipe.loras == (
        LoraUse("ink", 0.5, 0.5),
        LoraUse("oil", 1.0),
        LoraUse("wash", 0.3, 0.3),
    )
    files = [(m.name, m.place) for m in made.models if m.role == "lora"]
    assert files == [("ink", ""), ("oil", ""), ("wash", "folder/wash.safetensors")]


@pytest.mark.parametrize(
    "wishes",
    [
        {"prompt": "a <lora:ink:0.5>", "loras": (LoraWish("ink", 0.7),)},
        {"prompt": "a <lora:ink:heavy>"},
        {"prompt": "a", "loras": (LoraWish("ink", float("nan")),)},
    ],
)
def test_weights_that_contradict_or_are_no_numbers_are_refused(vault, wishes):
    with pytest.raises(UsageError, match="ink"):
        plan(vault, MakeWishes(**wishes))


def test_a_prompt_in_a_syntax_without_tags_names_no_lora(vault):
    assert order(vault, prompt="a <lora:ink:0.5>", syntax="plain").recipe.loras == ()


def test_again_is_the_same_recipe_with_the_one_thing_changed(vault):
    take = taken(vault, prompt="a red fox", negative="fog", seed=9, steps=3, cfg=2.5, size=SMALL)
    made = order(vault, again=take.take, prompt="a blue fox")
    assert (made.recipe.prompt, made.recipe.seed) == ("a blue fox", 9)
    assert (made.recipe.negative_prompt, made.recipe.steps, made.recipe.cfg) == ("fog", 3, 2.5)
    assert made.executed is None
    assert order(vault, again=take.take, negative="").recipe.negative_prompt == ""
    assert order(vault, again=take.take[:8], steps=5).recipe.steps == 5
    assert plan(vault, MakeWishes(again=take.take, seed=-1)).first_seed != 9
    assert plan(vault, MakeWishes(again=take.take)).work == take.work


def test_again_with_another_sampler_drops_the_schedule_of_the_old_one(vault):
    take = taken(vault, prompt="a", seed=1, size=SMALL, sampler="Euler", schedule="karras")
    assert order(vault, again=take.take, cfg=1).recipe.scheduler == "karras"
    assert order(vault, again=take.take, sampler="DDIM").recipe.scheduler is None


@pytest.mark.parametrize(
    "wishes", [{"sampler": "k_euler", "schedule": "Karras"}, {"schedule": "Karras"}]
)
def test_again_with_the_sampler_in_another_spelling_changes_nothing(vault, wishes):
    take = taken(vault, prompt="a", seed=1, size=SMALL, sampler="Euler", schedule="karras")
    assert order(vault, again=take.take, **wishes).recipe == take.recipe


def test_again_follows_the_tags_of_the_new_prompt_and_weight_0_takes_away(vault):
    wishes = {"seed": 1, "size": SMALL, "loras": (LoraWish("wash", 0.3),)}
    take = taken(vault, prompt="a <lora:ink:0.5>", **wishes)
    names = [use.name for use in order(vault, again=take.take, prompt="a").recipe.loras]
    assert names == ["wash"]
    without = order(vault, again=take.take, loras=(LoraWish("wash", 0),))
    assert [use.name for use in without.recipe.loras] == ["ink"]
    assert [m.name for m in without.models if m.role == "lora"] == ["ink"]


def test_again_with_another_model_keeps_no_digest_of_the_old_one(vault):
    take = taken(vault, prompt="a", seed=1, size=SMALL)
    made = order(vault, again=take.take, model="owner/other")
    (checkpoint,) = (wish for wish in made.models if wish.role == "checkpoint")
    assert (checkpoint.name, checkpoint.digest) == ("owner/other", None)
    assert not plan(vault, MakeWishes(again=take.take)).miniature


def test_passes_are_put_in_and_taken_away(vault):
    take = taken(vault, prompt="a", seed=1, size=SMALL, hires=HiresWish(2, 0.4, 6))
    (hires,) = take.recipe.passes
    assert (hires.role, hires.upscale, hires.denoise, hires.steps) == ("hires", 2, 0.4, 6)
    assert order(vault, again=take.take).recipe.passes == (hires,)
    assert order(vault, again=take.take, hires=HiresWish(1)).recipe.passes == ()


def test_a_source_picture_goes_in_with_its_bytes(vault, tmp_path):
    file = picture(tmp_path / "sketch.png")
    mask = picture(tmp_path / "mask.png", "white")
    made = order(vault, prompt="a", source=str(file), mask=str(mask), strength=0.6)
    assert [(s.role, s.name) for s in made.recipe.sources] == [
        ("init", "sketch.png"),
        ("mask", "mask.png"),
    ]
    assert made.recipe.denoise == 0.6
    assert made.pictures[digest_of(file.read_bytes())] == file.read_bytes()


def test_a_source_is_found_by_take_and_by_digest(vault):
    take = taken(vault, prompt="a", seed=1, size=SMALL)
    for reference in (take.take, take.picture.digest, take.picture.digest[7:20]):
        (source,) = order(vault, prompt="b", source=reference).recipe.sources
        assert (source.digest, source.name) == (take.picture.digest, take.picture.name)


def test_another_source_takes_the_old_mask_and_the_old_growth_away(vault, tmp_path):
    file = picture(tmp_path / "sketch.png")
    grown = Outpaint(8, 0, 8, 0)
    take = taken(vault, prompt="a", seed=1, size=SMALL, source=str(file), outpaint=grown)
    assert Setting("outpaint", "8,0,8,0") in take.recipe.settings
    made = order(vault, again=take.take, source=take.take)
    assert made.recipe.settings == ()
    assert [s.digest for s in made.recipe.sources] == [take.picture.digest]
    assert list(made.pictures) == [take.picture.digest]
    assert made.recipe.generated_size is None


def test_a_control_names_its_model_its_picture_and_its_strength(vault, tmp_path):
    file = picture(tmp_path / "edges.png")
    made = order(vault, prompt="a", controls=(ControlWish("owner/canny", str(file), 0.7),))
    (source,) = made.recipe.sources
    assert (source.role, source.model, source.strength) == ("control", "owner/canny", 0.7)
    assert ("control", "owner/canny") in [(m.role, m.name) for m in made.models]


def test_embeddings_are_files_and_a_setting(vault):
    made = order(vault, prompt="a mine", embeddings=("folder/mine.safetensors",))
    assert Setting("embeddings", "mine") in made.recipe.settings
    assert ("embedding", "mine") in [(m.role, m.name) for m in made.models]


def test_sources_that_are_nothing_are_refused_in_a_sentence(vault, tmp_path):
    text = tmp_path / "notes.png"
    text.write_text("no picture")
    with pytest.raises(PictureUnreadable, match=r"notes\.png"):
        plan(vault, MakeWishes("a", source=str(text)))
    with pytest.raises(NotFound, match="nowhere"):
        plan(vault, MakeWishes("a", source="nowhere.png"))
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    (tmp_path / "moving.gif").write_bytes(moving.getvalue())
    with pytest.raises(PictureUnreadable, match="2 frames"):
        plan(vault, MakeWishes("a", source=str(tmp_path / "moving.gif")))


def test_what_acts_on_a_picture_needs_one_also_in_the_take_begun_from(vault):
    take = taken(vault, prompt="a", seed=1, size=SMALL)
    with pytest.raises(UsageError, match="no picture"):
        plan(vault, MakeWishes(again=take.take, strength=0.5))


def test_a_source_that_left_the_vault_is_said_unless_it_is_named_anew(vault, tmp_path):
    file = picture(tmp_path / "sketch.png")
    take = taken(vault, prompt="a", seed=1, size=SMALL, source=str(file))
    vault.pictures._contents.pop(digest_of(file.read_bytes()))
    with pytest.raises(UsageError, match="init picture"):
        plan(vault, MakeWishes(again=take.take))
    assert plan(vault, MakeWishes(again=take.take, source=str(file))).base.pictures


def test_the_machine_is_the_one_asked_for(vault):
    machine = Machine("cpu", Speed.EXACT)
    take = taken(vault, prompt="a", seed=1, size=SMALL)
    assert order(vault, again=take.take, machine=machine).machine == machine


def test_a_picture_of_another_program_is_begun_from_and_what_it_lacks_is_said(vault, tmp_path):
    text = (
        "a red fox <lora:ink:0.8>\nNegative prompt: fog\nSteps: 5, Sampler: Euler, CFG scale: 7, "
        "Seed: 9, Size: 24x24, Model: dream, ADetailer model: face"
    )
    (tmp_path / "fox.png").write_bytes(written(1, text=text))
    work, _ = open_work(vault, "Fox")
    (imported,) = import_pictures(vault, [tmp_path / "fox.png"], work)
    planned = plan(vault, MakeWishes("a blue fox <lora:ink:0.8>", again=imported.take))
    recipe = planned.base.recipe
    assert (planned.first_seed, recipe.steps, recipe.cfg, recipe.model) == (9, 5, 7, "dream")
    assert [use.name for use in recipe.loras] == ["ink"]
    assert planned.work == work
    assert any("ADetailer" in sentence for sentence in planned.assumed)


def test_a_take_without_a_prompt_needs_one(vault, tmp_path):
    (tmp_path / "plain.png").write_bytes(written(2))
    work, _ = open_work(vault, "Plain")
    (imported,) = import_pictures(vault, [tmp_path / "plain.png"], work)
    with pytest.raises(UsageError, match="no prompt"):
        plan(vault, MakeWishes(again=imported.take))
    assert plan(vault, MakeWishes("a", again=imported.take)).miniature
