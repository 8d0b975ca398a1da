"""The sampler a recorded call ran with, and the artists' name for it."""

from collections.abc import Mapping
from dataclasses import replace

from remarque.errors import MetadataMalformed
from remarque.model.canonical import Json, decode_json
from remarque.model.recipe import Recipe
from remarque.model.samplers import SAMPLERS


def told_in(executed: bytes | None) -> Mapping[str, Json]:
    """What ran, where it is a JSON object; a program's own form otherwise says nothing here."""
    try:
        raw = decode_json(executed) if executed is not None else {}
    except MetadataMalformed:
        return {}
    return raw if isinstance(raw, dict) else {}


_FLOW_EULER = "FlowMatchEulerDiscreteScheduler"
"""Euler's method on straight paths: what SD 3 and FLUX come with and keep."""


def scheduler_in(executed: bytes | None) -> Mapping[str, Json]:
    """Class and configuration of the scheduler of a recorded call; of several, the first."""
    told = told_in(executed)
    calls = told.get("calls")
    first = calls[0] if isinstance(calls, list) and calls else told
    found = first.get("scheduler") if isinstance(first, dict) else None
    return found if isinstance(found, dict) else {}


def with_sampler_named(recipe: Recipe, executed: bytes | None) -> Recipe:
    """The recipe with the sampler's name instead of its class, where its options say which it is.

    A recorder of diffusers knows the class alone, and one class is several samplers.
    """
    if recipe.sampler == _FLOW_EULER:
        return replace(recipe, sampler="Euler", scheduler=None)
    scheduler = scheduler_in(executed)
    config = scheduler.get("config")
    if recipe.sampler is None or scheduler.get("class") != recipe.sampler:
        return recipe
    options = config if isinstance(config, dict) else {}
    for row in SAMPLERS:
        fits = all(options.get(name) == value for name, value in row.options.items())
        if row.diffusers == recipe.sampler and fits:
            return replace(recipe, sampler=row.name)
    return recipe
