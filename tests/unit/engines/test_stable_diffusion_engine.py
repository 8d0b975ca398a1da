"""The engine: the same order gives the same bits, and its record alone is enough to repeat it."""

import json
import subprocess
import sys
from dataclasses import replace
from threading import Thread

import pytest

import remarque
from remarque.actions.orders import Listening, Machine, Memory, ModelWish, Order, Speed
from remarque.actions.witnessing import record_seen
from remarque.actions.works import open_work
from remarque.engines.model_files import ModelFiles
from remarque.engines.stable_diffusion.attention import MOST_PHRASES
from remarque.engines.stable_diffusion.engine import DiffusersEngine
from remarque.engines.stable_diffusion.loading import Loader, Permissions
from remarque.engines.stable_diffusion.shelf import MINIATURE_NAME, Shelf
from remarque.model.digests import digest_of
from remarque.model.history import Manner
from remarque.model.prompts import syntax_of
from remarque.model.recipe import LoraUse, Pass, Recipe, Setting, Size
from remarque.model.witness import ModelFile, Observer
from remarque.wiring.clock import SystemClock
from stand_ins import tiny_pipelines as tiny
from stand_ins.engine_orders import (
    EXACT,
    MODEL,
    engine_with,
    make,
    mask_of,
    order,
    pixels,
    png,
    scene,
)
from stand_ins.memory_vault import build_memory_vault
from stand_ins.tiny_pipelines import torch

pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

MINIATURE_ORDER = Order(
    Recipe(prompt="a red mountain by the sea", seed=5, steps=2),
    (ModelWish("checkpoint", MINIATURE_NAME),),
    machine=EXACT,
)
ELSEWHERE = """
import sys
sys.path[:0] = sys.argv[1:]
from unit.engines import test_stable_diffusion_engine as here
engine = here.miniature_engine()
print(here.digest_of(here.pixels(engine.make(here.MINIATURE_ORDER, here.Listening())).tobytes()))
"""


@pytest.fixture(scope="module")
def pipe(tmp_path_factory):
    return tiny.stable_diffusion(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def engine(pipe):
    return engine_with(pipe)


def miniature_engine():
    loader = Loader(Shelf(), ModelFiles(), Permissions(hub=False))
    return DiffusersEngine(loader, SystemClock())


def facts(made):
    return {one.name: one.value for one in made.seen.witness.environment}


def same(one, other):
    return bool((pixels(one) == pixels(other)).all())


def recipe_of(made):
    return made.seen.reading.recipe


def test_the_miniature_gives_the_same_bits_in_another_process(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine = miniature_engine()
    first, second = (engine.make(MINIATURE_ORDER, Listening()) for _ in range(2))
    assert same(first, second)
    roots = [path for path in sys.path if path.endswith(("/src", "/tests"))]
    told = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *roots], capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[-1] == digest_of(pixels(first).tobytes())
    assert recipe_of(first).model == MINIATURE_NAME
    assert recipe_of(first).cfg == 3.0
    assert any(one.role == "checkpoint" and one.digest for one in first.seen.witness.models)


def test_the_same_order_gives_the_same_bits_and_another_seed_others(engine):
    first = make(engine, order())
    assert same(first, make(engine, order()))
    assert not same(first, make(engine, order(seed=8)))
    assert not same(first, make(engine, order(prompt="a tree")))


OPEN = {"steps": None, "cfg": None, "seed": None, "generated_size": None, "prompt": None}
SCENE = ("init", png(scene()))


@pytest.mark.parametrize(
    "left_open",
    [
        OPEN,
        {"sampler": "Euler a"},
        {"scheduler": "karras", "sampler": "DPM++ 2M"},
        {"pictures": [SCENE]},
        {"pictures": [SCENE, ("mask", png(mask_of(32, 32, (8, 8, 24, 24))))]},
        {"pictures": [SCENE], "settings": (Setting("outpaint", "5,0,0,16"),)},
        {"passes": (Pass("hires"),)},
        {"passes": (Pass("hires", sampler="Heun"),), "final_size": Size(40, 48)},
    ],
)
def test_the_completed_recipe_alone_makes_the_picture_again(engine, left_open):
    asked = order(**left_open)
    made = make(engine, asked)
    completed = recipe_of(made)
    again = make(engine, replace(asked, recipe=completed))
    assert same(made, again)
    assert recipe_of(again) == completed
    assert again.assumed == again.seen.witness.remarks  # nothing was left open
    for name in ("prompt", "negative_prompt", "seed", "steps", "cfg", "sampler", "generated_size"):
        assert getattr(completed, name) is not None


def test_what_was_filled_in_is_said_and_recorded(engine):
    made = make(engine, order(**OPEN, sampler=None))
    recipe, said = recipe_of(made), " ".join(made.assumed)
    assert (recipe.steps, recipe.cfg, recipe.model) == (20, 7.0, "tiny")
    assert recipe.generated_size == Size(32, 32)  # what the model itself names
    assert recipe.model_hash == MODEL.digest
    for words in ("No prompt", str(recipe.seed), "20", "7", "own, DDIM", "32 x 32"):
        assert words in said


def test_the_witness_names_the_run_and_all_that_changes_pixels(engine):
    seen = make(engine, order(), preview_every=1).seen
    witness = seen.witness
    assert witness.observer is Observer.REMARQUE
    assert witness.program == engine.name
    assert witness.program.startswith(f"Remarque {remarque.__version__} (diffusers ")
    assert witness.models == (MODEL,)
    assert witness.started <= witness.finished
    told = {one.name: one.value for one in witness.environment}
    assert told["torch"] == torch.__version__
    assert told["torch threads"] == "1"
    assert told["runs on"] == "cpu"
    assert told["number type"] == "float32"
    assert told["speed"] == "exact"
    assert told["memory"] == "plenty"
    assert "AttnProcessor" in told["attention"]
    assert engine.environment() == told


def test_an_engine_tells_its_environment_before_the_first_picture(pipe):
    assert engine_with(pipe).environment()["torch"] == torch.__version__


def test_what_ran_is_kept_for_an_expert(engine):
    made = make(engine, order(pictures=[SCENE], sampler="Euler", denoise=0.6))
    ran = json.loads(made.seen.executed)
    (call,) = ran["calls"]
    assert call["pipeline"] == "StableDiffusionImg2ImgPipeline"
    assert call["scheduler"]["class"] == "EulerDiscreteScheduler"
    assert call["scheduler"]["config"]["beta_end"] == 0.012
    assert call["seed"] == 7
    arguments = call["arguments"]
    assert (arguments["strength"], arguments["guidance_scale"]) == (0.6, 4)
    assert arguments["prompt_embeds"]["array"].startswith("sha256:")
    assert arguments["image"]["size"] == [32, 32]
    assert ran["syntax"] == "automatic1111"
    assert ran["environment"] == facts(made)


def test_it_becomes_a_take_recorded_as_it_happened(engine, tmp_path):
    vault = build_memory_vault(tmp_path)
    work, _ = open_work(vault, "Boat")
    made = make(engine, order(pictures=[SCENE], prompt="a (boat:1.2)"))
    take = record_seen(vault, work, made.seen).take
    assert take.manner is Manner.AS_IT_HAPPENED
    assert take.generator == "Remarque"
    assert syntax_of(take.generator) == "automatic1111"
    assert take.recipe.prompt == "a (boat:1.2)"
    assert vault.pictures.read(take.recipe.sources[0].digest) == SCENE[1]
    assert json.loads(vault.pictures.read(take.witness.executed))["calls"]


def test_listening_changes_no_bit(engine):
    plain = make(engine, order(steps=4))
    heard, steps = [], []
    followed = make(
        engine,
        order(steps=4, maps=True),
        preview=lambda *told: heard.append(told),
        preview_every=2,
        progress=steps.append,
    )
    assert same(plain, followed)
    assert [(step, total, shown.shape) for step, total, shown in heard] == [
        (2, 4, (32, 32, 3)),
        (4, 4, (32, 32, 3)),
    ]
    assert all(shown.dtype == "uint8" for *_, shown in heard)
    assert [(one.done, one.total) for one in steps if one.operation == "making"] == [
        (1, 4), (2, 4), (3, 4), (4, 4)
    ]  # fmt: skip
    assert [one.phrase for one in followed.maps] == ["a boat"]
    assert plain.maps == ()


def test_phrases_without_a_map_are_said(engine):
    made = make(engine, order(prompt=", ".join(f"{n}" for n in range(300)), maps=True))
    assert len(made.maps) == MOST_PHRASES
    assert "44 phrases have no map" in made.assumed[-1]


def test_the_last_preview_is_the_picture(engine):
    shown = []
    made = make(engine, order(), preview=lambda _step, _total, picture: shown.append(picture))
    assert (shown[-1] == pixels(made)).all()


def test_exact_runs_on_one_thread_and_puts_the_number_back(engine):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert facts(make(engine, order()))["torch threads"] == "1"
        assert torch.get_num_threads() == 2
        balanced = make(engine, order(machine=Machine("cpu", Speed.BALANCED), steps=1))
        assert facts(balanced)["torch threads"] == "2"
    finally:
        torch.set_num_threads(before)


def test_what_saves_memory_is_recorded_and_taken_back(engine, pipe):
    tight = make(engine, order(machine=Machine("cpu", Speed.EXACT, Memory.TIGHT)))
    assert facts(tight)["memory"] == "tight"
    assert facts(tight)["attention"] == "SlicedAttnProcessor"
    assert not pipe.vae.use_tiling
    assert "Sliced" not in facts(make(engine, order()))["attention"]


def test_what_this_device_cannot_do_is_said(engine):
    made = make(engine, order(machine=Machine("cpu", Speed.FAST, Memory.SCARCE)))
    assert "uncompiled" in made.assumed[0]
    assert "memory tight" in made.assumed[1]
    assert facts(made)["memory"] == "tight"


def test_engines_in_two_threads_do_not_disturb_each_other(tmp_path):
    engines = [engine_with(tiny.stable_diffusion(tmp_path / name)) for name in "ab"]
    alone = [make(engine, order(seed=n, steps=3)) for n, engine in enumerate(engines)]
    together = {}

    def work(number):
        together[number] = make(engines[number], order(seed=number, steps=3))

    threads = [Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(same(alone[n], together[n]) for n in range(2))
    assert all(facts(made)["torch threads"] == "1" for made in together.values())


def test_the_digest_of_a_lora_comes_from_its_file(engine, monkeypatch):
    lora = ModelFile("lora", "ink.safetensors", digest_of(b"ink"))
    loader = engine._loader
    load = loader.load
    monkeypatch.setattr(loader, "load", lambda *given: replace(load(*given), models=(MODEL, lora)))
    made = make(engine, order(loras=(LoraUse("ink", 0.5),)))
    assert recipe_of(made).loras == (LoraUse("ink", 0.5, None, lora.digest),)


def test_closing_lets_the_loader_go(pipe):
    engine = engine_with(pipe)
    engine.close()
    engine.close()
    assert engine._loader.closed == 2
