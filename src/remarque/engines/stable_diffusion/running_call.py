"""The arguments of one call of a pipeline, apart from words, noise and listening."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from remarque.engines.stable_diffusion.passes_stage import Stage
from remarque.engines.stable_diffusion.running_kinds import Kind
from remarque.pictures.scaling import Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The pictures of one pass, all of its size: where it starts, what is painted, what guides."""

    start: Pixels | None = None
    mask: Any = None
    controls: tuple[Pixels, ...] = ()
    mask_blur_px: int = 0


def call_arguments(
    pipe: Any,  # noqa: ANN401
    kind: Kind,
    stage: Stage,
    ground: Ground,
    strengths: Sequence[float],
) -> dict[str, Any]:
    """What the call is given, by the names this pipeline has for it."""
    taken = inspect.signature(type(pipe).__call__).parameters
    given: dict[str, Any] = {"num_inference_steps": stage.steps, "guidance_scale": stage.cfg}
    if "height" in taken:
        given |= {"height": stage.size.height, "width": stage.size.width}
    if kind is not Kind.WORDS and ground.start is not None:
        given |= {"image": Image.fromarray(ground.start), "strength": stage.strength}
    if kind is Kind.FILL:
        given["mask_image"] = _mask_picture(ground, stage)
    if ground.controls:
        pictures = [Image.fromarray(one) for one in ground.controls]
        many = len(pictures) > 1
        name = "control_image" if "control_image" in taken else "image"
        given[name] = pictures if many else pictures[0]
        given["controlnet_conditioning_scale"] = list(strengths) if many else strengths[0]
    return given


def _mask_picture(ground: Ground, stage: Stage) -> Image.Image:
    everything = np.ones((stage.size.height, stage.size.width), np.bool_)
    mask = everything if ground.mask is None else ground.mask
    return Image.fromarray(mask.astype(np.uint8) * 255)
