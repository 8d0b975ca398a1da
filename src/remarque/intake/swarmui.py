"""SwarmUI: JSON with ``sui_image_params`` in PNG text or EXIF UserComment."""

from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import parse_object
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, LoraUse, Recipe

GENERATOR = "SwarmUI"
_MARK = "sui_image_params"
_TOLD = {
    "prompt", "negativeprompt", "seed", "steps", "cfgscale", "sampler", "scheduler", "model",
    "width", "height", "vae",
}  # fmt: skip


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each chunk with SwarmUI's parameters."""
    found = []
    for chunk in chunks:
        raw = parse_object(chunk.text) if chunk.text and _MARK in chunk.text else None
        told = raw.get(_MARK) if raw is not None else None
        if isinstance(told, dict):
            found.append(
                Account(
                    generator=GENERATOR,
                    wording="swarmui",
                    recipe=_recipe(told),
                    origin=name_of(chunk),
                )
            )
    return tuple(found)


def _recipe(told: Mapping[str, Json]) -> Recipe:
    # SwarmUI leaves the negative prompt out exactly where it is empty.
    negative = told.get("negativeprompt", "" if "prompt" in told else None)
    return Recipe(
        prompt=scalars.words(told.get("prompt")),
        negative_prompt=scalars.words(negative),
        seed=scalars.seed(told.get("seed")),
        steps=scalars.count(told.get("steps")),
        cfg=scalars.real(told.get("cfgscale")),
        sampler=scalars.name(told.get("sampler")),
        scheduler=scalars.name(told.get("scheduler")),
        model=scalars.name(told.get("model")),
        vae=scalars.name(told.get("vae")),
        generated_size=scalars.size(told.get("width"), told.get("height")),
        loras=_loras(told),
        settings=scalars.settings_from(told, without=_TOLD),
    )


def _loras(told: Mapping[str, Json]) -> tuple[LoraUse, ...]:
    """Names and weights stand in two lists of one length."""
    names, weights = told.get("loras"), told.get("loraweights")
    if not isinstance(names, list):
        return ()
    fits = isinstance(weights, list) and len(weights) == len(names)
    pairs = zip(
        names, weights if isinstance(weights, list) and fits else [None] * len(names), strict=True
    )
    return tuple(
        LoraUse(name=found, weight=scalars.real(weight))
        for name, weight in pairs
        if (found := scalars.name(name)) is not None
    )[:200]
