"""Taking one thing out of a prompt so that every other sign of it stays as it was.

A cut is proposed from where the words stand in the text, and counts only if the prompt, read
again in its own syntax, says exactly what it said before without that one thing. So a cut is
right in every syntax or it is not made.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from remarque.model.phrases import Phrase, PhraseKind, Syntax, split_words
from remarque.model.prompts import parse_prompt
from remarque.model.syntaxes.writing import NUMBER

_MOST_BRACKETS = 40
_MOST_WAYS = 24
"""The right cut is nearly always the first; a hostile prompt must not cost hundreds of readings."""
_BLANKS = " \t"
_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">", '"': '"'}
_CLOSING = re.compile(rf"[\s,]*+(?::\s*+{NUMBER}\s*+)?(?P<close>[)\]}}\"])(?:[+-]++|{NUMBER})?")
_TAG_BEFORE = re.compile(r"<\w{1,40}:\Z")
_TAG_AFTER = re.compile(r"[^<>]*+>")
_STRENGTH_BEFORE = re.compile(rf"{NUMBER}::\Z")
_SIGNS_AFTER = re.compile(rf"\s*+::(?:{NUMBER})?|[+-]++")
_SEPARATOR = r"[,，、،;；.。\r\n]"
_AFTER = re.compile(rf"[ \t]*+{_SEPARATOR}\s*+")
_BEFORE = re.compile(rf"\s*{_SEPARATOR}[ \t]*\Z")
_LONGEST_GAP = 80


@dataclass(frozen=True, slots=True)
class Cut:
    """A prompt without one thing. ``written`` is what was cut out, brackets included."""

    text: str
    written: str


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int


def without_phrase(text: str, order: int, syntax: Syntax) -> Cut | None:
    """The prompt without the phrase at this place; None where it cannot be cut out alone."""
    phrases = parse_prompt(text, syntax)
    place = _places(text, syntax)[order]
    if place is None:
        return None
    wanted = [phrase for phrase in phrases if phrase.order != order]
    return _cut(text, place, wanted, syntax)


def without_word(text: str, order: int, word: int, syntax: Syntax) -> Cut | None:
    """The prompt without one word of a phrase; None where it cannot be cut out alone."""
    phrases = parse_prompt(text, syntax)
    place = _places(text, syntax)[order]
    if place is None:
        return None
    words = list(split_words(text[place.start : place.end]))
    left = [found[0] for number, found in enumerate(split_words(phrases[order].text))]
    if word >= len(words) or len(words) != len(left):
        return None
    shorter = replace(phrases[order], text=" ".join(left[:word] + left[word + 1 :]))
    wanted = [shorter if phrase.order == order else phrase for phrase in phrases]
    span = _Span(place.start + words[word].start(), place.start + words[word].end())
    return _cut(text, span, wanted, syntax)


def with_usual_weight(text: str, order: int, syntax: Syntax) -> Cut | None:
    """The prompt with the brackets around one phrase gone; None where others share them."""
    phrases = parse_prompt(text, syntax)
    place = _places(text, syntax)[order]
    if place is None:
        return None
    wanted = [replace(one, weight=1.0) if one.order == order else one for one in phrases]
    for span in reversed(_grown(text, place)[-_MOST_WAYS:]):
        plain = text[: span.start] + text[place.start : place.end] + text[span.end :]
        if _says(plain, wanted, syntax):
            return Cut(plain, text[span.start : span.end])
    return None


def without_lora(text: str, name: str, syntax: Syntax) -> str:
    """The prompt without any tag of this LoRA."""
    for _ in range(_MOST_BRACKETS):
        tagged = (
            phrase.order
            for phrase in parse_prompt(text, syntax)
            if phrase.kind is PhraseKind.LORA and phrase.text.partition(":")[0] == name
        )
        order = next(tagged, None)
        cut = without_phrase(text, order, syntax) if order is not None else None
        if cut is None:
            break
        text = cut.text
    return text


def _cut(text: str, place: _Span, wanted: Sequence[Phrase], syntax: Syntax) -> Cut | None:
    """The first way of cutting that leaves what is wanted; best with all phrases as they were."""
    loose: Cut | None = None
    for span, start, end in islice(_ways(text, place), _MOST_WAYS):
        shorter = text[:start] + text[end:]
        found = Cut(shorter, text[span.start : span.end])
        if _phrases_of(parse_prompt(shorter, syntax)) == _phrases_of(wanted):
            return found
        if loose is None and _says(shorter, wanted, syntax):
            loose = found
    return loose


def _ways(text: str, place: _Span) -> Iterator[tuple[_Span, int, int]]:
    """What may be cut and from where to where, with all brackets first."""
    for span in reversed(_grown(text, place)):
        for start, end in _with_separator(text, span):
            yield span, start, end


def _says(text: str, wanted: Sequence[Phrase], syntax: Syntax) -> bool:
    return _words_of(parse_prompt(text, syntax)) == _words_of(wanted)


def _phrases_of(phrases: Sequence[Phrase]) -> list[tuple[str, float, str]]:
    return [(one.text, one.weight, one.kind) for one in phrases]


def _words_of(phrases: Sequence[Phrase]) -> list[tuple[str, float, str]]:
    """Each word with its weight: where phrases grow together, their words are still the same."""
    return [
        (word, phrase.weight, phrase.kind)
        for phrase in phrases
        for word in (
            [found[0] for found in split_words(phrase.text)]
            if phrase.kind is PhraseKind.WORDS
            else [phrase.text]
        )
    ]


@lru_cache(maxsize=8)
def _places(text: str, syntax: Syntax) -> tuple[_Span | None, ...]:
    """Where each phrase stands, found one after the other from the start of the text."""
    found: list[_Span | None] = []
    at = 0
    for phrase in parse_prompt(text, syntax):
        hit = _pattern(phrase.text).search(text, at)
        found.append(_Span(hit.start(), hit.end()) if hit else None)
        at = hit.end() if hit else at
    return tuple(found)


def _pattern(phrase: str) -> re.Pattern[str]:
    r"""A phrase as it may be written: any blanks between words, brackets escaped by ``\``."""
    words = ("".join(_sign(sign) for sign in word) for word in phrase.split())
    return re.compile(r"\s+".join(words))


def _sign(sign: str) -> str:
    return rf"\\?{re.escape(sign)}" if sign in "()[]{}\\" else re.escape(sign)


def _grown(text: str, core: _Span) -> list[_Span]:
    """The words alone, then with each pair of brackets or other notation right around them."""
    spans = [core]
    while len(spans) < _MOST_BRACKETS:
        wider = _notation_around(text, spans[-1])
        if wider is None:
            break
        spans.append(wider)
    return spans


def _notation_around(text: str, span: _Span) -> _Span | None:
    before = text[max(0, span.start - _LONGEST_GAP) : span.start]
    tag, tag_end = _TAG_BEFORE.search(before), _TAG_AFTER.match(text, span.end)
    if tag and tag_end:
        return _Span(span.start - len(before) + tag.start(), tag_end.end())
    inside = before.rstrip()
    closing = _CLOSING.match(text, span.end)
    if closing and inside and _PAIRS.get(inside[-1]) == closing["close"]:
        return _Span(span.start - len(before) + len(inside) - 1, closing.end())
    strength = _STRENGTH_BEFORE.search(inside)
    signs = _SIGNS_AFTER.match(text, span.end)
    if strength or signs:
        start = span.start - len(before) + strength.start() if strength else span.start
        return _Span(start, signs.end() if signs else span.end)
    if inside and inside[-1] in _PAIRS and not text[span.end :].strip():
        return _Span(span.start - len(before) + len(inside) - 1, len(text))  # left open
    return None


def _with_separator(text: str, span: _Span) -> Iterator[tuple[int, int]]:
    """What to cut: with the separator after it, with the one before it, with blanks, alone."""
    after = _AFTER.match(text, span.end)
    if after:
        yield span.start, after.end()
    first = max(0, span.start - _LONGEST_GAP)
    before = _BEFORE.search(text[first : span.start])
    if before:
        yield first + before.start(), span.end
    end = span.end
    while end < len(text) and text[end] in _BLANKS:
        end += 1
    if end > span.end:
        yield span.start, end
    start = span.start
    while start > 0 and text[start - 1] in _BLANKS:
        start -= 1
    yield start, span.end
    yield span.start, span.end
