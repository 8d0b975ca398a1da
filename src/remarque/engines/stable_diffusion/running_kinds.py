"""Which pipeline of diffusers runs a pass: made anew for it from the parts of the loaded one.

A pipeline is a thin thing around its parts. One of its own for each pass leaves the loaded one, its
scheduler above all, as it was.
"""

import inspect
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from remarque.engines.stable_diffusion.families import Family
from remarque.engines.stable_diffusion.machine_memory import denoiser_of
from remarque.errors import MakingFailed, UsageError


class Kind(StrEnum):
    """What a pass starts from: words alone, a picture, or a picture whose masked part is filled."""

    WORDS = ""
    PICTURE = "Img2Img"
    FILL = "Inpaint"


_NAMES: Mapping[Family, str] = {
    Family.SD1: "StableDiffusion",
    Family.SD2: "StableDiffusion",
    Family.SDXL: "StableDiffusionXL",
    Family.SD3: "StableDiffusion3",
    Family.FLUX: "Flux",
}
# What no run here has: checkers blacken pictures, and the watermark of SDXL changes them.
_OFF: Mapping[str, object] = {
    "safety_checker": None,
    "feature_extractor": None,
    "image_encoder": None,
    "requires_safety_checker": False,
    "add_watermarker": False,
}


def kind_for(pipe: Any, has_start: bool, has_mask: bool) -> Kind:  # noqa: ANN401, FBT001
    """The kind of a pass.

    Raises:
        UsageError: The model only fills in, and there is nothing to fill.
    """
    if fills_in(pipe):
        if not has_start:
            raise UsageError("this model fills in pictures; give it one with a mask")
        return Kind.FILL
    return Kind.PICTURE if has_start or has_mask else Kind.WORDS


def fills_in(pipe: Any) -> bool:  # noqa: ANN401
    """Whether the model was trained to fill in: it takes mask and masked picture besides."""
    config = denoiser_of(pipe).config
    taken, given = config.get("in_channels"), config.get("out_channels")
    return bool(taken and given) and taken == 2 * given + 1


def variant(pipe: Any, family: Family, kind: Kind, controls: tuple[Any, ...]) -> Any:  # noqa: ANN401
    """A pipeline of this kind around the parts of ``pipe``.

    Raises:
        UsageError: diffusers has none for this family.
    """
    maker = _class_for(pipe, family, kind, has_controls=bool(controls))
    taken = inspect.signature(maker.__init__).parameters
    parts = {**dict(pipe.config), **pipe.components, **_OFF}
    if controls:
        parts["controlnet"] = controls[0] if len(controls) == 1 else list(controls)
    try:
        made = maker(**{name: parts[name] for name in taken if name in parts})
    except (TypeError, ValueError) as error:
        raise MakingFailed(
            f"the parts of this model do not make a {maker.__name__}: {str(error)[:200]}"
        ) from error
    made.set_progress_bar_config(disable=True)
    return made


def _class_for(pipe: Any, family: Family, kind: Kind, *, has_controls: bool) -> Any:  # noqa: ANN401
    import diffusers

    if family not in _NAMES:
        if kind is Kind.WORDS and not has_controls:
            return type(pipe)
        raise UsageError(f"a {type(pipe).__name__} is run from words alone here; take pictures out")
    name = f"{_NAMES[family]}{'ControlNet' if has_controls else ''}{kind}Pipeline"
    found = getattr(diffusers, name, None)
    if found is None:
        raise UsageError(f"diffusers has no {name}; take the control picture out")
    return found
