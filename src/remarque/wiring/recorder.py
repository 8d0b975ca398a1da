"""The recorder that runs inside an artist's own program: it takes what is seen and returns at once.

A generation is never stopped or slowed by it: everything that takes time (digests of models,
decoding, the vault) happens in one thread of its own at low priority, and nothing it meets there
reaches the program. What could not be recorded goes to a log of its own and, as soon as the vault
can be written, into the record as a gap (DESIGN §5).
"""

import atexit
import contextlib
import functools
import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path

from remarque.actions.witnessing import Seen
from remarque.errors import RemarqueError
from remarque.model.witness import Observer
from remarque.wiring.clock import SystemClock
from remarque.wiring.recorder_queue import Item, Making, Missing, Picture, Refused, Waiting
from remarque.wiring.recorder_writing import VaultWriting
from remarque.wiring.settings import vault_place

MOST_WAITING = 512
"""Pictures (and notes of gaps) that may wait; one that comes when all places are taken is a gap."""

MOST_WAITING_BYTES = 1 << 30
"""Bytes that may wait: about 85 uncompressed pictures of 2048 x 2048 pixels."""

_NICENESS = 10
_IDLE_S = 10.0
_MOST_PROBLEMS = 200
_LONGEST_REASON = 300


class Recorder:
    """Records what a program makes. Safe to use from several threads; never raises.

    ``place`` is the vault's folder (default: REMARQUE_VAULT, else the platform's data folder),
    ``work`` the title or id of the work, None to let lineage decide. No passphrase is needed: the
    signed checkpoint over what was recorded is made by a later command.
    """

    def __init__(
        self, place: Path | None = None, *, work: str | None = None, observer: Observer
    ) -> None:
        self._work = work
        self._clock = SystemClock()
        self._writing = VaultWriting(vault_place(place), observer)
        self._pictures = Waiting(most=MOST_WAITING, most_bytes=MOST_WAITING_BYTES)
        self._problems: deque[str] = deque(maxlen=_MOST_PROBLEMS)
        self._gate = threading.Lock()
        self._thread: threading.Thread | None = None
        _close_at_the_end(self)

    @property
    def problems(self) -> tuple[str, ...]:
        """What went wrong so far in this process, a sentence each, oldest first."""
        return tuple(self._problems)

    @property
    def log_path(self) -> Path:
        """The recorder's own log: in the vault's folder, or without one in the state folder."""
        return self._writing.log_path

    def submit(self, seen: Making, *, work: str | None = None, holds_bytes: int = 0) -> None:
        """Hand over one picture, or a function that makes it of what was seen; returns at once.

        Args:
            seen: A function is called in the recorder's thread; what it raises becomes a gap.
            work: The work's title or id, where it is another than the recorder's.
            holds_bytes: What a function holds in memory until it is called.
        """
        size = _bytes_of(seen) if isinstance(seen, Seen) else holds_bytes
        self._put(Picture(seen, work if work is not None else self._work, size))

    def note_gap(self, missing: str, because: str, *, work: str | None = None) -> None:
        """Say that something is missing from the record, and why, each as a sentence."""
        moment = self._clock.now()
        self._put(Missing(missing, because, moment, work if work is not None else self._work))

    def flush(self, timeout_s: float = 30.0) -> bool:
        """Wait until all that was handed over is dealt with; False where the time ran out."""
        return self._pictures.wait_until_empty(timeout_s)

    def close(self, timeout_s: float = 30.0) -> None:
        """Deal with what waits, then end. Closing twice is fine.

        What is still waiting when the time is over is written to the log as missing.
        """
        self._pictures.end()
        with self._gate:
            thread, self._thread = self._thread, None
        if thread is None or thread is threading.current_thread():
            return
        thread.join(timeout_s)
        if thread.is_alive():
            self._give_up()

    def retire(self) -> None:
        """Take nothing more in; what waits is still dealt with, in the background."""
        self._pictures.end()

    def _put(self, item: Item) -> None:
        if not self._pictures.put(item) and self._pictures.ended:
            self._problems.append("Something came after the recorder was closed.")
            return
        self._start()

    def _start(self) -> None:
        with self._gate:
            if self._thread is not None or self._pictures.ended:
                return
            thread = threading.Thread(target=self._run, name="remarque recorder", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # no more threads, or the interpreter is ending
                self._problems.append(f"The recorder could not start: {error}.")
            else:
                self._thread = thread

    def _run(self) -> None:
        _lower_priority()
        while True:
            item = self._pictures.take(_IDLE_S)
            if item is not None:
                self._deal_with(item)
            elif self._pictures.ended:
                break
            else:
                self._guard(self._writing.record_missing)
                self._guard(self._writing.rest)
        self._guard(self._writing.rest)

    def _deal_with(self, item: Item) -> None:
        try:
            if isinstance(item, Picture):
                self._record(item)
            else:
                self._note(self._missing_of(item))
            self._guard(self._writing.record_missing)
        finally:
            self._pictures.done(item)

    def _record(self, item: Picture) -> None:
        name = item.making.name if isinstance(item.making, Seen) else "A picture"
        try:
            seen = item.making if isinstance(item.making, Seen) else item.making()
            name = seen.name
            done = self._writing.enter(seen, item.work)
        except RemarqueError as error:
            self._note(self._lost(name, error.message, item.work))
        except Exception as error:  # noqa: BLE001  whatever a program's objects raise ends here
            self._note(self._lost(name, f"{type(error).__name__}: {error}", item.work))
        else:
            if done.warning:
                self._writing.say(done.warning)

    def _give_up(self) -> None:
        """The time is over: what still waits is missing from the record, and the log says so."""
        for item in self._pictures.take_all():
            self._note(self._missing_of(item))

    def _missing_of(self, item: Item) -> Missing:
        if isinstance(item, Missing):
            return item
        if isinstance(item, Refused):
            return Missing(
                f"{item.count} pictures were made and are not in the record.",
                f"More than {MOST_WAITING} pictures, or {MOST_WAITING_BYTES >> 20} MiB, waited.",
                self._clock.now(),
                self._work,
            )
        name = item.making.name if isinstance(item.making, Seen) else "A picture"
        return self._lost(name, "the program ended before its turn came", item.work)

    def _lost(self, name: str, reason: str, work: str | None) -> Missing:
        short = reason[:_LONGEST_REASON].rstrip(". ")
        return Missing(
            f"{name} was made and is not in the record.",
            f"It could not be recorded: {short}.",
            self._clock.now(),
            work,
        )

    def _note(self, missing: Missing) -> None:
        self._problems.append(f"{missing.missing} {missing.because}")
        self._guard(functools.partial(self._writing.note, missing))

    def _guard(self, step: Callable[[], None]) -> None:
        """One step in the recorder's thread; what goes wrong in it must not end the thread."""
        try:
            step()
        except Exception as error:  # noqa: BLE001  the last place before the program's own threads
            self._problems.append(f"The recorder met {type(error).__name__}: {error}.")


def _bytes_of(seen: Seen) -> int:
    return len(seen.content) + len(seen.executed or b"") + sum(map(len, seen.sources))


def _lower_priority() -> None:
    """Let the program's own threads go first; Linux gives each thread a priority of its own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _close_at_the_end(recorder: Recorder) -> None:
    """Have what waits dealt with when the interpreter ends; the recorder may be gone by then."""
    found = weakref.ref(recorder)

    def flush() -> None:
        if (alive := found()) is not None:
            alive.flush()

    def close() -> None:
        if (alive := found()) is not None:
            alive.close()

    # Newer interpreters start no more threads in atexit, and the vault's writer is one: what
    # waits is dealt with a moment earlier where that can be asked for, as concurrent.futures does.
    with contextlib.suppress(RuntimeError):
        getattr(threading, "_register_atexit", atexit.register)(flush)
    atexit.register(close)
