r"""A prompt as phrases with weights: what the author wrote, in which order, how strongly.

Two dialects are read. AUTOMATIC1111's (wiki "Attention/emphasis", "Prompt editing", "Alternating
words"; also Forge and SD.Next): ``(x)`` times 1.1, ``[x]`` divided by 1.1, ``(x:1.3)`` times 1.3,
``\(`` a plain bracket, ``[a:b:0.5]`` and ``[a|b]`` words that change while sampling, ``BREAK``,
``AND``, ``<lora:name:0.8>``; a bracket left open reaches to the end. ComfyUI's: round brackets
only, a written weight replaces those around it, and brackets that do not pair up are plain text.

Commas (, ， 、 ،), semicolons, line ends and sentence ends part the phrases, and so does a change
of weight. Every text is some list of phrases: nothing is raised, in time linear in the text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple, TypeAlias

Syntax: TypeAlias = Literal["automatic1111", "comfyui"]

_EMPHASIS = 1.1
_HEAVIEST = 1e6
_DECIMALS = 6


class PhraseKind(StrEnum):
    """What a phrase is. Words that change while sampling keep their brackets in the text."""

    WORDS = "words"
    LORA = "lora"
    NETWORK = "network"
    BREAK = "break"
    AND = "and"
    EDITING = "editing"
    ALTERNATION = "alternation"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase of a prompt.

    ``text`` has no weight notation, single blanks and no escapes; for a LoRA it is the name, or
    everything after ``lora:`` when more than a name and a weight is written. ``weight`` is the
    product of all brackets around it, 1.0 without any. ``order`` is the zero-based place.
    """

    text: str
    weight: float
    order: int
    kind: PhraseKind = PhraseKind.WORDS


def parse_prompt(text: str, syntax: Syntax = "automatic1111") -> tuple[Phrase, ...]:
    """The phrases of a prompt, in order. Any text is accepted."""
    if syntax == "comfyui":
        tokens = list(_COMFYUI_TOKEN.finditer(text))
        return _Reader(text, tokens, _pair_comfyui(tokens)).read()
    tokens = list(_AUTOMATIC1111_TOKEN.finditer(text))
    return _Reader(text, tokens, _pair_automatic1111(tokens)).read()


# Possessive quantifiers keep the search linear on long runs of digits, blanks or dots.
_NUMBER = r"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)"
_COMMON = rf"""
    (?P<network><(?P<net>\w++):(?P<inside>[^<>]++)>)
  | (?P<weighted>:\s*+(?P<weight>{_NUMBER})\s*+\))
  | (?P<open>\()
  | (?P<close>\))
  | (?P<separator>[,，、،;；\r\n\u2028\u2029])
  | (?P<stop>[.!?]++|[。！？]++)
  | (?P<blank>\s++)
"""
_AUTOMATIC1111_TOKEN = re.compile(
    rf"""(?P<escape>\\[()\[\]\\])
  | (?P<when>:\s*+{_NUMBER}\s*+\])
  | (?P<open_square>\[)
  | (?P<close_square>\])
  | (?P<bar>\|)
  | {_COMMON}
  | (?P<word>[^\\()\[\]<>|:,，、،;；\s.!?。！？]++)
  | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_COMFYUI_TOKEN = re.compile(
    rf"""(?P<escape>\\[()])
  | {_COMMON}
  | (?P<word>[^\\()<>:,，、،;；\s.!?。！？]++)
  | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_PLAIN_NUMBER = re.compile(_NUMBER)
_LORA_NAMES = frozenset({"lora", "lyco", "locon", "loha"})


class _Group(NamedTuple):
    """A pair of brackets: index of its closing token, its factor, what it is.

    ``absolute`` says that the factor replaces the weights around it instead of multiplying.
    """

    close: int
    factor: float
    kind: Literal["round", "square"] | PhraseKind = "round"
    absolute: bool = False


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
    return _EMPHASIS if written is None else _bounded(float(written))


def _bounded(weight: float) -> float:
    """Weights beyond any use are cut, so that no product becomes infinite or undefined."""
    return max(-_HEAVIEST, min(_HEAVIEST, weight))


class _Reader:
    """Walks over the tokens of one prompt and collects phrases."""

    def __init__(
        self, text: str, tokens: Sequence[re.Match[str]], groups: dict[int, _Group]
    ) -> None:
        self._text = text
        self._tokens = tokens
        self._groups = groups
        self._closing = {group.close: opening for opening, group in groups.items()}
        self._entered: set[int] = set()
        self._round_weights = [1.0]
        self._square_depth = 0
        self._phrases: list[Phrase] = []
        self._pending: list[str] = []
        self._pending_weight = 1.0

    def read(self) -> tuple[Phrase, ...]:
        """All phrases of the prompt."""
        index = 0
        while index < len(self._tokens):
            index = self._step(index) + 1
        self._end_phrase()
        return tuple(self._phrases)

    def _step(self, index: int) -> int:
        """Take the token at this index; return the index of the last token it used up."""
        token, group = self._tokens[index], self._groups.get(index)
        if group is not None:
            return self._enter(index, group)
        opening = self._closing.get(index)
        if opening is not None:
            self._leave(opening)
        elif token.lastgroup == "separator":
            self._end_phrase()
        elif token.lastgroup == "stop":
            self._take_stop(token)
        elif token.lastgroup == "network":
            self._take_network(token)
        else:
            self._take_text(token)
        return index

    def _enter(self, index: int, group: _Group) -> int:
        if isinstance(group.kind, PhraseKind):
            start, end = self._tokens[index].start(), self._tokens[group.close].end()
            self._put(self._text[start:end], self._weight(), group.kind)
            return group.close
        self._entered.add(index)
        if group.kind == "square":
            self._square_depth += 1
        else:
            around = 1.0 if group.absolute else self._round_weights[-1]
            self._round_weights.append(_bounded(around * group.factor))
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
        return round(self._round_weights[-1] * squares, _DECIMALS)

    def _take_text(self, token: re.Match[str]) -> None:
        written = token[0]
        if token.lastgroup == "blank":
            self._pending.append(" ")
        elif written == "BREAK":
            self._put(written, 1.0, PhraseKind.BREAK)
        elif written == "AND" and token.re is _AUTOMATIC1111_TOKEN:
            self._put(written, 1.0, PhraseKind.AND)
        else:
            self._write(written[1:] if token.lastgroup == "escape" else written)

    def _take_stop(self, token: re.Match[str]) -> None:
        """A full stop ends the phrase and goes; other sentence marks end it and stay."""
        ends_sentence = (
            token[0][0] in "。！？" or not self._text[token.end() : token.end() + 1].strip()
        )
        if not (ends_sentence and self._has_pending()):
            self._write(token[0])
            return
        if token[0].strip(".。"):
            self._pending.append(token[0])
        self._end_phrase()

    def _take_network(self, token: re.Match[str]) -> None:
        is_lora = token["net"].lower() in _LORA_NAMES
        kind = PhraseKind.LORA if is_lora else PhraseKind.NETWORK
        prefix = "" if is_lora else token["net"] + ":"
        name, _, amount = token["inside"].partition(":")
        if amount and _PLAIN_NUMBER.fullmatch(amount.strip()):
            self._put(prefix + name, round(_bounded(float(amount)), _DECIMALS), kind)
        else:
            self._put(prefix + token["inside"], 1.0, kind)

    def _write(self, written: str) -> None:
        weight = self._weight()
        if weight != self._pending_weight:
            self._end_phrase()
        self._pending_weight = weight
        self._pending.append(written)

    def _has_pending(self) -> bool:
        return any(not piece.isspace() for piece in self._pending)

    def _end_phrase(self) -> None:
        words, self._pending = "".join(self._pending), []
        self._keep(words, self._pending_weight, PhraseKind.WORDS)

    def _put(self, text: str, weight: float, kind: PhraseKind) -> None:
        self._end_phrase()
        self._keep(text, weight, kind)

    def _keep(self, text: str, weight: float, kind: PhraseKind) -> None:
        tidy = " ".join(text.split())
        if tidy:
            self._phrases.append(Phrase(tidy, weight, len(self._phrases), kind))


# One sign of a script written without blanks (Chinese, Japanese), or a run of anything else.
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")


def split_words(text: str) -> Iterator[re.Match[str]]:
    """The words of a phrase with their places; each Chinese or Japanese sign is a word."""
    return _WORD.finditer(text)
