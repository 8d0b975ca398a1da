"""The recorder's side that waits: opens the vault, enters pictures with their lineage."""

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from remarque.actions.grouping import choose_work
from remarque.actions.lineage import infer_lineage
from remarque.actions.ports import Vault
from remarque.actions.witnessing import Seen, Witnessed, record_seen
from remarque.actions.works import open_work
from remarque.errors import (
    PictureDamaged,
    PlaceUnusable,
    RemarqueError,
    StoreError,
    UsageError,
    VaultBusy,
)
from remarque.model.history import Take
from remarque.model.witness import Observer
from remarque.store.vault import is_vault
from remarque.wiring.recorder_gaps import KnownMissing
from remarque.wiring.recorder_log import Noted
from remarque.wiring.recorder_queue import Missing
from remarque.wiring.vaults import open_vault

_BUSY_PAUSES_S = (0.5, 2.0, 5.0)


class VaultWriting:
    """Writes into the vault at one place; opened when needed, and let go of by ``rest``."""

    def __init__(self, place: Path, observer: Observer) -> None:
        self._place = place
        self._missing = KnownMissing(place, observer)
        self._open = ExitStack()
        self._vault: Vault | None = None
        self._work_ids: dict[str, str] = {}

    @property
    def log_path(self) -> Path:
        """Where the log lies now."""
        return self._missing.log.path

    def enter(self, seen: Seen, work: str | None) -> Witnessed:
        """Enter one picture, with its lineage; a busy vault is asked again a few times.

        Raises:
            RemarqueError: It was not recorded.
        """
        for pause_s in _BUSY_PAUSES_S:
            try:
                return self._enter_once(seen, work)
            except VaultBusy:
                time.sleep(pause_s)
        return self._enter_once(seen, work)

    def note(self, missing: Missing) -> None:
        """Write down that something is missing; it is recorded as soon as that can be."""
        self._missing.note(missing)

    def say(self, sentence: str) -> None:
        """Write down something that is no gap."""
        self._missing.say(sentence)

    def record_missing(self) -> None:
        """Bring into the vault what the log, of this or an earlier process, still holds."""
        if not self._missing.may_be_pending or not is_vault(self._place):
            return
        try:
            self._missing.record_all(self._opened(), self._work_of_gap)
        except RemarqueError:
            self.rest()  # tried again the next time; the lines stay where they are

    def rest(self) -> None:
        """Let go of the vault until it is needed again."""
        self._vault = None
        self._work_ids.clear()
        try:
            self._open.close()
        except RemarqueError as error:
            self.say(f"The vault did not close cleanly: {error.message}")

    def _enter_once(self, seen: Seen, work: str | None) -> Witnessed:
        try:
            vault = self._opened()
            with vault.watching.turn():
                known = self._work_id(vault, work) if work is not None else None
                done = _record_from_anywhere(vault, known or choose_work(vault, seen), seen)
        except StoreError:
            self.rest()  # the folder may have gone: the next one opens it anew
            raise
        if done.new:
            self._infer(vault, done.take)
        return done

    def _opened(self) -> Vault:
        if self._vault is None:
            self._vault = self._open.enter_context(open_vault(self._place))
        return self._vault

    def _work_id(self, vault: Vault, work: str) -> str:
        if work not in self._work_ids:
            self._work_ids[work] = open_work(vault, work)[0]
        return self._work_ids[work]

    def _work_of_gap(self, vault: Vault, noted: Noted) -> str | None:
        """The work named to the recorder; opened here if this gap is the first thing in it."""
        try:
            return self._work_id(vault, noted.work) if noted.work is not None else None
        except UsageError:  # a name that no work can have
            return None

    def _infer(self, vault: Vault, take: Take) -> None:
        try:
            infer_lineage(vault, take)
        except Exception as error:  # noqa: BLE001  the take is recorded; its parents can wait
            self.say(f"The lineage of {take.picture.name} was not found: {error}")


def _record_from_anywhere(vault: Vault, work: str, seen: Seen) -> Witnessed:
    """Take the file as it lies there; where it is gone or written anew, the bytes as seen."""
    try:
        return record_seen(vault, work, seen)
    except (PlaceUnusable, PictureDamaged):
        if seen.path is None:
            raise
        return record_seen(vault, work, replace(seen, path=None))
