"""What a folder watch has dealt with already: a memory beside the ledger.

Paths are kept in the bytes of the file system, because a file name need not be text.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Row, delete, insert, select

from remarque.actions.ports import WatchedFile
from remarque.errors import PlaceUnusable
from remarque.model.digests import digest_from_raw, raw_of
from remarque.store.database import PATIENCE_SECONDS, Database, connect_plainly, problem_in
from remarque.store.schema import entry, watched_file, watched_folder

LOCK_NAME = "watch.lock"
"""An empty file beside the database; only its lock is used."""

_BATCH_ROWS = 500
_AFTER_SEPARATOR = chr(ord(os.sep) + 1).encode()


class SqliteWatching:
    """``actions.ports.WatchStore`` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._opened: tuple[int, int] | None = _identity_of(database.path)
        self._first_leaf: bytes | None = None  # known from the first turn on

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Enter what was seen while no other watch of this vault does.

        Whether a picture is new is asked before it is entered; between the two, another watch of
        the same folder must not enter it as well. A watch that is killed gives its turn back.

        Raises:
            VaultBusy: Another watch kept its turn for too long.
            PlaceUnusable: The vault is no longer where it was opened.
        """
        self._check_place()
        lock = self._database.path.with_name(LOCK_NAME)
        try:
            connection = connect_plainly(lock, mode="rwc", patience_seconds=PATIENCE_SECONDS)
            with contextlib.closing(connection):
                connection.execute("BEGIN EXCLUSIVE")
                yield
        except sqlite3.Error as error:
            raise problem_in(lock, error) from error

    def _check_place(self) -> None:
        """See that the database still lies at its path.

        The system goes on writing into a file that was moved away or deleted; what is entered
        there would be lost.
        """
        found = _identity_of(self._database.path)
        if found is None:
            raise PlaceUnusable(
                f"the vault is no longer at {self._database.path.parent}",
                hint="Put it back; what was seen meanwhile is entered then.",
            )
        if found != self._opened:
            self._database.close()  # its next connection is to what lies there now
            self._opened = None
        leaf = self._read_first_leaf() if found != self._opened or not self._first_leaf else None
        if self._first_leaf is not None and leaf not in (None, self._first_leaf):
            self._database.close()
            raise PlaceUnusable(
                f"another vault lies at {self._database.path.parent} now",
                hint="Put the one that was opened back, or start the watch again.",
            )
        self._opened, self._first_leaf = found, self._first_leaf or leaf

    def _read_first_leaf(self) -> bytes | None:
        """What tells one ledger from every other: its first entry is salted."""
        wanted = select(entry.c.leaf_digest).where(entry.c.seq == 0)
        with self._database.reading() as connection:
            return connection.execute(wanted).scalar()

    def folders(self) -> list[Path]:
        """Folders that have been watched before, in order of path."""
        wanted = select(watched_folder.c.path).order_by(watched_folder.c.path)
        with self._database.reading() as connection:
            return [Path(os.fsdecode(row.path)) for row in connection.execute(wanted)]

    def begin(self, folder: Path, since: str, files: Iterable[WatchedFile]) -> None:
        """Remember that a folder is watched from now on, and what lay in it already.

        Raises:
            VaultBusy: Another process kept writing for too long.
            DiskFull: There is no room; the folder counts as never watched.
        """
        key = os.fsencode(folder)
        with self._database.writing() as connection:
            _put(connection, list(files))
            connection.execute(delete(watched_folder).where(watched_folder.c.path == key))
            connection.execute(insert(watched_folder).values(path=key, since=since))

    def files(self, folder: Path) -> list[WatchedFile]:
        """Every file below a folder that was dealt with, in order of path."""
        start = os.fsencode(folder).rstrip(os.sep.encode())
        columns = watched_file.c
        wanted = (
            select(watched_file)
            .where(columns.path > start + os.sep.encode(), columns.path < start + _AFTER_SEPARATOR)
            .order_by(columns.path)
        )
        with self._database.reading() as connection:
            return [_file_from(row) for row in connection.execute(wanted)]

    def note(self, files: Sequence[WatchedFile]) -> None:
        """Remember files as dealt with; what was known of the same paths is replaced.

        Raises:
            VaultBusy: Another process kept writing for too long.
            DiskFull: There is no room.
        """
        with self._database.writing() as connection:
            _put(connection, files)

    def forget(self, paths: Sequence[Path]) -> None:
        """Forget files that are gone.

        Raises:
            VaultBusy: Another process kept writing for too long.
        """
        with self._database.writing() as connection:
            _remove(connection, [os.fsencode(path) for path in paths])


def _identity_of(path: Path) -> tuple[int, int] | None:
    """Which file lies at a path, None where there is none that can be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _put(connection: Connection, files: Sequence[WatchedFile]) -> None:
    rows = {os.fsencode(file.path): file for file in files}
    _remove(connection, list(rows))
    if rows:
        connection.execute(
            insert(watched_file),
            [
                {
                    "path": path,
                    "size_bytes": file.size_bytes,
                    "modified_ns": file.modified_ns,
                    "picture": raw_of(file.picture) if file.picture is not None else None,
                    "rating": file.rating,
                }
                for path, file in rows.items()
            ],
        )


def _remove(connection: Connection, paths: Sequence[bytes]) -> None:
    left = iter(paths)
    while some := list(islice(left, _BATCH_ROWS)):
        connection.execute(delete(watched_file).where(watched_file.c.path.in_(some)))


def _file_from(row: Row[tuple[bytes, int, int, bytes | None, int]]) -> WatchedFile:
    return WatchedFile(
        path=Path(os.fsdecode(row.path)),
        size_bytes=row.size_bytes,
        modified_ns=row.modified_ns,
        picture=digest_from_raw(row.picture) if row.picture is not None else None,
        rating=row.rating,
    )
