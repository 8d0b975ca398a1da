"""Going on from a take changes what is said and nothing else, whatever the engine filled in."""

import pytest

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
from remarque.model.comparison import compare_recipes, incomparable
from remarque.model.recipe import Size
from remarque.wiring.engines import EngineWishes, build_engine
from stand_ins import tiny_pipelines as tiny
from stand_ins.engine_orders import mask_of, png, scene
from stand_ins.memory_vault import build_memory_vault
from stand_ins.tiny_checkpoints import save_lora, save_single_file

save_file = pytest.importorskip("safetensors.torch").save_file

SMALL = Size(64, 64)
EXACT = Machine("cpu", Speed.EXACT)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Models and pictures as they lie in an artist's folder."""
    folder = tmp_path_factory.mktemp("models")
    pipe = tiny.stable_diffusion(folder / "words")
    pipe.save_pretrained(folder / "tiny")
    edges = tiny.diffusers.ControlNetModel.from_unet(
        pipe.unet, conditioning_embedding_out_channels=(16, 32)
    )
    edges.save_pretrained(folder / "edges")
    save_single_file(pipe, folder / "single.safetensors")
    pipe.save_pretrained(folder / "single")  # its settings, beside it
    word = {"emb_params": tiny.torch.full((1, tiny.HIDDEN), 0.1)}
    save_file(word, folder / "ukiyo.safetensors")
    save_lora(pipe, folder / "ink.safetensors")
    for kind in ("sdxl", "sd3", "flux"):
        getattr(tiny, kind)(folder / f"{kind}-words").save_pretrained(folder / kind)
    (folder / "sketch.png").write_bytes(png(scene(64, 64)))
    (folder / "mask.png").write_bytes(png(mask_of(64, 64, (8, 8, 40, 40))))
    return folder


@pytest.fixture(scope="module")
def engine(place):
    with_models = EngineWishes(folders=(place,), hub=False)
    made = build_engine(build_memory_vault(place).clock, with_models)
    yield made
    made.close()


@pytest.fixture
def vault(tmp_path):
    return build_memory_vault(tmp_path)


def made(vault, engine, wishes):
    work, _ = open_work(vault, "W")
    (one,) = make_pictures(vault, work, plan(vault, wishes).on(EXACT), engine)
    return one.take


def control(place):
    return ControlWish("edges", str(place / "sketch.png"))


def source(place):
    return {"source": str(place / "sketch.png"), "size": None}


MODES = {
    "the miniature": lambda _: {"model": None, "steps": None},
    "words alone": lambda _: {},
    "one file": lambda _: {"model": "single"},
    "image to image": source,
    "inpaint": lambda place: {**source(place), "mask": str(place / "mask.png")},
    "outpaint": lambda place: {**source(place), "outpaint": Outpaint(9, 0, 5, 0)},
    "control": lambda place: {"controls": (control(place),)},
    "hires": lambda _: {"hires": HiresWish(1.5)},
    "a LoRA": lambda _: {"prompt": "a boat <lora:ink:0.5>"},
    "a LoRA beside": lambda _: {"loras": (LoraWish("ink"),)},
    "a taught word": lambda _: {"prompt": "a boat, ukiyo", "embeddings": ("ukiyo",)},
    "a sampler": lambda _: {"sampler": "dpmpp_2m_k"},
    "a schedule": lambda _: {"schedule": "karras"},
    "a layer": lambda _: {"clip_skip": 2},
    "SDXL": lambda _: {"model": "sdxl"},
    "SD 3": lambda _: {"model": "sd3"},
    "FLUX": lambda _: {"model": "flux"},
}
USUAL = {"prompt": "a boat", "model": "tiny", "size": SMALL, "steps": 2}


@pytest.mark.parametrize("mode", MODES)
def test_another_seed_is_the_one_change(place, vault, engine, mode):
    first = made(vault, engine, MakeWishes(**{**USUAL, **MODES[mode](place)}))
    other = made(vault, engine, MakeWishes(again=first.take, seed=5))
    assert [one.field for one in compare_recipes(first.recipe, other.recipe)] == ["seed"]
    assert incomparable(first.recipe, other.recipe) == ()
    back = made(vault, engine, MakeWishes(again=other.take, seed=first.recipe.seed))
    assert back.picture.digest == first.picture.digest


def test_the_sampler_on_record_said_again_is_no_change(vault, engine):
    first = made(vault, engine, MakeWishes("a boat", size=SMALL, seed=1, steps=2))
    assert first.recipe.sampler == "DPM++ 2M"
    again = made(vault, engine, MakeWishes(again=first.take, sampler="DPM++ 2M"))
    assert again.take == first.take
    other = made(vault, engine, MakeWishes(again=first.take, sampler="dpmpp_2m", seed=2))
    assert [one.field for one in compare_recipes(first.recipe, other.recipe)] == ["seed"]
