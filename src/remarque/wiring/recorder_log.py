"""The recorder's own log: JSON lines, bounded, shared by every process that records here.

What could not be recorded is a line of its own until the vault has it as a gap; a second line with
the same id says so. A process that was cut short leaves its lines to the next one.
"""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from remarque.errors import MetadataMalformed, StoreError
from remarque.model.canonical import Json, json_from_value, value_from_json
from remarque.store.disk import make_folder, on_disk, write_atomically

LOG_NAME = "recorder.log"
LARGEST_BYTES = 1 << 20
"""A log that grew past this is written anew with what is pending and its last lines."""

_LINES_KEPT = 500
_MOST_PENDING = 1000
_LOCK_LIFE_S = 60.0


@dataclass(frozen=True, slots=True)
class Noted:
    """One thing that is missing from the record of ``vault`` (a folder), as the log has it.

    ``observer`` and ``noticed`` are as in a gap; ``work`` is a title or an id, if one was said.
    """

    id: str
    vault: str
    observer: str
    noticed: str
    missing: str
    because: str
    work: str | None = None


def new_note_id() -> str:
    """A fresh id for a line of the log."""
    return secrets.token_hex(8)


class RecorderLog:
    """The log at one path. Every method may raise DiskFull or PlaceUnusable."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, noted: Noted) -> None:
        """Write down that something is missing."""
        self._append({"missing": json_from_value(noted)})

    def say(self, moment: str, sentence: str) -> None:
        """Write down what a person may want to know, and that is no gap."""
        self._append({"said": sentence, "time": moment})

    def mark_recorded(self, ids: list[str]) -> None:
        """These are in the vault now."""
        self._append(*({"recorded": one} for one in ids))

    def pending(self, vault: Path) -> list[Noted]:
        """What is still missing from this vault's record, oldest first."""
        return [noted for noted in _pending_in(self._lines()) if noted.vault == str(vault)]

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """True inside where no other process is at the pending lines; it is never waited for."""
        lock = self.path.with_name(f"{self.path.name}.lock")
        held = _take_lock(lock)
        try:
            yield held
        finally:
            if held:
                with contextlib.suppress(OSError):
                    lock.unlink()

    def shorten(self) -> None:
        """Write a log that grew too large anew; to be called inside ``alone``."""
        with on_disk(self.path):
            if not self.path.is_file() or self.path.stat().st_size <= LARGEST_BYTES:
                return
        lines = self._lines()
        pending = _pending_in(lines)
        said = [line for line in lines if "said" in line][-_LINES_KEPT:]
        kept = [*said, *({"missing": json_from_value(one)} for one in _at_most(pending))]
        write_atomically(self.path, "".join(map(_line, kept)).encode(), mode=0o600)

    def _append(self, *rows: Json) -> None:
        with on_disk(self.path):
            make_folder(self.path.parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            handle = os.open(self.path, flags, 0o600)
            try:  # one write for each append: lines of several processes do not mix
                os.write(handle, "".join(map(_line, rows)).encode())
            finally:
                os.close(handle)

    def _lines(self) -> list[dict[str, Json]]:
        with on_disk(self.path):
            if not self.path.is_file():
                return []
            with self.path.open("rb") as source:
                source.seek(max(0, self.path.stat().st_size - 2 * LARGEST_BYTES))
                content = source.read(2 * LARGEST_BYTES)
        return [found for line in content.splitlines() if (found := _object_in(line))]


def _object_in(line: bytes) -> dict[str, Json]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):  # a line cut short by a crash says nothing
        return {}
    return found if isinstance(found, dict) else {}


def _pending_in(lines: list[dict[str, Json]]) -> list[Noted]:
    found: dict[str, Noted] = {}
    for line in lines:
        if "missing" in line:
            with contextlib.suppress(MetadataMalformed):
                noted = value_from_json(line["missing"], Noted)
                found[noted.id] = noted
        elif isinstance(line.get("recorded"), str):
            found.pop(line["recorded"], None)
    return list(found.values())


def _at_most(pending: list[Noted]) -> list[Noted]:
    """The newest, and one line for all that went before them."""
    surplus, kept = pending[:-_MOST_PENDING], pending[-_MOST_PENDING:]
    if not surplus:
        return kept
    first = surplus[0]
    summary = Noted(
        id=new_note_id(),
        vault=first.vault,
        observer=first.observer,
        noticed=first.noticed,
        missing=f"{len(surplus)} things from {first.noticed} on were not recorded.",
        because="The recorder's log had no room to keep the reason of each.",
        work=first.work,
    )
    return [summary, *kept]


def _line(row: Json) -> str:
    return json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n"


def _take_lock(lock: Path) -> bool:
    with contextlib.suppress(OSError, StoreError):
        make_folder(lock.parent)
        if lock.exists() and time.time() - lock.stat().st_mtime > _LOCK_LIFE_S:
            lock.unlink()  # whoever made it was cut short
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return True
    return False
