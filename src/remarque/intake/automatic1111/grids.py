"""Grids: one file that holds several pictures, with the settings of the first of them.

The script "X/Y/Z plot" names what differs along each axis and the values; SD.Next writes a
``Grid`` of rows and columns. What differs is a fact of no single picture and is left open;
where the text does not say what differs, that it is a grid is said.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from remarque.model.recipe import Recipe

_SINGLE = re.compile(r"-?[\d.]{1,20}\Z")
_SINGLE_GRID = re.compile(r"\s*1\s*x\s*1\s*\Z")
_AXIS_PREFIX = re.compile(r"^\[[^\]]{1,40}\]\s*")  # SD.Next groups its axes: "[Param] Steps"
_NUMERIC = {"seed", "steps", "hires steps", "cfg scale", "denoising", "clip skip"}
_PROMPTS = ("prompt", "negative_prompt", "loras")
_FIELDS = {
    "seed": ("seed",),
    "steps": ("steps",),
    "hires steps": ("passes",),
    "cfg scale": ("cfg",),
    "prompt s/r": _PROMPTS,
    "prompt order": _PROMPTS,
    "styles": _PROMPTS,
    "negative prompt s/r": _PROMPTS,
    "sampler": ("sampler", "scheduler"),
    "hires sampler": ("passes",),
    "hires upscaler": ("passes",),
    "schedule type": ("scheduler",),
    "checkpoint name": ("model", "model_hash"),
    "model": ("model", "model_hash"),
    "refiner checkpoint": ("passes",),
    "vae": ("vae",),
    "denoising": ("denoise", "passes"),
    "clip skip": ("clip_skip",),
    "size": ("generated_size", "final_size"),
}
_SHOWN = 80
_UNKNOWN = Recipe()


def without_what_differs(
    recipe: Recipe, values: Mapping[str, str], origin: str
) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe all pictures of a grid share, and a sentence for each thing that differs."""
    sentences: list[str] = []
    for axis in ("X", "Y", "Z"):
        kind, listed = values.get(f"{axis} Type", ""), values.get(f"{axis} Values", "")
        name = _AXIS_PREFIX.sub("", kind).strip().casefold()
        if name in {"", "nothing"} or _is_single(name, listed):
            continue
        recipe = _left_open(recipe, _FIELDS.get(name, ()))
        sentences.append(
            f'{origin} describes a grid of several pictures: "{kind[:_SHOWN]}" differs between '
            f"them ({listed[:_SHOWN]}{'…' if len(listed) > _SHOWN else ''}) and is left open."
        )
    grid = values.get("Grid")
    if grid and not sentences and not _SINGLE_GRID.match(grid):
        sentences.append(
            f"{origin} describes a grid of several pictures ({grid[:_SHOWN]}); "
            "its seed is that of one of them."
        )
    return recipe, tuple(sentences)


def _is_single(name: str, listed: str) -> bool:
    """Whether the axis has one value only; a range such as ``1-5`` or ``1-5 [3]`` has several."""
    items = [item.strip() for item in listed.split(",") if item.strip()]
    return len(items) == 1 and (name not in _NUMERIC or bool(_SINGLE.match(items[0])))


def _left_open(recipe: Recipe, names: tuple[str, ...]) -> Recipe:
    return replace(recipe, **{name: getattr(_UNKNOWN, name) for name in names})
