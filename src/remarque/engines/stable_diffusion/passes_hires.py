"""Passes at a higher resolution: the picture so far is enlarged and worked over."""

import math
from dataclasses import replace

from remarque.engines.stable_diffusion.noise import checked_seed
from remarque.engines.stable_diffusion.passes_stage import (
    HIRES,
    Stage,
    checked_cfg,
    checked_steps,
    checked_strength,
)
from remarque.engines.stable_diffusion.sources_fitting import rounded_size
from remarque.errors import UsageError
from remarque.model.recipe import Pass, Recipe, Size

UPSCALER = "Lanczos"

_FACTOR = 2.0
_LARGEST_FACTOR = 8.0
_STRENGTH = 0.5


def hires_passes(
    recipe: Recipe, first: Stage, multiple: int, told: list[str]
) -> tuple[tuple[Stage, ...], Recipe]:
    """The stages of a recipe's passes, and the recipe with nothing left open in them.

    Raises:
        UsageError: A number is out of its range.
    """
    stages, passes, before = [], [], first
    for one in recipe.passes:
        filled, size = _filled(one, recipe, before, multiple, told)
        before = _stage(filled, size, first)
        stages.append(before)
        passes.append(filled)
    if not stages:
        return (), _without_passes(recipe, first, told)
    return tuple(stages), replace(recipe, passes=tuple(passes), final_size=before.size)


def _filled(
    one: Pass, recipe: Recipe, before: Stage, multiple: int, told: list[str]
) -> tuple[Pass, Size]:
    factor, final = one.upscale, recipe.final_size if len(recipe.passes) == 1 else None
    if factor is None:
        factor = _FACTOR if final is None else final.width / before.size.width
        told.append(f"No factor of the hires pass: {factor:g}.")
    size = _enlarged(before.size, factor, multiple, told)
    if final is not None and _nearly(final, size, multiple):
        size = rounded_size(final, multiple, told)
    if one.upscaler not in {None, UPSCALER}:
        told.append(
            f"The hires pass was enlarged by {UPSCALER}; this engine has no {one.upscaler}."
        )
    strength = one.denoise
    if strength is None:
        strength = recipe.denoise if before.strength is None else None
        strength = _STRENGTH if strength is None else strength
        told.append(f"No strength of the hires pass: {strength:g}.")
    steps = one.steps or before.steps  # 0 says "as many as before" in other programs
    filled = replace(
        one, upscale=factor, upscaler=UPSCALER, denoise=checked_strength(strength), steps=steps
    )
    return filled, size


def _stage(one: Pass, size: Size, first: Stage) -> Stage:
    """The stage of a filled pass; what it does not name is as in the first."""
    named = one.sampler is not None
    return Stage(
        role=HIRES,
        size=size,
        prompt=first.prompt if one.prompt is None else one.prompt,
        negative=first.negative if one.negative_prompt is None else one.negative_prompt,
        seed=first.seed if one.seed is None else checked_seed(one.seed),
        steps=checked_steps(one.steps or 0, one.denoise),
        cfg=first.cfg if one.cfg is None else checked_cfg(one.cfg),
        sampler=one.sampler if named else first.sampler,
        schedule=one.scheduler if named else one.scheduler or first.schedule,
        strength=one.denoise,
    )


def _enlarged(size: Size, factor: float, multiple: int, told: list[str]) -> Size:
    if not (math.isfinite(factor) and 1 <= factor <= _LARGEST_FACTOR):
        raise UsageError(
            f"a picture cannot be enlarged {factor:g} times; choose 1 to {_LARGEST_FACTOR:g}"
        )
    return rounded_size(
        Size(round(size.width * factor), round(size.height * factor)), multiple, told
    )


def _nearly(one: Size, other: Size, multiple: int) -> bool:
    """Whether rounding alone lies between two sizes."""
    return max(abs(one.width - other.width), abs(one.height - other.height)) <= multiple


def _without_passes(recipe: Recipe, first: Stage, told: list[str]) -> Recipe:
    if recipe.final_size not in {None, first.size}:
        told.append("A final size is named and no pass to reach it: the picture was not enlarged.")
    return replace(recipe, final_size=None)
