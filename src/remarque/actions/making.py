"""Make pictures and record each one the moment it is there: every candidate is a take.

One order after the other goes to the engine; what comes out is entered before the next one begins,
so that whatever ends a making takes at most the picture being made.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from remarque.actions.making_descent import record_descent
from remarque.actions.making_orders import Planned
from remarque.actions.orders import Engine, Listening
from remarque.actions.ports import Vault
from remarque.actions.witnessing import Seen, record_seen
from remarque.errors import Cancelled, RemarqueError
from remarque.model.entry import TAKES
from remarque.model.history import Take, body_of
from remarque.progress import Step

KNOWN = "This picture was made before: the same bytes are a take of this work already."


@dataclass(frozen=True, slots=True)
class TakeMade:
    """One picture that was made and is on record.

    ``number`` is the take's place among the takes of its work, from 1, in the order entered;
    ``new`` is False where the work had this very picture; ``assumed`` are sentences on what was
    left open and how it was filled, ``warnings`` on what went wrong beside the take.
    """

    take: Take
    number: int
    new: bool
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def make_pictures(
    vault: Vault, work: str, planned: Planned, engine: Engine, listening: Listening | None = None
) -> Iterator[TakeMade]:
    """Make the pictures of a plan for a work (its id); each is on disk when it is given.

    Two makings may go on in one vault: they take turns at entering.

    Raises:
        Cancelled: ``listening.stop`` was set; what was given before is kept.
        MakingError, ProgramUnavailable, UsageError: The engine could not; see ``Engine.make``.
        DiskFull, VaultBusy, PlaceUnusable, EntryRejected: The picture could not be kept.
    """
    listening = listening or Listening()
    entering = _Entering(vault, work, planned.begun)
    for done, order in enumerate(planned.orders()):
        listening.progress(Step("pictures", done, planned.count, "making"))
        if listening.stop.is_set():
            raise Cancelled("the making was stopped")
        made = engine.make(order, listening)
        yield replace(entering.enter(made.seen), assumed=made.assumed)
    listening.progress(Step("pictures", planned.count, planned.count, "made"))


class _Entering:
    """Enters pictures into one work and knows the number of each take of it."""

    def __init__(self, vault: Vault, work: str, begun: Take | None) -> None:
        self._vault = vault
        self._work = work
        self._begun = begun
        self._read = 0
        self._numbers: dict[str, int] = {}

    def enter(self, seen: Seen) -> TakeMade:
        """Record one picture, and its parents where it has any; on return it is on disk."""
        with self._vault.watching.turn():
            witnessed = record_seen(self._vault, self._work, seen)
        warnings = [witnessed.warning] if witnessed.warning else []
        if witnessed.new:
            warnings += self._trace(witnessed.take)
        number = self._number_of(witnessed.take)
        return TakeMade(witnessed.take, number, witnessed.new, warnings=tuple(warnings))

    def _trace(self, take: Take) -> Iterator[str]:
        """Record the parents; a take whose parents cannot be found is still a take."""
        try:
            record_descent(self._vault, take, self._begun)
        except RemarqueError as error:
            yield f"the parents of take {take.take} were not recorded: {error.message}"

    def _number_of(self, take: Take) -> int:
        """Only what came since the last time is read; another making may have entered takes."""
        entries = self._vault.ledger.entries(work=self._work, kinds=sorted(TAKES), start=self._read)
        for stored in entries:
            self._read = stored.index + 1
            body = body_of(stored)
            if isinstance(body, Take):
                self._numbers.setdefault(body.take, len(self._numbers) + 1)
        return self._numbers[take.take]
