"""Wait until a file is whole: it no longer grows, and it ends as its format says."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from remarque.actions.finding_files import read_file
from remarque.actions.happenings import FileWhole, Trouble
from remarque.engines.folder_listing import SIDECAR_SUFFIX, Standing, standing_of
from remarque.errors import InputError, PictureTooLarge, PlaceUnusable
from remarque.intake.containers.png import SIGNATURE, walk
from remarque.model.times import format_time
from remarque.pictures.decoding import decode

Timer = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    ``settle`` a file must stand unchanged, ``give_up`` it may stay unfinished after its last
    change, ``longest`` it may go on changing before that is said, ``rescan`` between two full
    looks at a folder whose changes are reported, ``poll`` where they are not, ``stall`` without a
    sign of life from a folder.
    """

    settle: float = 0.3
    give_up: float = 60.0
    longest: float = 600.0
    rescan: float = 15.0
    poll: float = 1.0
    stall: float = 20.0


@dataclass(slots=True)
class _Waiting:
    """A file under observation. Times are of the timer, in seconds."""

    standing: Standing
    unchanged_since: float
    next_look: float
    caught_up: bool
    since: float
    pause: float = 0.5


class Settling:
    """Files that are being written. ``timer`` never goes backwards, whatever the clock does."""

    def __init__(self, patience: Patience, timer: Timer = time.monotonic) -> None:
        self._patience = patience
        self._timer = timer
        self._waiting: dict[Path, _Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, path: Path) -> bool:
        return path in self._waiting

    def watch(self, path: Path, standing: Standing, *, caught_up: bool = False) -> None:
        """Observe a file from now on; a file under observation that changed starts anew.

        A file that was there before is not made to wait: it stopped growing long ago.
        """
        known = self._waiting.get(path)
        if known is not None and known.standing == standing:
            return
        now = self._timer()
        at_once = caught_up and known is None
        self._waiting[path] = _Waiting(
            standing=standing,
            unchanged_since=now - self._patience.settle if at_once else now,
            next_look=now if at_once else now + self._patience.settle,
            caught_up=caught_up if known is None else known.caught_up,
            since=now if known is None else known.since,
        )

    def drop(self, path: Path) -> None:
        """No longer observe a file."""
        self._waiting.pop(path, None)

    def finished(self) -> Iterator[tuple[Path, Standing, FileWhole | Trouble]]:
        """The files that became whole, oldest first, and those that were given up."""
        now = self._timer()
        longest = self._patience.longest
        due = [
            (path, one)
            for path, one in self._waiting.items()
            if one.next_look <= now or now - one.since >= longest
        ]
        for path, one in sorted(due, key=lambda item: (item[1].standing.modified_ns, item[0])):
            outcome = self._look(path, one)
            if outcome is not None:
                self._waiting.pop(path, None)
                yield path, one.standing, outcome

    def _look(self, path: Path, one: _Waiting) -> FileWhole | Trouble | None:
        now = self._timer()
        try:
            standing = standing_of(path)
        except OSError as error:
            return self._later(path, one, (error.strerror or "it cannot be looked at").lower())
        if standing is None:
            self._waiting.pop(path, None)
            return None
        if standing != one.standing:
            one.standing, one.unchanged_since = standing, now
            one.next_look, one.pause = now + self._patience.settle, 0.5
        if now < one.next_look:
            return self._still_written(path, one)
        problem = why_not_whole(path)
        if problem is None:
            # A write between the look and the reading would have shown in size or time.
            return _whole(path, standing, caught_up=one.caught_up)
        return self._later(path, one, problem)

    def _still_written(self, path: Path, one: _Waiting) -> Trouble | None:
        """Say that a file never stands still, where it does not."""
        if self._timer() - one.since < self._patience.longest:
            return None
        return Trouble(
            f"The picture “{path.name}” is not recorded for now.",
            "It is written again and again and never stands still.",
        )

    def _later(self, path: Path, one: _Waiting, problem: str) -> Trouble | None:
        now = self._timer()
        if now - one.unchanged_since >= self._patience.give_up:
            return Trouble(
                f"The picture “{path.name}” was not recorded.",
                # With its time: another file of this name that fails is another loss.
                f"The file did not become whole: {problem} ({_written(one.standing)}).",
            )
        one.next_look, one.pause = now + one.pause, min(one.pause * 2, 8.0)
        return None


def why_not_whole(path: Path) -> str | None:
    """Why a file is not finished, or None where it is whole: a PNG to its IEND, others decode."""
    try:
        content = read_file(path)
        if not content:
            return "it is empty"
        if path.suffix.lower() == SIDECAR_SUFFIX:
            return None if content.rstrip(b"\0 \r\n\t").endswith(b">") else "it is cut off"
        if content.startswith(SIGNATURE):
            ended = any(chunk.kind == b"IEND" and chunk.whole for chunk in walk(content))
            return None if ended else "it ends before its closing chunk"
        decode(content)
    except PictureTooLarge:
        return None  # whoever records it says what is wrong with it
    except (InputError, PlaceUnusable) as error:
        return error.message
    return None


def _whole(path: Path, standing: Standing, *, caught_up: bool) -> FileWhole:
    written = _moment_of(standing)
    return FileWhole(path, written, standing.size_bytes, standing.modified_ns, caught_up=caught_up)


def _written(standing: Standing) -> str:
    return f"last written {format_time(_moment_of(standing))}"


def _moment_of(standing: Standing) -> datetime:
    try:
        return datetime.fromtimestamp(standing.modified_ns / 1e9, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
