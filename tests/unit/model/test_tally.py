"""What went into a work, counted and never scored."""

from dataclasses import replace
from datetime import timedelta

from remarque.model.history import (
    Manner,
    PictureFile,
    Selection,
    SelectionInferred,
    Sign,
    Take,
)
from remarque.model.recipe import LoraUse, Recipe
from remarque.model.tally import CONTEXT, FILE_TIMES, tally_of
from remarque.model.times import format_time
from remarque.model.witness import Observer, Witness
from stand_ins.memory_vault import MORNING


def digest(name: str) -> str:
    return "sha256:" + name.encode().hex().rjust(64, "0")


def take(name: str, minute: float, recipe: Recipe, **more) -> Take:
    moment = format_time(MORNING + timedelta(minutes=minute))
    file = PictureFile(digest(name), name, "image/png", 1, 64, 64, moment)
    manner = more.pop("manner", Manner.AS_IT_HAPPENED)
    return Take(name, "w", file, "AUTOMATIC1111", recipe, manner, digest("m"), **more)


def takes() -> list[Take]:
    preview = Witness(Observer.COMFYUI_NODE, saved=False)
    return [
        take("a", 0, Recipe(prompt="a cat, (hat:1.2)", seed=1, steps=20)),
        take("b", 10, Recipe(prompt="a cat, moon", seed=2, steps=20), witness=preview),
        take("c", 100, Recipe(prompt="A cat, hat", seed=2, steps=30, loras=(LoraUse("x", 0.5),))),
    ]


def test_words_pictures_and_time_are_counted():
    chosen = Selection("w", digest("c"), (digest("a"), digest("b")), "the hat sits well")
    tally = tally_of(takes(), [chosen], [], [])
    assert (tally.tried, tally.kept, tally.dropped) == (3, 2, 1)
    assert tally.parameters == {"seed": 2, "steps": 2, "loras": 1}
    assert (tally.made, tally.previews, tally.chosen, tally.rejected) == (3, 1, 1, 2)
    assert tally.viewed is None
    assert [(sitting.takes, sitting.seconds) for sitting in tally.sittings] == [(2, 600), (1, 0)]
    assert tally.seconds == 600
    assert tally.remarks == (CONTEXT,)


def test_nothing_chosen_keeps_and_drops_nothing():
    tally = tally_of(takes(), [], [], [])
    assert (tally.kept, tally.dropped, tally.chosen, tally.rejected) == (None, None, 0, 0)


def test_what_files_alone_show_is_counted_apart():
    inferred = SelectionInferred("w", digest("a"), (digest("b"),), Sign.MOVED, "", "to favourites")
    tally = tally_of(takes(), [], [inferred], [])
    assert (tally.inferred, tally.rejected, tally.chosen) == (1, 1, 0)
    # A picture once passed over and chosen later is not a rejected one.
    later = Selection("w", digest("b"), (digest("a"),), "on second thoughts")
    assert tally_of(takes(), [later], [inferred], []).rejected == 0


def test_file_times_and_missing_times_are_said():
    old = take("a", 0, Recipe(), manner=Manner.IMPORTED)
    broken = take("b", 0, Recipe())
    broken = replace(broken, picture=replace(broken.picture, modified="once"))
    remarks = tally_of([old, broken], [], [], []).remarks
    assert any(FILE_TIMES in remark for remark in remarks)
    assert "1 takes have no time and are in no sitting" in remarks


def test_an_empty_work_counts_to_nothing():
    tally = tally_of([], [], [], [])
    assert (tally.tried, tally.made, tally.sittings, tally.seconds) == (0, 0, (), 0)
