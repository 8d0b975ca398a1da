"""Words that change while sampling: which of them stand there at the first step.

The sources of the notations are those of the parsers in ``remarque.model.syntaxes``.
"""

import re
from collections.abc import Callable, Mapping

from remarque.model.phrases import PhraseKind

_OPENING, _CLOSING = "([", ")]"
_TAG = re.compile(r"<[a-z]+(?:\[[^\[\]<>]*\])?:(?P<inside>.*)>\Z", re.DOTALL)
_FROM_AND_TO = 3


def first_state(text: str, kind: PhraseKind) -> str:
    """The words of the first step, in the syntax they were written in.

    Args:
        text: The phrase with its brackets, as the parser gives it.
        kind: EDITING or ALTERNATION.
    """
    if text.startswith("<"):
        return _of_tag(text)
    if ".swap(" in text:
        return text.partition(".swap(")[0].strip().strip('"')
    inside = text.removeprefix("[").removesuffix("]")
    return _STATES[kind](inside)


def _of_alternation(inside: str) -> str:
    return _split(inside, "|")[0]


def _of_editing(inside: str) -> str:
    """``from:to:when``, or ``to:when`` for words that only join later."""
    parts = _split(inside, ":")
    at_once = not parts[-1].strip("0. ")
    if at_once:
        return parts[-2] if len(parts) > 1 else ""
    return parts[0] if len(parts) >= _FROM_AND_TO else ""


def _of_tag(text: str) -> str:
    found = _TAG.match(text)
    inside = found["inside"] if found else ""
    parting = next((sign for sign in ("||", "|") if sign in inside), ",")
    return inside.split(parting)[0]


def _split(inside: str, parting: str) -> list[str]:
    """The parts at this sign outside of all brackets."""
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(inside):
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if sign == parting and depth == 0:
            parts.append(inside[start:place])
            start = place + 1
    return [*parts, inside[start:]]


_STATES: Mapping[PhraseKind, Callable[[str], str]] = {
    PhraseKind.ALTERNATION: _of_alternation,
    PhraseKind.EDITING: _of_editing,
}
