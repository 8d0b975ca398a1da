"""Which choice made what: counterfactual pairs, word maps and the author's path of one take."""

from dataclasses import dataclass
from enum import StrEnum

from remarque.model.digests import Digest


class ChoiceKind(StrEnum):
    """What was taken away or set back."""

    PHRASE = "phrase"
    NEGATIVE_PHRASE = "negative phrase"
    LORA = "lora"
    PARAMETER = "parameter"
    INPUT = "input"


class Character(StrEnum):
    """What a phrase asks for: GENERIC words ask for quality in general, creative ones for more."""

    CREATIVE = "creative"
    GENERIC = "generic"


class Outcome(StrEnum):
    """VISIBLE: the picture changed. NONE: no visible change. NOT_RUN: the budget ended before it.

    FAILED: the run without it gave no picture, and ``sentence`` says why.
    """

    VISIBLE = "visible"
    NONE = "no visible effect"
    NOT_RUN = "not run"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the picture, right and bottom not included."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The same seed and everything else, with one thing taken away or set back.

    ``choice`` is that thing in the author's words, ``before`` its value in the take and ``after``
    in the other run (None: taken away). ``picture`` is the other picture, ``difference`` the map
    of what changed (a PNG the size of the picture), ``share`` the part of the picture that changed
    visibly (0 to 1), ``region`` where most of it lies.
    """

    kind: ChoiceKind
    choice: str
    before: str | None
    after: str | None
    outcome: Outcome
    sentence: str
    character: Character = Character.CREATIVE
    share: float = 0.0
    region: Box | None = None
    picture: Digest | None = None
    difference: Digest | None = None


@dataclass(frozen=True, slots=True)
class WordMap:
    """Where the model's cross attention looked at one phrase, over layers and steps.

    ``overlay`` is the picture with the map over it (PNG), ``raw`` the map itself (8-bit grey PNG
    the size of the picture, 255 the strongest); ``peak`` its strongest place (x, y in pixels),
    ``share`` the part of the picture where it is above half its peak.
    """

    phrase: str
    overlay: Digest
    raw: Digest
    peak: tuple[int, int]
    share: float
    character: Character = Character.CREATIVE


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of the author's path and what it changed in the picture.

    ``before`` and ``after`` are takes, ``changes`` the sentences of what the author changed,
    ``difference`` the map of what changed, ``share`` the part of the picture that did.
    """

    before: str
    after: str
    changes: tuple[str, ...]
    sentence: str
    share: float
    difference: Digest | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one take owes to which choice: evidence about this model and this seed alone.

    ``baseline`` is the picture made again from the record, with which all pairs are compared, and
    ``baseline_grade`` how it compares with the recorded one (a grade of reruns). ``runs`` were
    made now, ``reused`` come from earlier explanations, ``not_run`` were left out by the budget.
    ``remarks`` are sentences on what could not be explained and why.
    """

    explanation: str
    work: str
    take: str
    original: Digest
    engine: str
    baseline: Digest
    baseline_grade: str
    counterfactuals: tuple[Counterfactual, ...] = ()
    word_maps: tuple[WordMap, ...] = ()
    path: tuple[PathStep, ...] = ()
    runs: int = 0
    reused: int = 0
    not_run: int = 0
    remarks: tuple[str, ...] = ()
    started: str = ""
    finished: str = ""

    @property
    def without_effect(self) -> tuple[str, ...]:
        """The choices whose absence changed nothing that can be seen."""
        return tuple(one.choice for one in self.counterfactuals if one.outcome is Outcome.NONE)
