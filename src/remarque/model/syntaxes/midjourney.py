"""Midjourney: ``hot::2 dog`` as parts with weights, ``--ar 3:2`` as parameters after the words.

Source: docs.midjourney.com, "Multi-Prompts & Weights" and "Parameter List". A part without a
number counts 1; the number stands right after the two colons. ``--no hands, text`` names words to
be kept out; a long dash before a name counts as two hyphens. Brackets are plain text.
"""

import re

from remarque.model.phrases import Phrase, PhraseKind, bounded
from remarque.model.syntaxes.writing import ENDS, NO_WORD, NUMBER, PhraseWriter

_FLAG = re.compile(r"(?:(?<=\s)|^)(?:--|\u2014)(?P<name>[A-Za-z]\w{0,30})(?=\s|$)")
_PART = re.compile(rf"::(?P<weight>{NUMBER})?")
_TOKEN = re.compile(rf"{ENDS} | (?P<word>[^{NO_WORD}]++) | (?P<other>.)", re.VERBOSE | re.DOTALL)
_COMMA = re.compile("[,，、]")


def read_midjourney(text: str) -> tuple[Phrase, ...]:
    """The phrases of a prompt of Midjourney."""
    writer = PhraseWriter()
    flags = list(_FLAG.finditer(text))
    _write_parts(writer, text[: flags[0].start()] if flags else text)
    for place, flag in enumerate(flags):
        end = flags[place + 1].start() if place + 1 < len(flags) else len(text)
        _write_flag(writer, flag["name"].lower(), text[flag.end() : end])
    return writer.done()


def _write_parts(writer: PhraseWriter, text: str) -> None:
    at, last = 0, len(text.rstrip())
    for end in _PART.finditer(text):
        writer.weight = bounded(float(end["weight"] or 1.0))
        _write_words(writer, text[at : end.start()])
        at = end.end()
        if at < last:
            writer.put("::", PhraseKind.AND)
    writer.weight = 1.0
    _write_words(writer, text[at:])


def _write_words(writer: PhraseWriter, text: str) -> None:
    for token in _TOKEN.finditer(text):
        writer.take(token)
    writer.end()


def _write_flag(writer: PhraseWriter, name: str, value: str) -> None:
    if name != "no":
        writer.put(f"--{name} {value}", PhraseKind.PARAMETER)
        return
    for words in _COMMA.split(value):
        if words.strip():
            writer.put(f"--no {words}", PhraseKind.NEGATIVE)
