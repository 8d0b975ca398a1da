"""A watch from the saved file to the entry: live, caught up, failing, restarted."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from remarque.actions.ports import Author
from remarque.actions.watch_results import CaughtUp, SelectionNoticed, TakeWatched
from remarque.ledger.keys import create_keys
from remarque.model.digests import digest_of
from remarque.model.history import Manner, Sign
from remarque.model.witness import Observer
from remarque.wiring.clock import SystemClock
from stand_ins.memory_vault import build_memory_vault
from stand_ins.watched import age, picture, rated_picture, rating_packet
from stand_ins.watching import Watching

KEYS = create_keys()
AUTHOR = Author("Ada", KEYS.key_id(), KEYS.verifier_key(), "", "")
INFOTEXT = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 7, Size: 24x24, Model: m"


@pytest.fixture
def vault(tmp_path):
    place = tmp_path / "vault"
    place.mkdir()
    return build_memory_vault(place, author=AUTHOR, signer=KEYS, clock=SystemClock())


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "outputs"
    folder.mkdir()
    return folder


def test_a_saved_picture_becomes_a_take_as_it_happened(vault, folder):
    with Watching(vault, [folder]) as seen:
        (folder / "a.png").write_bytes(picture(1, text=INFOTEXT))
        seen.wait(seen.new)
    (take,) = [recorded.body for recorded in seen.history().takes]
    assert (take.picture.name, take.manner) == ("a.png", Manner.AS_IT_HAPPENED)
    assert take.recipe.seed == 7
    assert (take.witness.observer, take.witness.caught_up) == (Observer.FOLDER, False)
    (told,) = seen.of(TakeWatched)
    assert told.seconds >= 0
    assert len(vault.ledger.checkpoints()) == 1  # the end closes the sitting


def test_what_lies_there_is_left_alone_and_said(vault, folder):
    (folder / "old.png").write_bytes(picture(1))
    with Watching(vault, [folder]) as seen:
        (folder / "new.png").write_bytes(picture(2))
        seen.wait(seen.new)
    assert seen.left_alone == 1
    assert seen.new() == ["new.png"]


def test_what_lies_there_is_imported_if_asked(vault, folder):
    (folder / "old.png").write_bytes(picture(1))
    age(folder / "old.png", 5)
    with Watching(vault, [folder], existing=True) as seen:
        pass
    (take,) = [recorded.body for recorded in seen.history().takes]
    assert (take.manner, take.witness.caught_up) == (Manner.IMPORTED, True)


def test_what_was_left_alone_can_be_imported_by_a_later_watch(vault, folder):
    (folder / "old.png").write_bytes(picture(1))
    age(folder / "old.png", 5)
    with Watching(vault, [folder]):
        pass
    with Watching(vault, [folder], existing=True) as seen:
        pass
    assert seen.new() == ["old.png"]


def test_a_restart_catches_up_and_says_what_came_meanwhile(vault, folder):
    with Watching(vault, [folder]) as seen:
        (folder / "a.png").write_bytes(picture(1))
        seen.wait(seen.new)
    for number in (2, 3, 4):
        (folder / f"{number}.png").write_bytes(picture(number))
        age(folder / f"{number}.png", 60 - number)
    with Watching(vault, [folder]) as again:
        pass
    assert again.new() == ["2.png", "3.png", "4.png"]
    assert again.of(CaughtUp) == [CaughtUp(3)]
    takes = [recorded.body for recorded in again.history().takes]
    assert [take.manner for take in takes] == [Manner.AS_IT_HAPPENED, *3 * [Manner.IMPORTED]]
    with Watching(vault, [folder]) as third:
        pass
    assert third.new() == []


def test_a_file_older_than_its_coming_is_imported_with_a_remark(vault, folder, tmp_path):
    with Watching(vault, [folder]) as seen:
        (tmp_path / "old.png").write_bytes(picture(1))
        age(tmp_path / "old.png", 3600)
        (tmp_path / "old.png").rename(folder / "old.png")
        seen.wait(seen.new)
    (take,) = [recorded.body for recorded in seen.history().takes]
    assert take.manner is Manner.IMPORTED
    assert "older than 10 minutes" in take.witness.remarks[0]


def test_a_copy_is_no_second_take_and_a_deleted_file_keeps_its_entry(vault, folder):
    with Watching(vault, [folder]) as seen:
        (folder / "a.png").write_bytes(picture(1))
        seen.wait(seen.new)
        (folder / "b.png").write_bytes(picture(1))
        seen.wait(lambda: len(seen.of(TakeWatched)) == 2)
        (folder / "a.png").unlink()
    assert [told.new for told in seen.of(TakeWatched)] == [True, False]
    (take,) = seen.history().takes
    assert vault.pictures.read(take.body.picture.digest) == picture(1)


def test_a_program_that_overwrites_its_file_loses_no_take(vault, folder):
    with Watching(vault, [folder]) as seen:
        for number in range(3):
            (folder / "out.png").write_bytes(picture(number))
            seen.wait(lambda number=number: len(seen.new()) == number + 1)
    for number in range(3):
        assert vault.pictures.read(digest_of(picture(number))) == picture(number)


def test_moving_one_to_favourites_is_an_inferred_selection(vault, folder):
    with Watching(vault, [folder]) as seen:
        for number in range(4):
            (folder / f"{number}.png").write_bytes(picture(number))
        seen.wait(lambda: len(seen.new()) == 4)
        (folder / "best").mkdir()
        (folder / "2.png").rename(folder / "best" / "2.png")
        seen.wait(lambda: seen.of(SelectionNoticed))
    (inferred,) = [recorded.body for recorded in seen.history().inferred]
    assert (inferred.picture, inferred.sign) == (digest_of(picture(2)), Sign.MOVED)
    assert len(inferred.over) == 3


def test_a_named_folder_of_favourites_beside_makes_no_takes(vault, folder, tmp_path):
    liked = tmp_path / "liked"
    liked.mkdir()
    with Watching(vault, [folder], [liked]) as seen:
        for number in range(3):
            (folder / f"{number}.png").write_bytes(picture(number))
        seen.wait(lambda: len(seen.new()) == 3)
        (liked / "mine.png").write_bytes(picture(0))
        (liked / "holiday.png").write_bytes(picture(77))
        seen.wait(lambda: seen.of(SelectionNoticed))
    (inferred,) = [recorded.body for recorded in seen.history().inferred]
    assert (inferred.picture, inferred.sign) == (digest_of(picture(0)), Sign.COPIED)
    assert len(seen.history().takes) == 3


def test_moves_made_while_nobody_watched_are_judged_at_the_next_start(vault, folder):
    with Watching(vault, [folder]) as seen:
        for number in range(3):
            (folder / f"{number}.png").write_bytes(picture(number))
        seen.wait(lambda: len(seen.new()) == 3)
    (folder / "best").mkdir()
    (folder / "0.png").rename(folder / "best" / "0.png")
    with Watching(vault, [folder]) as again:
        again.wait(lambda: again.of(SelectionNoticed))
    assert again.new() == []
    assert again.of(SelectionNoticed)[0].inferred.sign is Sign.MOVED


def test_a_file_from_before_the_first_watch_stays_no_take_when_it_is_moved(vault, folder):
    (folder / "old.png").write_bytes(picture(1))
    with Watching(vault, [folder]) as seen:
        (folder / "archive").mkdir()
        (folder / "old.png").rename(folder / "archive" / "old.png")
        (folder / "new.png").write_bytes(picture(2))
        seen.wait(seen.new)
        seen.wait(lambda: (folder / "archive" / "old.png") in seen_paths(vault, folder))
    assert seen.new() == ["new.png"]


def seen_paths(vault, folder) -> set[Path]:
    return {file.path for file in vault.watching.files(folder)}


def test_a_rating_in_the_file_or_beside_it_is_a_sign_and_no_new_take(vault, folder):
    with Watching(vault, [folder]) as seen:
        for number in range(3):
            (folder / f"{number}.png").write_bytes(picture(number))
        seen.wait(lambda: len(seen.new()) == 3)
        (folder / "0.png").write_bytes(rated_picture(0, 4))
        seen.wait(lambda: len(seen.of(SelectionNoticed)) == 1)
        (folder / "1.png.xmp").write_text(rating_packet(5))
        seen.wait(lambda: len(seen.of(SelectionNoticed)) == 2)
    found = [recorded.body for recorded in seen.history().inferred]
    assert [(one.picture, one.sign) for one in found] == [
        (digest_of(picture(0)), Sign.RATED),
        (digest_of(picture(1)), Sign.RATED),
    ]
    assert len(seen.history().takes) == 3


def rewritten(content: bytes, note: str) -> bytes:
    """The same pixels and recipe, with something a viewer notes in the file."""
    words = PngInfo()
    with Image.open(io.BytesIO(content)) as opened:
        for key, value in opened.text.items():
            words.add_text(key, value)
        words.add_text("Comment", note)
        into = io.BytesIO()
        opened.save(into, "PNG", pnginfo=words)
    return into.getvalue()


def test_a_viewer_that_rewrites_every_file_makes_no_takes_and_no_choices(vault, folder):
    with Watching(vault, [folder]) as seen:
        for number in range(4):
            (folder / f"{number}.png").write_bytes(picture(number, text=INFOTEXT))
        seen.wait(lambda: len(seen.new()) == 4)
        for number in range(4):
            path = folder / f"{number}.png"
            path.write_bytes(rewritten(path.read_bytes(), "seen"))
        standings = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
        seen.wait(
            lambda: standings == {one.path: one.modified_ns for one in vault.watching.files(folder)}
        )
        # Moved after that, it is still the picture that was recorded, also for the next watch.
        (folder / "best").mkdir()
        (folder / "2.png").rename(folder / "best" / "2.png")
        seen.wait(lambda: seen.of(SelectionNoticed))
    (folder / "3.png").rename(folder / "best" / "3.png")
    with Watching(vault, [folder]) as again:
        again.wait(lambda: again.of(SelectionNoticed))
    assert again.new() == []
    history = seen.history()
    assert len(history.takes) == 4
    assert [one.body.picture for one in history.inferred] == [
        digest_of(picture(number, text=INFOTEXT)) for number in (2, 3)
    ]


def test_the_same_pixels_with_another_recipe_are_another_take(vault, folder):
    with Watching(vault, [folder]) as seen:
        (folder / "out.png").write_bytes(picture(1))
        seen.wait(seen.new)
        (folder / "out.png").write_bytes(picture(1, text=INFOTEXT))
        seen.wait(lambda: len(seen.new()) == 2)
    assert [take.body.recipe.seed for take in seen.history().takes] == [None, 7]


def test_deleting_the_rest(vault, folder):
    with Watching(vault, [folder]) as seen:
        for number in range(3):
            (folder / f"{number}.png").write_bytes(picture(number))
        seen.wait(lambda: len(seen.new()) == 3)
        (folder / "0.png").unlink()
        (folder / "2.png").unlink()
        seen.wait(lambda: seen.of(SelectionNoticed))
    (inferred,) = [recorded.body for recorded in seen.history().inferred]
    assert (inferred.picture, inferred.sign) == (digest_of(picture(1)), Sign.REST_DELETED)


def test_stars_in_a_gallery(vault, folder):
    starred: set[str] = set()
    with Watching(vault, [folder], galleries=(lambda: frozenset(starred),)) as seen:
        for number in range(3):
            (folder / f"{number}.png").write_bytes(picture(number))
        seen.wait(lambda: len(seen.new()) == 3)
        starred.add("1.png")
        seen.wait(lambda: seen.of(SelectionNoticed))
    assert seen.of(SelectionNoticed)[0].inferred.sign is Sign.FAVOURITE


def test_a_large_jpeg_is_recorded_whole(vault, folder):
    pixels = np.random.default_rng(1).integers(0, 256, (2500, 2500, 3), dtype=np.uint8)
    with Watching(vault, [folder]) as seen:
        Image.fromarray(pixels).save(folder / "large.jpg", quality=95)
        seen.wait(seen.new)
    digest = seen.of(TakeWatched)[0].take.picture.digest
    assert vault.pictures.read(digest) == (folder / "large.jpg").read_bytes()
