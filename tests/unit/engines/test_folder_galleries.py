"""InvokeAI's stars, read from a copy of its database; a stand-in with the documented columns."""

import contextlib
import sqlite3

import pytest

from remarque.engines.folder_galleries import InvokeStars, find_invoke_database


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "invoke" / "databases" / "invokeai.db"
    path.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(
            "CREATE TABLE images (image_name TEXT NOT NULL PRIMARY KEY, starred BOOLEAN)"
        )
        connection.execute("INSERT INTO images VALUES ('a.png', 1), ('b.png', 0), ('c.png', NULL)")
        connection.commit()
    return path


def test_the_database_is_found_from_the_folder_of_pictures(database, tmp_path):
    images = tmp_path / "invoke" / "outputs" / "images"
    images.mkdir(parents=True)
    assert find_invoke_database(images) == database
    assert find_invoke_database(tmp_path / "invoke") == database
    assert find_invoke_database(tmp_path / "elsewhere") is None


def test_starred_names_also_while_invokeai_has_it_open(database):
    stars = InvokeStars(database)
    assert stars() == {"a.png"}
    with contextlib.closing(sqlite3.connect(database)) as held:
        held.execute("UPDATE images SET starred = 1 WHERE image_name = 'b.png'")
        held.commit()  # it stands in the write-ahead log until the database is closed
        assert stars() == {"a.png", "b.png"}


def test_nothing_is_left_beside_the_database(database):
    before = sorted(path.name for path in database.parent.iterdir())
    InvokeStars(database)()
    assert sorted(path.name for path in database.parent.iterdir()) == before


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_what_cannot_be_read_leaves_what_was_known(database, content):
    stars = InvokeStars(database)
    assert stars() == {"a.png"}
    if content is None:
        database.unlink()
    else:
        database.write_bytes(content)
    assert stars() <= {"a.png"}
