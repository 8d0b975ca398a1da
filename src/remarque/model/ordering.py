"""In which order old pictures were made: proposed from times, counters and smallest changes.

Only imported takes are put in order. A recorded take keeps its place in the ledger, because that
place is what the timestamps cover.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from statistics import median

from remarque.errors import MetadataMalformed
from remarque.model.history import Manner, Take
from remarque.model.recipe import Recipe
from remarque.model.times import parse_time

ORDER_PROPOSED = "imported, order proposed"
"""What an order that nobody recorded is called, wherever it is shown."""

FASTEST_SECONDS = 0.1
"""Files written faster than this one after the other were copied, not made (no generator known
here saves ten pictures of their own a second); then their times say nothing about the making."""

MOST_COMPARED = 48
"""So many takes of one moment are put in order by their smallest changes; beyond, by name."""

_COUNTER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W_]+")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_TAG = re.compile(r"<[^<>]*>")
_ARTICLES = (
    "a",
    "an",
    "and",
    "at",
    "by",
    "for",
    "from",
    "in",
    "is",
    "of",
    "on",
    "the",
    "to",
    "with",
)
_PRAISE = (
    "masterpiece",
    "best",
    "quality",
    "high",
    "highly",
    "detailed",
    "ultra",
    "sharp",
    "focus",
)
_SIZES = ("hd", "uhd", "hdr", "4k", "8k", "highres", "absurdres", "realistic", "photorealistic")
_STOCK = frozenset((*_ARTICLES, *_PRAISE, *_SIZES, "break"))
_FACTS = ("seed", "steps", "cfg", "sampler", "scheduler", "model", "denoise", "generated_size")

_Counter = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ProposedOrder:
    """The places of takes in the order they were most plausibly made.

    ``order`` holds indices into the takes that were given; ``basis`` are sentences that say what
    the order rests on, empty where nothing was proposed because every take was recorded.
    """

    order: tuple[int, ...]
    basis: tuple[str, ...] = ()


def words_of(recipe: Recipe) -> frozenset[str]:
    """The words of the prompt that tell one picture from another.

    Lower case, without LoRA tags, articles and the stock words of quality ("masterpiece", "8k");
    in scripts without blanks every character counts as a word. Empty where no prompt is known.
    """
    text = _TAG.sub(" ", recipe.prompt or "").lower()
    found = set(_WIDE.findall(text))
    found.update(_WORD.findall(_WIDE.sub(" ", text)))
    return frozenset(found - _STOCK)


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared words over all words of two prompts (Jaccard), 0 to 1; 0 where one has none."""
    if not one or not other:
        return 0.0
    return len(one & other) / len(one | other)


def moment_of(take: Take) -> datetime | None:
    """When the take's file was last written, by its own time; None where that is no time."""
    try:
        return parse_time(take.picture.modified)
    except MetadataMalformed:
        return None


def propose_order(takes: Sequence[Take]) -> ProposedOrder:
    """The most plausible order of takes that are given in the order of the ledger.

    Runs of imported takes are ordered among themselves: by the times of their files; within equal
    times, or where the times are those of a copy, by the counters in the file names, and where
    names have none by the smallest changes between recipes. Takes n log n time.
    """
    order: list[int] = []
    basis: list[str] = []
    for imported, run in groupby(range(len(takes)), lambda at: _is_imported(takes[at])):
        places = list(run)
        if imported and len(places) > 1:
            places, reason = _ordered(takes, places)
            basis.append(reason)
        order += places
    return ProposedOrder(tuple(order), tuple(dict.fromkeys(basis)))


def _is_imported(take: Take) -> bool:
    return take.manner is Manner.IMPORTED


def _ordered(takes: Sequence[Take], places: list[int]) -> tuple[list[int], str]:
    moments = {at: moment_of(takes[at]) for at in places}
    times = {at: moment.timestamp() for at, moment in moments.items() if moment is not None}
    if len(times) < len(places) or not _are_of_making(sorted(times.values())):
        return _without_times(takes, places), (
            f"{ORDER_PROPOSED}: the times of these files are missing or are those of a copy, so "
            "the order rests on the numbers in their names and the smallest changes of recipe"
        )
    found: list[int] = []
    for _, tied in groupby(sorted(places, key=lambda at: (times[at], at)), times.__getitem__):
        found += _without_times(takes, list(tied))
    return found, (
        f"{ORDER_PROPOSED}: by the times of the files; equal times by the numbers in their names "
        "and the smallest changes of recipe"
    )


def _are_of_making(times: Sequence[float]) -> bool:
    """Whether times lie as far apart as generated pictures do."""
    gaps = [after - before for before, after in pairwise(times)]
    return median(gaps) >= FASTEST_SECONDS if gaps else True


def _without_times(takes: Sequence[Take], places: list[int]) -> list[int]:
    """By counters in the names where these tell takes apart, else by the smallest changes."""
    if len(places) < 2:  # noqa: PLR2004 - nothing to order
        return places
    counters = {at: _counter_of(takes[at].picture.name) for at in places}
    counted = {at: counter for at, counter in counters.items() if counter is not None}
    if len(counted) > 1 and len(set(counted.values())) == len(counted):
        others = [at for at in places if at not in counted]
        # A file without a number beside numbered ones was named by hand, when it was finished.
        return [*sorted(counted, key=lambda at: (counted[at], at)), *_by_change(takes, others)]
    return _by_change(takes, places)


def _by_change(takes: Sequence[Take], places: list[int]) -> list[int]:
    if len(places) < 2:  # noqa: PLR2004 - nothing to order
        return places
    if len(places) > MOST_COMPARED:
        return sorted(places, key=lambda at: (takes[at].picture.name, at))
    return list(_by_smallest_change(takes, places))


def _counter_of(name: str) -> _Counter | None:
    """The counter of a file name, and what stands before it.

    Of ``00012-4711.png`` it is the first number, because the second is the seed; of names that do
    not begin with a number it is the last.
    """
    stem = name.rpartition(".")[0] or name
    found = list(_COUNTER.finditer(stem))
    if not found:
        return None
    number = found[0] if found[0].start() == 0 else found[-1]
    return stem[: number.start()].lower(), int(number.group()[:18])


def _by_smallest_change(takes: Sequence[Take], places: list[int]) -> Iterator[int]:
    """A chain that begins with the fewest words and goes on to the least changed take each time.

    What has no known words begins nothing: it is more likely the last, saved by an editor.
    """
    words = {at: words_of(takes[at].recipe) for at in places}
    left = sorted(places, key=lambda at: (not words[at], len(words[at]), at))
    here = left.pop(0)
    yield here
    while left:
        before = here
        here = min(left, key=lambda at: (_distance(takes, words, before, at), at))
        left.remove(here)
        yield here


def _distance(takes: Sequence[Take], words: dict[int, frozenset[str]], one: int, other: int) -> int:
    """How much changed between two recipes: a different word counts as much as a different fact."""
    before, after = takes[one].recipe, takes[other].recipe
    facts = sum(bool(getattr(before, name) != getattr(after, name)) for name in _FACTS)
    return len(words[one] ^ words[other]) + facts
