r"""Text as it was before it was written into an address or into JSON.

A path inside an address is ``%2Fhome%2Fjoe``, one inside JSON inside JSON ``\\/home\\/joe`` or
``\u002fhome``; a name with an umlaut is ``J\u00f6rg``. What is found in the text as it was, is
found in the text as it is: every place of the one has its place in the other.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

PIECE = 1 << 20
_OVERLAP = 1 << 14

_ESCAPED = re.compile(
    r"%(?:25){0,3}(?P<octet>[0-9A-Fa-f]{2})|\\{1,8}u(?P<unit>[0-9A-Fa-f]{4})|\\{1,8}(?P<slash>/)"
)
_WORTH_IT = re.compile(
    r"%(?:25){0,3}(?:2[Ff]|5[Cc]|3[AaDdFf]|40|26)|\\u00[0-9A-Fa-f]{2}|\\{1,8}/|\\u[0-9A-Fa-f]{4}"
)


@dataclass(frozen=True, slots=True)
class Unescaped:
    """A piece without escapes, which begins at ``start`` of the escaped text.

    ``breaks`` are the places of each escape and after it, in the piece and in the escaped text.
    """

    text: str
    start: int
    breaks: tuple[tuple[int, int], ...]

    def place(self, at: int) -> int:
        """The index in the escaped text of the character ``at`` of this one."""
        found = bisect_right(self.breaks, at, key=itemgetter(0)) - 1
        if found < 0:
            return self.start + at
        here, there = self.breaks[found]
        return there + at - here


def unescape(text: str) -> Iterator[Unescaped]:
    """The text without escapes, in pieces of bounded size; nothing where no secret could hide.

    Pieces overlap by more than the longest secret, so none is cut in two.
    """
    if _WORTH_IT.search(text) is None:
        return
    for at in range(0, len(text), PIECE):
        start = _begin(text, at)
        piece = text[start : at + PIECE + _OVERLAP]
        if _WORTH_IT.search(piece) is not None:
            yield _without_escapes(piece, start)


def _begin(text: str, at: int) -> int:
    """The start of the word that a piece beginning here would cut: half a word misleads."""
    found = max(text.rfind(end, max(at - _OVERLAP, 0), at) for end in ' "\n')
    return at if found < 0 else found


def _without_escapes(text: str, start: int) -> Unescaped:
    pieces: list[str] = []
    breaks: list[tuple[int, int]] = []
    at = length = 0
    for found in _ESCAPED.finditer(text):
        code = found["octet"] or found["unit"]
        meant = chr(int(code, 16)) if code else found["slash"]
        pieces += [text[at : found.start()], meant]
        length += found.start() - at + 1
        at = found.end()
        breaks += [(length - 1, start + found.start()), (length, start + at)]
    return Unescaped("".join([*pieces, text[at:]]), start, tuple(breaks))
