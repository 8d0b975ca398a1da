"""From an order and a loaded model to the passes that are run, one on the picture of another."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from remarque.actions.orders import Listening, Order
from remarque.engines.stable_diffusion.machine import Place
from remarque.engines.stable_diffusion.machine_memory import denoiser_of
from remarque.engines.stable_diffusion.passes import Plan, Usual, planned
from remarque.engines.stable_diffusion.running import Ran, Studio, run_stage
from remarque.engines.stable_diffusion.running_call import Ground
from remarque.engines.stable_diffusion.sampling import own_sampler, without_left_out
from remarque.engines.stable_diffusion.shelf import MINIATURE_NAME
from remarque.engines.stable_diffusion.sources import Inputs, Sizing, gather
from remarque.errors import UsageError
from remarque.model.recipe import Recipe, Size
from remarque.pictures.scaling import Pixels

if TYPE_CHECKING:
    from remarque.engines.stable_diffusion.loading import Loaded

_LEAST_MULTIPLE = 8
_MINIATURE_CFG = 3.0  # as it was measured, and far from the family's


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """All that is needed to run: the plan, the pictures that go in, what the passes share."""

    plan: Plan
    inputs: Inputs
    studio: Studio


def prepared(order: Order, loaded: "Loaded", place: Place, listening: Listening) -> Prepared:
    """Everything before the first pass.

    Raises:
        UsageError: The recipe asks for what this model or engine cannot do.
        PictureUnreadable, PictureTooLarge: A source is no picture that may be opened.
    """
    pipe, recipe = loaded.pipe, order.recipe
    multiple = multiple_of(pipe)
    usual = usual_of(loaded, multiple)
    inputs = gather(recipe, order.pictures, Sizing(multiple, _usual_size(loaded, multiple)))
    if len(inputs.controls) != len(loaded.controls):
        raise UsageError(
            f"{len(inputs.controls)} control pictures and {len(loaded.controls)} models for them "
            "are given; name one model for each picture"
        )
    sampling, left_out = without_left_out(pipe, recipe.sampler, recipe.scheduler)
    recipe = replace(recipe, sampler=sampling[0], scheduler=sampling[1])
    plan = planned(recipe, inputs, usual)
    plan = replace(plan, assumed=(*left_out, *plan.assumed))
    studio = Studio(
        pipe=pipe,
        family=loaded.family,
        controls=tuple(loaded.controls),
        control_strengths=_strengths(plan.recipe),
        place=place,
        syntax=order.syntax,
        clip_skip=recipe.clip_skip,
        listening=listening,
        maps=order.maps,
    )
    return Prepared(plan, inputs, studio)


def run_passes(found: Prepared) -> tuple[Ran, ...]:
    """Run every pass; each after the first works over the picture of the one before, enlarged."""
    inputs, plan = found.inputs, found.plan
    ground = Ground(inputs.start, inputs.mask, inputs.controls, plan.mask_blur_px)
    ran = [run_stage(found.studio, plan.stages[0], ground)]
    for stage in plan.stages[1:]:
        controls = tuple(enlarged(one, stage.size) for one in inputs.controls)
        ground = Ground(enlarged(ran[-1].pixels, stage.size), controls=controls)
        ran.append(run_stage(found.studio, stage, ground))
    return tuple(ran)


def enlarged(pixels: Pixels, size: Size) -> Pixels:
    """The picture in this size, by Lanczos."""
    if pixels.shape[:2] == (size.height, size.width):
        return pixels
    scaled = Image.fromarray(pixels).resize((size.width, size.height), Image.Resampling.LANCZOS)
    return np.asarray(scaled, np.uint8)


def multiple_of(pipe: Any) -> int:  # noqa: ANN401
    """The pixels whose multiples a model's pictures measure: its VAE's step times its patch."""
    packed = type(pipe).__name__.startswith("Flux")  # two by two, whatever its patch size says
    patch = 2 if packed else denoiser_of(pipe).config.get("patch_size") or 1
    return max(_LEAST_MULTIPLE, int(pipe.vae_scale_factor) * int(patch))


def usual_of(loaded: "Loaded", multiple: int) -> Usual:
    """What the model does where nobody says otherwise."""
    family, name = loaded.family, _name_of(loaded)
    small = name == MINIATURE_NAME
    title, cfg = ("the miniature", _MINIATURE_CFG) if small else (family.full_name, family.cfg)
    sampler, schedule = own_sampler(loaded.pipe)
    return Usual(title, family.steps, cfg, multiple, sampler, schedule, name)


def _usual_size(loaded: "Loaded", multiple: int) -> Size:
    """The size the model itself names, else the family's."""
    side = denoiser_of(loaded.pipe).config.get("sample_size")
    side = side or getattr(loaded.pipe, "default_sample_size", None)
    pixels = int(side) * int(loaded.pipe.vae_scale_factor) if isinstance(side, int) else 0
    pixels = pixels or loaded.family.size
    return Size(max(pixels, multiple), max(pixels, multiple))


def _name_of(loaded: "Loaded") -> str | None:
    main = [one.name for one in loaded.models if one.role in {"checkpoint", "unet"}]
    return main[0] if main else None


def _strengths(recipe: Recipe) -> tuple[float, ...]:
    return tuple(
        1.0 if one.strength is None else one.strength
        for one in recipe.sources
        if one.role == "control"
    )
