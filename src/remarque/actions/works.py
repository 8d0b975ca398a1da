"""Works and their histories, folded from the ledger each time: nothing to fall out of step."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, new_id, record
from remarque.errors import Ambiguous, NotFound, UsageError
from remarque.model.descent import Descent
from remarque.model.digests import Digest
from remarque.model.entry import Kind, StoredEntry
from remarque.model.explanations import Explanation
from remarque.model.history import (
    Body,
    Edition,
    IntentStated,
    Selection,
    SelectionInferred,
    Sighting,
    Take,
    WorkOpened,
    body_of,
)
from remarque.model.reruns import Rerun
from remarque.model.witness import Gap

LONGEST_TITLE = 300
SHORTEST_ID_PREFIX = 4

Value = TypeVar("Value", bound=Body)


@dataclass(frozen=True, slots=True)
class Recorded(Generic[Value]):
    """A body together with the ledger entry it stands in."""

    body: Value
    stored: StoredEntry

    @property
    def index(self) -> int:
        """The zero-based index of the entry."""
        return self.stored.index

    @property
    def time(self) -> str:
        """The entry's own time, by the vault's clock."""
        return self.stored.entry.time


@dataclass(slots=True)
class History:
    """One work's whole record, in ledger order. Filled once by ``fold``, then only read."""

    work: str
    title: str
    opened: str
    intents: list[Recorded[IntentStated]] = field(default_factory=list)
    takes: list[Recorded[Take]] = field(default_factory=list)
    reruns: list[Recorded[Rerun]] = field(default_factory=list)
    explanations: list[Recorded[Explanation]] = field(default_factory=list)
    descents: list[Recorded[Descent]] = field(default_factory=list)
    inferred: list[Recorded[SelectionInferred]] = field(default_factory=list)
    selections: list[Recorded[Selection]] = field(default_factory=list)
    editions: list[Recorded[Edition]] = field(default_factory=list)
    sightings: list[Recorded[Sighting]] = field(default_factory=list)
    gaps: list[Recorded[Gap]] = field(default_factory=list)

    def take_of(self, picture: Digest) -> Recorded[Take] | None:
        """The first take that produced this picture."""
        return next((t for t in self.takes if t.body.picture.digest == picture), None)

    def add(self, stored: StoredEntry) -> None:
        """Take one more entry of this work in."""
        body = body_of(stored)
        shelf = self._shelves().get(type(body))
        if shelf is not None:
            shelf.append(Recorded(body, stored))

    def _shelves(self) -> dict[type[Body], list[Any]]:
        return {
            IntentStated: self.intents,
            Take: self.takes,
            Rerun: self.reruns,
            Explanation: self.explanations,
            Descent: self.descents,
            SelectionInferred: self.inferred,
            Selection: self.selections,
            Edition: self.editions,
            Sighting: self.sightings,
            Gap: self.gaps,
        }


def histories(vault: Vault) -> list[History]:
    """Every work of the vault with its history, oldest first."""
    found: dict[str, History] = {}
    for stored in vault.ledger.entries():
        if stored.entry.work is None:
            continue
        if stored.entry.kind is Kind.WORK_OPENED:
            found[stored.entry.work] = _opened(stored)
        elif stored.entry.work in found:
            found[stored.entry.work].add(stored)
    return list(found.values())


def history_of(vault: Vault, reference: str) -> History:
    """One work's history, by title or by the start of its id.

    Raises:
        NotFound: No such work.
        Ambiguous: Several works fit.
    """
    work = find_work(vault, reference)
    entries = vault.ledger.entries(work=work)
    found = _opened(next(entries))
    for stored in entries:
        found.add(stored)
    return found


def find_work(vault: Vault, reference: str) -> str:
    """The id of the work with this title or this start of an id.

    Raises:
        NotFound: No such work.
        Ambiguous: Several works fit.
    """
    titles = _titles(vault)
    by_title = [work for work, title in titles.items() if title == reference]
    by_id = [work for work in titles if work.startswith(reference.lower())]
    fitting = by_title or (by_id if len(reference) >= SHORTEST_ID_PREFIX else [])
    if not fitting:
        known = ", ".join(f"“{title}”" for title in list(titles.values())[:8]) or "none yet"
        raise NotFound(
            f"there is no work “{reference}” in this vault",
            hint=f"Works here: {known}. See: remarque works",
        )
    if len(fitting) > 1:
        raise Ambiguous(
            f"“{reference}” fits {len(fitting)} works", hint="Use more of the id: remarque works"
        )
    return fitting[0]


def open_work(vault: Vault, title: str) -> tuple[str, bool]:
    """The id of the work with this title, and whether it was opened just now.

    Raises:
        UsageError: The title is empty or longer than 300 characters.
    """
    title = title.strip()
    if not title or len(title) > LONGEST_TITLE:
        raise UsageError(f"a work's name has 1 to {LONGEST_TITLE} characters")
    for work, known in _titles(vault).items():
        if title in (known, work):
            return work, False
    work = new_id()
    record(vault, Fact(WorkOpened(work=work, title=title), work))
    return work, True


def state_intent(vault: Vault, work: str, text: str) -> None:
    """Record what the author says the picture is to become. Stated again, it is a revision.

    Raises:
        UsageError: The text is empty.
    """
    if not text.strip():
        raise UsageError("the intent is empty; say in a sentence what the picture is to become")
    record(vault, Fact(IntentStated(work=work, text=text.strip()), work))


def _titles(vault: Vault) -> dict[str, str]:
    titles = {}
    for stored in vault.ledger.entries(kinds=[Kind.WORK_OPENED]):
        body = body_of(stored)
        if isinstance(body, WorkOpened):
            titles[body.work] = body.title
    return titles


def _opened(stored: StoredEntry) -> History:
    body = body_of(stored)
    if not isinstance(body, WorkOpened):
        raise NotFound(f"the work {stored.entry.work} does not begin with its opening entry")
    return History(work=body.work, title=body.title, opened=stored.entry.time)
