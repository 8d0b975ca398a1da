"""Files whole or not at all, also where the system lacks something or complains."""

import errno
import os
import sqlite3
import sys

import pytest

from remarque.errors import (
    DiskFull,
    LedgerDamaged,
    LedgerError,
    PlaceUnusable,
    VaultBusy,
)
from remarque.store import database
from remarque.store.disk import (
    building_folder,
    clone_file,
    problem_with,
    remove_tree,
    write_atomically,
)


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "keys.json"
    write_atomically(path, b"old", mode=0o600)
    write_atomically(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "keys.json"
    write_atomically(path, b"old")

    def no_room(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(DiskFull):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_without_flushing_is_still_written_to(tmp_path, monkeypatch):
    def unknown(_handle):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", unknown)
    write_atomically(tmp_path / "keys.json", b"new")
    assert (tmp_path / "keys.json").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EFBIG, DiskFull),
        (errno.EACCES, PlaceUnusable),
        (errno.EROFS, PlaceUnusable),
        (errno.EIO, PlaceUnusable),
    ],
)
def test_the_system_s_errors_become_sentences(tmp_path, number, kind):
    problem = problem_with(tmp_path / "vault", OSError(number, os.strerror(number)))
    assert type(problem) is kind
    assert "vault" in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_BUSY_SNAPSHOT", VaultBusy),
        ("SQLITE_FULL", DiskFull),
        ("SQLITE_CORRUPT_VTAB", LedgerDamaged),
        ("SQLITE_NOTADB", LedgerDamaged),
        ("SQLITE_CONSTRAINT_TRIGGER", LedgerError),
        ("SQLITE_READONLY", PlaceUnusable),
        ("SQLITE_IOERR_READ", PlaceUnusable),
        ("", PlaceUnusable),
    ],
)
def test_the_database_s_errors_become_sentences(tmp_path, name, kind):
    error = sqlite3.OperationalError("what the database said")
    error.sqlite_errorname = name
    problem = database.problem_in(tmp_path / "vault.db", error)
    assert type(problem) is kind
    assert "vault.db" in problem.message


def test_an_input_error_on_a_full_disk_is_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_NO_ROOM_BYTES", 1 << 80)
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"
    assert type(database.problem_in(tmp_path / "vault.db", error)) is DiskFull
    assert type(database.problem_in(tmp_path / "no" / "vault.db", error)) is PlaceUnusable


@pytest.mark.skipif(sys.platform != "linux", reason="the call exists on Linux alone")
def test_shared_blocks_are_asked_for_in_the_right_order(tmp_path, monkeypatch):
    import fcntl

    asked = []
    monkeypatch.setattr(fcntl, "ioctl", lambda *call: asked.append(call) or 0)
    (tmp_path / "source").write_bytes(b"bytes")
    assert clone_file(tmp_path / "source", tmp_path / "target")
    ((target, request, source),) = asked
    assert request == 0x40049409
    assert target != source


def build_half(place):
    with building_folder(place) as building:
        (building / "pictures").mkdir()
        (building / "pictures" / "kept").write_bytes(b"")
        (building / "pictures" / "kept").chmod(0o444)
        raise ZeroDivisionError


def test_a_half_built_folder_goes_with_everything_in_it(tmp_path):
    with pytest.raises(ZeroDivisionError):
        build_half(tmp_path / "vault")
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_needs_no_removing(tmp_path):
    remove_tree(tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []
