"""Fooocus: JSON in PNG ``parameters`` or EXIF UserComment, with its own scheme named beside it."""

from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import parse_object
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, LoraUse, Pass, Recipe

GENERATOR = "Fooocus"
RUINED = "RuinedFooocus"
_KEYS = {"parameters", "UserComment"}
_TOLD = {
    "prompt", "negative_prompt", "seed", "steps", "guidance_scale", "sampler", "scheduler",
    "base_model", "base_model_hash", "vae", "resolution", "clip_skip",
}  # fmt: skip

_RUINED_TOLD = {
    "Prompt", "Negative", "seed", "steps", "cfg", "sampler_name", "scheduler", "base_model_name",
    "base_model_hash", "clip_skip", "denoise", "width", "height",
}  # fmt: skip


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each chunk in Fooocus' own scheme."""
    found = []
    for chunk in chunks:
        raw = parse_object(chunk.text) if chunk.key in _KEYS else None
        if raw is not None and _is_fooocus(raw):
            recipe, generator = _recipe(raw), GENERATOR
        elif raw is not None and raw.get("software") == RUINED:
            recipe, generator = _ruined_recipe(raw), RUINED
        else:
            continue
        found.append(Account(generator, wording="fooocus", recipe=recipe, origin=name_of(chunk)))
    return tuple(found)


def _is_fooocus(raw: Mapping[str, Json]) -> bool:
    version = raw.get("version")
    return raw.get("metadata_scheme") == "fooocus" or (
        isinstance(version, str) and version.startswith("Fooocus") and "base_model" in raw
    )


def _recipe(raw: Mapping[str, Json]) -> Recipe:
    refiner = scalars.name(raw.get("refiner_model"))
    return Recipe(
        prompt=scalars.words(raw.get("prompt")),
        negative_prompt=scalars.words(raw.get("negative_prompt")),
        seed=scalars.seed(raw.get("seed")),
        steps=scalars.count(raw.get("steps")),
        cfg=scalars.real(raw.get("guidance_scale")),
        sampler=scalars.name(raw.get("sampler")),
        scheduler=scalars.name(raw.get("scheduler")),
        model=scalars.name(raw.get("base_model")),
        model_hash=scalars.name(raw.get("base_model_hash")),
        vae=scalars.name(raw.get("vae")),
        clip_skip=scalars.count(raw.get("clip_skip")),
        generated_size=scalars.size_from_text(raw.get("resolution")),
        loras=_loras(raw),
        passes=(Pass(role="refiner", model=refiner),) if refiner is not None else (),
        settings=scalars.settings_from(raw, without=_TOLD),
    )


def _ruined_recipe(raw: Mapping[str, Json]) -> Recipe:
    """The names of the fork RuinedFooocus."""
    return Recipe(
        prompt=scalars.words(raw.get("Prompt")),
        negative_prompt=scalars.words(raw.get("Negative")),
        seed=scalars.seed(raw.get("seed")),
        steps=scalars.count(raw.get("steps")),
        cfg=scalars.real(raw.get("cfg")),
        sampler=scalars.name(raw.get("sampler_name")),
        scheduler=scalars.name(raw.get("scheduler")),
        model=scalars.name(raw.get("base_model_name")),
        model_hash=scalars.name(raw.get("base_model_hash")),
        clip_skip=scalars.count(raw.get("clip_skip")),
        denoise=scalars.real(raw.get("denoise")),
        generated_size=scalars.size(raw.get("width"), raw.get("height")),
        settings=scalars.settings_from(raw, without=_RUINED_TOLD),
    )


def _loras(raw: Mapping[str, Json]) -> tuple[LoraUse, ...]:
    """``[name, weight]`` or ``[name, weight, hash]`` each."""
    listed = raw.get("loras")
    found = []
    for item in listed[:200] if isinstance(listed, list) else []:
        match item:
            case [str() as name, weight, *rest] if scalars.name(name):
                short_hash = scalars.name(rest[0]) if rest else None
                found.append(LoraUse(name=name, weight=scalars.real(weight), hash=short_hash))
            case _:
                continue
    return tuple(found)
