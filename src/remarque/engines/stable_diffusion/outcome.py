"""What is told of a finished run: the picture as a file, who made it with what, and the call."""

import functools
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata

import remarque
from remarque.actions.orders import Order
from remarque.actions.witnessing import Seen
from remarque.engines import diffusers_facts as facts
from remarque.engines.diffusers_pictures import describe, freeze
from remarque.engines.stable_diffusion.machine import Place
from remarque.engines.stable_diffusion.running import Ran
from remarque.engines.stable_diffusion.sources import used_bytes
from remarque.model.canonical import Json, encode_canonical
from remarque.model.digests import digest_of
from remarque.model.recipe import LoraUse, Reading, Recipe, Setting
from remarque.model.times import format_time
from remarque.model.witness import ModelFile, Observer, Witness
from remarque.pictures.encoding import encode

GENERATOR = "Remarque"
NOISE = "The noise is drawn by the processor, in float32."


@dataclass(frozen=True, slots=True)
class Span:
    """When a run began and ended, and the id that stands for it."""

    id: str
    started: datetime
    finished: datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that gave a picture: the completed recipe, and all that took part in it."""

    recipe: Recipe
    span: Span
    models: tuple[ModelFile, ...]
    environment: tuple[Setting, ...]
    ran: tuple[Ran, ...]
    remarks: tuple[str, ...]


@functools.cache  # what is installed stays so while a process runs; reading it costs milliseconds
def program_name() -> str:
    """Remarque with its version, and that of diffusers."""
    try:
        version = metadata.version("diffusers")
    except metadata.PackageNotFoundError:
        version = "not installed"
    return f"Remarque {remarque.__version__} (diffusers {version})"


def surroundings(ran: Ran, place: Place) -> tuple[Setting, ...]:
    """What can change pixels besides the recipe; to be asked while the run's turn lasts."""
    denoiser = ran.parts["unet" if "unet" in ran.parts else "transformer"]
    attention = denoiser.get("attention")
    return (
        *facts.environment(),
        Setting("runs on", place.device),
        Setting("number type", str(denoiser.get("dtype"))),
        Setting("attention", ", ".join(attention) if attention else str(denoiser["class"])),
        Setting("speed", place.speed.value),
        Setting("memory", place.memory.value),
    )


def told(order: Order, finished: Finished) -> Seen:
    """The last picture of a run, as it was seen."""
    span = finished.span
    witness = Witness(
        observer=Observer.REMARQUE,
        program=program_name(),
        run=span.id,
        started=format_time(span.started),
        finished=format_time(span.finished),
        models=finished.models,
        environment=finished.environment,
        remarks=finished.remarks,
    )
    return Seen(
        content=encode(finished.ran[-1].pixels, "image/png"),
        name=f"{span.id[:8]}.png",
        came=span.finished,
        witness=witness,
        reading=Reading(GENERATOR, with_hashes(finished.recipe, finished.models)),
        executed=encode_canonical(_executed(order, finished)),
        sources=used_bytes(finished.recipe, order.pictures),
    )


def with_hashes(recipe: Recipe, models: tuple[ModelFile, ...]) -> Recipe:
    """The recipe with the digests of the files that were really used, where it names none."""
    main = next((one.digest for one in models if one.role in {"checkpoint", "unet"}), None)
    digests = {one.name.rpartition(".")[0] or one.name: one.digest for one in models}
    return replace(
        recipe,
        model_hash=recipe.model_hash or main,
        loras=tuple(_with_hash(one, digests.get(one.name)) for one in recipe.loras),
    )


def _with_hash(lora: LoraUse, digest: str | None) -> LoraUse:
    return lora if lora.hash or digest is None else replace(lora, hash=digest)


def _executed(order: Order, finished: Finished) -> Json:
    """The calls as they were made, for an expert who wants to make them again."""
    return {
        "program": program_name(),
        "syntax": order.syntax,
        "noise": NOISE,
        "calls": [_call(one) for one in finished.ran],
        "environment": {one.name: one.value for one in finished.environment},
    }


def _call(ran: Ran) -> Json:
    """One call; pictures and embeddings stand there by their digests."""
    pipe = ran.pipe
    return {
        "pipeline": type(pipe).__name__,
        "arguments": {
            name: describe(freeze(value), digest_of) for name, value in ran.arguments.items()
        },
        "seed": ran.seed,
        "scheduler": {
            "class": facts.scheduler_class(pipe),
            "config": facts.scheduler_config(pipe),
        },
        "parts": dict(ran.parts),
    }
