"""Favourites of the gallery an artist uses: stars in InvokeAI, likes in Infinite Image Browsing.

InvokeAI keeps ``databases/invokeai.db`` beside ``outputs/images``; its table ``images`` has
``image_name`` (the file's name) and ``starred`` (0 or 1). Source: InvokeAI,
``app/services/image_records/image_records_sqlite.py``.

Infinite Image Browsing keeps ``iib.db`` in its own folder, in AUTOMATIC1111 and Forge among the
``extensions``; ``image`` has the whole ``path``, and ``image_tag`` joins it to the ``tag`` of type
``custom`` named ``like``. Source: sd-webui-infinite-image-browsing,
``scripts/iib/db/datamodel.py``.

A database is copied first and never opened in place: a reader must not leave traces in another
program's files.
"""

import contextlib
import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from remarque.actions.placements import readable

_log = logging.getLogger(__name__)

_INVOKE_PLACE = Path("databases", "invokeai.db")
_BROWSING_PLACE = Path("extensions", "sd-webui-infinite-image-browsing", "iib.db")
_LEVELS_UP = 3
_LARGEST_DATABASE = 2 << 30
_STARRED = "SELECT image_name FROM images WHERE starred = 1 LIMIT 1000000"
_LIKED = """
    SELECT image.path FROM image
    JOIN image_tag ON image_tag.image_id = image.id
    JOIN tag ON tag.id = image_tag.tag_id
    WHERE tag.name = 'like' AND tag.type = 'custom'
    LIMIT 1000000
"""

State = tuple[tuple[int, int], ...]


class GalleryFavourites:
    """The favourites in one database, by ``query``; read again only when it has changed.

    They are file names or whole paths, as the gallery keeps them.
    """

    def __init__(self, database: Path, query: str) -> None:
        self._database, self._query = database, query
        self._state: State = ()
        self._names: frozenset[str] = frozenset()

    def __call__(self) -> frozenset[str]:
        """The favourites now; what was known last where the database cannot be read."""
        try:
            state = self._look()
            if state != self._state and not self._is_being_written():
                names = self._read()
                # Written while it was copied, it may be half the old and half the new one.
                if self._look() == state:
                    self._names, self._state = names, state
        except (OSError, sqlite3.Error, ValueError) as error:
            _log.warning(
                "the favourites in %s cannot be read: %s", readable(self._database), readable(error)
            )
        return self._names

    def _beside(self, ending: str) -> Path:
        return self._database.with_name(self._database.name + ending)

    def _parts(self) -> list[Path]:
        """The database and, where there is one, its write-ahead log with the newest changes."""
        return [part for part in (self._database, self._beside("-wal")) if part.is_file()]

    def _is_being_written(self) -> bool:
        """Whether a transaction without a write-ahead log is under way (sqlite.org, lockingv3)."""
        return self._beside("-journal").exists()

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
                rows = connection.execute(self._query).fetchall()
        return frozenset(name for (name,) in rows if isinstance(name, str))


def invoke_stars(database: Path) -> GalleryFavourites:
    """The pictures starred in InvokeAI, by file name."""
    return GalleryFavourites(database, _STARRED)


def browsing_likes(database: Path) -> GalleryFavourites:
    """The pictures liked in Infinite Image Browsing, by path."""
    return GalleryFavourites(database, _LIKED)


def find_galleries(folder: Path) -> Iterator[tuple[Path, GalleryFavourites]]:
    """The galleries whose databases are found from a folder of pictures, by their database."""
    for database in _found(folder, _INVOKE_PLACE):
        yield database, invoke_stars(database)
    for database in _found(folder, _BROWSING_PLACE):
        yield database, browsing_likes(database)


def _found(folder: Path, place: Path) -> Iterator[Path]:
    """The nearest database, where a folder is its program's root or one of those below it."""
    for above in (folder, *folder.parents[:_LEVELS_UP]):
        if (above / place).is_file():
            yield above / place
            return
