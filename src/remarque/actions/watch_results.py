"""What a watch tells whoever started it, and what may be wished of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from remarque.actions.ports import Vault
from remarque.actions.witnessing import Seen
from remarque.model.descent import Descent
from remarque.model.entry import Stamp
from remarque.model.history import SelectionInferred, Take
from remarque.model.witness import Gap

ChooseWork: TypeAlias = Callable[[Vault, Seen], str]
InferLineage: TypeAlias = Callable[[Vault, Take], Descent | None]
Turn: TypeAlias = Callable[[], AbstractContextManager[None]]
"""What is held while something is entered, so that two watches of a vault take turns."""
Gallery: TypeAlias = Callable[[], frozenset[str]]
"""The file names, or whole paths, that are favourites in a gallery at this moment."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a watch does what, in seconds.

    A sitting is closed (checkpoint, timestamp) after ``quiet`` without a new entry, after
    ``longest`` at the latest, and every ``entries`` entries. What was done to files is judged
    ``debounce`` after the last thing done (a tool that works through a folder pauses less);
    ``retry`` is the pause before a failed entry is tried again; ``gallery`` that between two
    looks into a gallery.
    """

    quiet: float = 600.0
    longest: float = 3600.0
    entries: int = 200
    debounce: float = 10.0
    retry: float = 5.0
    gallery: float = 10.0


@dataclass(frozen=True, slots=True)
class WatchWishes:
    """What a watch is to do. Either ``work`` (its id) or ``choose_work`` is given.

    ``infer_lineage`` records the parents of a take; pictures in ``favourites`` folders are signs
    of a selection and no takes; without ``stamp`` the authorities are not asked; ``turn`` keeps
    other watches of the same vault from entering the same thing at the same time.
    """

    work: str | None = None
    choose_work: ChooseWork | None = None
    infer_lineage: InferLineage | None = None
    favourites: tuple[Path, ...] = ()
    galleries: tuple[Gallery, ...] = ()
    stamp: bool = True
    rhythm: Rhythm = field(default_factory=Rhythm)
    turn: Turn = nullcontext


@dataclass(frozen=True, slots=True)
class TakeWatched:
    """A picture was recorded (``new``), or seen again. ``seconds`` from file to entry."""

    path: Path | None
    take: Take
    new: bool
    caught_up: bool = False
    seconds: float | None = None
    warning: str = ""


@dataclass(frozen=True, slots=True)
class SelectionNoticed:
    """What was done with files was entered as an inferred selection."""

    inferred: SelectionInferred


@dataclass(frozen=True, slots=True)
class GapNoticed:
    """Something is missing from the record; ``entered`` is False where not even that could be."""

    gap: Gap
    path: Path | None = None
    entered: bool = True


@dataclass(frozen=True, slots=True)
class Postponed:
    """An entry could not be made now and is tried again; ``because`` is a sentence."""

    path: Path | None
    because: str


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Everything from before the watch has been told; ``pictures`` came while nobody watched."""

    pictures: int


@dataclass(frozen=True, slots=True)
class SittingClosed:
    """A checkpoint was signed; ``stamps`` are those of the one before that have come by now."""

    stamps: tuple[Stamp, ...] = ()
    problem: str = ""


Watched: TypeAlias = (
    TakeWatched | SelectionNoticed | GapNoticed | Postponed | CaughtUp | SittingClosed
)
