"""Wishes that cannot be followed are refused in a sentence before anything is loaded."""

import pytest

from remarque.actions.making_checks import LARGEST_SEED, MOST_MODELS, check_seeds, check_wishes
from remarque.actions.making_wishes import (
    ControlWish,
    HiresWish,
    LoraWish,
    MakeWishes,
    Outpaint,
)
from remarque.errors import UsageError
from remarque.model.recipe import Size

INFINITE = float("inf")


@pytest.mark.parametrize(
    ("wishes", "named"),
    [
        ({"prompt": None}, "no prompt"),
        ({"prompt": "word " * 200_000}, "characters"),
        ({"prompt": "\udcff"}, "UTF-8"),
        ({"count": 0}, "--count"),
        ({"count": -3}, "--count"),
        ({"count": 10_001}, "--count"),
        ({"steps": 0}, "--steps"),
        ({"steps": 10**4000}, "one that large"),
        ({"cfg": float("nan")}, "--cfg"),
        ({"cfg": -INFINITE}, "--cfg"),
        ({"seed": -2}, "--seed"),
        ({"seed": LARGEST_SEED + 1}, "--seed"),
        ({"size": Size(0, 64)}, "--size"),
        ({"size": Size(64, -1)}, "--size"),
        ({"size": Size(64, 4097)}, "--size"),
        ({"clip_skip": 0}, "--clip-skip"),
        ({"model": " "}, "--model"),
        ({"model": "x" * 5000}, "--model"),
        ({"sampler": ""}, "--sampler"),
        ({"syntax": "latin"}, "--syntax"),
        ({"loras": (LoraWish("ink", INFINITE),)}, "ink"),
        ({"loras": (LoraWish("ink"),) * (MOST_MODELS + 1)}, "--lora"),
        ({"controls": (ControlWish("canny", "x.png", -1),)}, "canny"),
        ({"hires": HiresWish(0.5)}, "--hires"),
        ({"hires": HiresWish(2, 1.5)}, "--hires"),
        ({"hires": HiresWish(2, 0.5, 0)}, "--hires"),
        ({"strength": 0.5}, "--from"),
        ({"mask": "m.png"}, "--from"),
        ({"outpaint": Outpaint(8, 0, 0, 0)}, "--from"),
        ({"outpaint": Outpaint(0, 0, 0, 0), "source": "a.png"}, "adds nothing"),
        ({"outpaint": Outpaint(-8, 0, 0, 0), "source": "a.png"}, "left"),
        ({"outpaint": Outpaint(8, 0, 0, 0), "source": "a.png", "mask": "m.png"}, "--mask"),
        ({"strength": 1.1, "source": "a.png"}, "--strength"),
    ],
)
def test_what_is_out_of_range_is_refused(wishes, named):
    with pytest.raises(UsageError) as refused:
        check_wishes(MakeWishes(**{"prompt": "a fox", **wishes}))
    assert named in refused.value.message
    assert len(refused.value.message) < 300


def test_the_edges_are_allowed():
    check_wishes(MakeWishes("", count=10_000, seed=-1, cfg=0, steps=1, size=Size(4096, 4096)))
    check_wishes(MakeWishes("word " * 10_000))


def test_seeds_that_would_run_out_are_refused():
    check_seeds(LARGEST_SEED, 1)
    with pytest.raises(UsageError, match="2\\*\\*63"):
        check_seeds(LARGEST_SEED, 2)
