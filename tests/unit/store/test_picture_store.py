"""What an artist would notice of the picture store on a real disk."""

import errno
import os
import stat

import pytest

from remarque.actions.ports import Keeping
from remarque.errors import DiskFull, PictureDamaged, PlaceUnusable
from remarque.model.digests import digest_of, hex_of
from remarque.store import pictures as picture_store
from remarque.store.vault import open_store

CONTENT = b"the bytes of a picture" * 1000


@pytest.fixture
def store(place):
    with open_store(place) as store:
        yield store


@pytest.fixture
def original(tmp_path):
    path = tmp_path / "original.png"
    path.write_bytes(CONTENT)
    path.chmod(0o640)
    return path


def stored_path(store, digest):
    return store.place / "pictures" / hex_of(digest)[:2] / hex_of(digest)


@pytest.fixture
def no_reflinks(monkeypatch):
    monkeypatch.setattr(picture_store, "clone_file", lambda source, target: False)


def test_the_bytes_are_stored_once_where_the_disk_can_share_them(store, original):
    keeping = store.pictures.keep_file(original, digest_of(CONTENT))
    assert keeping in {Keeping.REFLINK, Keeping.HARD_LINK}


@pytest.mark.usefixtures("no_reflinks")
def test_a_hard_link_leaves_the_artists_file_as_it_was(store, original):
    assert store.pictures.keep_file(original, digest_of(CONTENT)) is Keeping.HARD_LINK
    assert stat.S_IMODE(original.stat().st_mode) == 0o640
    assert stored_path(store, digest_of(CONTENT)).samefile(original)


@pytest.mark.usefixtures("no_reflinks")
def test_an_overwritten_linked_original_is_told_and_mended(store, original, tmp_path):
    digest = digest_of(CONTENT)
    store.pictures.keep_file(original, digest)
    original.write_bytes(b"saved over by a picture editor")
    with pytest.raises(PictureDamaged, match="overwritten the linked original") as told:
        store.pictures.read(digest)
    assert digest in told.value.message
    assert "backup" in told.value.hint
    with pytest.raises(PictureDamaged):
        store.pictures.path_of(digest)
    again = tmp_path / "again.png"
    again.write_bytes(CONTENT)
    store.pictures.keep_file(again, digest)
    assert store.pictures.read(digest) == CONTENT
    assert original.read_bytes() == b"saved over by a picture editor"


@pytest.mark.usefixtures("no_reflinks")
def test_a_copy_is_made_where_links_are_refused(store, original, monkeypatch):
    def refuse(*_args):
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(os, "link", refuse)
    assert store.pictures.keep_file(original, digest_of(CONTENT)) is Keeping.COPY
    assert not stored_path(store, digest_of(CONTENT)).samefile(original)


def test_shared_blocks_are_used_where_the_file_system_has_them(store, original, monkeypatch):
    def clone(source, target):
        target.write_bytes(source.read_bytes())
        return True

    monkeypatch.setattr(picture_store, "clone_file", clone)
    assert store.pictures.keep_file(original, digest_of(CONTENT)) is Keeping.REFLINK
    assert store.pictures.read(digest_of(CONTENT)) == CONTENT


@pytest.mark.usefixtures("no_reflinks")
def test_a_copy_can_be_asked_for_even_after_a_link(store, original):
    digest = digest_of(CONTENT)
    store.pictures.keep_file(original, digest)
    assert store.pictures.keep_file(original, digest) is Keeping.HARD_LINK
    assert store.pictures.keep_file(original, digest, copy_always=True) is Keeping.COPY
    original.write_bytes(b"changed")
    assert store.pictures.read(digest) == CONTENT


def test_copies_are_write_protected(store, original):
    digest = digest_of(CONTENT)
    store.pictures.keep_file(original, digest, copy_always=True)
    assert stat.S_IMODE(stored_path(store, digest).stat().st_mode) == 0o444
    other = store.pictures.keep_bytes(b"thumbnail")
    assert stat.S_IMODE(stored_path(store, other).stat().st_mode) == 0o444


def test_a_link_to_a_picture_is_followed(store, original, tmp_path):
    link = tmp_path / "link.png"
    link.symlink_to(original)
    store.pictures.keep_file(link, digest_of(CONTENT))
    assert not stored_path(store, digest_of(CONTENT)).is_symlink()
    assert store.pictures.read(digest_of(CONTENT)) == CONTENT


def test_a_folder_is_not_a_picture(store, tmp_path):
    with pytest.raises(PlaceUnusable, match="not a file"):
        store.pictures.keep_file(tmp_path, digest_of(CONTENT))


def test_a_full_disk_leaves_nothing_half_written(store, original, monkeypatch):
    def no_room(_path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("remarque.store.disk.flush_file", no_room)
    with pytest.raises(DiskFull, match="no room"):
        store.pictures.keep_file(original, digest_of(CONTENT), copy_always=True)
    with pytest.raises(DiskFull, match="no room"):
        store.pictures.keep_bytes(b"thumbnail")
    left = [path for path in (store.place / "pictures").rglob("*") if path.is_file()]
    assert left == []
    assert original.read_bytes() == CONTENT


def test_leftovers_of_an_interrupted_run_are_not_pictures(store):
    digest = store.pictures.keep_bytes(b"thumbnail")
    stored_path(store, digest).with_name(".new-0123456789abcdef").write_bytes(b"half")
    (store.place / "pictures" / "desktop.ini").write_bytes(b"")
    assert list(store.pictures.digests()) == [digest]


def test_names_that_are_not_text_can_be_kept_in_place(store, tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    try:
        path.write_bytes(CONTENT)
    except OSError:
        pytest.skip("this file system takes text as names only")
    store.pictures.note_place(path, digest_of(CONTENT))
    assert store.pictures.read(digest_of(CONTENT)) == CONTENT
    assert store.pictures.places() == [(digest_of(CONTENT), path)]


def test_a_damaged_store_file_is_not_served_when_the_place_still_has_the_picture(store, original):
    digest = digest_of(CONTENT)
    store.pictures.note_place(original, digest)
    store.pictures.keep_bytes(CONTENT)
    stored = stored_path(store, digest)
    stored.chmod(0o600)
    stored.write_bytes(b"bit rot")
    assert store.pictures.read(digest) == CONTENT
    assert store.pictures.path_of(digest) == original
