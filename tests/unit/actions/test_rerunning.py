"""Takes made again with an engine whose truth is known: grades, causes, failures, all on record."""

import io
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from PIL import Image

from remarque.actions.choosing import choose
from remarque.actions.orders import Listening, ModelWish, Order
from remarque.actions.rerunning import (
    RerunWishes,
    rerun_take,
    rerun_takes,
    takes_worth_rerunning,
)
from remarque.actions.witnessing import record_seen
from remarque.actions.works import history_of, open_work
from remarque.errors import (
    Cancelled,
    DiskFull,
    LibraryMissing,
    ModelChanged,
    ModelMissing,
    OutOfMemory,
    ProgramUnavailable,
    UsageError,
)
from remarque.model.entry import Kind
from remarque.model.recipe import Recipe
from remarque.model.reruns import RerunGrade
from remarque.pictures.decoding import decode
from stand_ins.memory_vault import build_memory_vault
from stand_ins.painting_engine import PaintingEngine

RECIPE = Recipe(prompt="a red boat, the moon", seed=7, steps=3, cfg=7.0, model="painting")
ENVIRONMENT = {"torch": "2.13.0", "torch threads": "1"}


@pytest.fixture
def vault(tmp_path):
    return build_memory_vault(tmp_path)


@pytest.fixture
def work(vault):
    return open_work(vault, "Harbour")[0]


@pytest.fixture
def engine(vault):
    return PaintingEngine(vault.clock, ENVIRONMENT)


def made(vault, work, engine, recipe=RECIPE):
    order = Order(recipe, (ModelWish("checkpoint", "painting"),))
    return record_seen(vault, work, engine.make(order, Listening()).seen).take


@pytest.fixture
def take(vault, work, engine):
    return made(vault, work, engine)


def entered(vault, work):
    return [one.body for one in history_of(vault, work).reruns]


def test_the_same_run_is_bit_exact_and_its_picture_is_kept_and_named(vault, work, engine, take):
    rerun = rerun_take(vault, take, engine)
    assert rerun.grade is RerunGrade.BIT_EXACT
    assert (rerun.difference.largest, rerun.causes, rerun.missing) == (0, (), ())
    assert entered(vault, work) == [rerun]
    (stored,) = vault.ledger.entries(kinds=[Kind.TAKE_RERUN])
    assert stored.entry.pictures[0] == take.picture.digest
    assert rerun.picture in stored.entry.pictures
    assert decode(vault.pictures.read(rerun.picture)).pixels.shape == (192, 192, 3)
    assert all(line.same for line in rerun.environment)


def test_one_sample_off_is_within_tolerance_and_the_environment_says_why(vault, take):
    other = PaintingEngine(vault.clock, {"torch": "2.14.0", "torch threads": "2"})
    other.noise = 1
    rerun = rerun_take(vault, take, other)
    assert rerun.grade is RerunGrade.WITHIN_TOLERANCE
    assert (rerun.difference.largest, rerun.difference.shift_px) == (1, 0.0)
    assert rerun.causes == (
        "Another version of torch computed it: 2.13.0, now 2.14.0.",
        "It ran on another number of threads: 1, now 2.",
    )
    assert [one.name for one in rerun.environment if not one.same] == ["torch", "torch threads"]


def test_another_picture_differs(vault, engine, take):
    class Forgetful(PaintingEngine):
        def make(self, order, listening):
            recipe = replace(order.recipe, prompt="three green hills, fog", seed=99)
            return super().make(replace(order, recipe=recipe), listening)

    rerun = rerun_take(vault, take, Forgetful(vault.clock, ENVIRONMENT))
    assert rerun.grade is RerunGrade.DIFFERS
    assert rerun.difference.mean > 6


def test_everything_that_is_missing_is_listed_at_once(vault, work, engine):
    bare = Recipe(prompt="a boat", sampler="no such sampler", model="gone [abcdef0123]")
    take = made(vault, work, engine, bare)
    take = replace(take, witness=replace(take.witness, models=()))

    def look(wish):
        raise ModelMissing(f"there is no model {wish.name}")

    rerun = rerun_take(vault, take, engine, RerunWishes(look=look))
    assert rerun.grade is RerunGrade.CANNOT_RUN
    assert rerun.missing == (
        "No seed is on record.",
        "The sampler “no such sampler” has no counterpart here.",
        "There is no model gone [abcdef0123].",
    )
    assert (rerun.picture, rerun.difference) == (None, None)
    assert entered(vault, work) == [rerun]
    assert engine.runs == 1


@pytest.mark.parametrize(
    "problem",
    [
        ModelChanged("The model “painting” is not the one the record names any more."),
        OutOfMemory("the device has 4 GB and 6 are needed"),
        UsageError("this engine knows no such sampler"),
    ],
)
def test_an_engine_that_cannot_is_recorded_with_its_reason(vault, work, engine, take, problem):
    engine.problem = problem
    rerun = rerun_take(vault, take, engine)
    assert rerun.grade is RerunGrade.CANNOT_RUN
    assert problem.message.rstrip(".")[1:] in rerun.missing[0]
    assert entered(vault, work) == [rerun]


def test_out_of_memory_says_what_would_help(vault, engine, take):
    engine.problem = OutOfMemory("the device is full")
    assert "--memory tight" in rerun_take(vault, take, engine).missing[0]


@pytest.mark.parametrize(
    "problem",
    [LibraryMissing("no torch"), ProgramUnavailable("dead"), Cancelled("stop"), DiskFull("full")],
)
def test_nothing_is_recorded_where_nothing_was_tried(vault, work, engine, take, problem):
    engine.problem = problem
    with pytest.raises(type(problem)):
        rerun_take(vault, take, engine)
    assert entered(vault, work) == []


def test_private_folders_stay_out_of_the_entry(vault, engine, take):
    engine.problem = ModelMissing("nothing at /home/joeartist/models/painting.safetensors")
    (missing,) = rerun_take(vault, take, engine).missing
    assert "joeartist" not in missing


def test_a_picture_that_names_private_folders_is_kept_as_pixels_alone(vault, take, engine):
    class Chatty(PaintingEngine):
        def make(self, order, listening):
            from PIL.PngImagePlugin import PngInfo

            given = super().make(order, listening)
            told, written = PngInfo(), io.BytesIO()
            told.add_text("parameters", "saved by /home/joeartist/sd/run.py")
            Image.open(io.BytesIO(given.seen.content)).save(written, "PNG", pnginfo=told)
            return replace(given, seen=replace(given.seen, content=written.getvalue()))

    rerun = rerun_take(vault, take, Chatty(vault.clock, ENVIRONMENT))
    assert rerun.grade is RerunGrade.BIT_EXACT
    assert b"joeartist" not in vault.pictures.read(rerun.picture)


def test_work_that_was_stopped_goes_on_where_it_stood(vault, work, engine, take):
    second = made(vault, work, engine, replace(RECIPE, seed=8))
    stop = Event()
    listening = Listening(stop=stop)
    takes = [(history_of(vault, work), one) for one in (take, second)]
    going = rerun_takes(vault, takes, engine, listening=listening)
    assert next(going).rerun.take == take.take
    stop.set()
    with pytest.raises(Cancelled):
        next(going)
    assert len(entered(vault, work)) == 1

    takes = [(history_of(vault, work), one) for one in (take, second)]
    told = list(rerun_takes(vault, takes, engine))
    assert [one.earlier for one in told] == [True, False]
    assert len(entered(vault, work)) == 2
    again = list(rerun_takes(vault, takes, engine, RerunWishes(anew=True)))
    assert not any(one.earlier for one in again)


def test_another_environment_is_another_attempt(vault, work, engine, take):
    rerun_take(vault, take, engine)
    other = PaintingEngine(vault.clock, {**ENVIRONMENT, "torch": "3.0"})
    (told,) = rerun_takes(vault, [(history_of(vault, work), take)], other)
    assert not told.earlier


def test_of_a_work_the_chosen_takes_come_first_or_alone(vault, work, engine, take):
    second = made(vault, work, engine, replace(RECIPE, seed=8))
    ids = [one.take for one in takes_worth_rerunning(history_of(vault, work))]
    assert ids == [take.take, second.take]
    choose(vault, second.take, [], "the light")
    history = history_of(vault, work)
    assert [one.take for one in takes_worth_rerunning(history)] == [second.take]
    every = [one.take for one in takes_worth_rerunning(history, every=True)]
    assert every == [second.take, take.take]


def test_the_steps_of_the_run_are_filmed(vault, engine, take):
    class Reel:
        def __init__(self):
            self.steps = []

        def add(self, step, total, pixels):
            self.steps.append((step, total, pixels.shape))

        def finish(self, pixels):
            return b"film of " + str(pixels.shape).encode()

    reel = Reel()
    rerun = rerun_take(vault, take, engine, RerunWishes(film=reel))
    assert [step for step, _, _ in reel.steps] == [1, 2, 3]
    assert vault.pictures.read(rerun.film) == b"film of (192, 192, 3)"
    (stored,) = vault.ledger.entries(kinds=[Kind.TAKE_RERUN])
    assert rerun.film in stored.entry.pictures


def test_a_picture_too_plain_says_that_it_cannot_be_decided(vault, work):
    class Plain(PaintingEngine):
        level = 100

        def make(self, order, listening):
            given = super().make(order, listening)
            written = io.BytesIO()
            Image.fromarray(np.full((64, 64, 3), self.level, np.uint8)).save(written, "PNG")
            return replace(given, seen=replace(given.seen, content=written.getvalue()))

    plain = Plain(vault.clock, ENVIRONMENT)
    take = made(vault, work, plain)
    plain.level = 110
    rerun = rerun_take(vault, take, plain)
    assert rerun.grade is RerunGrade.DIFFERS
    assert rerun.difference.distance is None
    assert any("too plain" in cause for cause in rerun.causes)


def test_a_recorded_picture_that_is_gone_is_missing(vault, engine, take):
    gone = replace(take, picture=replace(take.picture, digest=f"sha256:{'0' * 64}"))
    rerun = rerun_take(vault, gone, engine)
    assert rerun.grade is RerunGrade.CANNOT_RUN
    assert "The recorded picture cannot be compared with" in rerun.missing[0]
