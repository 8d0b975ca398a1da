"""Tensor.Art: JSON in PNG text ``generation_data``, beside the graph its engine ran.

Source: files of the site (enslo/sd-metadata carries one). The text ends in a NUL byte. A seed
of -1 there means that the site chose one, which only the graph tells.
"""

from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import objects, parse_object, part
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, LoraUse, Recipe

GENERATOR = "Tensor.Art"
_KEY = "generation_data"
_SHAPE = {"prompt", "baseModel"}
_TOLD = {
    "prompt", "negativePrompt", "seed", "steps", "cfgScale", "width", "height", "clipSkip",
    "ksamplerName", "schedule", "samplerName",
}  # fmt: skip
_CHECKPOINTS_OWN_VAE = "Automatic"


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each chunk with the site's own JSON."""
    found = ((chunk, parse_object(chunk.text)) for chunk in chunks if chunk.key == _KEY)
    return tuple(
        Account(
            generator=GENERATOR,
            wording="tensor.art",
            recipe=_recipe(raw),
            origin=name_of(chunk),
            host=True,
            house_names=True,
        )
        for chunk, raw in found
        if raw is not None and raw.keys() >= _SHAPE
    )


def _recipe(raw: Mapping[str, Json]) -> Recipe:
    model, vae = part(raw, "baseModel"), scalars.name(raw.get("sdVae"))
    return Recipe(
        prompt=scalars.words(raw.get("prompt")),
        negative_prompt=scalars.words(raw.get("negativePrompt")),
        seed=scalars.seed(raw.get("seed")),
        steps=scalars.count(raw.get("steps")),
        cfg=scalars.real(raw.get("cfgScale")),
        sampler=scalars.name(raw.get("ksamplerName")) or scalars.name(raw.get("samplerName")),
        scheduler=scalars.name(raw.get("schedule")),
        model=scalars.name(model.get("modelFileName")) or scalars.name(model.get("label")),
        model_hash=scalars.name(model.get("hash")),
        vae=None if vae == _CHECKPOINTS_OWN_VAE else vae,
        clip_skip=scalars.count(raw.get("clipSkip")),
        generated_size=scalars.size(raw.get("width"), raw.get("height")),
        loras=tuple(_loras(raw)),
        settings=scalars.settings_from(raw, without=_TOLD),
    )


def _loras(raw: Mapping[str, Json]) -> list[LoraUse]:
    found = []
    for item in objects(raw.get("models")):
        name = scalars.name(item.get("modelFileName")) or scalars.name(item.get("label"))
        if name is not None and item.get("type") == "LORA":
            weight, digest = scalars.real(item.get("weight")), scalars.name(item.get("hash"))
            found.append(LoraUse(name, weight, hash=digest))
    return found
