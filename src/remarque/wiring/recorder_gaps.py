"""What is missing from the record: from the recorder's memory and logs into the vault as gaps."""

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import platformdirs

from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, record_all
from remarque.actions.taking import gap_without_secrets
from remarque.errors import StoreError
from remarque.model.entry import Kind
from remarque.model.history import body_of
from remarque.model.times import format_time
from remarque.model.witness import Gap, Observer
from remarque.store.vault import is_vault
from remarque.wiring.clock import SystemClock
from remarque.wiring.recorder_log import LOG_NAME, Noted, RecorderLog, new_note_id
from remarque.wiring.recorder_queue import Missing

_MOST_IN_MEMORY = 1000

WorkOf = Callable[[Vault, Noted], str | None]
"""The id of the work a note belongs to, if it belongs to one."""


class KnownMissing:
    """Notes of what is missing from one vault's record, until the vault has them."""

    def __init__(self, place: Path, observer: Observer) -> None:
        self._place = place
        self._observer = observer
        self._clock = SystemClock()
        self._unlogged: deque[Noted] = deque(maxlen=_MOST_IN_MEMORY)
        self.may_be_pending = True  # an earlier process may have left something

    @property
    def log(self) -> RecorderLog:
        """The log in the vault's folder; without a vault, in the platform's state folder."""
        return RecorderLog(self._place / LOG_NAME) if is_vault(self._place) else _homeless_log()

    def note(self, missing: Missing) -> None:
        """Write it down; where no log can be written, it stays in memory."""
        noted = Noted(
            id=new_note_id(),
            vault=str(self._place),
            observer=str(self._observer),
            noticed=format_time(missing.noticed),
            missing=missing.missing,
            because=missing.because,
            work=missing.work,
        )
        self.may_be_pending = True
        try:
            self.log.note(noted)
        except StoreError:  # a full disk has no room for its own log either
            self._unlogged.append(noted)

    def say(self, sentence: str) -> None:
        """Write down something that is no gap; where even that fails, nothing is lost by it."""
        try:
            self.log.say(format_time(self._clock.now()), sentence)
        except StoreError:
            return

    def record_all(self, vault: Vault, work_of: WorkOf) -> None:
        """Record everything that is known to be missing.

        Raises:
            RemarqueError: Not all of it could be recorded; what was not is tried again.
        """
        while self._unlogged:
            self._record(vault, [self._unlogged[0]], work_of)
            self._unlogged.popleft()
        # What was noted before there was a vault lies in the other log.
        logs = {log.path: log for log in (self.log, _homeless_log()) if log.path.is_file()}
        done = [self._record_from(log, vault, work_of) for log in logs.values()]
        self.may_be_pending = not all(done)

    def _record_from(self, log: RecorderLog, vault: Vault, work_of: WorkOf) -> bool:
        """Record the pending lines of one log; False where another process is at them."""
        with log.alone() as held:
            if not held:
                return False
            pending = log.pending(self._place)
            if pending:
                self._record(vault, pending, work_of)
                log.mark_recorded([noted.id for noted in pending])
            log.shorten()
        return True

    def _record(self, vault: Vault, pending: Sequence[Noted], work_of: WorkOf) -> None:
        gaps = [self._gap_of(noted, work_of(vault, noted)) for noted in pending]
        # A process cut short between the vault and its log must not say the same thing twice.
        known = {body_of(stored) for stored in vault.ledger.entries(kinds=[Kind.GAP_NOTED])}
        fresh = [gap for gap in gaps if gap not in known]
        if fresh:
            record_all(vault, [Fact(gap, gap.work) for gap in fresh])

    def _gap_of(self, noted: Noted, work: str | None) -> Gap:
        observers = {str(one): one for one in Observer}
        return gap_without_secrets(
            Gap(
                work=work,
                observer=observers.get(noted.observer, self._observer),
                noticed=noted.noticed,
                missing=noted.missing,
                because=noted.because,
            )
        )


def _homeless_log() -> RecorderLog:
    folder = platformdirs.user_state_path("remarque", appauthor=False)
    return RecorderLog(Path(folder) / LOG_NAME)
