"""The inbox as it lies on disk: looked into with suspicion, emptied, locked by one reader.

A name is followed only if it is a plain file or folder of the expected name and size; a link leads
nowhere. A hand-over leaves by a rename, so that no half of one is ever seen.
"""

import contextlib
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from remarque.engines.inbox_format import HAND_OVER_NAME, LOST_NAME
from remarque.engines.inbox_writing import READER_MARK, TEMPORARY_PREFIX
from remarque.errors import PictureGone, PlaceUnusable

REFUSED = "refused"
MOST_REFUSED = 200
LEAVING_PREFIX = ".done-"

_MOST_LISTED = 20_000
_ABANDONED_S = 600.0
_OTHERS_MAY_WRITE = 0o022


class InboxFolder:
    """One inbox. Methods raise PlaceUnusable where the system refuses."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._lock: IO[bytes] | None = None

    def prepare(self) -> None:
        """Make the folder, for this user alone.

        Raises:
            PlaceUnusable: It cannot be made, is a link, or others may write into it.
        """
        with _translating(self.place):
            self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self.place.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise PlaceUnusable(f"{self.place} is no folder")
        if sys.platform != "win32" and (
            found.st_uid != os.geteuid() or found.st_mode & _OTHERS_MAY_WRITE
        ):
            raise PlaceUnusable(
                f"others may write into {self.place}", hint="Run: chmod 700, on the inbox."
            )

    def take_lock(self) -> bool:
        """Become the one reader until ``leave``, or the process, ends it; False where one is."""
        if self._lock is None:
            with _translating(self.place):
                handle = _open_mark(self.place / READER_MARK)
            if not _lock(handle):
                handle.close()
                return False
            self._lock = handle
        return True

    def leave(self) -> None:
        """Let another one read."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def beat(self) -> None:
        """Show the writers that somebody reads."""
        with contextlib.suppress(OSError):
            os.utime(self.place / READER_MARK)

    def hand_overs(self) -> list[str]:
        """Names of what waits, oldest first."""
        return sorted(name for name in self._names() if HAND_OVER_NAME.match(name))

    def lost(self) -> list[str]:
        """Names of the files that tell what was lost, oldest first."""
        return sorted(name for name in self._names() if LOST_NAME.match(name))

    def read(self, name: str, most_bytes: int) -> bytes:
        """A file of the inbox, by its name below it.

        Raises:
            PlaceUnusable: It is not there, no plain file, or larger than that.
        """
        return read_plain(self.place / name, most_bytes)

    def remove(self, name: str) -> None:
        """A hand-over that is dealt with leaves at once; its files follow."""
        leaving = self.place / f"{LEAVING_PREFIX}{name}"
        with _translating(self.place):
            (self.place / name).rename(leaving)
        _remove(leaving)

    def refuse(self, name: str, sentence: str) -> None:
        """Put it aside, with the sentence beside it; of very many only the newest are kept."""
        aside = self.place / REFUSED
        with _translating(aside):
            aside.mkdir(mode=0o700, exist_ok=True)
            kept = aside / name
            _remove(kept)
            (self.place / name).rename(kept)
            (aside / f"{name}.txt").write_text(f"{sentence}\n", encoding="utf-8")
            old = sorted(item for item in aside.iterdir() if item.suffix != ".txt")
            for surplus in old[:-MOST_REFUSED]:
                _remove(surplus)
                surplus.with_name(f"{surplus.name}.txt").unlink(missing_ok=True)

    def clear_away(self) -> int:
        """Remove what a killed process left behind; how many hand-overs were never finished."""
        unfinished = 0
        for name in self._names():
            path = self.place / name
            if name.startswith(LEAVING_PREFIX):
                _remove(path)
            elif name.startswith(TEMPORARY_PREFIX) and _age_s(path) > _ABANDONED_S:
                _remove(path)
                unfinished += 1
        return unfinished

    def _names(self) -> list[str]:
        with _translating(self.place), os.scandir(self.place) as found:
            return [entry.name for entry, _ in zip(found, range(_MOST_LISTED), strict=False)]


def read_plain(path: Path, most_bytes: int) -> bytes:
    """The bytes of a plain file; a link, a pipe or a device is not opened for reading.

    Raises:
        PictureGone: It is not there.
        PlaceUnusable: It is no plain file, larger than that, or cannot be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except FileNotFoundError as error:
        raise PictureGone(f"{path.name} is not there") from error
    except (OSError, ValueError) as error:
        raise PlaceUnusable(f"{path.name} cannot be opened") from error
    with _translating(path), os.fdopen(handle, "rb") as source:
        found = os.fstat(source.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise PlaceUnusable(f"{path.name} is no plain file")
        content = source.read(most_bytes + 1) if found.st_size <= most_bytes else b""
    if len(content) > most_bytes or found.st_size > most_bytes:
        raise PlaceUnusable(f"{path.name} has more than {most_bytes:,} bytes")
    return content


@contextlib.contextmanager
def _translating(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is no name"
        raise PlaceUnusable(f"{path} cannot be used: {reason}") from error


def _remove(path: Path) -> None:
    """Whatever it is; what cannot be removed now is removed another time."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _age_s(path: Path) -> float:
    try:
        return abs(time.time() - path.lstat().st_mtime)
    except OSError:
        return 0.0


def _open_mark(path: Path) -> IO[bytes]:
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    return os.fdopen(os.open(path, flags, 0o600), "r+b")


def _lock(handle: IO[bytes]) -> bool:
    """The system lets go of the lock when the process ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
