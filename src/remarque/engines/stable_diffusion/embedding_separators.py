"""Commas kept through the parser of prompts.

The parser gives phrases without what parts them, but a text encoder reads commas and full stops as
words of their own. So each of them is handed to the parser as a sign that no syntax knows, and
is put back afterwards: the parser itself then says which weight holds where it stands.
"""

import re
from collections.abc import Sequence

_FIRST, _LAST = 0xF0000, 0xFFFFD  # a private plane of Unicode: longer than any prompt we take
_BLANKS = re.compile(r"[^\S\r\n\u2028\u2029]+")
_SEPARATOR = re.compile(
    rf" ?(?P<sign>[,，、،;；\r\n\u2028\u2029]|[.!?]++|[。！？]++|[{chr(_FIRST)}-{chr(_LAST)}]) ?"
)
_STAND_IN = re.compile(rf" ?([{chr(_FIRST)}-{chr(_LAST)}]) ?")
_WEIGHT_BEFORE = re.compile(r":\s?[+-]?\d+\Z")
_NUMBER_SIGNS = 20


def hold_separators(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with a stand-in for every separator, and what each stands for, in order."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        if not _parts(found):
            return found[0]
        held.append(found[0])
        return f" {chr(_FIRST + len(held) - 1)} "

    return _SEPARATOR.sub(hold, _BLANKS.sub(" ", text)), tuple(held)


def put_back(text: str, held: Sequence[str]) -> str:
    """The text with its separators again; blanks are single."""
    restored = _STAND_IN.sub(lambda found: held[ord(found[1]) - _FIRST], text)
    return " ".join(restored.split())


def is_separating(text: str) -> bool:
    """Whether nothing but separators and blanks stands here."""
    return not _SEPARATOR.sub("", text).strip()


def _parts(found: re.Match[str]) -> bool:
    """Whether the signs end a phrase; a dot inside a number or a name does not."""
    if found["sign"][0] not in ".!?":
        return True
    text = found.string
    after = text[found.end("sign") : found.end("sign") + 1]
    start = found.start("sign")
    written_weight = _WEIGHT_BEFORE.search(text[max(0, start - _NUMBER_SIGNS) : start])
    return not after.strip() and not written_weight
