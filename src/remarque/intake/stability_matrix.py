"""Stability Matrix: ``parameters-json`` beside an infotext, its project, and the graph it ran.

Source: LykosAI/StabilityMatrix ``Avalonia/Helpers/PngDataHelper.cs``, ``Core/Models/
GenerationParameters.cs``. Width and Height there are those of the file as it was saved, not the
size asked of a sampler, so they are not read.
"""

from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import parse_object
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, Recipe

GENERATOR = "Stability Matrix"
_KEYS = {"parameters-json", "ImageDescription"}
_PREFIX = "parameters-json:"
_SHAPE = {"PositivePrompt", "Seed", "CfgScale", "ModelName"}


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each chunk in the program's own JSON (in WebP: EXIF ImageDescription)."""
    found = (
        (chunk, parse_object((chunk.text or "").removeprefix(_PREFIX)))
        for chunk in chunks
        if chunk.key in _KEYS
    )
    return tuple(
        Account(
            generator=GENERATOR,
            wording="stability matrix",
            recipe=_recipe(raw),
            origin=name_of(chunk),
            host=True,
        )
        for chunk, raw in found
        if raw is not None and raw.keys() >= _SHAPE
    )


def _recipe(raw: Mapping[str, Json]) -> Recipe:
    """Without further settings: the rest are defaults of its video nodes."""
    return Recipe(
        prompt=scalars.words(raw.get("PositivePrompt")),
        negative_prompt=scalars.words(raw.get("NegativePrompt")),
        seed=scalars.seed(raw.get("Seed")),
        steps=scalars.count(raw.get("Steps")),
        cfg=scalars.real(raw.get("CfgScale")),
        sampler=scalars.name(raw.get("Sampler")),
        model=scalars.name(raw.get("ModelName")),
        model_hash=scalars.name(raw.get("ModelHash")),
    )
