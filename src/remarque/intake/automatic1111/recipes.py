"""From the named values of an infotext to a recipe."""

import re
from collections.abc import Mapping

from remarque.intake import scalars
from remarque.intake.automatic1111.infotext import Infotext
from remarque.intake.automatic1111.networks import checkpoint_of, loras_of
from remarque.model.recipe import Pass, Recipe, Setting, Size, SourceUse

_TOLD_ELSEWHERE = {
    "Steps",
    "Seed",
    "Sampler",
    "CFG scale",
    "CFG Scale",
    "Schedule type",
    "Size",
    "Model",
    "Model hash",
    "VAE",
    "Clip skip",
}
# SD.Next says "scale" and "size" where the others say "upscale" and "resize".
_HIRES_FACTOR = ("Hires upscale", "Hires scale")
_HIRES_SIZE = ("Hires resize", "Hires size")
_HIRES = (*_HIRES_FACTOR, *_HIRES_SIZE, "Hires upscaler", "Hires steps")
_CONTROL = re.compile(r"ControlNet(?: \d{1,2})?\Z")
_CONTROL_PART = re.compile(r"(?:^|, ?)(Model|Weight): ?([^,]*)", re.IGNORECASE)
_HASH_AFTER_NAME = re.compile(r"\s*\[[0-9a-fA-F]{6,64}\]\Z")
_LARGEST_FACTOR = 16
_LATENT_PIXELS = 8  # pictures come out of the latent space in multiples of eight
_LONGEST_SETTING = 20_000


def recipe_from(parts: Infotext, values: Mapping[str, str]) -> Recipe:
    """The recipe in the words of the text; what it does not say is None."""
    has_hires = any(name in values for name in _HIRES)
    generated, final = _sizes(values, has_hires=has_hires)
    return Recipe(
        prompt=scalars.words(parts.prompt),
        negative_prompt=scalars.words(parts.negative_prompt),
        seed=scalars.seed(values.get("Seed")),
        steps=scalars.count(values.get("Steps")),
        cfg=scalars.real(values.get("CFG scale", values.get("CFG Scale"))),
        sampler=scalars.name(values.get("Sampler")),
        scheduler=scalars.name(values.get("Schedule type")),
        model=scalars.name(values.get("Model")) or checkpoint_of(values),
        model_hash=scalars.name(values.get("Model hash")),
        vae=scalars.name(values.get("VAE")),
        clip_skip=scalars.count(values.get("Clip skip")),
        denoise=None if has_hires else scalars.real(values.get("Denoising strength")),
        generated_size=generated,
        final_size=final,
        loras=loras_of(parts.prompt or "", values),
        sources=_sources(values),
        passes=_passes(values, has_hires=has_hires),
        settings=tuple(
            Setting(name, value)
            for name, value in values.items()
            if name not in _TOLD_ELSEWHERE
            if scalars.words(value) and len(value) <= _LONGEST_SETTING
        ),
    )


def _sizes(values: Mapping[str, str], *, has_hires: bool) -> tuple[Size | None, Size | None]:
    """Size asked of the first sampler, and size after the upscale pass."""
    asked = scalars.size_from_text(values.get("Size"))
    if "First pass size" in values:  # before version 1.0 "Size" was the final one
        return scalars.size_from_text(values["First pass size"]), asked
    if not has_hires or asked is None:
        return asked, None
    resized = scalars.size_from_text(_first(values, _HIRES_SIZE))
    return asked, resized or _upscaled(asked, scalars.real(_first(values, _HIRES_FACTOR)))


def _first(values: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((values[name] for name in names if name in values), None)


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


def _passes(values: Mapping[str, str], *, has_hires: bool) -> tuple[Pass, ...]:
    passes = [_hires(values)] if has_hires else []
    if "Refiner" in values:
        passes.append(Pass(role="refiner", model=_without_hash(values["Refiner"])))
    passes.extend(_details(values))
    return tuple(passes)


def _hires(values: Mapping[str, str]) -> Pass:
    return Pass(
        role="hires",
        steps=scalars.count(values.get("Hires steps")),
        cfg=scalars.real(values.get("Hires CFG Scale", values.get("Hires CFG scale"))),
        sampler=scalars.name(values.get("Hires sampler")),
        scheduler=scalars.name(values.get("Hires schedule type")),
        model=_without_hash(values.get("Hires checkpoint", "")),
        denoise=scalars.real(values.get("Denoising strength")),
        upscale=scalars.real(_first(values, _HIRES_FACTOR)),
        upscaler=scalars.name(values.get("Hires upscaler")),
        prompt=scalars.words(values.get("Hires prompt")),
        negative_prompt=scalars.words(values.get("Hires negative prompt")),
    )


def _details(values: Mapping[str, str]) -> list[Pass]:
    """Passes of the ADetailer extension: "ADetailer model", "ADetailer model 2nd" and so on."""
    return [
        Pass(
            role="detail",
            steps=scalars.count(values.get(f"ADetailer steps{which}")),
            denoise=scalars.real(values.get(f"ADetailer denoising strength{which}")),
            prompt=scalars.words(values.get(f"ADetailer prompt{which}")),
            negative_prompt=scalars.words(values.get(f"ADetailer negative prompt{which}")),
        )
        for which in ("", " 2nd", " 3rd", " 4th")
        if f"ADetailer model{which}" in values
    ]


def _sources(values: Mapping[str, str]) -> tuple[SourceUse, ...]:
    """ControlNet units: one quoted value of ``Name: value`` parts each."""
    found = []
    for name, value in values.items():
        if _CONTROL.match(name):
            parts = {part[1].casefold(): part[2] for part in _CONTROL_PART.finditer(value)}
            found.append(
                SourceUse(
                    role="control",
                    model=_without_hash(parts.get("model", "")),
                    strength=scalars.real(parts.get("weight")),
                )
            )
    return tuple(found)


def _without_hash(text: str) -> str | None:
    """A model's name without the short hash some versions put behind it in brackets."""
    return scalars.name(_HASH_AFTER_NAME.sub("", text))
