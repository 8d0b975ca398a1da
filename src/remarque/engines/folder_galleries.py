"""Favourites of the gallery an artist uses: InvokeAI's starred pictures.

InvokeAI keeps ``databases/invokeai.db`` beside ``outputs/images``; its table ``images`` has
``image_name`` (the file's name) and ``starred`` (0 or 1). Source: InvokeAI,
``app/services/image_records/image_records_sqlite.py``. The database is copied first and never
opened in place: a reader must not leave traces in another program's files.
"""

import contextlib
import logging
import shutil
import sqlite3
import tempfile
from pathlib import Path

_log = logging.getLogger(__name__)

_PLACE = Path("databases", "invokeai.db")
_LEVELS_UP = 3
_LARGEST_DATABASE = 2 << 30
_STARRED = "SELECT image_name FROM images WHERE starred = 1 LIMIT 1000000"

State = tuple[tuple[int, int], ...]


class InvokeStars:
    """The file names starred in one InvokeAI database; read again only when it has changed."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._state: State = ()
        self._names: frozenset[str] = frozenset()

    def __call__(self) -> frozenset[str]:
        """The names starred now; what was known last where the database cannot be read."""
        try:
            state = self._look()
            if state != self._state:
                self._names = self._read()
                self._state = state
        except (OSError, sqlite3.Error, ValueError) as error:
            _log.warning("the favourites in %s cannot be read: %s", self._database, error)
        return self._names

    def _parts(self) -> list[Path]:
        """The database and, where there is one, its write-ahead log with the newest changes."""
        log = self._database.with_name(self._database.name + "-wal")
        return [part for part in (self._database, log) if part.is_file()]

    def _look(self) -> State:
        found = [part.stat() for part in self._parts()]
        if sum(one.st_size for one in found) > _LARGEST_DATABASE:
            raise ValueError("it is larger than 2 GiB")
        return tuple((one.st_size, one.st_mtime_ns) for one in found)

    def _read(self) -> frozenset[str]:
        with tempfile.TemporaryDirectory(prefix="remarque-") as folder:
            for part in self._parts():
                shutil.copyfile(part, Path(folder, part.name))
            copy = Path(folder, self._database.name)
            with contextlib.closing(sqlite3.connect(copy)) as connection:
                rows = connection.execute(_STARRED).fetchall()
        return frozenset(name for (name,) in rows if isinstance(name, str))


def find_invoke_database(folder: Path) -> Path | None:
    """InvokeAI's database, where a folder is its root or one of its folders of pictures."""
    for above in (folder, *folder.parents[:_LEVELS_UP]):
        database = above / _PLACE
        if database.is_file():
            return database
    return None
