"""What Civitai's on-site generator writes beside the graph it ran: ``extraMetadata``.

It stands as a JSON text inside the JSON of EXIF UserComment and repeats the request in Civitai's
words. Where a picture was made from an earlier one (``transformations``), the request is that of
the earlier one, and the last transformation says the final size.
"""

from collections.abc import Mapping

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import parse_object
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, Recipe, Size, SourceUse

GENERATOR = "Civitai"
_TOLD = {
    "prompt", "negativePrompt", "seed", "steps", "cfgScale", "sampler", "clipSkip", "width",
    "height",
}  # fmt: skip
_FEWEST = 3


def request_of(chunk: Chunk) -> Account | None:
    """The account of one chunk that holds such a request; None for every other chunk."""
    if chunk.text is None or '"extraMetadata"' not in chunk.text:
        return None
    whole = parse_object(chunk.text)
    inner = whole.get("extraMetadata") if whole is not None else None
    raw = inner if isinstance(inner, dict) else parse_object(scalars.words(inner))
    if raw is None or len(_TOLD & raw.keys()) < _FEWEST:
        return None
    return Account(GENERATOR, wording="civitai", recipe=_recipe(raw), origin=name_of(chunk))


def _recipe(raw: Mapping[str, Json]) -> Recipe:
    changes = _items(raw.get("transformations"))
    return Recipe(
        prompt=scalars.words(raw.get("prompt")),
        negative_prompt=scalars.words(raw.get("negativePrompt")),
        seed=scalars.seed(raw.get("seed")),
        steps=scalars.count(raw.get("steps")),
        cfg=scalars.real(raw.get("cfgScale")),
        sampler=scalars.name(raw.get("sampler")),
        clip_skip=scalars.count(raw.get("clipSkip")),
        generated_size=scalars.size(raw.get("width"), raw.get("height")),
        final_size=_final_size(changes),
        sources=tuple(
            SourceUse("init", name=picture)
            for change in changes[:1]
            if (picture := scalars.name(change.get("image"))) is not None
        ),
        settings=scalars.settings_from(raw, without=_TOLD),
    )


def _final_size(changes: list[dict[str, Json]]) -> Size | None:
    if not changes:
        return None
    return scalars.size(changes[-1].get("upscaleWidth"), changes[-1].get("upscaleHeight"))


def _items(raw: Json) -> list[dict[str, Json]]:
    return [item for item in raw if isinstance(item, dict)][:50] if isinstance(raw, list) else []
