"""One creative decision between two takes, as a value, and how its numbers are written."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from remarque.model.recipe import Size
from remarque.model.rewording import Action

_LONGEST_QUOTE = 120
_EXACT_FLOAT = 2**53
_TENS_WITH_TH = range(10, 20)


class Category(StrEnum):
    """The kinds of choice (DESIGN §3): the four of Li v. Liu, and inputs and edits."""

    WORDS = "words"
    ARRANGEMENT = "arrangement"
    PARAMETERS = "parameters"
    INPUTS = "inputs"
    SELECTION = "selection"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing an author did between two takes; inferred from the two recipes.

    ``field`` is the name in ``Recipe`` (``passes.hires.steps`` for one inside a pass);
    ``before`` and ``after`` are the two values as text, ``None`` where there is none; ``sentence``
    is plain English.
    """

    category: Category
    action: Action
    field: str
    before: str | None
    after: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class OneSided:
    """A fact that cannot be compared, nearly always because only one side records it."""

    field: str


Finding: TypeAlias = Change | OneSided
Fact: TypeAlias = int | float | str | Size


def is_same(before: Fact, after: Fact) -> bool:
    """Whether two facts are equal; numbers as numbers (7 is 7.0, and rounding is no change)."""
    if isinstance(before, int | float) and isinstance(after, int | float):
        return before == after or _is_same_float(before, after)
    return before == after


def _is_same_float(before: float, after: float) -> bool:
    if isinstance(before, int) and isinstance(after, int):
        return False
    if math.isnan(before) or math.isnan(after):
        return math.isnan(before) and math.isnan(after)
    small = abs(before) < _EXACT_FLOAT and abs(after) < _EXACT_FLOAT
    return small and math.isclose(before, after, rel_tol=1e-9, abs_tol=1e-12)


def fact_text(fact: Fact) -> str:
    """A fact in a sentence: ``512×768``, ``7``, ``0.75``, or the words of the file."""
    if isinstance(fact, Size):
        return f"{fact.width}×{fact.height}"
    return f"{fact:.10g}" if isinstance(fact, float) else str(fact)


def weight_text(weight: float) -> str:
    """A weight with at least one decimal: ``1.0``, ``1.21``."""
    short = f"{weight:.6f}".rstrip("0")
    return short + "0" if short.endswith(".") else short


def place_text(place: int) -> str:
    """A zero-based place as people count: ``1st``, ``2nd``, ``11th``."""
    count = place + 1
    if count % 100 in _TENS_WITH_TH:
        return f"{count}th"
    return f"{count}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(count % 10, 'th') }"


def quoted(text: str) -> str:
    """The text in quotation marks, cut where it is too long for a sentence."""
    if len(text) <= _LONGEST_QUOTE:
        return f"“{text}”"
    return f"“{text[: _LONGEST_QUOTE - 1].rstrip()}…”"


def pass_name(field: str) -> str:
    """``passes.hires`` as people say it: ``hires pass``."""
    name = field.removeprefix("passes.").replace("_", " ")
    return name if "pass" in name.split() else f"{name} pass"
