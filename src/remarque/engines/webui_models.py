"""Models, samplers and the like as a web UI knows them, and whether they are those recorded.

Source of the routes: ``modules/api/api.py`` and ``modules/api/models.py`` (Forge commit dfcdbab,
whose routes are those of AUTOMATIC1111 1.10), ``extensions-builtin/Lora`` for ``/loras``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from remarque.actions.orders import Order
from remarque.engines.comfyui_engine_names import named_model, one_line, plain_name
from remarque.engines.webui_asking import WebuiAsking
from remarque.errors import ModelChanged, UsageError
from remarque.model.canonical import Json
from remarque.model.digests import Digest, hex_of, parse_digest
from remarque.model.recipe import Recipe
from remarque.model.samplers import find_sampler, find_schedule
from remarque.model.witness import ModelFile

_PROGRAM = "the web UI"
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_HASH = re.compile(r"[0-9a-f]{8,64}\Z")
_SHORT = 10  # AUTOMATIC1111 shows the first ten digits of the SHA-256
_NO_VAE = {"automatic", "none", ""}


@dataclass(frozen=True, slots=True)
class WebuiModels:
    """What the program has, as its routes list it."""

    models: tuple[Mapping[str, Json], ...]
    loras: tuple[Mapping[str, Json], ...]
    vaes: tuple[str, ...]
    samplers: tuple[Mapping[str, Json], ...]
    schedulers: tuple[Mapping[str, Json], ...]
    options: frozenset[str]


async def ask_models(asking: WebuiAsking) -> WebuiModels:
    """Ask the program what it has; lists of parts it was built without are empty.

    Raises:
        ProgramUnavailable: It cannot be reached or answers nonsense.
    """

    async def listed(path: str, where_absent: Json = None) -> tuple[Mapping[str, Json], ...]:
        found = await asking.get(f"/sdapi/v1/{path}", where_absent=where_absent)
        if not isinstance(found, list):
            raise asking.unavailable(f"/sdapi/v1/{path}", "gave no list")
        return tuple(item for item in found if isinstance(item, dict))

    vaes = [*await listed("sd-vae", []), *await listed("sd-modules", [])]
    return WebuiModels(
        models=await listed("sd-models"),
        loras=await listed("loras", []),
        vaes=tuple(name for vae in vaes if (name := one_line(vae.get("model_name")))),
        samplers=await listed("samplers"),
        schedulers=await listed("schedulers", []),
        options=frozenset(str(name) for name in await asking.get("/sdapi/v1/options")),
    )


def checkpoint_for(order: Order, has: WebuiModels) -> tuple[str, ModelFile, str]:
    """The title to set, the file as it is known, and its hash as the program lists it.

    Raises:
        ModelMissing: There is no such model.
        ModelChanged: The listed hash is another one than the record names.
    """
    recipe = order.recipe
    wish = next((wish for wish in order.models if wish.role == "checkpoint"), None)
    found = _model(recipe.model or (wish.name if wish is not None else ""), has)
    title = one_line(found.get("title")) or one_line(found.get("model_name"))
    told = one_line(found.get("sha256")) or one_line(found.get("hash"))
    if len(told) >= _SHORT:
        compare_hash(title, told, recorded_hash(order))
    return title, ModelFile("checkpoint", one_line(found.get("model_name")), _digest(found)), told


def title_of(wanted: str | None, has: WebuiModels) -> str | None:
    """The title of a further checkpoint (refiner, upscale pass); None where none is named.

    Raises:
        ModelMissing: There is no such model.
    """
    return one_line(_model(wanted, has).get("title")) or None if wanted else None


def _model(wanted: str, has: WebuiModels) -> Mapping[str, Json]:
    names = {one_line(model.get("model_name")): model for model in has.models}
    names |= {one_line(model.get("title")): model for model in has.models}
    return names[named_model(wanted, [name for name in names if name], _PROGRAM)]


def _digest(model: Mapping[str, Json]) -> Digest | None:
    """The SHA-256 the program worked out itself; it does so only after using a model once."""
    told = one_line(model.get("sha256")).casefold()
    return parse_digest(f"sha256:{told}") if _SHA256.match(told) else None


def recorded_hash(order: Order) -> str:
    """The hash of the checkpoint a record names: the whole SHA-256, or what the recipe has."""
    wish = next((wish for wish in order.models if wish.role == "checkpoint"), None)
    if wish is not None and wish.digest is not None:
        return hex_of(wish.digest)
    return order.recipe.model_hash or ""


def compare_hash(title: str, ours: str, recorded: str) -> tuple[str, ...]:
    """A sentence on whether a hash the program tells is the recorded one.

    Raises:
        ModelChanged: It is another one.
    """
    wanted, ours = recorded.casefold().strip(), ours.casefold().strip()
    if not _HASH.match(wanted):
        return (f"The record has no hash of the model {title!r}: it was found by name alone.",)
    length = min(len(wanted), len(ours))
    if length < _SHORT:  # the eight digits of 2022 are no beginning of the SHA-256
        return (f"The hash of the model {title!r} is not told, so that it was not compared.",)
    if wanted[:length] != ours[:length]:
        raise ModelChanged(
            f"the model {title!r} of the web UI has the hash {ours[:_SHORT]}, the record says "
            f"{wanted[:_SHORT]}",
            hint="Put the recorded file back under that name, or name another model.",
        )
    return (
        f"The web UI itself says that the model {title!r} has the recorded hash "
        f"{wanted[:length]}; the file was not read here.",
    )


def vae_for(recipe: Recipe, has: WebuiModels) -> str | None:
    """The VAE's name in the program; None where the recipe names none.

    Raises:
        ModelMissing: There is no such VAE.
    """
    if recipe.vae is None:
        return None
    if recipe.vae.casefold() in _NO_VAE:
        return recipe.vae
    return named_model(recipe.vae, has.vaes, _PROGRAM)


def lora_names(recipe: Recipe, has: WebuiModels) -> dict[str, str]:
    """The program's name for each LoRA of the recipe.

    Raises:
        ModelMissing: There is no such LoRA.
    """
    known: dict[str, str] = {}
    for lora in has.loras:
        name = one_line(lora.get("name"))
        known |= dict.fromkeys((name, one_line(lora.get("alias")) or name), name)
    return {
        use.name: known[named_model(use.name, [name for name in known if name], _PROGRAM)]
        for use in recipe.loras
    }


def sampler_for(
    sampler: str | None, scheduler: str | None, has: WebuiModels
) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Sampler and schedule in the program's words, and a sentence where they were translated.

    Raises:
        UsageError: The program has no such sampler.
    """
    schedule = _schedule(scheduler, has.schedulers)
    if sampler is None:
        return None, schedule, ("The recipe names no sampler; the web UI took its own default.",)
    own = _own_name(sampler, has.samplers)
    if own is not None:
        return own, schedule, ()
    found = find_sampler(sampler, scheduler)
    own = _own_name(found.sampler.name, has.samplers) if found is not None else None
    if found is None or own is None:
        raise UsageError(
            f"the web UI has no sampler {sampler[:60]!r}",
            hint=f"It has: {', '.join(one_line(each.get('name')) for each in has.samplers[:20])}.",
        )
    label = found.schedule.name if found.schedule is not None else None
    said = (
        f"The sampler {sampler[:60]!r} is {own!r} in the web UI; they are named alike, not shown "
        "to be equal."
    )
    return own, _schedule(label, has.schedulers) or schedule, (said,)


def _own_name(sampler: str, samplers: Sequence[Mapping[str, Json]]) -> str | None:
    """The program's name, if it knows this one or an alias; older versions fuse the schedule."""
    for each in samplers:
        name, aliases = one_line(each.get("name")), each.get("aliases")
        listed = aliases if isinstance(aliases, list) else []
        if sampler.casefold() in {name.casefold(), *(one_line(one).casefold() for one in listed)}:
            return name
    return None


def _schedule(scheduler: str | None, schedulers: Sequence[Mapping[str, Json]]) -> str | None:
    """The program's label of a schedule; itself where the program lists none."""
    if scheduler is None or not schedulers:
        return scheduler
    row = find_schedule(scheduler)
    wanted = {scheduler.casefold()} | ({row.name.casefold()} if row is not None else set())
    for each in schedulers:
        label = one_line(each.get("label"))
        if {label.casefold(), one_line(each.get("name")).casefold()} & wanted:
            return label
    raise UsageError(
        f"the web UI has no schedule {scheduler[:60]!r}",
        hint=f"It has: {', '.join(one_line(each.get('label')) for each in schedulers[:20])}.",
    )


def plain_loras(recipe: Recipe, names: Mapping[str, str]) -> tuple[ModelFile, ...]:
    """The LoRAs as files of a witness; the program tells no digest of them."""
    return tuple(
        ModelFile("lora", names.get(use.name, plain_name(use.name))) for use in recipe.loras
    )
