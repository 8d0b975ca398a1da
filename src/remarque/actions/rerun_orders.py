"""From a recorded take to the order that makes it again: from its record alone, nothing guessed.

What the record does not hold and is taken as usual is said (``assumed``); what stands in the way
is listed whole (``missing``), so that nobody has to find one reason after the other.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from remarque.actions.orders import Order
from remarque.actions.ports import Vault
from remarque.actions.rerun_assumptions import assumed_in
from remarque.actions.rerun_gaps import Program, missing_in
from remarque.actions.rerun_machines import machine_of
from remarque.actions.rerun_models import recipe_to_run, wishes_of
from remarque.actions.rerun_samplers import told_in, with_sampler_named
from remarque.errors import MetadataMalformed, StoreError
from remarque.model.canonical import Json, decode_json
from remarque.model.digests import Digest
from remarque.model.history import Take
from remarque.model.prompts import Syntax, syntax_of
from remarque.model.recipe import Recipe, Size

REMARQUE = "Remarque"
_GRAPH_KEY = "prompt"
_GRAPHS = frozenset({"comfyui"})


@dataclass(frozen=True, slots=True)
class RerunOrder:
    """The order, what was assumed for it, and what is missing: with any of that it cannot run."""

    order: Order
    assumed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def order_of(vault: Vault, take: Take, program: Program = Program.HERE) -> RerunOrder:
    """What a take's record says is to be made, for the program that shall make it.

    Args:
        vault: Where the bytes of its pictures and of what ran are kept.
        take: Made here, recorded, or imported.
        program: Which program is to run it; another one may carry out more than this one.
    """
    executed = _executed_of(vault, take)
    told = told_in(executed)
    recipe = with_sampler_named(_sized(take), executed)
    pictures, gone = _pictures_of(vault, recipe)
    order = Order(
        recipe=recipe,
        models=wishes_of(take),
        syntax=_syntax_of(take, told),
        pictures=pictures,
        machine=machine_of(take, told),
        executed=executed,
    )
    if program is Program.COMFYUI and _is_graph(told):
        return RerunOrder(order)  # the graph itself is queued: nothing of it has to be mapped
    sampled = replace(take.recipe, sampler=recipe.sampler, scheduler=recipe.scheduler)
    missing = (*missing_in(replace(take, recipe=sampled), told, program), *gone)
    return RerunOrder(order, assumed_in(take, told, program), missing)


def _sized(take: Take) -> Recipe:
    """The recipe; its size is the picture's where neither a size nor an upscale is recorded."""
    recipe, file = recipe_to_run(take), take.picture
    upscaled = any(one.upscale for one in recipe.passes) or recipe.final_size is not None
    if recipe.generated_size is not None or upscaled or recipe.sources:
        return recipe
    return replace(recipe, generated_size=Size(file.width_px, file.height_px))


def _pictures_of(vault: Vault, recipe: Recipe) -> tuple[Mapping[Digest, bytes], tuple[str, ...]]:
    """The bytes of the pictures that went in, and a sentence for each that is not here."""
    found: dict[Digest, bytes] = {}
    gone = []
    for source in recipe.sources:
        named = f"“{source.name}” " if source.name else ""
        what = f"The picture {named}that went in as {source.role}"
        if source.digest is None:
            gone.append(f"{what} was not seen by the recorder.")
            continue
        try:
            found[source.digest] = vault.pictures.read(source.digest)
        except StoreError as error:
            gone.append(f"{what} is not in the vault: {error.message}.")
    return found, tuple(gone)


def _executed_of(vault: Vault, take: Take) -> bytes | None:
    """What the program ran, as bytes: recorded, or for ComfyUI the graph in the picture."""
    with contextlib.suppress(StoreError, MetadataMalformed):
        if take.witness is not None and take.witness.executed is not None:
            return vault.pictures.read(take.witness.executed)
        if syntax_of(take.generator) in _GRAPHS:
            return _graph_in(decode_json(vault.pictures.read(take.metadata)))
    return None


def _graph_in(chunks: Json) -> bytes | None:
    for chunk in chunks if isinstance(chunks, list) else []:
        text = chunk.get("text") if isinstance(chunk, dict) else None
        if isinstance(text, str) and chunk.get("key") == _GRAPH_KEY and text.startswith("{"):
            return text.encode("utf-8", "surrogatepass")
    return None


def _is_graph(told: Mapping[str, Json]) -> bool:
    return any(isinstance(node, dict) and "class_type" in node for node in told.values())


def _syntax_of(take: Take, told: Mapping[str, Json]) -> Syntax:
    said = told.get("syntax") if take.generator == REMARQUE else None
    known: tuple[Syntax, ...] = get_args(Syntax)
    return said if said in known else syntax_of(take.generator)
