"""What went into one work, counted: context for a reader, never a score."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, pairwise

from remarque.model.digests import Digest
from remarque.model.history import Edition, Manner, Selection, SelectionInferred, Take
from remarque.model.lineage import same_sitting
from remarque.model.ordering import moment_of
from remarque.model.prompts import PhraseKind, Syntax, parse_prompt, syntax_of

_Dated = tuple[datetime, str]

CONTEXT = "counted as context, not as a score: fewer takes or words say nothing against a work"
FILE_TIMES = "times of imported takes are those their files bear, which copying may have changed"

_PARAMETERS = (
    "seed", "steps", "cfg", "sampler", "scheduler", "model", "vae", "clip_skip", "denoise",
    "generated_size",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sitting:
    """One stretch of making: from the first take's time to the last one's, RFC 3339."""

    start: str
    end: str
    takes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of one work.

    ``tried`` are the distinct phrases of all prompts, ``kept`` those of them in the chosen
    pictures' prompts, ``dropped`` the others; both are None while nothing is chosen or no chosen
    picture has a known prompt. ``parameters`` maps a name to its number of distinct values.
    ``made`` counts takes, ``previews`` those of them no file was saved for, ``chosen`` and
    ``rejected`` distinct pictures (a picture that was ever chosen is not rejected), ``inferred``
    pictures preferred by what was done with files alone, ``published`` editions. ``viewed`` is
    None: nothing records it. ``seconds`` is the time between first and last take of every
    sitting, summed; ``remarks`` say how far the counts can be trusted.
    """

    tried: int
    kept: int | None
    dropped: int | None
    parameters: Mapping[str, int]
    made: int
    previews: int
    rejected: int
    chosen: int
    inferred: int
    published: int
    viewed: int | None
    sittings: tuple[Sitting, ...]
    seconds: float
    remarks: tuple[str, ...] = (CONTEXT,)


def tally_of(
    takes: Sequence[Take],
    selections: Sequence[Selection],
    inferred: Sequence[SelectionInferred],
    editions: Sequence[Edition],
) -> Tally:
    """Count what the record of one work holds, in linear time."""
    chosen = {selection.picture for selection in selections}
    over = chain((one.over for one in selections), (one.over for one in inferred))
    rejected = {picture for pictures in over for picture in pictures} - chosen
    preferred = {one.picture for one in inferred} - chosen
    tried, kept = _phrases(takes, chosen)
    sittings = _sittings(takes)
    return Tally(
        tried=len(tried),
        kept=len(kept) if kept is not None else None,
        dropped=len(tried) - len(kept) if kept is not None else None,
        parameters=_explored(takes),
        made=len(takes),
        previews=sum(take.witness is not None and not take.witness.saved for take in takes),
        rejected=len(rejected - preferred),
        chosen=len(chosen),
        inferred=len(preferred),
        published=len(editions),
        viewed=None,
        sittings=sittings,
        seconds=sum(sitting.seconds for sitting in sittings),
        remarks=tuple(_remarks(takes)),
    )


def _phrases(takes: Sequence[Take], chosen: set[Digest]) -> tuple[set[str], set[str] | None]:
    """All phrases, and those of the chosen pictures; each distinct prompt is read once."""
    read: dict[tuple[str, Syntax], frozenset[str]] = {}
    tried: set[str] = set()
    kept: set[str] = set()
    known = False
    for take in takes:
        if take.recipe.prompt is None:
            continue
        key = (take.recipe.prompt, syntax_of(take.generator))
        if key not in read:
            read[key] = frozenset(_words(*key))
        tried |= read[key]
        if take.picture.digest in chosen:
            kept |= read[key]
            known = True
    return tried, kept if known else None


def _words(prompt: str, syntax: Syntax) -> Iterator[str]:
    for phrase in parse_prompt(prompt, syntax):
        if phrase.kind not in (PhraseKind.BREAK, PhraseKind.AND) and phrase.text:
            yield phrase.text.casefold()


def _explored(takes: Sequence[Take]) -> dict[str, int]:
    values: dict[str, set[Hashable]] = defaultdict(set)
    for take in takes:
        for name in _PARAMETERS:
            value = getattr(take.recipe, name)
            if value is not None:
                values[name].add(value)
        for lora in take.recipe.loras:
            values["loras"].add((lora.name, lora.weight))
    return {name: len(found) for name, found in values.items()}


def _sittings(takes: Sequence[Take]) -> tuple[Sitting, ...]:
    """Takes parted where more than half an hour lies between two of them, by their files' times."""
    dated = [(moment, take.picture.modified) for take in takes if (moment := moment_of(take))]
    dated.sort()
    begins = [0, *(at for at, two in enumerate(pairwise(dated), start=1) if not _together(*two))]
    groups = [dated[start:end] for start, end in pairwise([*begins, len(dated)]) if start < end]
    return tuple(
        Sitting(
            start=group[0][1],
            end=group[-1][1],
            takes=len(group),
            seconds=(group[-1][0] - group[0][0]).total_seconds(),
        )
        for group in groups
    )


def _together(before: _Dated, after: _Dated) -> bool:
    return same_sitting(before[0], after[0])


def _remarks(takes: Sequence[Take]) -> Iterator[str]:
    yield CONTEXT
    imported = sum(take.manner is Manner.IMPORTED for take in takes)
    if imported:
        yield f"{imported} of {len(takes)} takes are imported: {FILE_TIMES}"
    undated = sum(moment_of(take) is None for take in takes)
    if undated:
        yield f"{undated} takes have no time and are in no sitting"
