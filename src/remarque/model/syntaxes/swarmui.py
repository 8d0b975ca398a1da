"""SwarmUI: ComfyUI's round brackets, and tags in angle brackets that may hold one another.

Source: SwarmUI, docs/Features/Prompt Syntax.md. ``<lora:name:0.8>``, ``<embed:name>``,
``<random:red, blue>`` and wildcards, ``<alternate:cat, dog>``, ``<fromto[0.5]:cat, dog>``,
``<segment:face>`` and other parts of the picture, ``<param[steps]:20>``, ``<break>``. A tag that
is not closed is plain text.
"""

import re
from collections.abc import Iterator

from remarque.model.phrases import Phrase, PhraseKind
from remarque.model.syntaxes.brackets import read_comfyui
from remarque.model.syntaxes.writing import PhraseWriter

_BRACKET = re.compile(r"(?P<open><(?=[a-z]{1,40}+(?:\[[^\[\]<>]{0,200}+\])?[:>]))|(?P<close>>)")
_NAME = re.compile(r"<(?P<name>[a-z]+)(?:\[[^\[\]<>]*\])?:?")
_KINDS = {
    "break": PhraseKind.BREAK,
    "alternate": PhraseKind.ALTERNATION,
    "alt": PhraseKind.ALTERNATION,
    "fromto": PhraseKind.EDITING,
    "param": PhraseKind.PARAMETER,
    "preset": PhraseKind.PARAMETER,
    "p": PhraseKind.PARAMETER,
    "embed": PhraseKind.NETWORK,
    "embedding": PhraseKind.NETWORK,
} | dict.fromkeys(
    ("segment", "object", "region", "extend", "clear", "refiner", "base", "video", "videoswap"),
    PhraseKind.SECTION,
)


def read_swarmui(text: str) -> tuple[Phrase, ...]:
    """The phrases of a prompt of SwarmUI."""
    # A bracket may hold a tag, so the text is read whole, each tag one word that stands for it.
    tags = list(_tags(text))
    held = {_stand_in(place): text[start:end] for place, (start, end) in enumerate(tags)}
    writer = PhraseWriter()
    for phrase in read_comfyui(_masked(text, tags)):
        _write(writer, phrase, held)
    return writer.done()


def _write(writer: PhraseWriter, phrase: Phrase, held: dict[str, str]) -> None:
    if phrase.kind is not PhraseKind.WORDS:
        writer.put(phrase.text, phrase.kind, phrase.weight)
        return
    for piece in _STAND_IN.split(phrase.text):
        if piece in held:
            _put_tag(writer, held[piece], phrase.weight)
        else:
            writer.put(piece, PhraseKind.WORDS, phrase.weight)


def _put_tag(writer: PhraseWriter, tag: str, weight: float) -> None:
    found = _NAME.match(tag)
    name = found["name"] if found else ""
    if name == "lora" and found:
        writer.put_network(name, tag[found.end() : -1])
    else:
        kind = _KINDS.get(name, PhraseKind.CHOICE)
        alone = kind in (PhraseKind.BREAK, PhraseKind.SECTION, PhraseKind.PARAMETER)
        writer.put(tag, kind, 1.0 if alone else weight)


def _tags(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every outermost tag that is closed."""
    opened: list[int] = []
    closed: list[tuple[int, int]] = []
    for bracket in _BRACKET.finditer(text):
        if bracket.lastgroup == "open":
            opened.append(bracket.start())
        elif opened:
            start = opened.pop()
            while closed and closed[-1][0] > start:
                closed.pop()
            closed.append((start, bracket.end()))
    return iter(closed)


# Private-use signs: no prompt has them, and ComfyUI's parser sees a word like any other.
_STAND_IN = re.compile("(\ue000[\ue010-\ue019]{1,9}\ue001)")
_DIGITS = str.maketrans("0123456789", "".join(map(chr, range(0xE010, 0xE01A))))


def _stand_in(place: int) -> str:
    return "\ue000" + str(place).translate(_DIGITS) + "\ue001"


def _masked(text: str, tags: list[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for place, (start, end) in enumerate(tags):
        pieces += [text[at:start], _stand_in(place)]
        at = end
    return "".join([*pieces, text[at:]])
