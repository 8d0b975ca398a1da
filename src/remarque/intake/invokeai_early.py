"""InvokeAI's ``sd-metadata`` of versions 1 and 2 (lstein's fork of stable-diffusion from 1.15).

Source: invoke-ai/InvokeAI ``install/import_images.py`` and files of 1.15, 2.0 and 2.3.
"""

from collections.abc import Mapping

from remarque.intake import scalars
from remarque.intake.dream_command import negative_words
from remarque.intake.loose_json import objects, part
from remarque.model.canonical import Json
from remarque.model.recipe import Recipe, Setting, SourceUse

_TOLD = {
    "prompt", "seed", "steps", "cfg_scale", "sampler", "width", "height", "strength",
    "strength_steps", "init_img", "init_image_path", "init_mask",
}  # fmt: skip
_NO_SOURCE = "txt2img"


def recipe_of(raw: Mapping[str, Json]) -> Recipe | None:
    """The picture's own settings stand one level down; of a grid's several pictures, none."""
    pictures = objects(raw.get("images"))
    image = part(raw, "image") or (pictures[0] if len(pictures) == 1 else {})
    if not image:
        return None
    prompt = _prompt(image.get("prompt"))
    strength = None if image.get("type") == _NO_SOURCE else _strength(image)
    return Recipe(
        prompt=prompt,
        negative_prompt=negative_words(prompt),
        seed=scalars.seed(image.get("seed")),
        steps=scalars.count(image.get("steps")),
        cfg=scalars.real(image.get("cfg_scale")),
        sampler=scalars.name(image.get("sampler")),
        model=scalars.name(raw.get("model_weights")) or scalars.name(raw.get("model")),
        model_hash=scalars.name(raw.get("model_hash")),
        denoise=strength,
        generated_size=scalars.size(image.get("width"), image.get("height")),
        sources=_sources(image, strength),
        settings=(
            *scalars.settings_from(image, without=_TOLD),
            *_listed(image),
            *_variations(image),
        ),
    )


def _prompt(raw: Json) -> str | None:
    """One text; several weighted ones are no single prompt (``Dream`` has it whole)."""
    if isinstance(raw, list):
        raw = raw[0].get("prompt") if len(raw) == 1 and isinstance(raw[0], dict) else None
    return scalars.words(raw)


def _strength(image: Mapping[str, Json]) -> float | None:
    return scalars.real(image.get("strength", image.get("strength_steps")))


def _sources(image: Mapping[str, Json], strength: float | None) -> tuple[SourceUse, ...]:
    init = scalars.name(image.get("init_image_path")) or scalars.name(image.get("init_img"))
    mask = scalars.name(image.get("init_mask"))
    found = (
        SourceUse("init", name=init, strength=strength) if init else None,
        SourceUse("mask", name=mask) if mask else None,
    )
    return tuple(use for use in found if use is not None)


def _listed(image: Mapping[str, Json]) -> tuple[Setting, ...]:
    """``upscale: [2, 0.75]``: the factor and the strength of an enlargement afterwards."""
    upscale = image.get("upscale")
    if not isinstance(upscale, list) or not upscale:
        return ()
    numbers = [f"{number:g}" for item in upscale[:4] if (number := scalars.real(item)) is not None]
    return (Setting("upscale", " ".join(numbers)),) if numbers else ()


def _variations(image: Mapping[str, Json]) -> tuple[Setting, ...]:
    return tuple(
        Setting("variation", f"seed {seed}, weight {weight:g}")
        for item in objects(image.get("variations"))[:50]
        if (seed := scalars.seed(item.get("seed"))) is not None
        and (weight := scalars.real(item.get("weight"))) is not None
    )
