"""Folders that programs save pictures in, as a source of pictures.

Changes are reported by the system (watchfiles); what it does not report (a file made at once in
a new folder, a network share, an overflow) is found by looking over the folders from time to
time. XMP sidecars are told like pictures: a rating is a sign of a selection.
"""

import queue
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

from remarque.actions.happenings import Happening, Quiet, Trouble
from remarque.engines.folder_listing import Standing
from remarque.engines.folder_root import RootWatch
from remarque.engines.folder_settling import Patience
from remarque.model.times import Clock, format_time

_QUIET_SECONDS = 0.2
_LEAVING_SECONDS = 2.0
_CLOCK_STEP = timedelta(seconds=5)


class FolderTree:
    """``actions.happenings.PictureSource`` over folders and everything below them.

    ``known`` are the files that were dealt with before, as they stood then: they are not told
    again. Other files that are older than the watch are told as caught up.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        known: Mapping[Path, Standing],
        clock: Clock,
        patience: Patience | None = None,
    ) -> None:
        self._folders = _outermost(folders)
        self._known = known
        self._clock = clock
        self._patience = patience or Patience()

    @property
    def name(self) -> str:
        """The folders, for people."""
        return ", ".join(str(folder) for folder in self._folders)

    def happenings(self, stop: Event) -> Iterator[Happening]:
        """Everything that happens, until ``stop`` is set; see ``PictureSource``."""
        told: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        roots = [
            RootWatch(folder, self._folders, _below(folder, self._known), told.put, self._clock)
            for folder in self._folders
        ]
        threads = [
            Thread(target=root.run, args=(stop, self._patience), name="folder watch", daemon=True)
            for root in roots
        ]
        for thread in threads:
            thread.start()
        yield from self._joined(told, roots, stop)
        for thread in threads:
            thread.join(_LEAVING_SECONDS)  # one that hangs in a dead share ends with the program

    def _joined(
        self, told: "queue.SimpleQueue[Happening]", roots: Sequence[RootWatch], stop: Event
    ) -> Iterator[Happening]:
        stalls = _Stalls(roots, self._patience.stall)
        steps = _ClockSteps(self._clock)
        while not stop.is_set():
            yield from stalls.noticed()
            yield from steps.noticed()
            caught_up = all(root.caught_up for root in roots)  # before the last look in the queue
            try:
                yield told.get(timeout=_QUIET_SECONDS)
            except queue.Empty:
                yield Quiet(caught_up=caught_up)


class _Stalls:
    """Notices folders that give no sign of life; each stall is told once."""

    def __init__(self, roots: Sequence[RootWatch], limit: float) -> None:
        self._roots, self._limit = roots, limit
        self._stalled: set[Path] = set()

    def noticed(self) -> Iterator[Trouble]:
        now = time.monotonic()
        for root in self._roots:
            if now - root.beat_at < self._limit:
                self._stalled.discard(root.root)
            elif root.root not in self._stalled:
                self._stalled.add(root.root)
                yield Trouble(
                    f"Pictures saved in the folder “{root.root.name}” are not recorded for now.",
                    f"The folder has not answered for {self._limit:.0f} seconds.",
                    lasting=True,
                )


class _ClockSteps:
    """Notices a clock that is set back: then the times of files and entries do not agree.

    A step forward is not told: a computer that slept looks the same.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = self._measure()

    def noticed(self) -> Iterator[Trouble]:
        offset = self._measure()
        back = self._offset - offset
        self._offset = offset
        if back >= _CLOCK_STEP.total_seconds():
            yield Trouble(
                "The times of pictures recorded before and after this are not in one order.",
                f"The computer's clock was set back by {back:.0f} seconds, to "
                f"{format_time(self._clock.now())}.",
            )

    def _measure(self) -> float:
        return self._clock.now().timestamp() - time.monotonic()


def _outermost(folders: Sequence[Path]) -> list[Path]:
    """The folders by their real place, without those that lie in another of them."""
    real = list(dict.fromkeys(folder.resolve() for folder in folders))
    return [folder for folder in real if not any(other in folder.parents for other in real)]


def _below(folder: Path, known: Mapping[Path, Standing]) -> dict[Path, Standing]:
    return {path: standing for path, standing in known.items() if folder in path.parents}
