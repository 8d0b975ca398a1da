"""Favourites of galleries, read from a copy of the database; stand-ins with the known columns."""

import contextlib
import sqlite3

import pytest

from remarque.engines.folder_galleries import browsing_likes, find_galleries, invoke_stars


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
    for folder in (images, tmp_path / "invoke"):
        assert [found for found, _ in find_galleries(folder)] == [database]
    assert not list(find_galleries(tmp_path / "elsewhere"))


def test_starred_names_also_while_invokeai_has_it_open(database):
    stars = invoke_stars(database)
    assert stars() == {"a.png"}
    with contextlib.closing(sqlite3.connect(database)) as held:
        held.execute("UPDATE images SET starred = 1 WHERE image_name = 'b.png'")
        held.commit()  # it stands in the write-ahead log until the database is closed
        assert stars() == {"a.png", "b.png"}


def test_nothing_is_left_beside_the_database(database):
    before = sorted(path.name for path in database.parent.iterdir())
    invoke_stars(database)()
    assert sorted(path.name for path in database.parent.iterdir()) == before


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_what_cannot_be_read_leaves_what_was_known(database, content):
    stars = invoke_stars(database)
    assert stars() == {"a.png"}
    if content is None:
        database.unlink()
    else:
        database.write_bytes(content)
    assert stars() <= {"a.png"}


@pytest.fixture
def browsing(tmp_path):
    """Tables as Infinite Image Browsing makes them, as far as they matter."""
    path = tmp_path / "webui" / "extensions" / "sd-webui-infinite-image-browsing" / "iib.db"
    path.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            CREATE TABLE image (id INTEGER PRIMARY KEY, path TEXT UNIQUE, exif TEXT);
            CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT, score INTEGER, type TEXT);
            CREATE TABLE image_tag (image_id INTEGER, tag_id INTEGER);
            INSERT INTO tag VALUES (1, 'like', 0, 'custom'), (2, 'cat', 0, 'custom'),
                                   (3, 'like', 0, 'pos');
            INSERT INTO image VALUES (1, '/o/a.png', ''), (2, '/o/b.png', ''), (3, '/o/c.png', '');
            INSERT INTO image_tag VALUES (1, 1), (2, 2), (3, 3);
            """
        )
    return path


def test_likes_of_infinite_image_browsing_are_whole_paths(browsing, tmp_path):
    images = tmp_path / "webui" / "outputs" / "txt2img-images" / "2026-11-23"
    images.mkdir(parents=True)
    ((found, likes),) = find_galleries(images)
    assert found == browsing
    assert likes() == {"/o/a.png"}  # a word of a prompt that reads “like” is no favourite


def test_a_database_in_the_middle_of_a_change_is_read_when_it_is_over(browsing):
    likes = browsing_likes(browsing)
    assert likes() == {"/o/a.png"}
    with contextlib.closing(sqlite3.connect(browsing, isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        held.execute("INSERT INTO image_tag VALUES (2, 1)")
        assert likes() == {"/o/a.png"}
        held.execute("COMMIT")
    assert likes() == {"/o/a.png", "/o/b.png"}
