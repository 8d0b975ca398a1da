"""Phrases: the parts of a prompt, whatever syntax it was written in, and the words in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

Syntax: TypeAlias = Literal[
    "automatic1111", "comfyui", "swarmui", "invokeai", "novelai", "midjourney", "plain"
]

_HEAVIEST = 1e6
DECIMALS = 6


class PhraseKind(StrEnum):
    """What a phrase is. Words that change while sampling keep their brackets in the text.

    CHOICE are words the program fills in (``<random:…>``), NEGATIVE words to be kept out that
    stand in the prompt itself, PARAMETER a setting written there (``--ar 3:2``). BREAK, AND,
    BLEND and SECTION part the prompt and hold no words of their own.
    """

    WORDS = "words"
    LORA = "lora"
    NETWORK = "network"
    BREAK = "break"
    AND = "and"
    EDITING = "editing"
    ALTERNATION = "alternation"
    CHOICE = "choice"
    NEGATIVE = "negative"
    PARAMETER = "parameter"
    BLEND = "blend"
    SECTION = "section"


STRUCTURE = frozenset({PhraseKind.BREAK, PhraseKind.AND, PhraseKind.BLEND, PhraseKind.SECTION})
"""The kinds that part a prompt: a change of one is arrangement."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase of a prompt.

    ``text`` has no weight notation, single blanks and no escapes; for a LoRA it is the name, or
    everything after ``lora:`` when more than a name and a weight is written. ``weight`` is the
    product of all brackets around it, 1.0 without any. ``order`` is the zero-based place.
    """

    text: str
    weight: float
    order: int
    kind: PhraseKind = PhraseKind.WORDS


def bounded(weight: float) -> float:
    """Weights beyond any use are cut, so that no product becomes infinite or undefined."""
    return max(-_HEAVIEST, min(_HEAVIEST, weight))


# One sign of a script written without blanks (Chinese, Japanese), or a run of anything else.
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")


def split_words(text: str) -> Iterator[re.Match[str]]:
    """The words of a phrase with their places; each Chinese or Japanese sign is a word."""
    return _WORD.finditer(text)
