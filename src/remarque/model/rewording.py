"""What an author did to a prompt, as values."""

from dataclasses import dataclass
from enum import StrEnum

from remarque.model.prompts import PhraseKind


class Action(StrEnum):
    """What was done. CHANGED is the word for values that only have one place."""

    ADDED = "added"
    REMOVED = "removed"
    REPLACED = "replaced"
    MOVED = "moved"
    REWEIGHTED = "reweighted"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Piece:
    """A phrase, or some words of one (``within`` then holds the whole phrase).

    ``place`` is the zero-based place of the phrase in its prompt.
    """

    text: str
    weight: float
    place: int
    kind: PhraseKind = PhraseKind.WORDS
    within: str = ""


@dataclass(frozen=True, slots=True)
class Rewording:
    """One difference between two prompts. CHANGED: the same words were parted differently."""

    action: Action
    before: Piece | None
    after: Piece | None
