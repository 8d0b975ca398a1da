"""Close sittings while a watch goes on: the checkpoint at once, the timestamp in the background."""

import logging
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from threading import Thread

from remarque.actions.checkpointing import make_checkpoint, stamp_newest
from remarque.actions.ports import Vault
from remarque.actions.watch_results import Rhythm, SittingClosed, Turn
from remarque.errors import RemarqueError

_LAST_STAMP_SECONDS = 60.0
_AFTER_FAILURE_SECONDS = 60.0

_log = logging.getLogger(__name__)


class Sittings:
    """Counts entries and closes the sitting when the rhythm says so.

    An authority that is slow or dead must not hold up the recording: it is asked in a thread of
    its own, one asking at a time, and its wish stays queued in any case.
    """

    def __init__(
        self,
        vault: Vault,
        rhythm: Rhythm,
        *,
        stamp: bool = True,
        turn: Turn = nullcontext,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vault, self._rhythm, self._stamp, self._timer = vault, rhythm, stamp, timer
        self._turn = turn
        self._entries = 0
        self._unstamped = False  # a checkpoint was made while an authority was still being asked
        self._first_at = self._last_at = timer()
        self._not_before = 0.0
        self._asking: Thread | None = None
        self._answers: queue.SimpleQueue[SittingClosed] = queue.SimpleQueue()

    def count(self) -> None:
        """One more entry."""
        self._last_at = self._timer()
        if self._entries == 0:
            self._first_at = self._last_at
        self._entries += 1

    def due(self) -> Iterator[SittingClosed]:
        """Close the sitting if it is time."""
        while not self._answers.empty():
            yield self._answers.get()
        if self._is_time():
            yield from self._close()

    def finish(self) -> Iterator[SittingClosed]:
        """Close what is open and wait for the last stamp, within bounds."""
        if self._asking is not None:
            self._asking.join(_LAST_STAMP_SECONDS)
        if self._entries or self._unstamped:
            yield from self._close()
        if self._asking is not None:
            self._asking.join(_LAST_STAMP_SECONDS)
        while not self._answers.empty():
            yield self._answers.get()

    def _is_time(self) -> bool:
        now = self._timer()
        if not self._entries or now < self._not_before:
            return False
        return (
            self._entries >= self._rhythm.entries
            or now - self._last_at >= self._rhythm.quiet
            or now - self._first_at >= self._rhythm.longest
        )

    def _close(self) -> Iterator[SittingClosed]:
        try:
            with self._turn():
                make_checkpoint(self._vault)
        except RemarqueError as error:
            _log.warning("the sitting could not be closed: %s", error.message)
            self._not_before = self._timer() + _AFTER_FAILURE_SECONDS
            yield SittingClosed(problem=error.message)
            return
        self._entries = 0
        self._unstamped = True
        if not self._stamp or not self._vault.authorities:
            self._unstamped = False
            yield SittingClosed()
        elif self._asking is None or not self._asking.is_alive():
            self._unstamped = False
            self._asking = Thread(target=self._ask, name="timestamp", daemon=True)
            self._asking.start()

    def _ask(self) -> None:
        try:
            self._answers.put(SittingClosed(tuple(stamp_newest(self._vault))))
        except RemarqueError as error:
            _log.warning("no timestamp was asked for: %s", error.message)
            self._answers.put(SittingClosed(problem=error.message))
