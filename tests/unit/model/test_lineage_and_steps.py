"""The graph of a work, its steps, and what is said where the record contradicts itself."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from remarque.intake import read_picture
from remarque.model.changes import Category
from remarque.model.comparison import compare_recipes, incomparable
from remarque.model.descent import Basis, Descent, EditedRegion, Parent, Relation
from remarque.model.history import Manner, PictureFile, Take
from remarque.model.lineage import lineage_of
from remarque.model.marks import Region
from remarque.model.recipe import Recipe
from remarque.model.steps import _compared, steps_of
from remarque.model.takes import prompt_syntax
from remarque.model.times import format_time
from stand_ins.memory_vault import MORNING
from stand_ins.samples import samples_under

PROMPT = "a galaxy in a glass bottle, evening"


def digest(name: str) -> str:
    return "sha256:" + name.encode().hex().rjust(64, "0")


def take(name: str, minute: float = 0, prompt: str | None = PROMPT, **more) -> Take:
    file = PictureFile(
        digest(name), f"{name}.png", "image/png", 1, 64, 64,
        format_time(MORNING + timedelta(minutes=minute)),
    )  # fmt: skip
    manner = more.pop("manner", Manner.AS_IT_HAPPENED)
    return Take(
        name, "w", file, "AUTOMATIC1111", Recipe(prompt=prompt, **more), manner, digest("m")
    )


def descent(child: str, parent: str, relation=Relation.IMAGE_TO_IMAGE, **more) -> Descent:
    one = Parent(digest(parent), parent, relation, Basis.DIGEST, "seen going in", **more)
    return Descent("w", child, digest(child), (one,))


def edges(graph) -> set[tuple[str, str]]:
    return {(edge.parent, edge.child) for edge in graph.edges}


def test_recorded_parents_come_before_the_take_before():
    takes = [take("a", 0), take("b", 1), take("c", 2)]
    graph = lineage_of(takes, [descent("c", "a")])
    assert edges(graph) == {("a", "b"), ("a", "c")}
    assert [edge.relation for edge in graph.edges] == [Relation.IMAGE_TO_IMAGE, Relation.VARIATION]
    assert graph.roots == ("a",)
    assert graph.order == ("a", "b", "c")
    assert graph.problems == ()


def test_a_pause_begins_anew_unless_the_words_go_on():
    takes = [take("a", 0), take("b", 40), take("c", 90, prompt="a red fox asleep in snow")]
    graph = lineage_of(takes, [])
    assert edges(graph) == {("a", "b")}
    assert graph.roots == ("a", "c")
    assert "begins a sitting" in graph.edges[0].because


def test_a_take_without_a_recipe_is_nobodys_variation_and_has_none():
    takes = [take("a", 0), take("b", 1, prompt=None), take("c", 2)]
    graph = lineage_of(takes, [])
    assert edges(graph) == {("a", "c")}
    assert graph.roots == ("a", "b")


def test_recorded_parents_order_imported_takes_whatever_their_times_say():
    old = [take("b", 1, manner=Manner.IMPORTED), take("a", 9, manner=Manner.IMPORTED)]
    first, second = steps_of(old, [descent("b", "a", Relation.EDIT)])
    assert (first.take.take, second.take.take, second.parent) == ("a", "b", 1)


def test_a_parent_made_elsewhere_is_said_and_has_no_number():
    graph = lineage_of([take("a", 0), take("b", 1)], [descent("b", "elsewhere")])
    assert graph.roots == ("a", "b")
    assert "no take of this work made" in graph.problems[0]
    step = steps_of([take("a", 0), take("b", 1)], [descent("b", "elsewhere")])[1]
    assert (step.parent, step.relation) == (None, Relation.IMAGE_TO_IMAGE)


def test_circles_are_opened_and_said():
    takes = [take("a", 0), take("b", 1), take("c", 2)]
    around = [descent("a", "c"), descent("b", "a"), descent("c", "b"), descent("c", "c")]
    graph = lineage_of(takes, around[:3])
    assert len(graph.edges) == 2
    assert "contradict" in graph.problems[0]
    assert sorted(graph.order) == ["a", "b", "c"]
    alone = lineage_of(takes[:1], [descent("a", "a")])
    assert alone.edges == ()
    assert alone.roots == ("a",)


def test_a_chain_of_ten_thousand_is_no_recursion():
    takes = [take(str(n), n / 60) for n in range(10_000)]
    chain = [descent(str(n), str(n + 1)) for n in range(9_999)]
    graph = lineage_of(takes, chain)
    assert graph.order[0] == "9999"
    assert len(graph.edges) == 9_999


def test_many_problems_are_cut_short():
    takes = [take(str(n), n) for n in range(200)]
    graph = lineage_of(takes, [descent(str(n), "gone") for n in range(200)])
    assert len(graph.problems) == 51
    assert graph.problems[-1] == "and 150 more like these"


def test_parents_are_moved_before_their_children_and_nothing_else_moves():
    graph = lineage_of([take("a"), take("b"), take("c")], [descent("b", "c")])
    assert graph.nodes == ("a", "b", "c")
    assert graph.order == ("a", "c", "b")


def test_a_step_is_compared_with_its_parent_not_with_the_take_before():
    takes = [
        take("a", 0, seed=1, cfg=7.0),
        take("b", 1, seed=2, cfg=9.0),
        take("c", 2, seed=1, cfg=7.5),
    ]
    first, second, third = steps_of(takes, [descent("c", "a")])
    assert (first.number, first.parent, first.changes) == (1, None, ())
    assert (second.parent, second.relation, second.basis) == (1, Relation.VARIATION, Basis.RECIPE)
    assert (third.parent, third.basis) == (1, Basis.DIGEST)
    assert [change.field for change in third.changes] == ["cfg"]


def test_an_edit_is_a_choice_of_its_own_kind_and_takes_over_the_recipe():
    region = EditedRegion(digest("mask"), Region(1, 2, 3, 4), 0.125, "GIMP 2.10")
    takes = [take("a", 0, seed=1), take("b", 1, prompt=None)]
    step = steps_of(takes, [descent("b", "a", Relation.EDIT, edit=region)])[1]
    (change,) = step.changes
    assert change.category is Category.EDIT
    assert change.sentence == "edited “a.png” in GIMP 2.10: 12.5 % of the pixels changed"
    assert step.edit == region
    assert step.incomparable == ()


def test_the_last_steps_alone_are_the_same_steps():
    takes = [take(str(n), n, seed=n) for n in range(12)]
    every = steps_of(takes, [descent("7", "2")])
    assert steps_of(takes, [descent("7", "2")], last=3) == every[-3:]
    assert steps_of(takes, [], last=50)[0].number == 1
    assert steps_of([], []) == ()


def test_several_parents_are_all_named_the_most_important_first():
    two = (
        Parent(digest("b"), "b", Relation.IMAGE_TO_IMAGE, Basis.DIGEST, "x"),
        Parent(digest("a"), None, Relation.CONTROL, Basis.DIGEST, "y"),
    )
    step = steps_of(
        [take("a", 0), take("b", 1), take("c", 2)], [Descent("w", "c", digest("c"), two)]
    )[2]
    assert step.parents == (2, 1)


def test_imported_takes_are_told_in_their_proposed_order():
    takes = [take("b", 5, manner=Manner.IMPORTED), take("a", 1, manner=Manner.IMPORTED)]
    first, second = steps_of(takes, [])
    assert (first.take.take, second.take.take, second.parent) == ("a", "b", 1)


def test_leaving_the_prompts_out_changes_nothing_about_what_cannot_be_compared():
    readings = [read_picture(path.read_bytes()) for path in samples_under("generators")]
    if not readings:
        pytest.skip("the shared samples are not beside this checkout")
    for before, after in pairwise([*readings, *readings[::3], *readings[::5]]):
        two = [
            replace(take(name, 0), recipe=one.recipe, generator=one.generator)
            for name, one in (("a", before), ("b", after))
        ]
        expected = incomparable(before.recipe, after.recipe, prompt_syntax(*two))
        assert steps_of(two, [descent("b", "a")])[1].incomparable == expected


@pytest.mark.parametrize("modified", ["", "yesterday", "2026-11-23T09:00:00"])
def test_a_time_that_is_none_begins_no_sitting(modified):
    broken = take("b", 1)
    broken = replace(broken, picture=replace(broken.picture, modified=modified))
    assert edges(lineage_of([take("a"), broken], [])) == {("a", "b")}


PROMPTS = (None, "", "a fox, snow", "a fox, (snow:1.2), night", "a fox <lora:ink:0.8>, snow")


@pytest.mark.parametrize("before", PROMPTS)
@pytest.mark.parametrize("after", PROMPTS)
@pytest.mark.parametrize("negative", [(None, "blurry"), ("blurry", "blurry"), ("blur", "text")])
def test_remembered_words_give_what_comparing_everything_gives(before, after, negative):
    one = Recipe(prompt=before, negative_prompt=negative[0], seed=1, steps=20)
    other = Recipe(prompt=after, negative_prompt=negative[1], seed=2, steps=25)
    syntax = ("automatic1111", "comfyui")
    for _ in range(2):
        changes, one_sided = _compared(one, other, syntax)
        assert changes == compare_recipes(one, other, syntax)
        assert one_sided == incomparable(one, other, syntax)
