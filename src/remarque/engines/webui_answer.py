"""What a web UI answered, as the picture that was seen coming into being."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from remarque.actions.orders import Order
from remarque.actions.witnessing import Seen
from remarque.engines.comfyui_engine_names import one_line, plain_name
from remarque.engines.webui_models import compare_hash, recorded_hash
from remarque.engines.webui_request import Request
from remarque.engines.webui_running import picture_bytes
from remarque.errors import InputError, MakingFailed, ProgramUnavailable
from remarque.intake.automatic1111 import reader
from remarque.model.canonical import Json, encode_canonical
from remarque.model.digests import digest_of
from remarque.model.recipe import Chunk, Reading, Recipe, Setting, SourceUse
from remarque.model.times import format_time
from remarque.model.witness import ModelFile, Observer, Witness
from remarque.pictures.decoding import decode

_PLACE = "the web UI's answer"
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_COMPARED = {
    "seed": "the seed",
    "steps": "the steps",
    "cfg": "the guidance",
    "generated_size": "the size",
    "clip_skip": "CLIP skip",
}


@dataclass(frozen=True, slots=True)
class Told:
    """An answer taken apart: the picture's bytes, what was said of it, the program's version."""

    content: bytes
    media_type: str
    reading: Reading | None
    version: str


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside the answer: times, models, facts of the program."""

    started: datetime
    finished: datetime
    models: tuple[ModelFile, ...]
    facts: Mapping[str, str]
    run: str


def told_by(answer: Mapping[str, Json]) -> Told:
    """Take an answer of ``txt2img`` or ``img2img`` apart.

    Raises:
        MakingFailed: It has no picture that can be read.
        ProgramUnavailable: It has not the form of such an answer.
    """
    images, info = answer.get("images"), _info(answer.get("info"))
    if not isinstance(images, list):
        raise ProgramUnavailable("the web UI answered an order without a list of pictures")
    first = info.get("index_of_first_image")
    index = first if isinstance(first, int) and 0 <= first < len(images) else 0
    content = picture_bytes(images[index]) if images else b""
    try:
        media_type = decode(content).media_type
    except InputError as error:
        raise MakingFailed(
            f"the web UI gave no picture that can be read: {error.message}"
        ) from error
    texts = info.get("infotexts")
    text = texts[index] if isinstance(texts, list) and index < len(texts) else None
    return Told(content, media_type, _reading(text), one_line(info.get("version")))


def seen_from(told: Told, request: Request, order: Order, around: Around) -> Seen:
    """The picture as it was seen, with the digests of what went in."""
    used = {use.digest for use in order.recipe.sources}
    reading = told.reading
    if reading is not None:
        recipe = replace(reading.recipe, sources=_sources(reading.recipe, order.recipe))
        reading = replace(reading, recipe=recipe)
    return Seen(
        content=told.content,
        name=f"webui-{around.run}.{_ENDINGS.get(told.media_type, 'png')}",
        came=around.finished,
        witness=Witness(
            observer=Observer.REMARQUE,
            program=program_name(told),
            run=around.run,
            saved=False,
            started=format_time(around.started),
            finished=format_time(around.finished),
            models=around.models,
            environment=tuple(Setting(name, value) for name, value in around.facts.items()),
            remarks=() if reading is not None else (_UNREAD,),
        ),
        reading=reading,
        executed=executed_bytes(request),
        sources=tuple(content for digest, content in order.pictures.items() if digest in used),
    )


_UNREAD = "The web UI's answer has no text on how the picture was made, or none that can be read."


def program_name(told: Told) -> str:
    """The program of the family, with its version where it is told."""
    family = told.reading.generator if told.reading is not None else None
    return " ".join(part for part in (family or "web UI", told.version) if part)


def executed_bytes(request: Request) -> bytes:
    """The request in canonical JSON; pictures in it by their digests, their bytes lie beside it."""
    body = dict(request.body)
    if "init_images" in body:
        body["init_images"] = [digest_of(picture_bytes(one)) for one in body["init_images"]]
    if "mask" in body:
        body["mask"] = digest_of(picture_bytes(body["mask"]))
    return encode_canonical({"path": request.path, "body": body})


def differences(told: Told, order: Order, model: ModelFile, listed: str) -> tuple[str, ...]:
    """Sentences on what the program says it did: its model's hash, and what was not as asked.

    ``listed`` is the hash the program told before the run; it works one out when it loads a model.

    Raises:
        MakingFailed: It took another model: Forge leaves a model aside that it cannot set.
        ModelChanged: The model has another hash than the record names.
    """
    made = told.reading.recipe if told.reading is not None else Recipe()
    if made.model is not None and plain_name(made.model) != plain_name(model.name):
        raise MakingFailed(
            f"the web UI made the picture with the model {made.model[:80]!r} instead of "
            f"{model.name[:80]!r}",
            hint="Choose the model in the web UI itself, then try again.",
        )
    hashes = compare_hash(model.name, made.model_hash or listed, recorded_hash(order))
    otherwise = tuple(
        f"The web UI says that {what} was {_shown(ours)}, where {_shown(asked)} was asked."
        for name, what in _COMPARED.items()
        if (ours := getattr(made, name)) is not None
        if (asked := getattr(order.recipe, name)) is not None and asked != ours
    )
    loras = (_LORAS,) if order.recipe.loras else ()
    return (*hashes, *loras, *otherwise)


_LORAS = "The web UI tells no digests of LoRAs: they were found by name alone."


def _shown(value: object) -> str:
    width, height = getattr(value, "width", None), getattr(value, "height", None)
    return f"{value}" if width is None else f"{width}x{height}"


def _info(text: Json) -> Mapping[str, Json]:
    """The JSON text of ``Processed.js``; empty where it is something else."""
    try:
        parsed = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _reading(text: Json) -> Reading | None:
    if not isinstance(text, str):
        return None
    accounts = reader.read([Chunk(_PLACE, "parameters", b"", text)])
    if not accounts:
        return None
    account = accounts[0]
    return Reading(account.generator, account.recipe, remarks=account.doubts)


def _sources(made: Recipe, asked: Recipe) -> tuple[SourceUse, ...]:
    """What the text says of the pictures that went in, with the digests known here."""
    known = {use.role: use for use in asked.sources}
    told = [
        replace(use, digest=known[use.role].digest, name=known[use.role].name)
        if use.role in known
        else use
        for use in made.sources
    ]
    named = {use.role for use in told}
    return (*told, *(use for role, use in known.items() if role not in named))
