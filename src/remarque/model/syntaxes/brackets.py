r"""Round and square brackets with ``:weight``: AUTOMATIC1111 and its forks, ComfyUI, Fooocus.

AUTOMATIC1111 (wiki "Features": attention/emphasis, prompt editing, alternating words, composable
diffusion; also Forge, reForge and SD.Next): ``(x)`` times 1.1, ``[x]`` divided by 1.1, ``(x:1.3)``
times 1.3, ``\(`` a plain bracket, ``[a:b:0.5]`` and ``[a|b]`` words that change while sampling,
``BREAK``, ``a :1.2 AND b :0.8``, ``<lora:name:0.8>``; a bracket left open reaches to the end.

ComfyUI (docs.comfy.org; Fooocus carries its parser): round brackets only, a written weight
replaces those around it, and brackets that do not pair up are plain text.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from remarque.model.phrases import Phrase, PhraseKind, bounded
from remarque.model.syntaxes.writing import ENDS, NO_WORD, NUMBER, PhraseWriter

_EMPHASIS = 1.1

_COMMON = rf"""
    (?P<network><(?P<net>\w++):(?P<inside>[^<>]++)>)
  | (?P<weighted>:\s*+(?P<weight>{NUMBER})\s*+\))
  | (?P<open>\()
  | (?P<close>\))
  | {ENDS}
"""
_AUTOMATIC1111_TOKEN = re.compile(
    rf"""(?P<escape>\\[()\[\]\\])
  | (?P<when>:\s*+{NUMBER}\s*+\])
  | (?P<open_square>\[)
  | (?P<close_square>\])
  | (?P<bar>\|)
  | {_COMMON}
  | (?P<word>[^\\()\[\]<>|:{NO_WORD}]++)
  | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_COMFYUI_TOKEN = re.compile(
    rf"""(?P<escape>\\[()])
  | {_COMMON}
  | (?P<word>[^\\()<>:{NO_WORD}]++)
  | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
# The program parts the text at these words before it reads any bracket.
_AND = re.compile(r"\bAND\b(?!_PERP|_SALT|_TOPK)")
_PART_WEIGHT = re.compile(rf":\s*+(?P<weight>{NUMBER})\s*\Z")


class _Group(NamedTuple):
    """A pair of brackets: index of its closing token, its factor, what it is.

    ``absolute`` says that the factor replaces the weights around it instead of multiplying.
    """

    close: int
    factor: float
    kind: Literal["round", "square"] | PhraseKind = "round"
    absolute: bool = False


def read_automatic1111(text: str) -> tuple[Phrase, ...]:
    """The phrases of a prompt of AUTOMATIC1111 or a fork of it."""
    writer = PhraseWriter()
    for place, (part, weight) in enumerate(_parts(text)):
        if place:
            writer.put("AND", PhraseKind.AND)
        tokens = list(_AUTOMATIC1111_TOKEN.finditer(part))
        _Reader(part, tokens, _pair_automatic1111(tokens), writer, weight).read()
        writer.end()
    return writer.done()


def read_comfyui(text: str) -> tuple[Phrase, ...]:
    """The phrases of a prompt of ComfyUI or Fooocus."""
    writer = PhraseWriter()
    tokens = list(_COMFYUI_TOKEN.finditer(text))
    _Reader(text, tokens, _pair_comfyui(tokens), writer, 1.0).read()
    return writer.done()


def _parts(text: str) -> Iterator[tuple[str, float]]:
    """What ``AND`` parts, each with its weight; without any the whole text, and no weight."""
    parts = _AND.split(text)
    for part in parts:
        # A search from the right: only the last few signs can be a weight.
        tail = part[-80:]
        found = _PART_WEIGHT.search(tail) if len(parts) > 1 else None
        if found is None:
            yield part, 1.0
        else:
            yield part[: len(part) - len(tail) + found.start()], bounded(float(found["weight"]))


def _pair_automatic1111(tokens: Sequence[re.Match[str]]) -> dict[int, _Group]:
    """Groups by the index of their opening token. Round and square brackets pair on their own."""
    groups: dict[int, _Group] = {}
    rounds: list[int] = []
    squares: list[int] = []
    with_bar: set[int] = set()
    for index, token in enumerate(tokens):
        match token.lastgroup:
            case "open":
                rounds.append(index)
            case "open_square":
                squares.append(index)
            case "close" | "weighted" if rounds:
                groups[rounds.pop()] = _Group(index, _factor_of(token))
            case "close_square" | "when" if squares:
                opening = squares.pop()
                groups[opening] = _square(index, token, with_bar=opening in with_bar)
            case "bar" if squares and squares[-1] > (rounds[-1] if rounds else -1):
                with_bar.add(squares[-1])
    groups.update({opening: _Group(len(tokens), _EMPHASIS) for opening in rounds})
    groups.update({opening: _Group(len(tokens), 1.0, "square") for opening in squares})
    return groups


def _square(close: int, token: re.Match[str], *, with_bar: bool) -> _Group:
    if token.lastgroup == "when":
        return _Group(close, 1.0, PhraseKind.EDITING)
    return _Group(close, 1.0, PhraseKind.ALTERNATION if with_bar else "square")


def _pair_comfyui(tokens: Sequence[re.Match[str]]) -> dict[int, _Group]:
    """Groups by the index of their opening token.

    ComfyUI reads whole top-level groups: an unclosed one is plain text with all it holds, and
    after one closing bracket too many the rest is plain text.
    """
    groups: dict[int, _Group] = {}
    waiting: dict[int, _Group] = {}
    rounds: list[int] = []
    for index, token in enumerate(tokens):
        if token.lastgroup == "open":
            rounds.append(index)
        elif token.lastgroup in ("close", "weighted"):
            if not rounds:
                break
            absolute = token.lastgroup == "weighted"
            waiting[rounds.pop()] = _Group(index, _factor_of(token), absolute=absolute)
            if not rounds:
                groups.update(waiting)
                waiting.clear()
    return groups


def _factor_of(token: re.Match[str]) -> float:
    written = token["weight"]
    return _EMPHASIS if written is None else bounded(float(written))


class _Reader:
    """Walks over the tokens of one prompt and writes phrases."""

    def __init__(
        self,
        text: str,
        tokens: Sequence[re.Match[str]],
        groups: dict[int, _Group],
        writer: PhraseWriter,
        weight: float,
    ) -> None:
        self._text = text
        self._tokens = tokens
        self._groups = groups
        self._writer = writer
        self._closing = {group.close: opening for opening, group in groups.items()}
        self._entered: set[int] = set()
        self._round_weights = [weight]
        self._square_depth = 0

    def read(self) -> None:
        """Write all phrases of the text."""
        index = 0
        while index < len(self._tokens):
            self._writer.weight = self._weight()
            index = self._step(index) + 1

    def _step(self, index: int) -> int:
        """Take the token at this index; return the index of the last token it used up."""
        token, group = self._tokens[index], self._groups.get(index)
        if group is not None:
            return self._enter(index, group)
        opening = self._closing.get(index)
        if opening is not None:
            self._leave(opening)
        elif token.lastgroup == "network":
            self._writer.put_network(token["net"], token["inside"])
        elif token[0] == "BREAK":
            self._writer.put("BREAK", PhraseKind.BREAK)
        else:
            self._writer.take(token)
        return index

    def _enter(self, index: int, group: _Group) -> int:
        if isinstance(group.kind, PhraseKind):
            start, end = self._tokens[index].start(), self._tokens[group.close].end()
            self._writer.put(self._text[start:end], group.kind, self._weight())
            return group.close
        self._entered.add(index)
        if group.kind == "square":
            self._square_depth += 1
        else:
            around = 1.0 if group.absolute else self._round_weights[-1]
            self._round_weights.append(bounded(around * group.factor))
        return index

    def _leave(self, opening: int) -> None:
        # A bracket opened inside words that change while sampling was never entered.
        if opening not in self._entered:
            return
        if self._groups[opening].kind == "square":
            self._square_depth -= 1
        else:
            self._round_weights.pop()

    def _weight(self) -> float:
        squares = (1 / _EMPHASIS) ** self._square_depth
        return self._round_weights[-1] * squares
