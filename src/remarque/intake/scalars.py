"""Single facts out of untrusted values: exactly what is there, or None."""

import math
import re
from collections.abc import Iterable, Mapping

from remarque.model.canonical import Json
from remarque.model.recipe import Setting, Size

_LARGEST_SEED = 2**64 - 1
_LARGEST_SIDE = 1_000_000
_LARGEST_COUNT = 1_000_000
_LONGEST_NAME = 1000
_LONGEST_SIZE = 60
_LONGEST_SETTING = 20_000
_MOST_SETTINGS = 300
_INTEGER = re.compile(r"[+-]?\d{1,20}(?:\.0+)?\Z", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)
_SIZE = re.compile(r"\s*[\[(]?\s*(\d{1,7})\s*[xX×,]\s*(\d{1,7})\s*[\])]?\s*\Z", re.ASCII)


def whole(raw: Json) -> int | None:
    """An integer, also where it is written as 20.0 or as text; None for everything else."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float):
        return int(raw) if raw.is_integer() and abs(raw) < 2**53 else None
    if isinstance(raw, str) and _INTEGER.match(raw.strip()):
        return int(raw.strip().partition(".")[0])
    return None


def count(raw: Json) -> int | None:
    """A number of steps, layers or pictures: an integer from 0 on, of a sensible size."""
    value = whole(raw)
    return value if value is not None and 0 <= value <= _LARGEST_COUNT else None


def seed(raw: Json) -> int | None:
    """A seed of up to 64 bits. Negative ones mean "choose one" and are no fact about a picture."""
    value = whole(raw)
    return value if value is not None and 0 <= value <= _LARGEST_SEED else None


def real(raw: Json) -> float | None:
    """A finite number, also where it is written as text."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, str):
        raw = float(raw.strip()) if _DECIMAL.match(raw.strip()) else None
    if not isinstance(raw, int | float):
        return None
    try:
        value = float(raw)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def words(raw: Json) -> str | None:
    """Text that can be written down again; lone surrogates have no UTF-8 form."""
    if not isinstance(raw, str):
        return None
    return None if any("\ud800" <= letter <= "\udfff" for letter in raw) else raw


def name(raw: Json) -> str | None:
    """A name (model, sampler, file): short, not empty, not a word for "none"."""
    text = words(raw)
    if text is None or len(text) > _LONGEST_NAME:
        return None
    text = text.strip()
    return None if text.casefold() in {"", "none", "null"} else text


def size(width: Json, height: Json) -> Size | None:
    """A size in pixels, both sides known and positive."""
    across, down = whole(width), whole(height)
    if across is None or down is None:
        return None
    if not (0 < across <= _LARGEST_SIDE and 0 < down <= _LARGEST_SIDE):
        return None
    return Size(across, down)


def size_from_text(raw: Json) -> Size | None:
    """A size written as ``512x768`` or ``(512, 768)``."""
    found = _SIZE.match(raw) if isinstance(raw, str) and len(raw) <= _LONGEST_SIZE else None
    return size(found[1], found[2]) if found else None


def settings_from(
    values: Mapping[str, Json], *, without: Iterable[str] = ()
) -> tuple[Setting, ...]:
    """Further single-valued settings of a JSON object, in the order of the file."""
    left_out = set(without)
    found = []
    for key, raw in values.items():
        if key in left_out or isinstance(raw, dict | list) or raw is None:
            continue
        text = words(raw) if isinstance(raw, str) else _as_written(raw)
        label = words(key)
        if text and label and len(text) <= _LONGEST_SETTING and len(label) <= _LONGEST_NAME:
            found.append(Setting(label, text))
    return tuple(found[:_MOST_SETTINGS])


def _as_written(raw: Json) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    # repr of an integer beyond Python's digit limit raises; no such number is a setting.
    return repr(raw) if isinstance(raw, float) or abs(raw) < 10**40 else ""
