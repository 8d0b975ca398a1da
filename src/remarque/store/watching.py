"""What a folder watch has dealt with already: a memory beside the ledger.

Paths are kept in the bytes of the file system, because a file name need not be text.
"""

import os
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Row, delete, insert, select

from remarque.actions.ports import WatchedFile
from remarque.model.digests import digest_from_raw, raw_of
from remarque.store.database import Database
from remarque.store.schema import watched_file, watched_folder

_BATCH_ROWS = 500
_AFTER_SEPARATOR = chr(ord(os.sep) + 1).encode()


class SqliteWatching:
    """``actions.ports.WatchStore`` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
