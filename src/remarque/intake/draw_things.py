"""Draw Things: JSON in EXIF UserComment, or the same JSON inside the XMP packet of a PNG."""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import parse_object
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, LoraUse, Recipe, SourceUse

GENERATOR = "Draw Things"
_SHAPE = {"c", "uc", "seed", "steps", "sampler", "scale"}
_XMP_COMMENT = "{http://ns.adobe.com/exif/1.0/}UserComment"
_LONGEST_XMP = 2 * 1024 * 1024
_TOLD = {
    "c", "uc", "seed", "steps", "scale", "sampler", "model", "size", "clip_skip",
}  # fmt: skip


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each chunk with Draw Things' own JSON."""
    found = []
    for chunk in chunks:
        raw = parse_object(_comment(chunk))
        if raw is not None and raw.keys() >= _SHAPE:
            found.append(
                Account(
                    generator=GENERATOR,
                    wording="draw things",
                    recipe=_recipe(raw),
                    origin=name_of(chunk),
                )
            )
    return tuple(found)


def _comment(chunk: Chunk) -> str | None:
    """The text that may be the JSON: UserComment, in EXIF or in XMP."""
    if chunk.key == "UserComment":
        return chunk.text
    text = chunk.text or ""
    if "exif:UserComment" not in text or len(text) > _LONGEST_XMP:
        return None
    start, end = text.find("<x:xmpmeta"), text.rfind("</x:xmpmeta>")
    if start < 0 or end < 0:
        return None
    try:
        root: Element = fromstring(text[start : end + len("</x:xmpmeta>")])
    except (ParseError, DefusedXmlException, ValueError):
        return None
    comment = root.find(f".//{_XMP_COMMENT}")
    return "".join(comment.itertext()).strip() if comment is not None else None


def _recipe(raw: Mapping[str, Json]) -> Recipe:
    more = raw.get("v2")
    parts: Mapping[str, Json] = more if isinstance(more, dict) else {}
    strength = scalars.real(raw.get("strength"))
    return Recipe(
        prompt=scalars.words(raw.get("c")),
        negative_prompt=scalars.words(raw.get("uc")),
        seed=scalars.seed(raw.get("seed")),
        steps=scalars.count(raw.get("steps")),
        cfg=scalars.real(raw.get("scale")),
        sampler=scalars.name(raw.get("sampler")),
        model=scalars.name(raw.get("model")),
        clip_skip=scalars.count(raw.get("clip_skip")),
        denoise=strength,
        generated_size=scalars.size_from_text(raw.get("size")),
        loras=tuple(
            LoraUse(name=name, weight=scalars.real(item.get("weight")))
            for item in _items(parts.get("loras"))
            if (name := scalars.name(item.get("file"))) is not None
        ),
        sources=tuple(
            SourceUse("control", model=name, strength=scalars.real(item.get("weight")))
            for item in _items(parts.get("controls"))
            if (name := scalars.name(item.get("file"))) is not None
        ),
        settings=scalars.settings_from(raw, without=_TOLD),
    )


def _items(raw: Json) -> list[dict[str, Json]]:
    return [item for item in raw if isinstance(item, dict)][:200] if isinstance(raw, list) else []
