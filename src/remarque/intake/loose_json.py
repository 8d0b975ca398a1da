"""JSON as generators really write it, read without trust.

Python-based generators write NaN and Infinity, and anybody can write a key twice; the strict
reader of the model would refuse the whole text for it. Here such a value is unknown (None).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from remarque.model.canonical import Json

LONGEST = 4 * 1024 * 1024  # characters; parsed JSON takes up to thirty times its text in memory
_MOST_OBJECTS = 200


@dataclass(frozen=True, slots=True)
class LooseJson:
    """A parsed value and the keys that stood twice in one object with different values."""

    value: Json
    doubled: tuple[str, ...] = ()


def parse_loosely(text: str | None) -> LooseJson | None:
    """Parse, or None where the text is no JSON, too long or nested too deeply.

    NaN, Infinity and keys doubled with different values become None.
    """
    return None if text is None or len(text) > LONGEST else _parsed(text)


def forget_parsed() -> None:
    """Drop what was parsed; called when a file has been read."""
    _parsed.cache_clear()


@lru_cache(maxsize=8)  # several readers look into the same chunk
def _parsed(text: str) -> LooseJson | None:
    doubled: list[str] = []

    def as_object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        found = dict(pairs)
        if len(found) != len(pairs):
            _forget_doubled(pairs, found, doubled)
        return found

    try:
        value = json.loads(
            text.strip("\0 \t\r\n\ufeff"),
            object_pairs_hook=as_object,
            parse_constant=lambda _name: None,
            parse_float=_finite,
            strict=False,
        )
    except (ValueError, RecursionError):
        return None
    return LooseJson(value, tuple(dict.fromkeys(doubled)))


def parse_object(text: str | None) -> dict[str, Json] | None:
    """Parse a JSON object; None where the text is anything else."""
    parsed = parse_loosely(text) if text and text.lstrip("\0 \t\r\n\ufeff")[:1] == "{" else None
    return parsed.value if parsed is not None and isinstance(parsed.value, dict) else None


def part(raw: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """The object under a name; an empty one where something else stands there."""
    found = raw.get(name)
    return found if isinstance(found, dict) else {}


def objects(raw: Json) -> list[dict[str, Json]]:
    """The objects in a list, the first two hundred; nothing where there is no list."""
    return (
        [item for item in raw if isinstance(item, dict)][:_MOST_OBJECTS]
        if isinstance(raw, list)
        else []
    )


def _forget_doubled(
    pairs: list[tuple[str, Json]], found: dict[str, Json], doubled: list[str]
) -> None:
    """Keep a doubled key only where it says the same thing each time."""
    first: dict[str, Json] = {}
    for key, value in pairs:
        if first.setdefault(key, value) is not value and not _same_scalar(first[key], value):
            found[key] = None
            doubled.append(key)


def _same_scalar(one: Json, other: Json) -> bool:
    # Containers are not compared: equality of deep ones would recurse.
    scalars = isinstance(one, str | int | float) and isinstance(other, str | int | float)
    return scalars and type(one) is type(other) and one == other


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None
