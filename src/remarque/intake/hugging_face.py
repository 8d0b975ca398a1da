"""Hugging Face Spaces built on diffusers: JSON in PNG text, in the names of diffusers' call.

Source: the app code of the Animagine XL 3.1 and 4.0 Spaces and those made from it. The JSON names
no program; it is known by its shape, which no other program writes.
"""

from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import parse_object, part
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, LoraUse, Pass, Recipe

GENERATOR = "Hugging Face Space"
_KEYS = {"parameters", "metadata", "UserComment"}
_SHAPE = {"prompt", "resolution", "guidance_scale", "num_inference_steps", "seed"}
_TOLD = _SHAPE | {"negative_prompt", "sampler", "Model", "Model hash"}


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each chunk of that shape."""
    found = ((chunk, parse_object(chunk.text)) for chunk in chunks if chunk.key in _KEYS)
    return tuple(
        Account(
            generator=GENERATOR,
            wording="hugging face",
            recipe=_recipe(raw),
            origin=name_of(chunk),
        )
        for chunk, raw in found
        if raw is not None and raw.keys() >= _SHAPE
    )


def _recipe(raw: Mapping[str, Json]) -> Recipe:
    # Animagine 3.1 puts name and hash of the model one level down.
    named = part(raw, "Model") or raw
    upscaler = part(raw, "use_upscaler")
    return Recipe(
        prompt=scalars.words(raw.get("prompt")),
        negative_prompt=scalars.words(raw.get("negative_prompt")),
        seed=scalars.seed(raw.get("seed")),
        steps=scalars.count(raw.get("num_inference_steps")),
        cfg=scalars.real(raw.get("guidance_scale")),
        sampler=scalars.name(raw.get("sampler")),
        model=scalars.name(named.get("Model")),
        model_hash=scalars.name(named.get("Model hash")),
        generated_size=scalars.size_from_text(raw.get("resolution")),
        final_size=scalars.size_from_text(upscaler.get("new_resolution")),
        loras=_loras(part(raw, "use_lora")),
        passes=_enlarging(upscaler),
        settings=scalars.settings_from(raw, without=_TOLD),
    )


def _loras(used: Mapping[str, Json]) -> tuple[LoraUse, ...]:
    name = scalars.name(used.get("selected_lora"))
    return (LoraUse(name, scalars.real(used.get("multiplier"))),) if name is not None else ()


def _enlarging(upscaler: Mapping[str, Json]) -> tuple[Pass, ...]:
    if not upscaler:
        return ()
    return (
        Pass(
            role="hires",
            denoise=scalars.real(upscaler.get("upscaler_strength")),
            upscale=scalars.real(upscaler.get("upscale_by")),
            upscaler=scalars.name(upscaler.get("upscale_method")),
        ),
    )
