"""The writing side of the inbox: a program hands over what it made, and goes on.

Form and limits: docs/reference/inbox.md (``inbox_v1``). The extensions for programs that cannot
import Remarque carry this file as it is, so it needs Python 3.10 and the standard library only.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = Any

FORMAT = "inbox_v1"
TOLD = "told.json"
PICTURE = "picture"
TEMPORARY_PREFIX = ".new-"
READER_MARK = ".reader"
"""A reader holds this file locked and touches it every few seconds while it reads."""

MOST_HAND_OVERS = 5_000
MOST_BYTES = 2 << 30
LARGEST_TOLD_BYTES = 16 << 20
LARGEST_PICTURE_BYTES = 256 << 20
MOST_SOURCES = 16
LARGEST_SOURCE_BYTES = 64 << 20

_READ_WITHIN_S = 30.0
_COUNTED_FOR_S = 10.0
_LOST_EVERY_S = 30.0
_MOST_LOST_FILES = 100
_NO_ROOM_FOR_SOURCES = "The inbox was full: the pictures that went in were not handed over."


def inbox_place(named: str = "") -> Path:
    """The inbox: the folder named, else REMARQUE_INBOX, else in the platform's state folder."""
    told = named.strip() or os.environ.get("REMARQUE_INBOX", "").strip()
    if told:
        return Path(told).expanduser().absolute()
    return _state_folder() / "remarque" / "inbox"


def time_text(seconds: float) -> str:
    """RFC 3339 UTC text with milliseconds of seconds since 1970."""
    whole, thousandths = divmod(int(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{thousandths:03}Z"


class InboxWriter:
    """Hands over into one inbox. Any number of writers, in any number of processes, may do so."""

    def __init__(self, folder: Path, observer: str, program: str = "") -> None:
        self.folder = folder
        self._who = {"format": FORMAT, "observer": observer, "program": program}
        self._gate = threading.Lock()
        self._room = (-_COUNTED_FOR_S, 0, 0)  # counted when, hand-overs, bytes
        self._lost = (0, "", "")  # how many, since when, why
        self._lost_told_at = -_LOST_EVERY_S

    def hand_over(self, told: Mapping[str, Json], files: Mapping[str, bytes]) -> bool:
        """Hand over one picture; on return it is on disk. False where the inbox has no room.

        Args:
            told: The object of docs/reference/inbox.md, without what every hand-over of this
                writer has, and without size and digest of the picture.
            files: The bytes of the file ``picture`` and of each file that ``sources`` names.

        Raises:
            OSError: It could not be written.
            ValueError: It holds what JSON or the format has no place for.
        """
        complete, kept = self._with_room(self._complete(told, files), dict(files))
        if complete is None:
            return False
        text = json.dumps(complete, allow_nan=False, separators=(",", ":")).encode("ascii")
        if len(text) > LARGEST_TOLD_BYTES or any(map(_is_too_large, kept.items())):
            raise ValueError("what was to be handed over is larger than the inbox takes")
        self._place(_new_id(), {**kept, TOLD: text})
        with self._gate:
            counted, number, size = self._room
            self._room = counted, number + 1, size + len(text) + sum(map(len, kept.values()))
        return True

    def lose(self, count: int, because: str) -> None:
        """Note that so many pictures were not handed over; told to the reader by ``tell_lost``."""
        with self._gate:
            lost, since, _ = self._lost
            self._lost = lost + count, since or time_text(time.time()), because[:500]

    def tell_lost(self, *, now: bool = False) -> None:
        """Write down what was lost, every half minute at most, or ``now``.

        Raises:
            OSError: It could not be written; it is kept for the next time.
        """
        with self._gate:
            count, since, because = self._lost
            soon = time.monotonic() - self._lost_told_at < _LOST_EVERY_S
            if not count or (soon and not now):
                return
            if len(list(self.folder.glob("lost-*"))) >= _MOST_LOST_FILES:
                return
            told = {**self._who, "count": count, "since": since, "because": _clean(because)}
            temporary = self._made_folder() / f"{TEMPORARY_PREFIX}{_new_id()}"
            _write_file(temporary, json.dumps(told).encode("ascii"))
            temporary.rename(self.folder / f"lost-{temporary.name.removeprefix(TEMPORARY_PREFIX)}")
            self._lost, self._lost_told_at = (0, "", ""), time.monotonic()

    def is_read(self) -> bool:
        """Whether a reader gave a sign of life in the last half minute."""
        try:
            age = time.time() - (self.folder / READER_MARK).stat().st_mtime
        except OSError:
            return False
        return abs(age) < _READ_WITHIN_S

    def waiting(self) -> int:
        """How many hand-overs wait to be read, as last counted."""
        return self._counted()[0]

    def _complete(self, told: Mapping[str, Json], files: Mapping[str, bytes]) -> dict[str, Json]:
        content = files[PICTURE]
        picture = {
            **told["picture"],
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "inside": True,
        }
        complete: dict[str, Json] = _clean({**self._who, **told, "picture": picture})
        if complete["picture"].get("path") != told["picture"].get("path"):
            complete["picture"]["path"] = None  # a name that is no text leads nowhere
        return complete

    def _with_room(
        self, told: dict[str, Json], files: dict[str, bytes]
    ) -> tuple[dict[str, Json] | None, dict[str, bytes]]:
        """As much of it as the inbox has room for: all, only what is told, or nothing."""
        number, size = self._counted()
        if number >= MOST_HAND_OVERS:
            return None, {}
        if size + sum(map(len, files.values())) <= MOST_BYTES:
            return told, files
        if told["picture"].get("path") is None:
            return None, {}
        told["picture"]["inside"] = False
        if told.get("sources"):
            told["sources"] = []
            told["remarks"] = [*told.get("remarks", ()), _NO_ROOM_FOR_SOURCES]
        return told, {}

    def _counted(self) -> tuple[int, int]:
        with self._gate:
            counted, number, size = self._room
            if time.monotonic() - counted < _COUNTED_FOR_S:
                return number, size
        number, size = _count(self.folder)
        with self._gate:
            self._room = time.monotonic(), number, size
        return number, size

    def _made_folder(self) -> Path:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.folder

    def _place(self, name: str, files: Mapping[str, bytes]) -> None:
        """All files at once: a folder is filled under a hidden name, then renamed."""
        temporary = self._made_folder() / f"{TEMPORARY_PREFIX}{name}"
        temporary.mkdir(mode=0o700)
        try:
            for file, content in files.items():
                _write_file(temporary / file, content)
            _flush_folder(temporary)
            temporary.rename(self.folder / name)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        _flush_folder(self.folder)


def _new_id() -> str:
    """Sorts by time; the random part keeps several writers apart."""
    return f"{int(time.time() * 1000):013}-{secrets.token_hex(8)}"


def _is_too_large(file: tuple[str, bytes]) -> bool:
    most = LARGEST_PICTURE_BYTES if file[0] == PICTURE else LARGEST_SOURCE_BYTES
    return len(file[1]) > most


def _clean(value: Json) -> Json:
    """The same without halves of characters (surrogates), which no UTF-8 file can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value


def _count(folder: Path) -> tuple[int, int]:
    number = size = 0
    for entry in _entries(folder):
        if entry.name[:1].isdigit() and entry.is_dir(follow_symlinks=False):
            number += 1
            for file in _entries(Path(entry.path)):
                with contextlib.suppress(OSError):
                    size += file.stat(follow_symlinks=False).st_size
    return number, size


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """What lies in a folder; nothing where it is gone, as a reader may take it at any time."""
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        yield from found


def _write_file(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the names in a folder durable. Windows has no such call and needs none."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _state_folder() -> Path:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    named = os.environ.get("XDG_STATE_HOME", "").strip()
    if named and Path(named).is_absolute():
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path.home() / ".local" / "state"
