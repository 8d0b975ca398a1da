"""NovelAI: ``Comment`` JSON beside ``Software: NovelAI``, in text, EXIF or hidden alpha text.

Sources: Eta0/naipng and LlmKira/novelai-python (what the site writes), and files of versions 1 to
4.5. In EXIF the site's JSON stands inside UserComment as ``{"Comment": "…"}``, and ``Software``
holds what PNG calls ``Source``.
"""

from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import objects, parse_object, part
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, Recipe, Setting, SourceUse

GENERATOR = "NovelAI"
_STEALTH = {"stealth_pnginfo", "stealth_pngcomp", "stealth_rgbinfo", "stealth_rgbcomp"}
_TOLD = {
    "prompt", "uc", "seed", "steps", "scale", "sampler", "noise_schedule", "width", "height",
}  # fmt: skip
_IMG2IMG = "Img2ImgRequest"
_INPAINTING = "NativeInfillingRequest"


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for the text chunks, one for EXIF, one for each hidden text."""
    texts = {chunk.key: chunk for chunk in chunks if chunk.place.startswith("PNG")}
    found = []
    if "Comment" in texts:
        told: dict[str, Json] = {key: chunk.text for key, chunk in texts.items()}
        found.append(_account(told, name_of(texts["Comment"])))
    found += [_from_exif(chunk, chunks) for chunk in chunks if chunk.key == "UserComment"]
    found += [
        _account(hidden, name_of(chunk))
        for chunk in chunks
        if chunk.key in _STEALTH and (hidden := parse_object(chunk.text)) is not None
    ]
    return tuple(account for account in found if account is not None)


def _from_exif(comment: Chunk, chunks: Sequence[Chunk]) -> Account | None:
    wrapped = parse_object(comment.text)
    if wrapped is None or not isinstance(wrapped.get("Comment"), str):
        return None
    exif = {chunk.key: chunk.text for chunk in chunks if chunk.place.startswith("EXIF")}
    source = exif.get("Software") or ""
    if not source.startswith(GENERATOR):
        return None
    named = {"Source": source} if source != GENERATOR else {}
    return _account({**wrapped, **named, "Software": GENERATOR}, name_of(comment))


def _account(told: Mapping[str, Json], origin: str) -> Account | None:
    if scalars.words(told.get("Software")) != GENERATOR:
        return None
    comment = told.get("Comment")
    raw = comment if isinstance(comment, dict) else parse_object(scalars.words(comment))
    if raw is None:
        return None
    return Account(generator=GENERATOR, wording="novelai", recipe=_recipe(told, raw), origin=origin)


def _recipe(told: Mapping[str, Json], raw: Mapping[str, Json]) -> Recipe:
    prompt = scalars.words(raw.get("prompt"))
    return Recipe(
        prompt=scalars.words(told.get("Description")) if prompt is None else prompt,
        negative_prompt=scalars.words(raw.get("uc")),
        seed=scalars.seed(raw.get("seed")),
        steps=scalars.count(raw.get("steps")),
        cfg=scalars.real(raw.get("scale")),
        sampler=scalars.name(raw.get("sampler")),
        scheduler=scalars.name(raw.get("noise_schedule")),
        model=scalars.name(told.get("Source")),
        denoise=scalars.real(raw.get("strength")) if raw.get("request_type") == _IMG2IMG else None,
        generated_size=scalars.size(raw.get("width"), raw.get("height")),
        sources=_sources(raw),
        settings=(*_characters(raw), *scalars.settings_from(raw, without=_TOLD)),
    )


def _sources(raw: Mapping[str, Json]) -> tuple[SourceUse, ...]:
    """Pictures that went in. The file names none of them, only how strongly each acted."""
    found = []
    if raw.get("request_type") == _IMG2IMG:
        found.append(SourceUse("init", strength=scalars.real(raw.get("strength"))))
    if raw.get("request_type") == _INPAINTING:
        found += [SourceUse("init"), SourceUse("mask")]
    for key, role in (
        ("reference_strength_multiple", "style"),  # "vibe transfer"
        ("director_reference_strengths", "reference"),  # "precise reference" of a character
    ):
        strengths = raw.get(key)
        found += [
            SourceUse(role, strength=strength)
            for item in (strengths if isinstance(strengths, list) else [])[:50]
            if (strength := scalars.real(item)) is not None
        ]
    return tuple(found)


def _characters(raw: Mapping[str, Json]) -> tuple[Setting, ...]:
    """Prompts of single characters (version 4 on), beside the one of the whole picture."""
    return tuple(
        Setting(label, text)
        for key, label in (
            ("v4_prompt", "character prompt"),
            ("v4_negative_prompt", "character negative prompt"),
        )
        for item in objects(part(part(raw, key), "caption").get("char_captions"))[:20]
        if (text := scalars.words(item.get("char_caption")))
    )
