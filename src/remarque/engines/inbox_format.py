"""The form ``inbox_v1``: one hand-over as JSON, read strictly (docs/reference/inbox.md).

Whoever writes an inbox is another program, perhaps a broken one: nothing of it is believed before
it has been looked at, and what breaks the form is refused with one sentence.
"""

import re
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from remarque.engines.inbox_writing import FORMAT, LARGEST_PICTURE_BYTES, MOST_SOURCES
from remarque.errors import MetadataMalformed
from remarque.model.canonical import Json, decode_json
from remarque.model.recipe import Reading
from remarque.model.times import parse_time
from remarque.model.witness import Observer

HAND_OVER_NAME = re.compile(r"[0-9]{13}-[0-9a-f]{16}\Z")
LOST_NAME = re.compile(r"lost-[0-9]{13}-[0-9a-f]{16}\Z")

_FILE_NAME = re.compile(r"source-[0-9]{1,2}\Z")
_OBSERVERS = (Observer.WEBUI_EXTENSION, Observer.COMFYUI_NODE, Observer.DIFFUSERS)
_ROLES = ("checkpoint", "unet", "text_encoder", "vae", "lora", "embedding", "control", "upscaler",
          "other")  # fmt: skip
_SOURCE_ROLES = ("init", "mask", "control", "reference", "style")
_LARGEST_EXACT = 2**53 - 1

Word = Annotated[str, Meta(max_length=300)]
Name = Annotated[str, Meta(min_length=1, max_length=300)]
Place = Annotated[str, Meta(min_length=1, max_length=4096)]
Sentence = Annotated[str, Meta(max_length=2_000)]
Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Count = Annotated[int, Meta(ge=0, le=_LARGEST_EXACT)]

Form = TypeVar("Form")


@dataclass(frozen=True, slots=True)
class PictureTold:
    """The picture's file: name, digest and size (bytes) as it was; ``path`` where it was saved.

    ``inside`` says that the hand-over holds the bytes in its file ``picture``.
    """

    name: Name
    sha256: Hex
    size: Annotated[int, Meta(ge=1, le=LARGEST_PICTURE_BYTES)]
    inside: bool
    path: Place | None = None


@dataclass(frozen=True, slots=True)
class ModelTold:
    """A model file: its digest, or where it lies with size and time (ns) as it was used.

    ``folder`` is ComfyUI's name of the folder it was looked for in.
    """

    role: Word
    name: Name
    path: Place | None = None
    size: Count | None = None
    modified_ns: int | None = None
    sha256: Hex | None = None
    version: Word | None = None
    licence: Word | None = None
    folder: Word | None = None


@dataclass(frozen=True, slots=True)
class SourceTold:
    """A picture that went in: its role, the file of the hand-over, its name if it has one."""

    role: Word
    file: Word
    name: Word | None = None


@dataclass(frozen=True, slots=True)
class ShownTold:
    """Which picture of a ComfyUI run it is, as ComfyUI names the file."""

    filename: Annotated[str, Meta(min_length=1, max_length=1024)]
    subfolder: Annotated[str, Meta(max_length=1024)]
    kind: Word


@dataclass(frozen=True, slots=True)
class RunTold:
    """A run of ComfyUI: the item of its history, the values of linked inputs (node, name, value).

    ``history`` is checked where it is read.
    """

    history: dict[str, Json]
    shown: ShownTold
    values: Annotated[tuple[tuple[str, str, Json], ...], Meta(max_length=20_000)] = ()


@dataclass(frozen=True, slots=True)
class HandOver:
    """One picture as a program handed it over. Times are RFC 3339, empty where unknown."""

    format: str
    observer: Observer
    program: Word
    run: Word
    saved: bool
    came: Word
    picture: PictureTold
    started: Word = ""
    finished: Word = ""
    work: Word | None = None
    infotext: str | None = None
    executed: str | None = None
    reading: dict[str, Json] | None = None
    comfyui: RunTold | None = None
    models: Annotated[tuple[ModelTold, ...], Meta(max_length=200)] = ()
    sources: Annotated[tuple[SourceTold, ...], Meta(max_length=MOST_SOURCES)] = ()
    environment: Annotated[tuple[tuple[Word, Sentence], ...], Meta(max_length=500)] = ()
    remarks: Annotated[tuple[Sentence, ...], Meta(max_length=100)] = ()

    @property
    def moment(self) -> datetime:
        """When the picture came into being, as the program says."""
        return parse_time(self.came)


@dataclass(frozen=True, slots=True)
class Lost:
    """Pictures that a program made and did not hand over, since when and why."""

    format: str
    observer: Observer
    program: Word
    count: Annotated[int, Meta(ge=1, le=_LARGEST_EXACT)]
    since: Word
    because: Sentence


def parse_hand_over(content: bytes) -> HandOver:
    """Read ``told.json``.

    Raises:
        MetadataMalformed: It breaks the form; the message says where.
    """
    found = _parse(content, HandOver)
    for time in (found.came, *filter(None, (found.started, found.finished))):
        parse_time(time)
    for role in {model.role for model in found.models} - set(_ROLES):
        raise MetadataMalformed(f"no model has the role {role[:40]!r}")
    files = [source.file for source in found.sources]
    if len(set(files)) != len(files) or not all(map(_FILE_NAME.match, files)):
        raise MetadataMalformed("a source names a file that no hand-over holds")
    for source in found.sources:
        if source.role not in _SOURCE_ROLES:
            raise MetadataMalformed(f"no source has the role {source.role[:40]!r}")
    if found.picture.path is None and not found.picture.inside:
        raise MetadataMalformed("it holds neither the picture nor where the picture lies")
    return found


def parse_lost(content: bytes) -> Lost:
    """Read a ``lost-…`` file.

    Raises:
        MetadataMalformed: It breaks the form.
    """
    found = _parse(content, Lost)
    parse_time(found.since)
    return found


def parse_reading(raw: dict[str, Json]) -> Reading:
    """What the running program itself said, as ``Reading`` without chunks.

    Raises:
        MetadataMalformed: It breaks the form.
    """
    reading = _converted(raw, Reading, strict=False)  # seeds beyond 2**53 travel as text
    if reading.chunks:
        raise MetadataMalformed("a reading that is handed over holds no chunks")
    return reading


def _parse(content: bytes, form: type[Form]) -> Form:
    raw = decode_json(content)
    _refuse_half_characters(raw)
    if not isinstance(raw, dict):
        raise MetadataMalformed("it is no JSON object")
    surplus = set(raw) - {field.name for field in fields(form)}  # type: ignore[arg-type]
    if surplus:
        raise MetadataMalformed(f"{FORMAT} has no key {min(surplus)[:40]!r}")
    if raw.get("format") != FORMAT:
        raise MetadataMalformed(f"its format is not {FORMAT}")
    found = _converted(raw, form, strict=True)
    if getattr(found, "observer", None) not in _OBSERVERS:
        raise MetadataMalformed("its observer is none that hands over")
    return found


def _converted(raw: Json, form: type[Form], *, strict: bool) -> Form:
    try:
        return msgspec.convert(raw, form, strict=strict)
    except (msgspec.ValidationError, RecursionError, OverflowError) as error:
        raise MetadataMalformed(f"{error}") from error


def _refuse_half_characters(raw: Json) -> None:
    """JSON can escape a surrogate alone; no entry and no file could hold it."""
    waiting = [raw]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            try:
                item.encode()
            except UnicodeEncodeError as error:
                raise MetadataMalformed("a text in it is broken off within a character") from error
        elif isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list):
            waiting += item
