"""One SQLite file, opened the way a ledger needs it.

Every connection is durable (WAL with ``synchronous=FULL``: a commit is flushed before it returns)
and refuses to replace rows behind the triggers' back. SQLite: pragma.html, wal.html.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from remarque.errors import (
    DiskFull,
    LedgerDamaged,
    LedgerError,
    PlaceUnusable,
    StoreError,
    VaultBusy,
)

PATIENCE_SECONDS = 30.0
"""How long a writer waits for another process before it gives up."""

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "fullfsync=ON",
    "checkpoint_fullfsync=ON",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "trusted_schema=OFF",
)
_NO_ROOM_BYTES = 1 << 17


class Database:
    """The connections to one database file. The file must exist; it is never made here.

    ``patience_seconds`` is how long a statement waits for another writer.
    """

    def __init__(self, path: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.path = path
        self._engine = _engine_for(path, patience_seconds)
        self._writing = self._engine.execution_options(for_writing=True)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view for reading.

        Raises:
            StoreError: The database cannot be read.
        """
        with self._translating(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on disk when the block has ended, or undone if it raised.

        Raises:
            VaultBusy: Another process kept writing for too long.
            DiskFull: There is no room; the transaction is undone.
        """
        with self._translating(), self._writing.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close all connections; the last one folds the write-ahead log into the file."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise problem_in(self.path, error.orig or error) from error
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise problem_in(self.path, error) from error


def connect_plainly(path: Path, *, mode: str, patience_seconds: float) -> sqlite3.Connection:
    """A bare connection; ``mode`` is SQLite's: ``ro``, ``rw`` or ``rwc`` (uri.html)."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=patience_seconds,
        isolation_level=None,  # transactions are begun and ended by name, never by the driver
        check_same_thread=False,  # the pool hands a connection to one thread at a time
    )


def problem_in(path: Path, error: BaseException) -> StoreError | LedgerError:
    """The house's error for something the database said."""
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return VaultBusy(f"another process is writing to {path} and did not finish in time")
    if code == "SQLITE_FULL" or (code.startswith("SQLITE_IOERR") and _is_out_of_room(path)):
        return DiskFull(f"the disk has no room for {path}")
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return LedgerDamaged(
            f"the database {path} is damaged: {error}", hint="Restore the vault from a backup."
        )
    if code.startswith("SQLITE_CONSTRAINT"):
        return LedgerError(f"the database {path} refused a change: {error}")
    return PlaceUnusable(
        f"the database {path} cannot be used: {error}",
        hint="Check that the folder and the file may be read and written.",
    )


def _is_out_of_room(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _NO_ROOM_BYTES
    except OSError:
        return False


def _engine_for(path: Path, patience_seconds: float) -> Engine:
    def connect() -> sqlite3.Connection:
        return connect_plainly(path, mode="rw", patience_seconds=patience_seconds)

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, max_overflow=-1)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: a reader that turns writer later could not wait for it.
    wanted = connection.get_execution_options().get("for_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if wanted else "BEGIN")
