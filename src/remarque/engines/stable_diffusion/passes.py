"""From a recipe to the passes that are run: what it leaves open is filled in, and said.

The completed recipe holds all that was filled in, so that the record alone is enough to make the
picture again.
"""

import math
from dataclasses import dataclass, replace

from remarque.engines.stable_diffusion.noise import new_seed
from remarque.engines.stable_diffusion.passes_hires import hires_passes
from remarque.engines.stable_diffusion.passes_stage import FIRST, Stage, checked_cfg, checked_steps
from remarque.engines.stable_diffusion.passes_stage import checked_strength as _strength
from remarque.engines.stable_diffusion.sources import Inputs
from remarque.engines.stable_diffusion.sources_canvas import OUTPAINT
from remarque.errors import UsageError
from remarque.model.recipe import Recipe, Setting

MASK_BLUR = "mask_blur"

_BLUR_PX = 4
_WIDEST_BLUR_PX = 64
_START_STRENGTH = 0.75
_OUTPAINT_STRENGTH = 0.95


@dataclass(frozen=True, slots=True)
class Usual:
    """What a loaded model does where nobody says otherwise; the sampler as ``own_sampler`` has it.

    ``multiple`` is that of its sizes in pixels; ``title`` names whom steps and guidance are of.
    """

    title: str
    steps: int
    cfg: float
    multiple: int
    sampler: str | None
    schedule: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: the recipe with nothing left open, its passes in order, and what was assumed."""

    recipe: Recipe
    stages: tuple[Stage, ...]
    assumed: tuple[str, ...]
    mask_blur_px: int = 0


def planned(recipe: Recipe, inputs: Inputs, usual: Usual) -> Plan:
    """The passes of a recipe, whose pictures are gathered, for a model.

    Raises:
        UsageError: A number is out of its range.
    """
    told: list[str] = list(inputs.assumed)
    recipe = _with_words_and_numbers(recipe, usual, told)
    recipe = _with_sources(recipe, inputs, told)
    strength = recipe.denoise if inputs.start is not None else None
    first = Stage(
        role=FIRST,
        size=inputs.size,
        prompt=recipe.prompt or "",
        negative=recipe.negative_prompt or "",
        seed=recipe.seed or 0,
        steps=checked_steps(recipe.steps or 0, strength),
        cfg=checked_cfg(recipe.cfg or 0.0),
        sampler=recipe.sampler,
        schedule=recipe.scheduler,
        strength=strength,
    )
    stages, recipe = hires_passes(recipe, first, usual.multiple, told)
    blur = _blur(recipe) if inputs.mask is not None else 0
    return Plan(recipe, (first, *stages), tuple(told), blur)


def _with_words_and_numbers(recipe: Recipe, usual: Usual, told: list[str]) -> Recipe:
    if recipe.prompt is None:
        told.append("No prompt: it was made with an empty one.")
    if recipe.negative_prompt is None:
        told.append("No negative prompt: it was made with an empty one.")
    seed = new_seed() if recipe.seed is None else recipe.seed
    if recipe.seed is None:
        told.append(f"No seed: {seed} was drawn by chance.")
    if recipe.steps is None:
        told.append(f"No number of steps: {usual.steps}, usual for {usual.title}.")
    if recipe.cfg is None:
        told.append(f"No guidance: {usual.cfg:g}, usual for {usual.title}.")
    named = recipe.sampler is not None
    if not named:
        own = " ".join(filter(None, (usual.sampler, recipe.scheduler or usual.schedule)))
        told.append(f"No sampler: the model's own, {own}.")
    return replace(
        recipe,
        prompt=recipe.prompt or "",
        negative_prompt=recipe.negative_prompt or "",
        seed=seed,
        steps=usual.steps if recipe.steps is None else recipe.steps,
        cfg=usual.cfg if recipe.cfg is None else recipe.cfg,
        sampler=recipe.sampler if named else usual.sampler,
        scheduler=recipe.scheduler if named else recipe.scheduler or usual.schedule,
        model=recipe.model or usual.model,
    )


def _with_sources(recipe: Recipe, inputs: Inputs, told: list[str]) -> Recipe:
    """Size, strengths, margins and the softness of the mask as they are used."""
    if recipe.generated_size is None:
        told.append(f"No size: {inputs.size.width} x {inputs.size.height}.")
    controls = any(one.role == "control" and one.strength is None for one in recipe.sources)
    if controls:
        told.append("No strength of a control picture: 1.")
    sources = tuple(
        replace(one, strength=1.0) if one.role == "control" and one.strength is None else one
        for one in recipe.sources
    )
    settings = recipe.settings
    if inputs.margins is not None:
        settings = _set(settings, OUTPAINT, str(inputs.margins))
    if inputs.mask is not None and not _has(settings, MASK_BLUR):
        settings = _set(settings, MASK_BLUR, str(_BLUR_PX))
        told.append(f"No softness of the mask's edge: {_BLUR_PX} pixels.")
    recipe = replace(recipe, generated_size=inputs.size, sources=sources, settings=settings)
    if inputs.start is None:
        return recipe
    if recipe.denoise is None:
        strength = _START_STRENGTH if inputs.margins is None else _OUTPAINT_STRENGTH
        told.append(f"No strength of the change: {strength:g}.")
        recipe = replace(recipe, denoise=strength)
    _strength(recipe.denoise or 0.0)
    return recipe


def _blur(recipe: Recipe) -> int:
    said = next((one.value for one in recipe.settings if one.name == MASK_BLUR), str(_BLUR_PX))
    try:
        blur = float(said)
    except ValueError:
        blur = math.nan
    if not 0 <= blur <= _WIDEST_BLUR_PX:
        raise UsageError(
            f"the softness of a mask is 0 to {_WIDEST_BLUR_PX} pixels, not {said[:40]!r}"
        )
    return round(blur)


def _has(settings: tuple[Setting, ...], name: str) -> bool:
    return any(one.name == name for one in settings)


def _set(settings: tuple[Setting, ...], name: str, value: str) -> tuple[Setting, ...]:
    """The settings with this one set, in its place where it was there before."""
    if not _has(settings, name):
        return (*settings, Setting(name, value))
    return tuple(Setting(name, value) if one.name == name else one for one in settings)
