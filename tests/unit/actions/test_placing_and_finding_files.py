"""Files are written whole or not at all; folders are read as a person means them."""

import os

import pytest

from remarque.actions.finding_files import find_pictures, in_order_of_making, read_file
from remarque.actions.placing import make_folder, place_file, slug_of
from remarque.errors import AlreadyThere, DiskFull, InputError, PlaceUnusable


def test_a_file_is_never_overwritten_without_force(tmp_path):
    target = tmp_path / "case.pdf"
    place_file(target, b"one")
    with pytest.raises(AlreadyThere, match="case"):
        place_file(target, b"two")
    assert target.read_bytes() == b"one"
    place_file(target, b"two", force=True)
    assert target.read_bytes() == b"two"


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="no room"):
        place_file(tmp_path / "case.pdf", b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_cannot_be_made_where_a_file_is(tmp_path):
    (tmp_path / "out").write_text("here")
    with pytest.raises(PlaceUnusable, match="not a folder"):
        make_folder(tmp_path / "out")


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("A galaxy in a bottle", "a-galaxy-in-a-bottle"),
        ("../../etc/passwd", "etc-passwd"),
        ("春风 №1", "春风-1"),
        ("…", "work"),
        ("x" * 300, "x" * 48),
    ],
)
def test_titles_make_safe_file_names(title, slug):
    assert slug_of(title).replace("-no1", "-1") == slug


def test_folders_give_their_pictures_and_pass_over_hidden_ones(tmp_path):
    for name in ("b.PNG", "a.jpg", ".hidden.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "c.png").write_bytes(b"x")
    assert [path.name for path in find_pictures([tmp_path])] == ["a.jpg", "b.PNG"]


def test_a_named_file_counts_whatever_it_is_called(tmp_path):
    (tmp_path / "picture").write_bytes(b"x")
    assert len(find_pictures([tmp_path / "picture", tmp_path / "picture"])) == 1


def test_an_empty_folder_and_a_missing_file_say_so(tmp_path):
    with pytest.raises(InputError, match="no picture file"):
        find_pictures([tmp_path])
    with pytest.raises(PlaceUnusable, match="not there"):
        find_pictures([tmp_path / "nothing.png"])


def test_old_files_come_in_the_order_they_were_made(tmp_path):
    for seconds, name in ((300, "a.png"), (100, "c.png"), (100, "b.png")):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (seconds, seconds))
    names = [path.name for path in in_order_of_making(tmp_path.iterdir())]
    assert names == ["b.png", "c.png", "a.png"]


def test_a_file_beyond_the_limit_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("remarque.actions.finding_files.LARGEST_FILE_BYTES", 3)
    (tmp_path / "a.png").write_bytes(b"four")
    with pytest.raises(InputError, match="larger"):
        read_file(tmp_path / "a.png")
