"""NovelAI: ``{x}`` times 1.05, ``[x]`` divided by 1.05, ``1.5::x::``, parts mixed by ``|``.

Source: docs.novelai.net, "Strengthening and Weakening" and "Prompt Mixing". The number before
``::`` (version 4 on, it may be negative) holds up to the next ``::``; it multiplies with the
brackets around it. A part of a mix may end in its weight: ``cat | dog:1.2``. A bracket that is
not closed reaches to the end, one that was not opened is plain text.
"""

import re
from collections.abc import Sequence

from remarque.model.phrases import Phrase, PhraseKind, bounded
from remarque.model.syntaxes.writing import ENDS, NO_WORD, NUMBER, PhraseWriter

_EMPHASIS = 1.05
_TOKEN = re.compile(
    rf"""(?P<strength>(?<![\w.:])(?P<weight>{NUMBER})::)
  | (?P<over>::)
  | (?P<part>(?::\s*+(?P<share>{NUMBER})\s*+)?(?:\||\Z))
  | (?P<open>\{{)
  | (?P<close>\}})
  | (?P<open_square>\[)
  | (?P<close_square>\])
  | {ENDS}
  | (?P<word>[^\[\]{{}}|:+\-\d{NO_WORD}]++|\d++(?:\.\d++)?(?!::))
  | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


def read_novelai(text: str) -> tuple[Phrase, ...]:
    """The phrases of a prompt of NovelAI."""
    tokens = list(_TOKEN.finditer(text))
    return _Reader(tokens, mixed="|" in text).read()


class _Reader:
    """Walks over the tokens, counting the brackets that are open."""

    def __init__(self, tokens: Sequence[re.Match[str]], *, mixed: bool) -> None:
        self._tokens = tokens
        self._shares = _shares(tokens) if mixed else [1.0]
        self._mixed = mixed
        self._part = 0
        self._curly = 0
        self._square = 0
        self._strengths: list[float] = []
        self._writer = PhraseWriter()

    def read(self) -> tuple[Phrase, ...]:
        for token in self._tokens:
            self._writer.weight = self._weight()
            if not self._take(token):
                self._writer.take(token)
        return self._writer.done()

    def _take(self, token: re.Match[str]) -> bool:
        """Take a token of notation; False where it is plain text here."""
        match token.lastgroup:
            case "open":
                self._curly += 1
            case "close" if self._curly:
                self._curly -= 1
            case "open_square":
                self._square += 1
            case "close_square" if self._square:
                self._square -= 1
            case "strength":
                self._strengths.append(bounded(float(token["weight"])))
            case "over" if self._strengths:
                self._strengths.pop()
            case "part" if self._mixed or not token[0]:
                self._end_part(token[0])
            case _:
                return False
        return True

    def _end_part(self, written: str) -> None:
        if written.endswith("|"):
            self._writer.put("|", PhraseKind.AND)
            self._part += 1

    def _weight(self) -> float:
        strength = self._strengths[-1] if self._strengths else 1.0
        steps = self._curly - self._square
        factor = _EMPHASIS ** max(-_MOST_STEPS, min(_MOST_STEPS, steps))
        return bounded(strength * factor * self._shares[self._part])


_MOST_STEPS = 1000  # beyond it the power is not a number any more


def _shares(tokens: Sequence[re.Match[str]]) -> list[float]:
    """The weight of each part of a mix, in order."""
    ends = (token for token in tokens if token.lastgroup == "part")
    return [*(bounded(float(end["share"] or 1.0)) for end in ends), 1.0]
