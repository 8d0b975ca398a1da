"""NovelAI: ``Comment`` JSON beside ``Software: NovelAI``, in PNG text or in hidden alpha text."""

from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import parse_object
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, Recipe, Setting

GENERATOR = "NovelAI"
_STEALTH = {"stealth_pnginfo", "stealth_pngcomp"}
_TOLD = {
    "prompt", "uc", "seed", "steps", "scale", "sampler", "noise_schedule", "width", "height",
    "signed_hash",
}  # fmt: skip
_IMG2IMG = "Img2ImgRequest"


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for the text chunks, one for each hidden text."""
    texts = {chunk.key: chunk for chunk in chunks if chunk.place.startswith("PNG")}
    found = []
    if "Comment" in texts:
        told = {key: chunk.text for key, chunk in texts.items()}
        found.append(_account(told, name_of(texts["Comment"])))
    found += [
        _account(hidden, name_of(chunk))
        for chunk in chunks
        if chunk.key in _STEALTH and (hidden := parse_object(chunk.text)) is not None
    ]
    return tuple(account for account in found if account is not None)


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
        settings=(*_characters(raw), *scalars.settings_from(raw, without=_TOLD)),
    )


def _characters(raw: Mapping[str, Json]) -> tuple[Setting, ...]:
    """Prompts of single characters (version 4 on), beside the one of the whole picture."""
    return tuple(
        Setting(label, text)
        for key, label in (
            ("v4_prompt", "character prompt"),
            ("v4_negative_prompt", "character negative prompt"),
        )
        for item in _captions(raw.get(key))[:20]
        if isinstance(item, dict) and (text := scalars.words(item.get("char_caption")))
    )


def _captions(raw: Json) -> list[Json]:
    caption = raw.get("caption") if isinstance(raw, dict) else None
    listed = caption.get("char_captions") if isinstance(caption, dict) else None
    return listed if isinstance(listed, list) else []
