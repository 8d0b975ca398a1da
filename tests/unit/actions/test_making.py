"""Making pictures for a work: every candidate is a take, and what is finished is kept."""

import threading

import pytest

from remarque.actions.making import make_pictures
from remarque.actions.making_orders import plan
from remarque.actions.making_wishes import MakeWishes
from remarque.actions.orders import Listening
from remarque.actions.works import history_of, open_work
from remarque.errors import Cancelled, DiskFull, OutOfMemory
from remarque.model.descent import Basis, Relation
from remarque.model.history import Manner
from remarque.model.recipe import Size
from remarque.model.steps import steps_of
from remarque.model.witness import Observer
from stand_ins.memory_vault import build_memory_vault
from stand_ins.painting_engine import PaintingEngine

SMALL = Size(96, 96)


@pytest.fixture
def vault(tmp_path):
    return build_memory_vault(tmp_path)


@pytest.fixture
def engine(vault):
    return PaintingEngine(vault.clock)


def made(vault, engine, wishes, *, work="Harbour", listening=None):
    work_id, _ = open_work(vault, work)
    return make_pictures(vault, work_id, plan(vault, wishes), engine, listening)


def takes_of(vault, work="Harbour"):
    return [take.body for take in history_of(vault, work).takes]


def test_every_picture_is_a_take_of_its_own_with_seeds_counting_up(vault, engine):
    wishes = MakeWishes("a red fox", seed=40, count=3, size=SMALL)
    results = list(made(vault, engine, wishes))
    assert [one.number for one in results] == [1, 2, 3]
    assert [one.take.recipe.seed for one in results] == [40, 41, 42]
    assert all(one.new for one in results)
    takes = takes_of(vault)
    assert [take.take for take in takes] == [one.take.take for one in results]
    assert {take.manner for take in takes} == {Manner.AS_IT_HAPPENED}
    assert {take.generator for take in takes} == {"Remarque"}
    assert {take.witness.observer for take in takes} == {Observer.REMARQUE}
    assert all(vault.pictures.holds(take.picture.digest) for take in takes)


def test_a_picture_is_on_record_before_the_next_is_begun(vault, engine):
    making = made(vault, engine, MakeWishes("a red fox", seed=1, count=3, size=SMALL))
    next(making)
    assert (len(takes_of(vault)), engine.runs) == (1, 1)
    next(making)
    assert (len(takes_of(vault)), engine.runs) == (2, 2)


def test_the_same_picture_again_is_the_take_it_was(vault, engine):
    wishes = MakeWishes("a red fox", seed=1, size=SMALL)
    (first,) = made(vault, engine, wishes)
    (again,) = made(vault, engine, wishes)
    assert (first.new, again.new) == (True, False)
    assert again.take.take == first.take.take
    assert again.number == 1
    assert len(takes_of(vault)) == 1


def test_a_seed_is_drawn_where_none_is_named(vault, engine):
    seeds = {next(made(vault, engine, MakeWishes("a", size=SMALL))).take.recipe.seed for _ in "12"}
    assert len(seeds) == 2
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_stopped_between_pictures_keeps_those_that_are_finished(vault, engine):
    listening = Listening()
    making = made(vault, engine, MakeWishes("a", seed=1, count=5, size=SMALL), listening=listening)
    next(making)
    listening.stop.set()
    with pytest.raises(Cancelled):
        next(making)
    assert len(takes_of(vault)) == 1


def test_stopped_within_a_picture_drops_that_one_alone(vault, engine):
    told = []

    def stop_in_the_second(step):
        told.append(step)
        if [one.operation for one in told].count("pictures") == 2 and step.operation == "making":
            listening.stop.set()

    listening = Listening(stop_in_the_second)
    making = made(vault, engine, MakeWishes("a", seed=1, count=3, size=SMALL), listening=listening)
    kept = []
    with pytest.raises(Cancelled):
        kept.extend(one.take for one in making)
    assert len(takes_of(vault)) == 1


def test_progress_says_which_picture_of_how_many(vault, engine):
    told = []
    listening = Listening(told.append)
    list(made(vault, engine, MakeWishes("a", seed=1, count=2, size=SMALL), listening=listening))
    assert [(s.done, s.total) for s in told if s.operation == "pictures"] == [
        (0, 2),
        (1, 2),
        (2, 2),
    ]
    assert sum(step.operation == "making" for step in told) == 8


def test_an_engine_that_fails_half_way_loses_nothing_made_before(vault, engine):
    making = made(vault, engine, MakeWishes("a", seed=1, count=3, size=SMALL))
    next(making)
    engine.problem = OutOfMemory("the device has too little memory")
    with pytest.raises(OutOfMemory):
        next(making)
    assert len(takes_of(vault)) == 1


def test_a_full_disk_loses_the_picture_being_kept_alone(vault, engine, monkeypatch):
    making = made(vault, engine, MakeWishes("a", seed=1, count=3, size=SMALL))
    next(making)
    entries = vault.ledger.size()
    monkeypatch.setattr(vault.pictures, "keep_bytes", _full)
    with pytest.raises(DiskFull):
        next(making)
    assert vault.ledger.size() == entries


def test_a_picture_begun_from_a_take_descends_from_it_by_digest(vault, engine):
    (first,) = made(vault, engine, MakeWishes("a red fox", seed=1, size=SMALL))
    wishes = MakeWishes("a blue fox", seed=1, size=SMALL, source=first.take.take, strength=0.5)
    (second,) = made(vault, engine, wishes)
    (descent,) = (one.body for one in history_of(vault, "Harbour").descents)
    (parent,) = descent.parents
    assert descent.take == second.take.take
    assert (parent.take, parent.picture) == (first.take.take, first.take.picture.digest)
    assert (parent.basis, parent.relation) == (Basis.DIGEST, Relation.IMAGE_TO_IMAGE)


def test_takes_begun_from_one_take_are_each_compared_with_it(vault, engine):
    (first,) = made(vault, engine, MakeWishes("a red fox", seed=1, size=SMALL))
    again = first.take.take
    list(made(vault, engine, MakeWishes("a blue fox", again=again)))
    (third,) = made(vault, engine, MakeWishes("a red fox, a boat", again=again))
    steps = steps_of(takes_of(vault), [one.body for one in history_of(vault, "Harbour").descents])
    assert [(step.parent, step.relation) for step in steps[1:]] == [(1, Relation.VARIATION)] * 2
    assert [change.after for change in steps[2].changes] == ["a boat"]
    assert again in steps[2].because
    (other,) = made(vault, engine, MakeWishes(again=third.take.take, seed=2), work="Elsewhere")
    assert other.warnings == ()
    assert history_of(vault, "Elsewhere").descents == []


def test_another_seed_over_the_same_picture_is_compared_with_the_take_before(vault, engine):
    (first,) = made(vault, engine, MakeWishes("a red fox", seed=1, size=SMALL))
    over = {"source": first.take.take, "strength": 0.5}
    (second,) = made(vault, engine, MakeWishes(again=first.take.take, **over))
    made_again = MakeWishes(again=second.take.take, seed=9)
    list(made(vault, engine, made_again))
    steps = steps_of(takes_of(vault), [one.body for one in history_of(vault, "Harbour").descents])
    assert (steps[1].relation, steps[1].parent) == (Relation.IMAGE_TO_IMAGE, 1)
    assert (steps[2].relation, steps[2].parents) == (Relation.VARIATION, (2, 1))
    assert [change.field for change in steps[2].changes] == ["seed"]


def test_parents_that_cannot_be_recorded_are_said_and_the_take_stands(vault, engine, monkeypatch):
    def full(*_):
        raise DiskFull("full")

    monkeypatch.setattr("remarque.actions.making_descent.infer_lineage", full)
    (one,) = made(vault, engine, MakeWishes("a", seed=1, size=SMALL))
    assert one.new
    assert "the parents" in one.warnings[0]


def test_two_makings_of_one_work_number_their_takes_together(vault, engine):
    first = made(vault, engine, MakeWishes("a", seed=1, count=2, size=SMALL))
    second = made(vault, engine, MakeWishes("b", seed=1, count=2, size=SMALL))
    numbers = [next(making).number for making in (first, second, first, second)]
    assert numbers == [1, 2, 3, 4]


def test_each_picture_is_entered_in_a_turn_of_its_own(vault, engine, monkeypatch):
    turns, lock = [], threading.Lock()

    class Turn:
        def __enter__(self):
            assert lock.acquire(blocking=False)
            turns.append(len(turns))

        def __exit__(self, *_):
            lock.release()

    monkeypatch.setattr(vault.watching, "turn", Turn)
    list(made(vault, engine, MakeWishes("a", seed=1, count=2, size=SMALL)))
    assert turns == [0, 1]


def _full(_content):
    raise DiskFull("the disk has no room")
