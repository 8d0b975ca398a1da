r"""InvokeAI: ``word++``, ``(some words)1.3``, ``"a".swap("b")``, ``("a", "b").blend(1, 0.8)``.

Source: compel, doc/syntax.md and its grammar, which InvokeAI's prompts follow: ``+`` times 1.1 and
``-`` times 0.9, each sign once more; a number right after a bracket or quotation multiplies;
``.and()`` parts the prompt, ``.blend()`` mixes it, both with a weight for each part;
``withLora(name, 0.8)``; ``\(`` a plain bracket. Of the early versions: ``[words to keep out]``.
Brackets and quotation marks that do not pair up, and a call that is not closed, are plain text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from remarque.model.phrases import Phrase, PhraseKind, bounded
from remarque.model.syntaxes.writing import ENDS, NO_WORD, PhraseWriter

_MORE, _LESS = 1.1, 0.9
_MOST_SIGNS = 200  # more of them leave the range of numbers
_SIGNS_OR_NUMBER = r"\++|-+|\d++(?:\.\d*+)?|\.\d++"
_TOKEN = re.compile(
    rf"""(?P<escape>\\[()\[\]"+\-\\])
  | (?P<lora>(?:use|with)Lora\(\s*+(?P<net>[\w.-]++)\s*+(?:,\s*+(?P<amount>[\d.]++)\s*+)?\))
  | (?P<call>\.(?P<verb>swap|blend|and|add|attend)\()
  | (?P<open>\()
  | (?P<close>\)(?P<round>{_SIGNS_OR_NUMBER})?)
  | (?P<quote>"(?P<quoted>{_SIGNS_OR_NUMBER})?)
  | (?P<negative>\[[^\[\]]*+\])
  | (?P<network><(?P<name>[\w.-]++)>)
  | {ENDS}
  | (?P<weighted>(?P<base>(?:[^\\()"\[\]<>+\-={NO_WORD}]|[+-](?![+\-=()"{NO_WORD}]|\Z))++)
      (?P<signs>\++|-+)?)
  | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_PARTING = {"and": PhraseKind.AND, "add": PhraseKind.AND, "blend": PhraseKind.BLEND}


class _Group(NamedTuple):
    """A pair of brackets or quotation marks: its closing token, and a call right after it."""

    close: int
    call: int | None = None


@dataclass(slots=True)
class _Frame:
    """A group that is being read. ``shares`` are the weights of its parts, for a mix."""

    close: int
    weight: float
    parting: PhraseKind | None = None
    label: str = ""
    shares: list[float] = field(default_factory=list)
    part: int = 0

    def now(self) -> float:
        share = self.shares[self.part] if self.part < len(self.shares) else 1.0
        return bounded(self.weight * share)


def read_invokeai(text: str) -> tuple[Phrase, ...]:
    """The phrases of a prompt of InvokeAI."""
    tokens = list(_TOKEN.finditer(text))
    return _Reader(text, tokens).read()


def _pair(tokens: Sequence[re.Match[str]]) -> dict[int, _Group]:
    """Groups by the index of their opening token; they never cross one another."""
    groups: dict[int, _Group] = {}
    opened: list[int] = []
    quotes: list[int] = []
    for index, token in enumerate(tokens):
        match token.lastgroup:
            case "open" | "call":
                opened.append(index)
            case "close" if opened and (not quotes or opened[-1] > quotes[-1]):
                groups[opened.pop()] = _Group(index)
            case "quote" if quotes:
                start = quotes.pop()
                while opened and opened[-1] > start:
                    opened.pop()
                groups[start] = _Group(index)
            case "quote":
                quotes.append(index)
            case _:
                pass
    return _with_calls(tokens, groups)


def _with_calls(tokens: Sequence[re.Match[str]], groups: dict[int, _Group]) -> dict[int, _Group]:
    """The same groups, each with the call that follows right after it."""
    joined = {}
    for opening, group in groups.items():
        following = group.close + 1
        is_call = following in groups and tokens[following].lastgroup == "call"
        joined[opening] = group._replace(call=following) if is_call else group
    return joined


class _Reader:
    """Walks over the tokens; ``_frames`` are the groups around the place, outermost first."""

    def __init__(self, text: str, tokens: Sequence[re.Match[str]]) -> None:
        self._text = text
        self._tokens = tokens
        self._groups = _pair(tokens)
        self._frames = [_Frame(len(tokens), 1.0)]
        self._writer = PhraseWriter()

    def read(self) -> tuple[Phrase, ...]:
        index = 0
        while index < len(self._tokens):
            index = self._step(index) + 1
        return self._writer.done()

    def _step(self, index: int) -> int:
        """Take the token at this index; return the index of the last token it used up."""
        frame = self._frames[-1]
        self._writer.weight = frame.now()
        if index == frame.close:
            return self._leave(index)
        token, group = self._tokens[index], self._groups.get(index)
        if group is not None and token.lastgroup != "call":
            return self._enter(index, group)
        if token.lastgroup == "weighted":
            return self._take_word(index, token)
        if token[0] == "," and frame.parting is not None:
            self._part(frame)
        else:
            self._take(token, frame)
        return index

    def _take(self, token: re.Match[str], frame: _Frame) -> None:
        writer = self._writer
        match token.lastgroup:
            case "lora":
                amount = token["amount"]
                writer.put_network("lora", token["net"] + (f":{amount}" if amount else ""))
            case "network":
                writer.put(token["name"], PhraseKind.NETWORK, frame.now())
            case "negative":
                writer.put(token[0], PhraseKind.NEGATIVE, frame.now())
            case _:
                writer.take(token)

    def _enter(self, index: int, group: _Group) -> int:
        call = self._tokens[group.call] if group.call is not None else None
        if call is not None and call["verb"] == "swap":
            return self._put_swap(index, group.call or 0)
        factor = _factor(_written_after(self._tokens[group.close]))
        frame = _Frame(group.close, bounded(self._frames[-1].now() * factor))
        if call is not None and group.call is not None:
            given = self._given(group.call)
            if call["verb"] == "attend":
                frame.weight = bounded(frame.weight * _factor(given.strip()))
            else:
                self._begin_mix(frame, call["verb"], given)
        self._frames.append(frame)
        return index

    def _begin_mix(self, frame: _Frame, verb: str, given: str) -> None:
        words = [word.strip() for word in given.split(",") if word.strip()]
        numbers = [_number(word) for word in words]
        frame.shares = [number for number in numbers if number is not None]
        flags = [word for word, number in zip(words, numbers, strict=True) if number is None]
        frame.parting, frame.label = _PARTING[verb], f".{verb}({', '.join(flags)})"
        self._writer.end()

    def _part(self, frame: _Frame) -> None:
        self._writer.put(frame.label, frame.parting or PhraseKind.AND)
        frame.part += 1

    def _leave(self, index: int) -> int:
        """Close the innermost group, and step over the call that follows it."""
        self._frames.pop()
        following = self._groups.get(index + 1)
        is_call = following is not None and self._tokens[index + 1].lastgroup == "call"
        return following.close if following is not None and is_call else index

    def _take_word(self, index: int, token: re.Match[str]) -> int:
        call = self._groups.get(index + 1)
        is_call = call is not None and self._tokens[index + 1].lastgroup == "call"
        verb = self._tokens[index + 1]["verb"] if is_call else ""
        if verb == "swap":
            return self._put_swap(index, index + 1)
        around = self._frames[-1].now()
        self._writer.weight = bounded(around * _factor(token["signs"] or ""))
        self._writer.write(token["base"])
        self._writer.weight = around
        return index

    def _put_swap(self, start: int, call: int) -> int:
        """``"a".swap("b")``: words that are exchanged while sampling, as they are written."""
        close = self._groups[call].close
        written = self._text[self._tokens[start].start() : self._tokens[close].end()]
        self._writer.put(written, PhraseKind.EDITING, self._frames[-1].now())
        return close

    def _given(self, call: int) -> str:
        close = self._groups[call].close
        return self._text[self._tokens[call].end() : self._tokens[close].start()]


def _written_after(close: re.Match[str]) -> str:
    return close["round"] or close["quoted"] or ""


def _factor(written: str) -> float:
    """``++`` is 1.1², ``--`` is 0.9², a number itself."""
    if written[:1] in ("+", "-"):
        base = _MORE if written[0] == "+" else _LESS
        return bounded(base ** min(len(written), _MOST_SIGNS))
    number = _number(written)
    return 1.0 if number is None else number


def _number(written: str) -> float | None:
    return bounded(float(written)) if _NUMBER.fullmatch(written) else None


_NUMBER = re.compile(r"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)", re.ASCII)
