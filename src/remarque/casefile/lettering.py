"""What the fonts of the case file can show; everything else is printed as its number.

A missing glyph would come out as an empty box, and a reader could not tell one lost character
from another. So a character no font holds is written as ``[U+1F98A]``, and so is every invisible
one (direction overrides, zero-width joiners), because an invisible character in a prompt is a
fact too.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

from remarque.model.canonical import Json

MAY_BREAK = "\u200b"
"""ZERO WIDTH SPACE: a line may end here. The only invisible character the case file contains."""

_ORIGIN = "Libertinus Serif"
_ALWAYS = frozenset("\n" + MAY_BREAK)
_LONG_WORD = re.compile(r"[^\s\u2e80-\uffef\u200b]{25,}")
_PIECE = re.compile(r"\[U\+[0-9A-F]{4,6}\]|[^\[_./-]{1,16}[_./-]*|[_./-]+|\[")
_DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{64}\Z")
_PRESENTATION_SELECTORS = frozenset("\ufe0e\ufe0f")
"""They choose between the coloured and the plain form of a symbol and have no meaning here."""


class Coverage:
    """The characters one font can show, as sorted closed ranges."""

    def __init__(self, family: str, ranges: Iterable[tuple[int, int]]) -> None:
        """Take the font's family name and its ranges in ascending order."""
        self.family = family
        self._ranges = tuple(ranges)
        self._firsts = tuple(first for first, _ in self._ranges)

    def __contains__(self, character: str) -> bool:
        """Whether the font has a glyph for this one character."""
        place = bisect_right(self._firsts, ord(character)) - 1
        return place >= 0 and ord(character) <= self._ranges[place][1]

    def characters(self) -> Iterator[str]:
        """All characters of the font, in code point order."""
        for first, last in self._ranges:
            yield from map(chr, range(first, last + 1))


@cache
def coverages() -> tuple[Coverage, ...]:
    """The fonts of the case file in the order they are tried (``fonts/coverage.txt``)."""
    table = resources.files("remarque.casefile").joinpath("fonts/coverage.txt")
    return tuple(map(_read_coverage, table.read_text(encoding="ascii").splitlines()))


def families_needed(texts: Iterable[str]) -> frozenset[str]:
    """The font families at least one character of these (already legible) texts needs."""
    characters = frozenset().union(*texts)
    return frozenset(family for family in map(_family_of, characters) if family)


def legible(text: str) -> str:
    """The text with every character that cannot be shown written as its number.

    Words longer than a line get places where they may break, except digests, which people copy.
    """
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.isprintable():
        shown = text
    else:
        shown = "".join(_shown(cluster) for cluster in _clusters(text))
    return _LONG_WORD.sub(_breakable, shown)


def legible_json(raw: Json) -> Json:
    """Every text inside a JSON value made legible; keys are ours and stay as they are."""
    if isinstance(raw, str):
        return legible(raw)
    if isinstance(raw, dict):
        return {key: legible_json(item) for key, item in raw.items()}
    if isinstance(raw, list | tuple):
        return [legible_json(item) for item in raw]
    return raw


def texts_of(raw: Json) -> Iterator[str]:
    """Every text inside a JSON value."""
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, dict | list | tuple):
        for item in raw.values() if isinstance(raw, dict) else raw:
            yield from texts_of(item)


def _read_coverage(line: str) -> Coverage:
    family, _, ranges = line.partition(":")
    ends = (item.partition("-")[::2] for item in ranges.split())
    return Coverage(family, ((int(first, 16), int(last or first, 16)) for first, last in ends))


@cache
def _family_of(character: str) -> str | None:
    if character in _ALWAYS:
        return _ORIGIN
    return next((font.family for font in coverages() if character in font), None)


def _clusters(text: str) -> Iterator[str]:
    """Each base character with the combining marks that follow it."""
    start = 0
    for place, character in enumerate(text):
        if place > start and not unicodedata.category(character).startswith("M"):
            yield text[start:place]
            start = place
    if start < len(text):
        yield text[start:]


def _shown(cluster: str) -> str:
    """A cluster is set in one font, so one font must hold all of it."""
    cluster = "".join(c for c in cluster if c not in _PRESENTATION_SELECTORS).replace("\t", "    ")
    if all(character in _ALWAYS or character == " " for character in cluster):
        return cluster
    base_stands = not unicodedata.category(cluster[0]).startswith("M")
    if base_stands and any(all(c in font for c in cluster) for font in coverages()):
        return cluster
    first = cluster[0] if base_stands and _family_of(cluster[0]) else _number_of(cluster[0])
    return first + "".join(map(_number_of, cluster[1:]))


def _number_of(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def _breakable(word: re.Match[str]) -> str:
    text = word.group()
    if _DIGEST.match(text):
        return text
    return MAY_BREAK.join(_PIECE.findall(text))
