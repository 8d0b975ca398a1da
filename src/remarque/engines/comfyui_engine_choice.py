"""Which of a run's pictures is the one that was asked for."""

from collections.abc import Mapping
from dataclasses import fields

from remarque.engines.comfyui_history import Run, Shown
from remarque.engines.comfyui_prompts import part_behind, reading_of
from remarque.errors import MakingFailed
from remarque.model.canonical import Json
from remarque.model.recipe import Recipe

_PLACE = "picture of the batch"
_NAMES_FILES = {"sources", "settings"}  # uploaded pictures have names of their own


def picture_of(run: Run, wanted: Recipe) -> tuple[Shown, tuple[str, ...]]:
    """The picture whose own recipe agrees best with the one asked for, saved ones first.

    Raises:
        MakingFailed: The run gave no picture.
    """
    if not run.pictures:
        raise MakingFailed(
            "the run in ComfyUI ended without a picture",
            hint="The graph needs a node that saves or previews a picture.",
        )
    readings = {
        place: reading_of(run.prompt, place).recipe
        for place in dict.fromkeys(shown.place for shown in run.pictures)
    }
    rated = [
        (_agreement(readings[shown.place], wanted), shown.kind == "output", -number, shown)
        for number, shown in enumerate(run.pictures)
    ]
    chosen = max(rated, key=lambda each: each[:3])[3]
    remarks = []
    if len(run.pictures) > 1:
        remarks.append(
            f"The run gave {len(run.pictures)} pictures; the one of node {chosen.place.node} was "
            "taken, whose recipe agrees best with the record."
        )
    made = readings[chosen.place]
    if None not in (made.seed, wanted.seed) and made.seed != wanted.seed:
        remarks.append(f"No picture of the graph has the recorded seed {wanted.seed}.")
    return chosen, tuple(remarks)


def was_sampled(run: Run, node: str, cached: frozenset[str]) -> bool:
    """Whether the sampling behind a node really ran, and was not remembered from an earlier run.

    ComfyUI keeps what each node gave (``comfy_execution.caching``) and shows it again when the
    same graph is queued. Another file name for the picture makes only the last node run.
    """
    part = part_behind(run.prompt, node) or run.prompt
    sampling = {key for key, each in part.items() if _samples(each)} or set(part)
    return sampling.isdisjoint(cached)


def _samples(node: Mapping[str, Json]) -> bool:
    kind, inputs = node.get("class_type"), node.get("inputs")
    named = isinstance(kind, str) and "sampler" in kind.casefold()
    return named and isinstance(inputs, dict) and any("latent" in key for key in inputs)


def _agreement(made: Recipe, wanted: Recipe) -> int:
    """How many facts are the same; the place in the batch counts like any other."""
    same: int = sum(
        int(getattr(made, field.name) == getattr(wanted, field.name))
        for field in fields(Recipe)
        if field.name not in _NAMES_FILES and getattr(wanted, field.name) not in (None, ())
    )
    return 2 * same + int(_batch(made) == _batch(wanted))


def _batch(recipe: Recipe) -> str:
    return next((setting.value for setting in recipe.settings if setting.name == _PLACE), "1 of 1")
