"""What one chunk says about the making, and whether two chunks say the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeAlias

from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, Recipe, Size


@dataclass(frozen=True, slots=True)
class Account:
    """One chunk's story.

    ``wording`` is the format whose words for samplers and the like are used, ``origin`` names the
    chunk for people, ``doubts`` are sentences about what it leaves open or says twice. An account
    that does not supplement others only checks them. A ``host`` is a program that let another one
    make the picture and names itself beside it: the file is then the host's. ``house_names`` says
    that it calls models by names of its own service, which no file has.
    """

    generator: str
    wording: str
    recipe: Recipe
    origin: str
    doubts: tuple[str, ...] = ()
    supplements: bool = True
    host: bool = False
    house_names: bool = False


Reader: TypeAlias = Callable[[Sequence[Chunk]], tuple[Account, ...]]
"""Takes all chunks of a file, gives one account for each chunk it understands."""

_COMPARED = {
    "prompt": "the prompt",
    "negative_prompt": "the negative prompt",
    "seed": "the seed",
    "steps": "the number of steps",
    "cfg": "the guidance",
    "generated_size": "the size",
    "model": "the model",
    "model_hash": "the model's hash",
    "sampler": "the sampler",
    "scheduler": "the scheduler",
}
_WORDS_OF_ONE_FORMAT = {"sampler", "scheduler", "model_hash"}
_NAMES_OF_A_HOUSE = {"model", "model_hash"}
_SHOWN = 60


def name_of(chunk: Chunk) -> str:
    """The chunk in a sentence: ``PNG tEXt "parameters"`` or ``EXIF UserComment``."""
    return chunk.place if chunk.place.endswith(chunk.key) else f'{chunk.place} "{chunk.key[:40]}"'


def disagreements(one: Account, other: Account) -> tuple[str, ...]:
    """A sentence for each fact that both accounts hold and tell differently.

    Names of samplers, schedulers and hashes differ from format to format for the same thing, so
    they are compared within one format only.
    """
    return tuple(
        f"{one.origin} and {other.origin} disagree about {label}: "
        f"{_shown(ours, theirs)} against {_shown(theirs, ours)}."
        for field, label in _COMPARED.items()
        if _comparable_words(field, one, other)
        if (ours := getattr(one.recipe, field)) is not None
        and (theirs := getattr(other.recipe, field)) is not None
        and _comparable(field, ours) != _comparable(field, theirs)
        and not (field == "generated_size" and _is_final(one, theirs, other, ours))
    )


def _comparable_words(field: str, one: Account, other: Account) -> bool:
    if one.wording == other.wording:
        return True
    if field in _NAMES_OF_A_HOUSE and (one.house_names or other.house_names):
        return False
    return field not in _WORDS_OF_ONE_FORMAT


def filled_from(recipe: Recipe, other: Recipe) -> Recipe:
    """The recipe with what it does not hold taken from another one."""
    missing = {
        field.name: getattr(other, field.name)
        for field in fields(Recipe)
        if getattr(recipe, field.name) in (None, ())
    }
    return replace(recipe, **missing)


def _comparable(field: str, value: Json) -> Json:
    if field == "model":
        base = str(value).replace("\\", "/").rpartition("/")[2].casefold()
        stem, _, ending = base.rpartition(".")
        return stem if ending in {"safetensors", "ckpt", "pt", "gguf", "sft"} else base
    if field in {"prompt", "negative_prompt"}:
        # Programs that hand a prompt on drop a comma at its end.
        return " ".join(str(value).split()).rstrip(" ,")
    return value


def _is_final(one: Account, theirs: Json, other: Account, ours: Json) -> bool:
    """Whether one account's only size is the other's size after the upscale pass."""
    return bool(theirs == one.recipe.final_size or ours == other.recipe.final_size)


def _shown(value: Json, against: Json) -> str:
    """The value for a sentence; of a long text the part where it differs."""
    if isinstance(value, Size):
        return f"{value.width}x{value.height}"
    if not isinstance(value, str) or not isinstance(against, str) or len(value) <= _SHOWN:
        return repr(value)
    both = zip(value, against, strict=False)
    same = next((i for i, (a, b) in enumerate(both) if a != b), min(len(value), len(against)))
    start = max(same - _SHOWN // 3, 0)
    end = start + _SHOWN
    return f"{'…' if start else ''}{value[start:end]!r}{'…' if end < len(value) else ''}"
