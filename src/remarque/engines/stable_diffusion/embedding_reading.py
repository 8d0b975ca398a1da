"""A prompt as runs of text with one weight each: what a text encoder is given to read.

What this engine does not carry out (composition by ``AND``, words that change while sampling,
words a program fills in) is said in a remark, never left out in silence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from remarque.engines.stable_diffusion.embedding_separators import (
    hold_separators,
    is_separating,
    put_back,
)
from remarque.engines.stable_diffusion.embedding_states import first_state
from remarque.errors import UsageError
from remarque.model.phrases import Phrase, PhraseKind, bounded
from remarque.model.prompts import Syntax, parse_prompt

MOST_SIGNS = 60_000  # the separators' stand-ins are not more
_DEEPEST = 8
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_NOT_CARRIED_OUT = {
    PhraseKind.AND: "AND is not carried out: the parts were read one after another as one prompt.",
    PhraseKind.BLEND: "Blending is not carried out: the parts were read one after another.",
    PhraseKind.CHOICE: "“{}” was left out: words a program fills in are not filled in here.",
    PhraseKind.NEGATIVE: "“{}” was left out of the prompt: it asks for words to be kept out.",
    PhraseKind.PARAMETER: "“{}” was left out: settings are not read from the prompt.",
    PhraseKind.EDITING: "“{}” does not change while sampling here: its first words stay.",
    PhraseKind.ALTERNATION: "“{}” does not alternate here: its first words stay.",
    PhraseKind.SECTION: "“{}” and all after it was left out: parts are not made apart here.",
}


@dataclass(frozen=True, slots=True)
class Segment:
    """Text within a run; ``order`` is its phrase, None for what parts phrases."""

    text: str
    order: int | None = None
    network: bool = False


@dataclass(slots=True)
class Run:
    """Text read at one go with one weight."""

    weight: float
    segments: list[Segment] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The whole text of the run."""
        return "".join(segment.text for segment in self.segments)


@dataclass(slots=True)
class Reading:
    """A prompt ready to be cut into tokens: runs, by the stretches that ``BREAK`` parts."""

    phrases: tuple[Phrase, ...]
    stretches: list[list[Run]] = field(default_factory=lambda: [[]])
    remarks: list[str] = field(default_factory=list)

    @property
    def weighted(self) -> bool:
        """Whether any weight is not 1."""
        return any(run.weight != 1.0 for run in self.runs())

    @property
    def text(self) -> str:
        """The prompt without any notation."""
        return " ".join(run.text for run in self.runs())

    def runs(self) -> Iterator[Run]:
        """All runs in order."""
        return (run for stretch in self.stretches for run in stretch)

    def segments(self) -> Iterator[Segment]:
        """The segments of ``text``, those of the blanks between runs included."""
        for place, run in enumerate(self.runs()):
            yield from [Segment(" ")] if place else []
            yield from run.segments


def read_prompt(prompt: str, syntax: Syntax) -> Reading:
    """Read a prompt in its own syntax.

    Raises:
        UsageError: The prompt is longer than any this program takes, or no text.
    """
    if len(prompt) > MOST_SIGNS:
        raise UsageError(
            f"The prompt has {len(prompt)} signs; at most {MOST_SIGNS} can be read.",
            hint="Shorten the prompt.",
        )
    if _LONE_SURROGATE.search(prompt):
        raise UsageError("The prompt holds signs that are no text.", hint="Type it again.")
    reading = Reading(parse_prompt(prompt, syntax))
    _Reader(reading, syntax).read(prompt, reading.phrases)
    return reading


class _Reader:
    def __init__(self, reading: Reading, syntax: Syntax) -> None:
        self._reading = reading
        self._syntax = syntax

    def read(
        self,
        prompt: str,
        phrases: Sequence[Phrase],
        within: Phrase | None = None,
        depth: int = 0,
    ) -> None:
        """Put the text down; ``within`` is the phrase all of it belongs to, if one."""
        runs = _aligned(prompt, self._syntax, phrases) or _joined(phrases)
        for phrase, segments in runs:
            if phrase.kind is PhraseKind.WORDS:
                self._write(_belonging(segments, within), _weight(phrase, within))
            elif phrase.kind is PhraseKind.SECTION:
                self._remark(phrase)
                return
            else:
                self._take(phrase, within, depth)

    def _take(self, phrase: Phrase, within: Phrase | None, depth: int) -> None:
        match phrase.kind:
            case PhraseKind.LORA:
                return
            case PhraseKind.BREAK:
                self._reading.stretches.append([])
            case PhraseKind.NETWORK:
                order = (within or phrase).order
                segment = Segment(_name_of(phrase.text), order, network=True)
                self._write([segment], _weight(phrase, within))
            case PhraseKind.EDITING | PhraseKind.ALTERNATION:
                self._remark(phrase)
                self._read_first_state(phrase, within, depth)
            case _:
                self._remark(phrase)

    def _read_first_state(self, phrase: Phrase, within: Phrase | None, depth: int) -> None:
        if depth >= _DEEPEST:
            self._reading.remarks.append(f"“{_short(phrase.text)}” is nested too deep: left out.")
            return
        words = first_state(phrase.text, phrase.kind)
        order = (within or phrase).order
        whole = Phrase(phrase.text, _weight(phrase, within), order, phrase.kind)
        self.read(words, parse_prompt(words, self._syntax), whole, depth + 1)

    def _write(self, segments: list[Segment], weight: float) -> None:
        """Go on with the run, or begin one where the weight changes."""
        stretch = self._reading.stretches[-1]
        if stretch and stretch[-1].weight == weight:
            stretch[-1].segments += [Segment(" "), *segments]
        else:
            stretch.append(Run(weight, segments))

    def _remark(self, phrase: Phrase) -> None:
        sentence = _NOT_CARRIED_OUT[phrase.kind].format(_short(phrase.text))
        if sentence not in self._reading.remarks:
            self._reading.remarks.append(sentence)


def _aligned(
    prompt: str, syntax: Syntax, phrases: Sequence[Phrase]
) -> list[tuple[Phrase, list[Segment]]] | None:
    """The runs with their separators; None where a separator is notation of its own (compel)."""
    text, held = hold_separators(prompt)
    waiting = list(reversed(phrases))
    runs = []
    for whole in parse_prompt(text, syntax):
        written = put_back(whole.text, held)
        if whole.kind is PhraseKind.WORDS:
            runs.append((whole, _segments(written, whole.weight, waiting)))
        elif waiting and waiting[-1].kind is whole.kind:
            runs.append((waiting.pop(), []))
        else:
            return None
    return None if waiting else runs


def _segments(written: str, weight: float, waiting: list[Phrase]) -> list[Segment]:
    """The phrases that stand in a run, taken from those waiting, and what parts them."""
    segments, at = [], 0
    while waiting and waiting[-1].kind is PhraseKind.WORDS and waiting[-1].weight == weight:
        found = written.find(waiting[-1].text, at)
        if found < 0 or not is_separating(written[at:found]):
            break
        phrase = waiting.pop()
        segments += [Segment(written[at:found]), Segment(phrase.text, phrase.order)]
        at = found + len(phrase.text)
    segments.append(Segment(written[at:]))
    return [segment for segment in segments if segment.text]


def _joined(phrases: Sequence[Phrase]) -> list[tuple[Phrase, list[Segment]]]:
    """The phrases with a comma before each that follows words."""
    runs, follows = [], False
    for phrase in phrases:
        comma = [Segment(", ")] if follows else []
        runs.append((phrase, [*comma, Segment(phrase.text, phrase.order)]))
        follows = phrase.kind is PhraseKind.WORDS
    return runs


def _belonging(segments: list[Segment], within: Phrase | None) -> list[Segment]:
    if within is None:
        return segments
    return [Segment(segment.text, within.order, segment.network) for segment in segments]


def _weight(phrase: Phrase, within: Phrase | None) -> float:
    return bounded(phrase.weight * within.weight) if within else phrase.weight


def _name_of(network: str) -> str:
    """``<embed:name>`` and ``name`` are both the name."""
    return network.removeprefix("<").removesuffix(">").split(":", 1)[-1].strip()


_SHOWN = 60


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
