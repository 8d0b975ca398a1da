"""What is concluded from moves, deletions, ratings and stars, and what is not."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from remarque.actions.inferring import infer_selections
from remarque.actions.placements import Placements
from remarque.actions.ratings import pictures_of_sidecar, rating_in_packet, rating_in_picture
from remarque.actions.witnessing import Seen, record_seen
from remarque.actions.works import history_of, open_work
from remarque.model.history import Sign
from remarque.model.witness import Observer, Witness
from stand_ins.memory_vault import MORNING, build_memory_vault
from stand_ins.watched import picture, rated_picture, rating_packet

OUT, BEST = Path("/pictures/outputs"), Path("/pictures/outputs/best")


class Story:
    """A work whose takes lie in a folder, as a watch sees them."""

    def __init__(self, folder: Path) -> None:
        self.vault = build_memory_vault(folder)
        self.work, _ = open_work(self.vault, "A")
        self.places = Placements({})
        self.takes = []

    def make(self, count: int, *, run: str = "", hours: float = 0.0, folder: Path = OUT) -> list:
        made = []
        for _ in range(count):
            number = len(self.takes)
            witness = Witness(Observer.FOLDER, run=run)
            came = MORNING + timedelta(hours=hours, seconds=number)
            seen = Seen(picture(number), f"{number}.png", came, witness)
            take = record_seen(self.vault, self.work, seen).take
            self.places.appear(folder / f"{number}.png", take.picture.digest)
            self.takes.append(take)
            made.append(take.picture.digest)
        return made

    def path(self, digest: str, folder: Path = OUT) -> Path:
        return folder / next(t.picture.name for t in self.takes if t.picture.digest == digest)

    def move(self, digest: str, to: Path = BEST, came_from: Path = OUT) -> None:
        self.places.vanish(self.path(digest, came_from))
        self.places.appear(self.path(digest, to), digest)

    def copy(self, digest: str, to: Path = BEST) -> None:
        self.places.appear(self.path(digest, to), digest)

    def delete(self, digest: str, folder: Path = OUT) -> None:
        self.places.vanish(self.path(digest, folder))

    def infer(self, *favourites: Path) -> list:
        return infer_selections(self.vault, self.places.take_doings(), self.places, favourites)


@pytest.fixture
def story(tmp_path):
    return Story(tmp_path)


def test_a_picture_moved_to_favourites_is_preferred_to_those_that_stay(story):
    a, b, c = story.make(3)
    story.infer()
    story.move(b)
    (found,) = story.infer()
    assert (found.picture, set(found.over), found.sign) == (b, {a, c}, Sign.MOVED)
    assert found.detail == "Moved from the folder “outputs” to “best”."
    assert "/pictures" not in found.detail
    (entry,) = history_of(story.vault, story.work).inferred
    assert entry.body == found
    assert set(entry.stored.entry.pictures) == {a, b, c}


def test_a_copied_picture_says_copied(story):
    a, b = story.make(2)
    story.copy(a)
    (found,) = story.infer()
    assert (found.picture, found.over, found.sign) == (a, (b,), Sign.COPIED)


def test_the_new_place_may_be_seen_before_the_old_one_is_gone(story):
    a, b = story.make(2)
    story.infer()
    story.copy(a)
    story.delete(a)
    (found,) = story.infer()
    assert (found.picture, found.over, found.sign) == (a, (b,), Sign.MOVED)


def test_several_pictures_moved_together_are_not_preferred_to_each_other(story):
    a, b, c, d = story.make(4)
    story.infer()
    story.move(a)
    story.move(b)
    found = story.infer()
    assert [(f.picture, set(f.over)) for f in found] == [(a, {c, d}), (b, {c, d})]


@pytest.mark.parametrize("folder", ["archive", "best", "2026-11-23"])
def test_moving_everything_is_tidying(story, folder):
    made = story.make(3)
    story.infer()
    for digest in made:
        story.move(digest, OUT / folder)
    assert story.infer() == []


def test_moving_most_of_a_set_is_tidying_unless_it_is_to_favourites(story):
    a, b, c, _ = story.make(4)
    story.infer()
    for digest in (a, b, c):
        story.move(digest, OUT / "done")
    assert story.infer() == []
    for digest in (a, b, c):
        story.move(digest, OUT / "done2", OUT / "done")
    assert len(story.infer(OUT / "done2")) == 3


def test_a_script_that_sorts_into_several_folders_prefers_nothing(story):
    made = story.make(8)
    story.infer()
    for digest in made[:5]:
        story.move(digest, OUT / "2026-11-23")
    for digest in made[5:]:
        story.move(digest, OUT / "2026-11-24")
    assert story.infer() == []


def test_favourites_are_preferred_also_to_what_was_put_elsewhere(story):
    made = story.make(8)
    story.infer()
    for digest in made[:2]:
        story.move(digest, OUT / "best")
    for digest in made[2:]:
        story.move(digest, OUT / "archive")
    found = story.infer()
    assert {(one.picture, one.over) for one in found} == {
        (made[0], tuple(made[2:])),
        (made[1], tuple(made[2:])),
    }


def test_what_came_after_a_picture_was_moved_was_not_there_to_be_chosen(story):
    (first,) = story.make(1)
    story.copy(first, OUT / "backup")  # a tool that copies each picture as it comes
    later = story.make(3)
    assert story.infer() == []
    for digest in later:
        story.copy(digest, OUT / "backup")
    assert story.infer() == []


@pytest.mark.parametrize(("of", "chosen"), [(8, 1), (10, 2)])
def test_few_of_many_are_preferred_to_the_rest(story, of, chosen):
    made = story.make(of)
    story.infer()
    for digest in made[:chosen]:
        story.copy(digest, OUT / "for the print")
    found = story.infer()
    assert [one.picture for one in found] == made[:chosen]
    assert all(one.over == tuple(made[chosen:]) for one in found)


def test_seven_of_eight_deleted(story):
    made = story.make(8)
    story.infer()
    for digest in made[:3] + made[4:]:
        story.delete(digest)
    (found,) = story.infer()
    assert (found.picture, len(found.over)) == (made[3], 7)


@pytest.mark.parametrize("folder", ["rejected", "Bad ones", "_trash", "not good", "废稿"])
def test_a_folder_of_rejects_prefers_nothing(story, folder):
    a, *_ = story.make(4)
    story.infer()
    story.move(a, OUT / folder)
    assert story.infer() == []


def test_what_was_chosen_before_is_not_among_the_rejected(story):
    a, b, c = story.make(3)
    story.infer()
    story.move(a)
    assert len(story.infer()) == 1
    story.move(b, OUT / "keep")
    (found,) = story.infer()
    assert (found.picture, found.over) == (b, (c,))


def test_the_set_is_the_batch_where_there_was_one(story):
    a, b = story.make(2, run="r1")
    story.make(3, run="r2")
    story.infer()
    story.move(a)
    (found,) = story.infer()
    assert found.over == (b,)


def test_the_set_is_the_sitting_where_there_was_no_batch(story):
    story.make(3)
    a, b = story.make(2, hours=1)
    story.make(2, hours=2)
    story.infer()
    story.move(a)
    (found,) = story.infer()
    assert found.over == (b,)


def test_the_rest_deleted(story):
    a, b, c = story.make(3)
    story.infer()
    story.delete(a)
    story.delete(c)
    (found,) = story.infer()
    assert (found.picture, set(found.over), found.sign) == (b, {a, c}, Sign.REST_DELETED)
    assert found.detail.startswith("2 of the 3 pictures of the same sitting")


def test_one_of_many_deleted_prefers_nothing_until_few_are_left(story):
    made = story.make(4)
    story.infer()
    story.delete(made[0])
    assert story.infer() == []
    story.delete(made[1])
    story.delete(made[2])
    (found,) = story.infer()
    assert (found.picture, set(found.over)) == (made[3], set(made[:3]))


def test_everything_deleted_prefers_nothing(story):
    for digest in story.make(3):
        story.delete(digest)
    assert story.infer() == []


def test_a_renamed_or_overwritten_file_is_not_deleted(story):
    a, b = story.make(2)
    story.infer()
    story.delete(a)
    story.places.appear(OUT / "renamed.png", a)
    story.places.appear(story.path(b), "sha256:" + "0" * 64)
    assert story.infer() == []


def test_a_rating_prefers_to_what_is_rated_lower(story):
    a, b, c = story.make(3)
    story.places.rate(a, 3)
    (first,) = story.infer()
    assert (first.picture, set(first.over), first.sign) == (a, {b, c}, Sign.RATED)
    story.places.rate(b, 5)
    (second,) = story.infer()
    assert set(second.over) == {a, c}


def test_rating_everything_alike_prefers_nothing(story):
    for digest in story.make(3):
        story.places.rate(digest, 4)
    assert story.infer() == []


def test_a_rating_taken_back_or_there_from_the_start_is_no_sign(story):
    a, b = story.make(2)
    story.places.rate(a, 2, is_act=False)
    story.places.rate(b, 0)
    assert story.infer() == []


def test_stars_of_a_gallery(story):
    a, b, _ = story.make(3)
    story.places.star(frozenset({"0.png", "nothing.png"}))
    (found,) = story.infer()
    assert (found.picture, found.sign, len(found.over)) == (a, Sign.FAVOURITE, 2)
    story.places.star(frozenset({"0.png"}))
    assert story.infer() == []
    story.places.star(frozenset({"0.png", "1.png"}))
    (found,) = story.infer()
    assert (found.picture, len(found.over)) == (b, 1)


def test_the_same_conclusion_is_entered_once(story):
    a, _ = story.make(2)
    story.infer()
    story.copy(a)
    assert len(story.infer()) == 1
    story.delete(a, BEST)
    assert story.infer() == []
    story.make(1)
    story.copy(a)
    assert story.infer() == []


def test_a_picture_in_two_works_is_judged_in_each(story):
    a, b = story.make(2)
    other, _ = open_work(story.vault, "B")
    for number in range(2):
        record_seen(
            story.vault,
            other,
            Seen(picture(number), f"{number}.png", MORNING, Witness(Observer.FOLDER)),
        )
    story.infer()
    story.move(a)
    assert {(f.work, f.over) for f in story.infer()} == {(story.work, (b,)), (other, (b,))}


def test_a_preview_that_was_never_saved_is_not_among_the_set(story):
    a, b = story.make(2)
    seen = Seen(picture(50), "p.png", MORNING, Witness(Observer.COMFYUI_SERVER, saved=False))
    record_seen(story.vault, story.work, seen)
    story.infer()
    story.move(a)
    (found,) = story.infer()
    assert found.over == (b,)


@pytest.mark.parametrize(
    ("said", "rating"),
    [("5", 5), ("1", 1), ("4.0", 4), ("0", 0), ("-1", 0), ("6", 0), ("x", 0), ("", 0), ("nan", 0)],
)
def test_ratings_are_one_to_five(said, rating):
    assert rating_in_packet(rating_packet(said).encode()) == rating


def test_a_rating_as_element_with_another_prefix():
    packet = (
        b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description '
        b'xmlns:xap="http://ns.adobe.com/xap/1.0/"><xap:Rating>3</xap:Rating></r:Description></r:RDF>'
    )
    assert rating_in_packet(packet) == 3


@pytest.mark.parametrize(
    "packet", [b"", b"<", b"\xff\xfe<a/>", b"<!DOCTYPE a><a/>", b"x" * 5_000_000]
)
def test_a_broken_packet_is_no_rating(packet):
    assert rating_in_packet(packet) == 0


def test_the_rating_in_a_file():
    assert rating_in_picture(rated_picture(1, 4)) == 4
    assert rating_in_picture(picture(1)) == 0
    assert rating_in_picture(b"nothing") == 0


def test_sidecars_find_their_pictures_without_a_look_at_all(story):
    a, b = story.make(2)
    assert list(story.places.near(OUT / "0.png.xmp")) == [OUT / "0.png"]
    assert list(story.places.near(OUT / "1.xmp")) == [OUT / "1.png"]
    story.move(a)
    assert list(story.places.near(OUT / "0.xmp")) == []
    assert list(story.places.near(BEST / "0.xmp")) == [BEST / "0.png"]
    assert b


def test_likes_that_are_whole_paths_are_of_that_file_alone(story):
    a, b = story.make(2)
    story.places.appear(Path("/elsewhere/1.png"), a)
    story.infer()
    story.places.star(frozenset({"/pictures/outputs/1.png"}))
    (found,) = story.infer()
    assert found.picture == b


def test_sidecars_belong_to_one_name_or_to_one_stem():
    paths = [Path("/a/x.png"), Path("/a/x.jpg"), Path("/a/y.png"), Path("/b/x.png")]
    assert pictures_of_sidecar(Path("/a/x.png.xmp"), paths) == [paths[0]]
    assert pictures_of_sidecar(Path("/a/x.xmp"), paths) == paths[:2]
    assert pictures_of_sidecar(Path("/a/z.xmp"), paths) == []


def test_an_unreadable_time_does_not_stop_the_judging(story):
    a, b = story.make(2)
    from remarque.actions.inferring import sets_of

    odd = replace(story.takes[0], picture=replace(story.takes[0].picture, modified="yesterday"))
    assert [take.take for take in sets_of([odd, story.takes[1]])[odd.take][0]] == [odd.take]
    assert a != b
