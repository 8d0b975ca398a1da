"""Measures the miniature: attributes followed, nearest training pictures, decoder, seconds."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray

from training.captions import phrases
from training.probe import Probe, answers, read_attributes
from training.stacks import Pictures
from training.world.scene import Scene, sample_scenes

STEPS = 20
GUIDANCE = 3.0
_TOGETHER = 16

# What a phrase must hold for the attribute to count as asked for.
_NEEDS_COLOUR = {"mountain": "mountain", "sail": "boat", "house": "house", "flowers": "flowers"}
_COLOUR_WORDS = {
    "red": ("red", "crimson"),
    "orange": ("orange",),
    "yellow": ("yellow", "golden"),
    "green": ("green",),
    "blue": ("blue",),
    "purple": ("purple", "violet"),
    "pink": ("pink",),
    "white": ("white",),
    "grey": ("grey", "gray"),
}
_COUNT_WORDS = {1: ("a ", "one "), 2: ("two ", "2 "), 3: ("three ", "3 ")}
_SIDE_KEYS = {"orb": "orb", "boat_side": "boat", "house_side": "house"}
_COUNTS = {"mountains": "mountain", "boats": "boat", "trees": "tree", "birds": "birds"}
_ALWAYS = ("style", "time", "setting")


@dataclass(frozen=True, slots=True)
class Order:
    """A prompt, the scene it was written for, and the attributes it really asks for."""

    prompt: str
    wanted: dict[str, str]


def write_orders(rng: np.random.Generator, count: int) -> list[Order]:
    """Write prompts for held-out scenes, every phrase of each scene in them."""
    scenes = [scene for scene in sample_scenes(rng, 2 * count, held_out=True) if not scene.soft]
    orders = []
    for scene in scenes[:count]:
        named = phrases(scene, rng)
        orders.append(Order(", ".join(named.values()), _asked(scene, named)))
    return orders


def _asked(scene: Scene, named: dict[str, str]) -> dict[str, str]:
    """Return the attributes the phrases name, and the absence of what they leave out.

    Colours are not asked for in ink, which has hardly any; a side or a number only where it is
    in words; a missing mountain, boat, house or tree is asked for by not being named.
    """
    truth = answers(scene)
    wanted = {name: truth[name] for name in _ALWAYS}
    wanted["clouds"] = truth["clouds"]
    for name, key in _COUNTS.items():
        if key not in named:
            wanted[f"no {key}"] = "0"
        elif named[key].startswith(_COUNT_WORDS[int(truth[name])]):
            wanted[name] = truth[name]
    for name, key in _NEEDS_COLOUR.items():
        words = _COLOUR_WORDS.get(truth[name], ())
        if key in named and scene.style != "ink" and any(w in named[key] for w in words):
            wanted[name] = truth[name]
    for name, key in _SIDE_KEYS.items():
        if key in named and truth[name] != "none" and _names_side(named[key]):
            wanted[name] = truth[name]
    if scene.tree and scene.style != "ink":
        wanted["tree"] = truth["tree"]
    wanted["house there"] = "yes" if scene.house else "no"
    if scene.stars:
        wanted["stars"] = "yes"
    return wanted


def _names_side(phrase: str) -> bool:
    return phrase.endswith(("left", "middle", "centre", "right"))


def make_pictures(
    pipeline: StableDiffusionPipeline, prompts: list[str], seed: int, guidance: float = GUIDANCE
) -> Pictures:
    """Make one picture for each prompt; picture `i` has the seed `seed + i`."""
    pipeline.set_progress_bar_config(disable=True)
    parts = []
    for start in range(0, len(prompts), _TOGETHER):
        batch = prompts[start : start + _TOGETHER]
        dice = [torch.Generator().manual_seed(seed + start + i) for i in range(len(batch))]
        made = pipeline(
            batch,
            num_inference_steps=STEPS,
            guidance_scale=guidance,
            generator=dice,
            output_type="np",
        ).images
        parts.append(np.rint(made * 255).astype(np.uint8))
    return np.concatenate(parts)


def judge(orders: list[Order], pictures: Pictures, probe: Probe) -> dict[str, tuple[int, int]]:
    """Return, for each attribute, how often it was right and how often it was asked for."""
    table: dict[str, list[bool]] = defaultdict(list)
    for order, read in zip(orders, read_attributes(probe, pictures), strict=True):
        for name, value in order.wanted.items():
            table[name].append(_seen(name, read) == value)
    return {name: (sum(right), len(right)) for name, right in sorted(table.items())}


def _seen(name: str, read: dict[str, str]) -> str:
    if name == "house there":
        return "no" if read["house"] == "none" else "yes"
    if name.startswith("no "):
        counted = {key: count for count, key in _COUNTS.items()}
        return read[counted[name.removeprefix("no ")]]
    return read[name]


def overall(table: dict[str, tuple[int, int]]) -> float:
    """Return the share of all attribute checks that were right."""
    right, asked = (sum(column) for column in zip(*table.values(), strict=True))
    return right / asked


def nearest(made: Pictures, drawn: list[Pictures]) -> NDArray[np.float64]:
    """Return each picture's distance to the nearest of the drawn ones.

    The distance is the root mean square difference, in steps of 255, of 32x32 averages.
    """
    ours = _thumbs(made)
    best = np.full(len(made), np.inf)
    for chunk in drawn:
        theirs = _thumbs(np.asarray(chunk))
        squares = (ours**2).sum(1)[:, None] + (theirs**2).sum(1)[None] - 2 * ours @ theirs.T
        best = np.minimum(best, np.sqrt(np.maximum(squares, 0).min(1) / ours.shape[1]))
    return best


def _thumbs(pictures: Pictures) -> NDArray[np.float64]:
    count, side = len(pictures), pictures.shape[1] // 32
    blocks = pictures.reshape(count, 32, side, 32, side, 3).astype(np.float32)
    return blocks.mean((2, 4)).reshape(count, -1).astype(np.float64)
