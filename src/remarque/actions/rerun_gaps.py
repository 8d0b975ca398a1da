"""What forbids to make a take again: everything its record lacks, or that nobody here can do."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

from remarque.actions.rerun_recordings import adapters_missing, batch_missing
from remarque.model.canonical import Json
from remarque.model.history import Take
from remarque.model.recipe import Recipe, Setting
from remarque.model.samplers import find_sampler
from remarque.model.secret_patterns import SecretKind


class Program(StrEnum):
    """Who is to make it again: diffusers here, or a program that runs already."""

    HERE = "diffusers"
    COMFYUI = "comfyui"
    WEBUI = "a1111"


_OFF = frozenset({"", "0", "0.0", "false", "none", "off", "disabled", "no", "null"})
_ROLES_HERE = frozenset({"init", "mask", "control"})
_DECISIVE = (
    "variation seed",
    "seed resize",
    "tiling",
    "face restoration",
    "facetool",
    "adetailer",
    "controlnet",
    "ip-adapter",
    "ip_adapter",
    "hypernet",
    "dynamic thresholding",
    "dynthres",
    "freeu",
    "perlin",
    "threshold",
    "rp active",
    "ultimate sd upscale",
    "latent couple",
    "script",
    "guidance_rescale",
    "timesteps",
    "sigmas",
    "cross_attention_kwargs",
)
"""Beginnings of names of settings that change the picture and that no engine here carries out."""

_MOST_NAMED = 12
_WITHHELD = re.compile(
    rf"\[(?:(?:{'|'.join(map(re.escape, SecretKind))}) )?withheld\]", re.IGNORECASE
)
"""What stands in a record for a secret. Words that were never said must not be run."""


def missing_in(take: Take, told: Mapping[str, Json], program: Program) -> tuple[str, ...]:
    """A sentence for everything that stands in the way, pictures that went in left aside."""
    recipe = take.recipe
    return (
        *_facts_missing(take, told),
        *_words_withheld(recipe),
        *adapters_missing(take),
        *_sampler_missing(recipe, program),
        *_inputs_missing(recipe),
        *_settings_missing(recipe),
    )


def _facts_missing(take: Take, told: Mapping[str, Json]) -> Iterator[str]:
    recipe = take.recipe
    if recipe.prompt is None:
        yield "No prompt is on record."
    if _arguments(told).get("latents") is not None:
        yield "The noise itself was handed to the pipeline, and the record does not hold it."
    elif recipe.seed is None:
        yield "No seed is on record."
    elif recipe.seed < 0:
        yield f"The seed on record, {recipe.seed}, stands for one drawn by chance."
    elif any(_is_used(one) for one in generators_in(told)):
        yield "The noise generator had been used before this run: its seed does not give it again."
    yield from batch_missing(take)
    if not (recipe.model or recipe.model_hash or _names_a_model(take)):
        yield "No model is on record."


def _words_withheld(recipe: Recipe) -> Iterator[str]:
    texts = {"prompt": recipe.prompt, "negative prompt": recipe.negative_prompt}
    for name, text in texts.items():
        found = _WITHHELD.search(text or "")
        if found is not None:
            yield f"Words of the {name} were withheld from the record: “{found.group()}”."


def _arguments(told: Mapping[str, Json]) -> Mapping[str, Json]:
    found = told.get("arguments")
    return found if isinstance(found, dict) else {}


def _names_a_model(take: Take) -> bool:
    return take.witness is not None and any(m.role == "checkpoint" for m in take.witness.models)


def _sampler_missing(recipe: Recipe, program: Program) -> Iterator[str]:
    if program is not Program.HERE or recipe.sampler is None:
        return
    if find_sampler(recipe.sampler, recipe.scheduler) is None:
        scheduler = f" with the schedule “{recipe.scheduler}”" if recipe.scheduler else ""
        yield f"The sampler “{recipe.sampler}”{scheduler} has no counterpart here."


def _inputs_missing(recipe: Recipe) -> Iterator[str]:
    for source in recipe.sources:
        if source.role not in _ROLES_HERE:
            yield f"A picture went in as {source.role}, which cannot be carried out here."
    for one in recipe.passes:
        if one.role != "hires":
            yield f"A further pass “{one.role.replace('_', ' ')}” cannot be carried out here."
    redrawn = recipe.denoise is not None and 0 < recipe.denoise < 1
    if redrawn and not recipe.sources and not recipe.passes:
        yield "It was made from another picture, and the record does not say from which."


def _settings_missing(recipe: Recipe) -> Iterator[str]:
    named = [one for one in recipe.settings if is_decisive(one)]
    for one in named[:_MOST_NAMED]:
        yield f"“{one.name}” ({one.value[:60]}) cannot be carried out here."
    if len(named) > _MOST_NAMED:
        yield f"{len(named) - _MOST_NAMED} further settings cannot be carried out here."


def is_decisive(setting: Setting) -> bool:
    """Whether a setting changes the picture and nobody here carries it out."""
    name, is_on = setting.name.lower(), setting.value.strip().lower() not in _OFF
    return is_on and name.startswith(_DECISIVE) and not name.endswith("strength")


def generators_in(told: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """The noise generators of a recorded call, as they stood before it."""
    found = told.get("generators")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _is_used(generator: Mapping[str, Json]) -> bool:
    return generator.get("fresh") is False
