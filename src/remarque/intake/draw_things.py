"""Draw Things: JSON in EXIF UserComment, or the same JSON inside the XMP packet of a PNG.

Source: drawthingsai/draw-things-community ``LocalImageGenerator/ImageConverter.swift``.
"""

from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import objects, parse_object, part
from remarque.intake.xmp_packet import field_of
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, LoraUse, Pass, Recipe, SourceUse

GENERATOR = "Draw Things"
_SHAPE = {"c", "uc", "seed", "steps", "sampler", "scale"}
_TOLD = {
    "c", "uc", "seed", "steps", "scale", "sampler", "model", "size", "clip_skip",
}  # fmt: skip
_COMMENT_KEYS = {"UserComment", "Comment"}


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each chunk with Draw Things' own JSON."""
    found = []
    described = next((c.text for c in chunks if c.key == "ImageDescription" and c.text), "")
    for chunk in chunks:
        raw = parse_object(_comment(chunk))
        if raw is not None and raw.keys() >= _SHAPE:
            raw = _restored(raw, described)
            found.append(
                Account(
                    generator=GENERATOR,
                    wording="draw things",
                    recipe=_recipe(raw),
                    origin=name_of(chunk),
                )
            )
    return tuple(found)


def _restored(raw: dict[str, Json], described: str) -> dict[str, Json]:
    """With the words of the description where the JSON lost letters.

    The comment is ASCII: what is not became "?". ``ImageDescription`` begins with the prompt,
    then has the negative one behind a "-" on a line of its own, both in full.
    """
    words, at = {}, 0
    for key, before in (("c", ""), ("uc", "\n-")):
        told = raw[key]
        if not isinstance(told, str) or not told or not described.startswith(before, at):
            continue
        end = _end_of(told, described, at + len(before))
        if end is not None and described.startswith("\n", end):
            words[key], at = described[at + len(before) : end], end
    return {**raw, **words}


def _end_of(told: str, described: str, start: int) -> int | None:
    """Where the description stops saying the same; a letter beyond 16 bits became two "?"."""
    at, position = start, 0
    while position < len(told):
        letter = described[at : at + 1]
        if told[position] == "?" and letter > "\x7f":
            position += 2 if letter > "\uffff" else 1
        elif told[position] == letter:
            position += 1
        else:
            return None
        at += 1
    return at


def _comment(chunk: Chunk) -> str | None:
    """The text that may be the JSON: a comment, in EXIF, PNG text or XMP."""
    if chunk.key in _COMMENT_KEYS:
        return chunk.text
    text = chunk.text or ""
    return field_of(text, "exif:UserComment") if "exif:UserComment" in text else None


def _recipe(raw: Mapping[str, Json]) -> Recipe:
    parts = part(raw, "v2")
    size = scalars.size_from_text(raw.get("size"))
    first_stage = scalars.size_from_text(raw.get("first_stage_size"))
    return Recipe(
        prompt=scalars.words(raw.get("c")),
        negative_prompt=scalars.words(raw.get("uc")),
        seed=scalars.seed(raw.get("seed")),
        steps=scalars.count(raw.get("steps")),
        cfg=scalars.real(raw.get("scale")),
        sampler=scalars.name(raw.get("sampler")),
        model=scalars.name(raw.get("model")),
        clip_skip=scalars.count(raw.get("clip_skip")),
        denoise=scalars.real(raw.get("strength")),
        generated_size=first_stage or size,
        final_size=size if first_stage else None,
        loras=_loras(raw, parts),
        sources=tuple(
            SourceUse("control", model=name, strength=scalars.real(item.get("weight")))
            for item in objects(parts.get("controls")) or objects(raw.get("control"))
            if (name := scalars.name(item.get("file"))) is not None
        ),
        passes=tuple(_passes(raw)),
        settings=scalars.settings_from(raw, without=_TOLD),
    )


def _loras(raw: Mapping[str, Json], parts: Mapping[str, Json]) -> tuple[LoraUse, ...]:
    """Under ``v2`` by file; before that by ``model``."""
    return tuple(
        LoraUse(name=name, weight=scalars.real(item.get("weight")))
        for item in objects(parts.get("loras")) or objects(raw.get("lora"))
        if (name := scalars.name(item.get("file")) or scalars.name(item.get("model"))) is not None
    )


def _passes(raw: Mapping[str, Json]) -> list[Pass]:
    found = []
    if scalars.size_from_text(raw.get("first_stage_size")) is not None:
        found.append(Pass("hires", denoise=scalars.real(raw.get("second_stage_strength"))))
    refiner = scalars.name(raw.get("refiner"))
    if refiner is not None:
        found.append(Pass("refiner", model=refiner))
    return found
