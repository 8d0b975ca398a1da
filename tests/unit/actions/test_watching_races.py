"""Watches of one vault on a real disk: two at once, a vault that goes away, a kill half-way."""

import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from remarque.actions.telling import covering_stamps
from remarque.actions.watch_results import GapNoticed, Postponed, SelectionNoticed
from remarque.actions.witnessing import Seen, record_seen
from remarque.actions.works import history_of, open_work
from remarque.errors import VaultBusy
from remarque.model.digests import digest_of
from remarque.model.grades import Grade
from remarque.model.witness import Observer, Witness
from remarque.verifying.grading import grade_entry
from remarque.wiring.clock import SystemClock
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import add_authority, open_vault
from stand_ins.openssl_authority import openssl_authority
from stand_ins.watched import age, picture
from stand_ins.watching import Watching

PASSPHRASE = "a passphrase for tests"


@pytest.fixture(scope="module")
def _model(tmp_path_factory):
    place = tmp_path_factory.mktemp("model") / "vault"
    make_vault(place, Founding("Ada", PASSPHRASE))
    return place


@pytest.fixture
def place(tmp_path, _model):
    return shutil.copytree(_model, tmp_path / "vault")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "outputs"
    folder.mkdir()
    return folder


@contextmanager
def opened(place):
    with open_vault(place, passphrase=PASSPHRASE) as vault:
        yield vault


def slowly(vault):
    """The vault with a disk so slow that two watches are sure to meet."""

    class Slow:
        def __getattr__(self, name):
            return getattr(vault.pictures, name)

        def keep_bytes(self, content):
            time.sleep(0.1)
            return vault.pictures.keep_bytes(content)

    return replace(vault, pictures=Slow())


def test_two_watches_of_one_folder_make_one_take_of_each_picture(place, folder):
    with opened(place) as one, opened(place) as other:
        with Watching(slowly(one), [folder]) as first, Watching(slowly(other), [folder]) as second:
            for number in range(6):
                (folder / f"{number}.png").write_bytes(picture(number))
            first.wait(lambda: len(first.new()) + len(second.new()) >= 6)
            (folder / "best").mkdir()
            (folder / "0.png").rename(folder / "best" / "0.png")
            first.wait(lambda: first.of(SelectionNoticed) or second.of(SelectionNoticed))
        takes = [recorded.body for recorded in history_of(one, first.work).takes]
        assert sorted(take.picture.name for take in takes) == [f"{n}.png" for n in range(6)]
        assert len(history_of(one, first.work).inferred) == 1


def test_a_turn_that_is_not_given_back_makes_the_others_wait_and_say_so(place, monkeypatch):
    monkeypatch.setattr("remarque.store.watching.PATIENCE_SECONDS", 0.1)
    with opened(place) as one, opened(place) as other:
        with one.watching.turn(), pytest.raises(VaultBusy), other.watching.turn():
            pass
        with other.watching.turn():
            pass


def test_a_vault_that_goes_away_gets_everything_when_it_is_back(place, folder, tmp_path):
    with opened(place) as vault, Watching(vault, [folder]) as seen:
        (folder / "a.png").write_bytes(picture(1))
        seen.wait(lambda: seen.new() == ["a.png"])
        place.rename(tmp_path / "unplugged")
        (folder / "b.png").write_bytes(picture(2))
        seen.wait(lambda: seen.of(Postponed))
        assert not place.exists()  # and no second vault is begun in its place
        shutil.copytree(tmp_path / "unplugged", place)  # as a disk that is mounted anew
        seen.wait(lambda: seen.new() == ["a.png", "b.png"])
    with opened(place) as vault:
        assert len(history_of(vault, seen.work).takes) == 2


def test_nothing_is_entered_into_another_vault_that_lies_there_now(place, folder, tmp_path):
    make_vault(tmp_path / "other", Founding("Eve", PASSPHRASE))
    with opened(place) as vault, Watching(vault, [folder]) as seen:
        (folder / "a.png").write_bytes(picture(1))
        seen.wait(lambda: seen.new() == ["a.png"])
        place.rename(tmp_path / "mine")
        (tmp_path / "other").rename(place)
        (folder / "b.png").write_bytes(picture(2))
        seen.wait(lambda: seen.of(Postponed))
        place.rename(tmp_path / "other")
        (tmp_path / "mine").rename(place)
        seen.wait(lambda: seen.new() == ["a.png", "b.png"])
        assert not seen.of(GapNoticed)
    with opened(tmp_path / "other") as other:
        assert other.ledger.size() == 1
    with opened(place) as vault:
        assert len(history_of(vault, seen.work).takes) == 2


def test_killed_between_entry_and_memory_no_picture_is_entered_twice(place, folder):
    with opened(place) as vault:
        with Watching(vault, [folder]):
            pass
        work = open_work(vault, "A")[0]
        for number in range(2):
            (folder / f"{number}.png").write_bytes(picture(number))
            age(folder / f"{number}.png", 5)
        # What a kill leaves: an entry the memory does not know, and bytes without an entry.
        seen = Seen(picture(0), "0.png", SystemClock().now(), Witness(Observer.FOLDER))
        record_seen(vault, work, seen)
        vault.pictures.keep_bytes(picture(1))
    with opened(place) as vault:
        with Watching(vault, [folder]) as again:
            pass
        assert again.new() == ["1.png"]
        takes = [recorded.body.picture.digest for recorded in history_of(vault, again.work).takes]
        assert takes == [digest_of(picture(0)), digest_of(picture(1))]


def test_a_name_that_is_no_text_is_recorded_and_its_folder_named_as_far_as_it_is(place, folder):
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/best \xfd"))
    with opened(place) as vault, Watching(vault, [folder]) as seen:
        for number in range(3):
            Path(os.fsdecode(os.fsencode(folder) + b"/\xfd%d.png" % number)).write_bytes(
                picture(number)
            )
        seen.wait(lambda: len(seen.new()) == 3)
        odd.mkdir()
        next(folder.glob("*0.png")).rename(odd / "0.png")
        seen.wait(lambda: seen.of(SelectionNoticed))
        history = seen.history()
    assert min(take.body.picture.name for take in history.takes) == "\ufffd0.png"
    assert history.inferred[0].body.detail.endswith("to “best \ufffd”.")


def test_what_was_seen_and_stamped_is_contemporaneous_and_what_came_late_is_not(place, folder):
    with openssl_authority() as authority:
        add_authority(place, authority.url, authority.root_pem)
        with opened(place) as vault, Watching(vault, [folder]) as seen:
            (folder / "late.png").write_bytes(picture(2))
            age(folder / "late.png", 3600)
            (folder / "now.png").write_bytes(picture(1))
            written = (folder / "now.png").stat().st_mtime
            seen.wait(lambda: len(seen.new()) == 2)
        with opened(place) as vault:
            # An authority on this machine counts for a reader who vouches for it, nobody else.
            stamps = [replace(stamp, by_reader=True) for stamp in covering_stamps(vault)]
            takes = {take.body.picture.name: take for take in history_of(vault, seen.work).takes}
            graded = {
                name: grade_entry(take.stored.entry, take.index, stamps).grade
                for name, take in takes.items()
            }
    assert graded == {"now.png": Grade.CONTEMPORANEOUS, "late.png": Grade.IMPORTED}
    came = SystemClock().now().fromtimestamp(written, SystemClock().now().tzinfo)
    assert takes["now.png"].body.picture.modified.startswith(came.strftime("%Y-%m-%dT%H:%M:%S"))
