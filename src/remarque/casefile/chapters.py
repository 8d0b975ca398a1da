"""The parts of the story a case file tells, as frozen values: facts and grades, no sentences."""

from dataclasses import dataclass
from datetime import datetime

from remarque.model.changes import Change
from remarque.model.digests import Digest
from remarque.model.entry import Kind, StampState
from remarque.model.explanations import Explanation
from remarque.model.grades import Grade
from remarque.model.history import Edition, Match, Selection, SelectionInferred, Sighting, Take
from remarque.model.reruns import Rerun
from remarque.model.steps import Step as Origin
from remarque.model.tally import Tally
from remarque.model.witness import Gap
from remarque.verifying.grading import is_loopback
from remarque.verifying.timestamps import TokenJudgement


@dataclass(frozen=True, slots=True)
class StampSeen:
    """One timestamp over one checkpoint; ``judgement`` is there once a token is held."""

    size: int
    authority: str
    state: StampState
    judgement: TokenJudgement | None
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether a token is held, is over this checkpoint and is rightly signed."""
        return self.judgement is not None and self.judgement.intact and self.time is not None

    @property
    def is_known(self) -> bool:
        """Whether the signer leads to a root publicly known or trusted by the author."""
        return self.holds and self.judgement is not None and self.judgement.trusted

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the authority is a program on loopback, which is never an outside witness."""
        return is_loopback(self.authority)

    @property
    def time(self) -> datetime | None:
        """The moment the token names; only worth something where it ``holds``."""
        return self.judgement.time if self.judgement else None


@dataclass(frozen=True, slots=True)
class CheckpointSeen:
    """A signed tree head: how many entries it covers, root (hex), exact note, its stamps."""

    size: int
    root: str
    note: bytes
    stamps: tuple[StampSeen, ...]


@dataclass(frozen=True, slots=True)
class Dated:
    """When a fact entered the record, and how far that can be trusted.

    ``index`` is the zero-based entry, ``recorded`` the author's own clock, ``witness`` the
    outside stamp the grade rests on, ``queued`` whether one is still to come, ``came`` the
    picture file's own time, ``demonstration`` whether the only stamps over the entry were made
    by an authority on the same machine.
    """

    index: int
    recorded: datetime
    grade: Grade
    witness: StampSeen | None
    queued: bool
    came: datetime | None
    demonstration: bool


@dataclass(frozen=True, slots=True)
class Intent:
    """What the author said the picture was to become: a statement."""

    dated: Dated
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One take, numbered from 1 in the order told, with what changed since the take it came from.

    ``origin`` says which take that is, by what, and on which basis; the rest is that of
    ``model.steps.Step``, which the terminal tells from too.
    """

    dated: Dated
    origin: Origin

    @property
    def number(self) -> int:
        """The place of the take in the order told."""
        return self.origin.number

    @property
    def take(self) -> Take:
        """The take itself."""
        return self.origin.take

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the author changed to come to this take: inferred."""
        return self.origin.changes

    @property
    def incomparable(self) -> tuple[str, ...]:
        """Facts that only one of the two compared takes records."""
        return self.origin.incomparable


@dataclass(frozen=True, slots=True)
class Choice:
    """A selection: what was chosen over what, and the author's reason, which is a statement."""

    dated: Dated
    selection: Selection


@dataclass(frozen=True, slots=True)
class Inferred:
    """A selection inferred from what was done with files; ``confirmed`` by a later statement.

    ``leaf`` is the leaf digest of its entry (hex), by which the statement names it.
    """

    dated: Dated
    selection: SelectionInferred
    confirmed: bool
    leaf: str = ""


@dataclass(frozen=True, slots=True)
class GapSeen:
    """Something a recorder knew to be missing."""

    dated: Dated
    gap: Gap


@dataclass(frozen=True, slots=True)
class MadeAgain:
    """One attempt to make a take again from its record."""

    dated: Dated
    rerun: Rerun


@dataclass(frozen=True, slots=True)
class Explained:
    """What was found out about which choice of a take made what."""

    dated: Dated
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Publication:
    """An edition and the marks read back from it."""

    dated: Dated
    edition: Edition


@dataclass(frozen=True, slots=True)
class Comparison:
    """One match of a sighting with this work; ``edition`` where a published copy is meant."""

    match: Match
    edition: Edition | None


@dataclass(frozen=True, slots=True)
class Copy:
    """A suspect picture and how it was judged.

    ``comparisons`` are those with this work alone, in the order of the record: best first.
    """

    dated: Dated
    sighting: Sighting
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class EntrySeen:
    """An entry as it stands in the ledger: exact bytes, leaf digest, inclusion proof."""

    index: int
    kind: Kind
    leaf: bytes
    leaf_digest: bytes
    proof: bytes
    dated: Dated


@dataclass(frozen=True, slots=True)
class Absence:
    """A file the record names whose bytes are not in the bundle, and why."""

    digest: Digest
    reason: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the case file of one work says, in order, before it is put into words."""

    author: str
    key_id: str
    verifier_key: str
    work: str
    title: str
    software: str
    written_at: datetime
    opened: Dated | None
    intents: tuple[Intent, ...]
    steps: tuple[Step, ...]
    choices: tuple[Choice, ...]
    publications: tuple[Publication, ...]
    copies: tuple[Copy, ...]
    about: str | None
    entries: tuple[EntrySeen, ...]
    checkpoints: tuple[CheckpointSeen, ...]
    absences: tuple[Absence, ...]
    inferred: tuple[Inferred, ...] = ()
    gaps: tuple[GapSeen, ...] = ()
    tally: Tally | None = None
    order_basis: tuple[str, ...] = ()
    withheld: tuple[Absence, ...] = ()
    reruns: tuple[MadeAgain, ...] = ()
    explanations: tuple[Explained, ...] = ()

    @property
    def accused(self) -> Copy | None:
        """The copy this case is about."""
        return next((copy for copy in self.copies if copy.sighting.sighting == self.about), None)

    @property
    def chosen(self) -> Digest | None:
        """The picture of the last selection, else edition, else inferred selection, else take."""
        if self.choices:
            return self.choices[-1].selection.picture
        if self.publications:
            return self.publications[-1].edition.source
        if self.inferred:
            return self.inferred[-1].selection.picture
        return self.steps[-1].take.picture.digest if self.steps else None

    def step_of(self, picture: Digest) -> Step | None:
        """The first take that produced this picture."""
        return next((step for step in self.steps if step.take.picture.digest == picture), None)

    def grade_counts(self) -> dict[Grade, int]:
        """How many entries of the work carry each grade; all four grades are named."""
        of_work = [entry for entry in self.entries if entry.kind is not Kind.VAULT_OPENED]
        return {grade: sum(e.dated.grade is grade for e in of_work) for grade in Grade}
