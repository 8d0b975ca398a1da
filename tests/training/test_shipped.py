"""The model folder that ships: what its card says, what it follows, what the LoRA does."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("diffusers")
# numpy 2 on what diffusers passes to it; nothing of ours
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

ROOT = Path(__file__).parents[2]
ENGINES = ROOT / "src" / "remarque" / "engines"
MODEL = ENGINES / "miniature"
LORAS = ENGINES / "miniature_loras"


@pytest.fixture(scope="module")
def pipeline():
    from training.report import open_model

    return open_model(MODEL)


def make(pipeline, prompt, count=3, **more):
    from training.judging import make_pictures

    return make_pictures(pipeline, [prompt] * count, 5, **more).astype(float)


def brightness(pictures):
    return (pictures @ np.array((0.299, 0.587, 0.114))).mean((1, 2))


def colourfulness(pictures):
    return (pictures.max(3) - pictures.min(3)).mean((1, 2))


def test_the_card_knows_every_file():
    card = (MODEL / "README.md").read_text("utf-8")
    told = dict(re.findall(r"\| (\S+) \| `([0-9a-f]{64})` \|", card))
    files = [p for p in MODEL.rglob("*") if p.is_file() and p.name != "README.md"]
    assert told == {
        p.relative_to(MODEL).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files
    }


def test_it_is_small():
    assert sum(p.stat().st_size for p in MODEL.rglob("*") if p.is_file()) <= 14_000_000
    assert all(p.stat().st_size < 200_000 for p in LORAS.glob("*.safetensors"))


def test_night_is_dark_and_day_is_not(pipeline):
    day = brightness(make(pipeline, "a mountain, sea, day, flat poster"))
    night = brightness(make(pipeline, "a mountain, sea, night, flat poster"))
    assert day.min() > night.max() + 30


def test_ink_is_grey_and_a_poster_is_not(pipeline):
    ink = colourfulness(make(pipeline, "a red mountain, meadow, day, ink wash"))
    poster = colourfulness(make(pipeline, "a red mountain, meadow, day, flat poster"))
    assert poster.min() > 1.8 * ink.max()


def test_the_colour_of_the_mountain_is_the_one_asked_for(pipeline):
    redness = {}
    for colour in ("red", "blue"):
        pictures = make(pipeline, f"a {colour} mountain, meadow, day, flat poster")
        height = pictures.shape[1]
        band = pictures[:, height * 5 // 16 : height * 9 // 16]
        redness[colour] = (band[..., 0] - band[..., 2]).mean((1, 2))
    assert redness["red"].min() > redness["blue"].max() + 15


def test_a_seed_means_the_same_alone_and_again(pipeline):
    first, again = (make(pipeline, "a boat, sea", count=1) for _ in range(2))
    assert (first == again).all()


def test_seeds_differ(pipeline):
    pictures = make(pipeline, "mountain, sea")
    assert pictures.std(0).mean() > 15


def test_the_lora_gilds_half_at_half_weight(pipeline):
    """At weight 1 day turns towards gold on dark blue, at 0.5 about half the way, at 0 not."""
    prompt, changes = "a mountain, meadow, day, flat poster", []
    plain = make(pipeline, prompt, count=2)
    pipeline.load_lora_weights(LORAS, weight_name="gold_leaf.safetensors", adapter_name="gold")
    try:
        for weight in (0.0, 0.5, 1.0):
            pipeline.set_adapters(["gold"], [weight])
            changes.append(np.abs(make(pipeline, prompt, count=2) - plain).mean())
    finally:
        pipeline.unload_lora_weights()
    assert changes[0] < 1
    assert changes[2] > 25
    assert 0.15 * changes[2] < changes[1] < 0.95 * changes[2]
