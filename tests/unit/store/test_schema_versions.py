"""Vaults of other versions: older ones are brought up, newer ones are left alone."""

import contextlib
import hashlib
import sqlite3

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from remarque.errors import DiskFull, VaultTooNew
from remarque.store import migrating
from remarque.store.database import Database
from remarque.store.schema import CURRENT, REVISIONS, metadata
from remarque.store.vault import open_store
from stand_ins.store_entries import sealed_entry


@pytest.fixture
def old_place(place):
    """A vault whose database has the first version of the schema, and one entry."""
    path = place / "vault.db"
    path.unlink()
    path.touch()
    database = Database(path)
    migrating.upgrade(database, "0001")
    database.close()
    sealed = sealed_entry(0)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO entry VALUES (0, ?, ?, ?, NULL)",
            (sealed.leaf, sealed.leaf_digest, str(sealed.entry.kind)),
        )
        connection.commit()
    return place


def test_the_migrations_end_where_the_program_begins(place):
    config = Config()
    config.set_main_option("script_location", "remarque.store:migrations")
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(revisions)) == REVISIONS
    database = Database(place / "vault.db")
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_an_older_vault_is_brought_up_and_a_copy_set_aside(old_place):
    with open_store(old_place) as store:
        assert store.ledger.entry(0).leaf == sealed_entry(0).leaf
    assert migrating.read_revision(old_place / "vault.db") == CURRENT
    aside = migrating.set_aside_path(old_place / "vault.db", "0001")
    assert aside.parent == old_place
    assert migrating.read_revision(aside) == "0001"
    with contextlib.closing(sqlite3.connect(aside)) as copy:
        assert copy.execute("SELECT leaf FROM entry").fetchall() == [(sealed_entry(0).leaf,)]


def test_a_migration_that_fails_leaves_the_old_database(old_place, monkeypatch):
    def fail(_database):
        raise DiskFull("no room")

    monkeypatch.setattr(migrating, "upgrade", fail)
    with pytest.raises(DiskFull):
        open_store(old_place)
    monkeypatch.undo()
    assert migrating.read_revision(old_place / "vault.db") == "0001"
    open_store(old_place).close()


def test_half_a_migration_is_undone(old_place, monkeypatch):
    """The second step meets a trigger that is already there, after it has made others."""
    path = old_place / "vault.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER stamp_held_once BEFORE INSERT ON stamp BEGIN SELECT 1; END"
        )
    with pytest.raises(Exception, match="stamp_held_once"):
        open_store(old_place)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        assert names.fetchall() == [("stamp_held_once",)]
    assert migrating.read_revision(path) == "0001"


@pytest.mark.parametrize("revision", ["0005", "9999", "from another branch", ""])
def test_a_vault_of_an_unknown_version_is_left_untouched(place, revision):
    with contextlib.closing(sqlite3.connect(place / "vault.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()
    before = hashlib.sha256((place / "vault.db").read_bytes()).digest()
    with pytest.raises(VaultTooNew) as told:
        open_store(place)
    assert "newer Remarque" in told.value.hint
    assert hashlib.sha256((place / "vault.db").read_bytes()).digest() == before
    assert [path.name for path in place.iterdir() if "before" in path.name] == []
