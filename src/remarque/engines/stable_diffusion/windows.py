"""Tokens cut into windows: a CLIP text encoder reads 75 at a time, between a start and an end.

AUTOMATIC1111 (``modules/sd_hijack_clip.py``): ``BREAK`` begins a window, a comma among the last
20 tokens of a full window moves what follows it into the next, an embedding is not cut.
ComfyUI (``comfy/sd1_clip.py``): a word of fewer than 8 tokens is not cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import TypeAlias

from remarque.errors import UsageError

MOST_WINDOWS = 64
_BACK_TO_A_COMMA = 20
_LARGE_WORD = 8


class Keeping(StrEnum):
    """What a cut between two windows spares: the part after a comma, words, or nothing."""

    COMMAS = "commas"
    WORDS = "words"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a prompt.

    ``word`` numbers the words between blanks, ``order`` is the phrase (None: none), ``whole``
    marks a vector of an embedding that is read with its neighbours of the same word.
    """

    number: int
    weight: float
    word: int
    order: int | None = None
    whole: bool = False


Window: TypeAlias = tuple[Token, ...]


def cut(
    stretches: Sequence[Sequence[Token]], room: int, keeping: Keeping, comma: int | None
) -> tuple[Window, ...]:
    """The windows of a prompt, at least one; an empty stretch is an empty window.

    Args:
        stretches: Tokens by stretch: each begins a window of its own.
        room: Tokens in a window, start and end not counted.
        keeping: Where a cut may fall.
        comma: The number of the comma's token.

    Raises:
        UsageError: The prompt fills more windows than this program takes.
    """
    windows = [window for one in stretches for window in _cut_one(one, room, keeping, comma)]
    if len(windows) > MOST_WINDOWS:
        raise UsageError(
            f"The prompt fills {len(windows)} windows of {room} tokens "
            f"({sum(map(len, stretches))} tokens); at most {MOST_WINDOWS} can be read.",
            hint="Shorten the prompt.",
        )
    return tuple(windows)


def _cut_one(
    tokens: Sequence[Token], room: int, keeping: Keeping, comma: int | None
) -> Iterator[Window]:
    window: list[Token] = []
    for group in _groups(tokens, keeping, room):
        if len(window) + len(group) > room:
            kept = _kept(window, group, comma) if keeping is Keeping.COMMAS else len(window)
            yield tuple(window[:kept])
            window = window[kept:]
        window += group
    yield tuple(window)


def _kept(window: list[Token], group: Sequence[Token], comma: int | None) -> int:
    """How many tokens of a full window stay in it."""
    near = range(len(window) - 1, len(window) - 1 - _BACK_TO_A_COMMA, -1)
    if group[0].number == comma or group[0].whole:
        return len(window)
    found = (place for place in near if place >= 0 and window[place].number == comma)
    return next(found, len(window) - 1) + 1


def _groups(tokens: Sequence[Token], keeping: Keeping, room: int) -> Iterator[Sequence[Token]]:
    """Tokens that stay together."""
    for _, members in groupby(tokens, key=lambda token: token.word):
        word = tuple(members)
        is_small = keeping is Keeping.WORDS and len(word) < _LARGE_WORD
        if is_small or (word[0].whole and len(word) <= room):
            yield word
        else:
            yield from ((token,) for token in word)
