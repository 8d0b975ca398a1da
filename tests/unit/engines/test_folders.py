"""Folders as a source of pictures: real files, slow writers, moves, vanishing folders."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from remarque.actions.happenings import FileGone, FileWhole, Trouble
from remarque.engines.folder_listing import Standing, is_wanted, list_pictures, standing_of
from remarque.engines.folder_settling import Patience, why_not_whole
from remarque.engines.folders import FolderTree
from stand_ins.samples import sample, samples_under
from stand_ins.watched import age, listening, picture, wait_until

IMPATIENT = Patience(give_up=1.0, rescan=1.0, poll=0.3)

SLOWLY = """
import sys, time
source, target, pause = sys.argv[1], sys.argv[2], float(sys.argv[3])
content = open(source, "rb").read()
with open(target, "wb") as file:
    for start in range(0, len(content), max(len(content) // 6, 1)):
        file.write(content[start : start + max(len(content) // 6, 1)])
        file.flush()
        time.sleep(pause)
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "outputs"
    folder.mkdir()
    return folder


def test_a_saved_picture_is_told_once(folder):
    with listening([folder]) as heard:
        (folder / "a.png").write_bytes(picture(1))
        wait_until(lambda: heard.names(FileWhole) == ["a.png"])
        heard.wait_for_quiet()
    (whole,) = heard.of(FileWhole)
    assert whole.path == folder / "a.png"
    assert not whole.caught_up
    assert (whole.size_bytes, whole.modified_ns) == (
        whole.path.stat().st_size,
        whole.path.stat().st_mtime_ns,
    )


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_a_slow_writer_is_waited_for(folder, tmp_path, suffix):
    kind = {"jpg": "JPEG"}.get(suffix, suffix.upper())
    source = tmp_path / "source"
    source.write_bytes(picture(2, suffix=kind))
    target = folder / f"slow.{suffix}"
    with listening([folder]) as heard:
        # Each pause is longer than a file has to stand still: only its end says it is whole.
        subprocess.run([sys.executable, "-c", SLOWLY, source, target, "0.35"], check=True)
        wait_until(lambda: heard.of(FileWhole))
        heard.wait_for_quiet()
    assert heard.names(FileWhole) == [target.name]
    assert heard.of(FileWhole)[0].size_bytes == len(source.read_bytes())
    assert not heard.of(Trouble)


def test_a_file_made_at_once_in_a_new_folder_is_found(folder):
    with listening([folder]) as heard:
        for number in range(5):
            deep = folder / f"2026-11-{number:02}" / "grid"
            deep.mkdir(parents=True)
            (deep / f"{number}.png").write_bytes(picture(number))
        wait_until(lambda: len(heard.of(FileWhole)) >= 5)
        heard.wait_for_quiet()
    assert sorted(heard.names(FileWhole)) == [f"{number}.png" for number in range(5)]


def test_unfinished_and_hidden_names_are_seen_once_they_are_renamed(folder):
    with listening([folder]) as heard:
        for name in (".a.png", "~b.png", "c.png.part", "d.tmp", "e.txt"):
            (folder / name).write_bytes(picture(3))
        (folder / ".hidden").mkdir()
        (folder / ".hidden" / "f.png").write_bytes(picture(4))
        heard.wait_for_quiet()
        assert not heard.told
        (folder / "c.png.part").rename(folder / "c.png")
        (folder / ".a.png").rename(folder / "a.png")
        wait_until(lambda: len(heard.of(FileWhole)) >= 2)
    assert sorted(heard.names(FileWhole)) == ["a.png", "c.png"]
    assert not heard.of(FileGone)


def test_renames_deletions_and_overwriting_are_told(folder):
    for name in ("a.png", "b.png", "c.png"):
        (folder / name).write_bytes(picture(ord(name[0])))
    known = list_pictures(folder)
    with listening([folder], known) as heard:
        assert not heard.told
        (folder / "best").mkdir()
        (folder / "a.png").rename(folder / "best" / "a2.png")
        (folder / "b.png").unlink()
        (folder / "c.png").write_bytes(picture(99))
        wait_until(lambda: len(heard.told) >= 4)
        heard.wait_for_quiet()
    assert sorted(heard.names(FileGone)) == ["a.png", "b.png"]
    assert sorted(heard.names(FileWhole)) == ["a2.png", "c.png"]


def test_a_whole_folder_that_is_moved_away_takes_its_pictures_with_it(folder, tmp_path):
    (folder / "day").mkdir()
    for number in range(3):
        (folder / "day" / f"{number}.png").write_bytes(picture(number))
    with listening([folder], list_pictures(folder)) as heard:
        (folder / "day").rename(tmp_path / "away")
        wait_until(lambda: len(heard.of(FileGone)) == 3)
        (tmp_path / "away").rename(folder / "night")
        wait_until(lambda: len(heard.of(FileWhole)) == 3)


def test_what_came_while_nobody_watched_is_told_as_caught_up(folder):
    (folder / "known.png").write_bytes(picture(1))
    known = list_pictures(folder)
    (folder / "late.png").write_bytes(picture(2))
    age(folder / "late.png", 100)
    with listening([folder], known) as heard:
        assert heard.names(FileWhole) == ["late.png"]
        assert heard.of(FileWhole)[0].caught_up
        (folder / "now.png").write_bytes(picture(3))
        wait_until(lambda: len(heard.of(FileWhole)) == 2)
    assert not heard.of(FileWhole)[1].caught_up


def test_a_known_file_that_is_gone_at_the_start_is_told_unless_nothing_is_left(folder):
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(picture(ord(name[0])))
    known = list_pictures(folder)
    (folder / "a.png").unlink()
    with listening([folder], known) as heard:
        assert heard.names(FileGone) == ["a.png"]
    (folder / "b.png").unlink()  # the empty place of an unmounted disk looks the same
    with listening([folder], known) as heard:
        heard.wait_for_quiet()
    assert not heard.told


def test_a_file_that_never_becomes_whole_is_trouble_and_seen_when_it_does(folder):
    content = picture(5)
    with listening([folder], patience=IMPATIENT) as heard:
        (folder / "cut.png").write_bytes(content[: len(content) // 2])
        wait_until(lambda: heard.of(Trouble))
        assert "cut.png" in heard.of(Trouble)[0].missing
        assert not heard.of(FileWhole)
        (folder / "cut.png").write_bytes(content)
        wait_until(lambda: heard.names(FileWhole) == ["cut.png"])
    assert len(heard.of(Trouble)) == 1


def test_a_folder_that_vanishes_is_waited_for_and_its_files_are_not_called_deleted(
    folder, tmp_path
):
    (folder / "a.png").write_bytes(picture(1))
    with listening([folder], list_pictures(folder)) as heard:
        folder.rename(tmp_path / "unmounted")
        wait_until(lambda: heard.of(Trouble))
        assert heard.of(Trouble)[0].lasting
        (tmp_path / "unmounted" / "b.png").write_bytes(picture(2))
        age(tmp_path / "unmounted" / "b.png", 5)
        (tmp_path / "unmounted").rename(folder)
        wait_until(lambda: heard.names(FileWhole) == ["b.png"])
        (folder / "c.png").write_bytes(picture(3))
        wait_until(lambda: len(heard.of(FileWhole)) == 2)
    assert heard.of(FileWhole)[0].caught_up
    assert not heard.of(FileGone)


def test_another_folder_in_the_same_place_is_watched_and_deletes_nothing(folder, tmp_path):
    (folder / "a.png").write_bytes(picture(1))
    with listening([folder], list_pictures(folder)) as heard:
        folder.rename(tmp_path / "unmounted")
        folder.mkdir()
        (folder / "n.png").write_bytes(picture(2))
        wait_until(lambda: heard.names(FileWhole) == ["n.png"])
        heard.wait_for_quiet()
    assert not heard.of(FileGone)


def test_loops_of_links_end_and_links_to_folders_are_passed_over(folder, tmp_path):
    (folder / "loop").symlink_to(folder)
    (tmp_path / "elsewhere").mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "dangling.png").symlink_to(tmp_path / "nothing.png")
    with listening([folder]) as heard:
        (folder / "a.png").write_bytes(picture(1))
        (tmp_path / "elsewhere" / "b.png").write_bytes(picture(2))
        wait_until(lambda: heard.names(FileWhole) == ["a.png"])
        heard.wait_for_quiet()
    assert heard.names(FileWhole) == ["a.png"]


def test_folders_within_folders_are_watched_once(folder):
    inner = folder / "best"
    inner.mkdir()
    with listening([folder, inner, folder]) as heard:
        (inner / "a.png").write_bytes(picture(1))
        wait_until(lambda: heard.of(FileWhole))
        heard.wait_for_quiet()
    assert heard.names(FileWhole) == ["a.png"]


def test_ten_thousand_known_files_are_not_opened(folder):
    content = picture(1)
    for number in range(100):
        (folder / f"{number:03}").mkdir()
        for other in range(100):
            (folder / f"{number:03}" / f"{other:03}.png").write_bytes(content)
    known = list_pictures(folder)
    assert len(known) == 10_000
    with listening([folder], known) as heard:
        assert not heard.told
        (folder / "050" / "new.png").write_bytes(picture(2))
        wait_until(lambda: heard.names(FileWhole) == ["new.png"])
        heard.wait_for_quiet()
    assert heard.names(FileWhole) == ["new.png"]


def test_a_folder_that_does_not_answer_is_said_and_holds_up_no_other(folder, tmp_path, monkeypatch):
    dead = tmp_path / "share"
    dead.mkdir()
    from threading import Event

    from remarque.engines import folder_root

    release, real = Event(), folder_root.look_over

    def stalling(root, *others):
        if root == dead:
            release.wait(120)  # as a read from a network share whose server is gone
        return real(root, *others)

    monkeypatch.setattr(folder_root, "look_over", stalling)
    source = FolderTree([dead, folder], {}, _clock(), Patience(stall=1.0))
    from stand_ins.watched import Listening

    heard = Listening(source)
    heard._thread.start()
    wait_until(lambda: heard.of(Trouble))
    (folder / "a.png").write_bytes(picture(1))
    wait_until(lambda: heard.names(FileWhole) == ["a.png"])
    assert heard.of(Trouble)[0].lasting
    assert "share" in heard.of(Trouble)[0].missing
    release.set()
    heard.__exit__()


def _clock():
    from remarque.wiring.clock import SystemClock

    return SystemClock()


def test_a_clock_that_is_set_back_is_said(folder):
    class Jumping:
        back = timedelta(0)

        def now(self):
            return datetime.now(UTC) - self.back

    from stand_ins.watched import Listening

    clock = Jumping()
    with Listening(FolderTree([folder], {}, clock)) as heard:
        clock.back = timedelta(hours=1)
        wait_until(lambda: heard.of(Trouble))
        (folder / "a.png").write_bytes(picture(1))
        wait_until(lambda: heard.of(FileWhole))
    assert "set back by 3600 seconds" in heard.of(Trouble)[0].because


def test_sidecars_are_told_and_thumbnails_of_invokeai_are_not(folder):
    (folder / "thumbnails").mkdir()
    with listening([folder]) as heard:
        (folder / "a.png").write_bytes(picture(1))
        (folder / "thumbnails" / "a.webp").write_bytes(picture(1, suffix="WEBP"))
        (folder / "a.xmp").write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
        wait_until(lambda: len(heard.of(FileWhole)) == 2)
        heard.wait_for_quiet()
    assert sorted(heard.names(FileWhole)) == ["a.png", "a.xmp"]


def test_every_real_picture_is_whole_and_none_of_its_beginnings_is(tmp_path):
    found = [p for p in samples_under("generators") if is_wanted(p)]
    if not found:
        sample("generators")
    for path in found:
        assert why_not_whole(path) is None, path.name
        part = tmp_path / path.name
        content = path.read_bytes()
        for share in (0.02, 0.5, 0.9):
            part.write_bytes(content[: int(len(content) * share)])
            assert why_not_whole(part), (path.name, share)


def test_standing_is_size_and_time(folder):
    path = folder / "a.png"
    assert standing_of(path) is None
    path.write_bytes(b"abc")
    assert standing_of(path) == Standing(3, path.stat().st_mtime_ns)
