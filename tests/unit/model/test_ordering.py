"""The order proposed for old pictures, and what it rests on."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from remarque.model.history import Manner, PictureFile, Take
from remarque.model.ordering import ORDER_PROPOSED, likeness, propose_order, words_of
from remarque.model.recipe import Recipe
from remarque.model.times import format_time
from stand_ins.memory_vault import MORNING

DIGEST = "sha256:" + "0" * 64


def take(name: str, seconds: float = 0, prompt: str = "", manner=Manner.IMPORTED) -> Take:
    moment = format_time(MORNING + timedelta(seconds=seconds))
    file = PictureFile(DIGEST, name, "image/png", 1, 64, 64, moment)
    return Take(name, "w", file, None, Recipe(prompt=prompt or None), manner, DIGEST)


def names(takes) -> list[str]:
    return [takes[at].picture.name for at in propose_order(takes).order]


def test_times_come_first():
    takes = [take("c.png", 60), take("a.png", 30), take("b.png", 0)]
    assert names(takes) == ["b.png", "a.png", "c.png"]
    (basis,) = propose_order(takes).basis
    assert basis.startswith(ORDER_PROPOSED)
    assert "by the times" in basis


def test_equal_times_after_a_copy_leave_the_counters():
    takes = [take(f"{n:05}-{seed}.png", 1) for n, seed in ((10, 1), (9, 77), (2, 500))]
    assert names(takes) == ["00002-500.png", "00009-77.png", "00010-1.png"]
    assert "those of a copy" in propose_order(takes).basis[0]


def test_times_of_a_fast_copy_are_no_times_of_making():
    takes = [take(f"ComfyUI_{n:05}_.png", at / 50) for at, n in enumerate((3, 1, 2))]
    assert names(takes) == ["ComfyUI_00001_.png", "ComfyUI_00002_.png", "ComfyUI_00003_.png"]


def test_names_without_numbers_leave_the_smallest_changes():
    takes = [
        take("x.png", prompt="cat, hat, moon, snow"),
        take("y.png", prompt="cat"),
        take("z.png", prompt="cat, hat"),
        take("w.png", prompt="cat, hat, moon"),
    ]
    assert names(takes) == ["y.png", "z.png", "w.png", "x.png"]


def test_a_file_named_by_hand_comes_after_the_numbered_ones():
    takes = [take("final.png"), take("take-2.png"), take("take-1.png")]
    assert names(takes) == ["take-1.png", "take-2.png", "final.png"]


def test_recorded_takes_keep_their_places():
    takes = [
        take("3.png", 90, manner=Manner.AS_IT_HAPPENED),
        take("2.png", 60),
        take("1.png", 30),
        take("0.png", 0, manner=Manner.AS_IT_HAPPENED),
    ]
    assert names(takes) == ["3.png", "1.png", "2.png", "0.png"]
    assert propose_order([takes[0], takes[3]]).basis == ()


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(0, 3), st.booleans()), max_size=70))
def test_every_take_is_in_the_order_once(drawn):
    takes = [
        take(name, at, manner=Manner.IMPORTED if old else Manner.AS_IT_HAPPENED)
        for name, at, old in drawn
    ]
    assert sorted(propose_order(takes).order) == list(range(len(takes)))


def test_stock_words_and_tags_do_not_make_prompts_alike():
    one = words_of(Recipe(prompt="masterpiece, best quality, a cat <lora:detail:1>"))
    other = words_of(Recipe(prompt="masterpiece, best quality, a dog <lora:detail:1>"))
    assert (one, other) == ({"cat"}, {"dog"})
    assert likeness(one, other) == 0
    assert likeness(one, frozenset()) == 0
    assert likeness(one, one) == 1
    assert words_of(Recipe(prompt="枯藤老树")) == {"枯", "藤", "老", "树"}
