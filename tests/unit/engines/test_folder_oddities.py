"""Things in a watched folder that are no pictures, or behave like none."""

import os
import socket
import time
from pathlib import Path

import pytest

from remarque.actions.happenings import FileGone, FileWhole, Trouble
from remarque.engines.folder_listing import list_pictures, standing_of
from remarque.engines.folder_settling import Patience, Settling
from stand_ins.watched import listening, picture, wait_until

IMPATIENT = Patience(give_up=1.0, rescan=1.0, poll=0.3)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "outputs"
    folder.mkdir()
    return folder


def test_pipes_sockets_and_huge_files_hold_up_nothing(folder):
    with listening([folder], patience=IMPATIENT) as heard, socket.socket(socket.AF_UNIX) as made:
        os.mkfifo(folder / "pipe.png")
        made.bind(str(folder / "socket.png"))
        (folder / "zero.png").symlink_to("/dev/zero")
        with (folder / "huge.png").open("wb") as file:
            file.truncate(4 << 30)
        (folder / "a.png").write_bytes(picture(1))
        wait_until(lambda: heard.names(FileWhole) == ["a.png"])
        wait_until(lambda: heard.of(Trouble))
        heard.wait_for_quiet()
    (trouble,) = heard.of(Trouble)
    assert "huge.png" in trouble.missing
    assert "256 MiB" in trouble.because
    assert standing_of(folder / "pipe.png") is None


def test_a_link_is_followed_only_to_what_is_watched(folder, tmp_path):
    (tmp_path / "private.png").write_bytes(picture(1))
    favourites = tmp_path / "favourites"
    favourites.mkdir()
    with listening([folder, favourites]) as heard:
        (folder / "private.png").symlink_to(tmp_path / "private.png")
        (folder / "a.png").write_bytes(picture(2))
        wait_until(lambda: heard.names(FileWhole) == ["a.png"])
        (favourites / "best.png").symlink_to(folder / "a.png")
        wait_until(lambda: heard.names(FileWhole) == ["a.png", "best.png"])
        heard.wait_for_quiet()
    assert heard.names(FileWhole) == ["a.png", "best.png"]


def test_names_that_are_no_text_are_seen(folder):
    odd = os.fsencode(folder) + b"/\xfd"
    with listening([folder]) as heard:
        Path(os.fsdecode(odd + b".png")).write_bytes(picture(1))
        Path(os.fsdecode(odd)).mkdir()
        Path(os.fsdecode(odd + b"/x.png")).write_bytes(picture(2))
        wait_until(lambda: len(heard.of(FileWhole)) == 2)
        (folder / "plain.png").write_bytes(picture(3))
        wait_until(lambda: len(heard.of(FileWhole)) == 3)


def test_a_folder_whose_own_name_is_no_text_is_watched(tmp_path):
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xfe"))
    odd.mkdir()
    with listening([odd]) as heard:
        (odd / "a.png").write_bytes(picture(1))
        wait_until(lambda: heard.of(FileWhole))


def test_a_file_in_the_place_of_the_folder_is_no_folder(folder, tmp_path):
    (folder / "a.png").write_bytes(picture(1))
    with listening([folder], list_pictures(folder), patience=IMPATIENT) as heard:
        folder.rename(tmp_path / "away")
        folder.write_bytes(b"a file")
        wait_until(lambda: heard.of(Trouble))
        folder.unlink()
        (tmp_path / "away").rename(folder)
        (folder / "b.png").write_bytes(picture(2))
        wait_until(lambda: heard.names(FileWhole) == ["b.png"])
    assert not heard.of(FileGone)


def test_a_folder_deleted_and_made_again_is_watched_at_once(folder):
    with listening([folder], patience=Patience(rescan=3600.0)) as heard:
        folder.rmdir()
        folder.mkdir()
        (folder / "a.png").write_bytes(picture(1))
        wait_until(lambda: heard.names(FileWhole) == ["a.png"])
        (folder / "b.png").write_bytes(picture(2))
        wait_until(lambda: heard.names(FileWhole) == ["a.png", "b.png"])


def test_a_folder_that_may_not_be_read_is_said_and_nothing_in_it_is_called_gone(
    folder, monkeypatch
):
    real, real_stat, closed = os.scandir, Path.stat, folder / "closed"
    for name in ("closed", "open"):
        (folder / name).mkdir()
        (folder / name / "a.png").write_bytes(picture(ord(name[0])))
    known = list_pictures(folder)
    refusing = True

    def scandir(place):
        if refusing and Path(place) == closed:
            raise PermissionError(13, "Permission denied", str(place))
        return real(place)

    def refused_stat(path, **options):
        if refusing and closed in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return real_stat(path, **options)

    with listening([folder], known, patience=IMPATIENT) as heard:
        monkeypatch.setattr(os, "scandir", scandir)
        monkeypatch.setattr(Path, "stat", refused_stat)
        wait_until(lambda: heard.of(Trouble))
        heard.wait_for_quiet()
        (folder / "open" / "b.png").write_bytes(picture(3))
        wait_until(lambda: heard.names(FileWhole) == ["b.png"])
        refusing = False
        (closed / "c.png").write_bytes(picture(4))
        wait_until(lambda: heard.names(FileWhole) == ["b.png", "c.png"])
    (trouble,) = heard.of(Trouble)
    assert trouble.because.endswith("it cannot be read (permission denied).")
    assert "“closed”" in trouble.missing
    assert not heard.of(FileGone)


def test_a_failure_nobody_thought_of_is_on_record_and_the_folder_is_watched_on(folder, monkeypatch):
    from remarque.engines import folder_root

    real, failures = folder_root.look_over, [ValueError("a fault")]

    def failing(*given):
        if failures:
            raise failures.pop()
        return real(*given)

    monkeypatch.setattr(folder_root, "look_over", failing)
    with listening([folder], patience=IMPATIENT) as heard:
        (folder / "a.png").write_bytes(picture(1))
        wait_until(lambda: heard.names(FileWhole) == ["a.png"])
    assert "unexpected error" in heard.of(Trouble)[0].because


def test_a_thousand_files_renamed_at_once_are_all_told(folder):
    content = picture(1)
    for number in range(1000):
        (folder / f"{number}.png").write_bytes(content)
    with listening([folder], list_pictures(folder)) as heard:
        for number in range(1000):
            (folder / f"{number}.png").rename(folder / f"{number}.PNG")
        wait_until(lambda: len(heard.of(FileWhole)) == len(heard.of(FileGone)) == 1000)
        heard.wait_for_quiet()
    assert len(heard.told) == 2000


def test_a_file_that_never_stands_still_is_said_and_seen_once_it_does(folder):
    now = [0.0]
    settling = Settling(Patience(longest=600.0), timer=lambda: now[0])
    path = folder / "busy.png"
    told = []
    path.write_bytes(picture(1))
    for second in range(1300):
        os.utime(path, (second, second))
        settling.watch(path, standing_of(path))
        told += [happening for _, _, happening in settling.finished()]
        now[0] += 0.5
    (trouble,) = told
    assert isinstance(trouble, Trouble)
    now[0] += 1.0
    ((_, _, whole),) = settling.finished()
    assert isinstance(whole, FileWhole)


def test_a_file_written_every_second_is_told_each_time_it_is_whole(folder):
    with listening([folder]) as heard:
        for number in range(3):
            (folder / "out.png").write_bytes(picture(number))
            time.sleep(1.0)
        wait_until(lambda: len(heard.of(FileWhole)) == 3)
