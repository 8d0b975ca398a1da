"""Which chunks are searched for facts: those that are whole and not too long."""

import re
from collections.abc import Collection, Sequence

from remarque.intake.account import name_of
from remarque.intake.loose_json import LONGEST
from remarque.model.recipe import Chunk

_MOST_TEXT = 2 * LONGEST
_MOST_SAID = 20
_JSON = re.compile(r"\s*(?:\w{1,20}:)?\s*\{")


def searchable(
    chunks: Sequence[Chunk], cut_off: Collection[int]
) -> tuple[list[Chunk], tuple[str, ...]]:
    """The chunks to search, and a sentence about each of the others; all are kept as they are.

    Args:
        chunks: All chunks of a file.
        cut_off: Places in ``chunks`` of those that are said to lack their end.
    """
    cut_off = {place for place in cut_off if not _is_closed(chunks[place].text or "")}
    room, fitting = _MOST_TEXT, set[int]()
    # The shortest first: a heap of long ones must not hide a short one behind them.
    for size, place in sorted((len(chunk.text or ""), i) for i, chunk in enumerate(chunks)):
        if place not in cut_off and size <= min(LONGEST, room):
            room -= size
            fitting.add(place)
    sentences = [
        f"{name_of(chunk)} lacks its end and was not searched for facts."
        if place in cut_off
        else f"{name_of(chunk)} is too long to be searched for facts."
        for place, chunk in enumerate(chunks)
        if place not in fitting
    ]
    return [chunks[place] for place in sorted(fitting)], tuple(dict.fromkeys(sentences))[
        :_MOST_SAID
    ]


def _is_closed(text: str) -> bool:
    """Whether a text whose end is said to be missing shows itself that it is all there.

    Some programs state a length that is too long. Of JSON one sees whether it is whole; half a
    line of settings would give half a number, and another program's name.
    """
    return bool(_JSON.match(text)) and text.rstrip("\0 \r\n").endswith("}")
