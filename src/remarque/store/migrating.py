"""Which schema version a database has, and bringing an older one to the present.

A database of an unknown version was written by a newer program and is left untouched. An older
one is copied aside before it is changed. The migrations run in one transaction.
"""

import contextlib
import sqlite3
from pathlib import Path

from remarque.errors import LedgerDamaged, PlaceUnusable, VaultTooNew
from remarque.store.database import PATIENCE_SECONDS, Database, connect_plainly, problem_in
from remarque.store.disk import on_disk, placing
from remarque.store.schema import CURRENT, REVISIONS


def prepare_database(path: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> Database:
    """Open a database in the present schema, migrating an older one.

    Raises:
        VaultTooNew: The database is of a version this program does not know; it is untouched.
        LedgerDamaged: It is not a database of Remarque.
        PlaceUnusable: It is missing or cannot be opened.
    """
    found = read_revision(path, patience_seconds=patience_seconds)
    if found != CURRENT:
        copy_database(path, set_aside_path(path, found))
    database = Database(path, patience_seconds=patience_seconds)
    if found != CURRENT:
        try:
            upgrade(database)
        except BaseException:
            database.close()
            raise
    return database


def make_database(path: Path) -> None:
    """Make an empty database in the present schema at a path that does not exist."""
    with on_disk(path):
        path.touch(mode=0o600, exist_ok=False)
    database = Database(path)
    try:
        upgrade(database)
    finally:
        database.close()


def read_revision(path: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> str:
    """The schema version of a database, one of ``REVISIONS``; the file is not changed.

    Raises:
        VaultTooNew: The version is not a known one.
        LedgerDamaged: The file is no database, or carries no version.
        PlaceUnusable: The file is missing or cannot be read.
    """
    if not path.is_file():
        raise PlaceUnusable(
            f"the vault's database {path} is missing", hint="Restore the vault from a backup."
        )
    found = _ask_revision(path, patience_seconds)
    if found is None:
        raise LedgerDamaged(
            f"the database {path} carries no schema version, so it is not a vault's",
            hint="Restore the vault from a backup.",
        )
    if found not in REVISIONS:
        raise VaultTooNew(
            f"the vault's database {path} has schema version {found!r:.40}, "
            f"and this Remarque knows versions up to {CURRENT}"
        )
    return found


def upgrade(database: Database, target: str = CURRENT) -> None:
    """Bring a database up to a schema version, in one transaction.

    Raises:
        StoreError: The database refused; it is as it was before.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "remarque.store:migrations")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, target)


def set_aside_path(path: Path, revision: str) -> Path:
    """Where the copy of an older database lies after a migration."""
    return path.with_name(f"{path.stem}.before-{CURRENT}.from-{revision}{path.suffix}")


def copy_database(source: Path, target: Path) -> None:
    """Write a consistent copy of a database that may be in use (SQLite online backup API).

    The copy is a single file without a write-ahead log, flushed to disk under its final name.

    Raises:
        DiskFull: There is no room for the copy.
        PlaceUnusable: The source cannot be read or the target not written.
    """
    with on_disk(target), placing(target, mode=0o600) as temporary:
        try:
            with (
                contextlib.closing(
                    connect_plainly(source, mode="rw", patience_seconds=PATIENCE_SECONDS)
                ) as reading,
                contextlib.closing(
                    connect_plainly(temporary, mode="rw", patience_seconds=PATIENCE_SECONDS)
                ) as writing,
            ):
                reading.backup(writing)
                writing.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise problem_in(target, error) from error


def _ask_revision(path: Path, patience_seconds: float) -> str | None:
    try:
        # A connection that may only read would leave its empty write-ahead log lying about.
        with contextlib.closing(
            connect_plainly(path, mode="rw", patience_seconds=patience_seconds)
        ) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise problem_in(path, error) from error
    except sqlite3.Error as error:
        raise problem_in(path, error) from error
    return str(row[0]) if row else None
