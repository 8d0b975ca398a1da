"""From the named values of an infotext to a recipe."""

from collections.abc import Mapping

from remarque.intake import scalars
from remarque.intake.automatic1111.infotext import Infotext
from remarque.intake.automatic1111.networks import checkpoint_of, hash_of_model, loras_of
from remarque.intake.automatic1111.passes import (
    DENOISING,
    HIRES_FACTOR,
    HIRES_SIZE,
    first_of,
    has_hires_pass,
    passes_of,
)
from remarque.intake.automatic1111.sources import sources_of
from remarque.model.recipe import Recipe, Setting, Size

_TOLD_ELSEWHERE = {
    "Steps",
    "Seed",
    "Sampler",
    "CFG scale",
    "CFG Scale",
    "Schedule type",
    "Scheduler",
    "Size",
    "Model",
    "Unet",
    "Model hash",
    "VAE",
    "Clip skip",
}
_LARGEST_FACTOR = 16
_LATENT_PIXELS = 8  # pictures come out of the latent space in multiples of eight
_LONGEST_SETTING = 20_000


def recipe_from(parts: Infotext, values: Mapping[str, str]) -> Recipe:
    """The recipe in the words of the text; what it does not say is None."""
    has_hires = has_hires_pass(values)
    generated, final = _sizes(values, has_hires=has_hires)
    return Recipe(
        prompt=scalars.words(parts.prompt),
        negative_prompt=scalars.words(parts.negative_prompt),
        seed=scalars.seed(values.get("Seed")),
        steps=scalars.count(values.get("Steps")),
        cfg=scalars.real(first_of(values, "CFG scale", "CFG Scale")),
        sampler=scalars.name(values.get("Sampler")),
        scheduler=scalars.name(first_of(values, "Schedule type", "Scheduler")),
        model=_model(values),
        model_hash=scalars.name(values.get("Model hash")) or hash_of_model(values),
        vae=scalars.name(values.get("VAE")),
        clip_skip=scalars.count(values.get("Clip skip")),
        denoise=None if has_hires else scalars.real(first_of(values, *DENOISING)),
        generated_size=generated,
        final_size=final,
        loras=loras_of(parts.prompt or "", values),
        sources=sources_of(values),
        passes=passes_of(values),
        settings=settings_from(values, without=_TOLD_ELSEWHERE),
    )


def settings_from(
    values: Mapping[str, str], *, without: set[str] | frozenset[str] = frozenset()
) -> tuple[Setting, ...]:
    """All further named values in the words and order of the text."""
    return tuple(
        Setting(name, value)
        for name, value in values.items()
        if name not in without
        if scalars.words(value) and len(value) <= _LONGEST_SETTING
    )


def _model(values: Mapping[str, str]) -> str | None:
    """stable-diffusion.cpp leaves ``Model`` empty where the parts came in files of their own."""
    return (
        scalars.name(values.get("Model"))
        or scalars.name(values.get("Unet"))
        or checkpoint_of(values)
    )


def _sizes(values: Mapping[str, str], *, has_hires: bool) -> tuple[Size | None, Size | None]:
    """Size asked of the first sampler, and size after the upscale pass."""
    asked = scalars.size_from_text(values.get("Size"))
    if asked is None:  # Civitai's own listing takes the size apart
        asked = scalars.size(values.get("Size-1"), values.get("Size-2"))
    if "First pass size" in values:  # before version 1.0 "Size" was the final one
        return scalars.size_from_text(values["First pass size"]), asked
    after = scalars.size_from_text(values.get("Resize after"))
    if not has_hires or asked is None:
        return asked, after
    resized = scalars.size_from_text(first_of(values, *HIRES_SIZE))
    factor = scalars.real(first_of(values, *HIRES_FACTOR))
    return asked, after or resized or _upscaled(asked, factor)


def _upscaled(asked: Size, factor: float | None) -> Size | None:
    """The size times the factor, where the program cannot have rounded it to something else."""
    if factor is None or not 1 <= factor <= _LARGEST_FACTOR:
        return None
    width, height = asked.width * factor, asked.height * factor
    return (
        Size(int(width), int(height))
        if width % _LATENT_PIXELS == height % _LATENT_PIXELS == 0
        else None
    )
