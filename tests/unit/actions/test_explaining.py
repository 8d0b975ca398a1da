"""Explaining a take: which choice made what, with an engine whose truth is known."""

import io
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from PIL import Image

from remarque.actions.explaining import ExplainWishes, explain, pictures_of
from remarque.actions.orders import Listening, ModelWish, Order
from remarque.actions.witnessing import record_seen
from remarque.actions.works import history_of, open_work
from remarque.errors import Cancelled, MakingFailed, OutOfMemory, UsageError
from remarque.model.digests import digest_of
from remarque.model.explanations import Character, ChoiceKind, Outcome
from remarque.model.recipe import LoraUse, Recipe, Size
from remarque.progress import Step
from stand_ins.memory_vault import FixedClock, build_memory_vault
from stand_ins.painting_engine import MODEL, PaintingEngine

RECIPE = Recipe(
    prompt="a red mountain, (full moon:1.3), masterpiece",
    negative_prompt="fog, blurry",
    seed=7,
    steps=4,
    cfg=3.0,
    sampler="Euler",
    model=MODEL.name,
    generated_size=Size(192, 192),
)
WISHES = (ModelWish("checkpoint", MODEL.name, digest=MODEL.digest),)


class Studio:
    """A vault, a painting engine, and takes made with it."""

    def __init__(self, folder):
        self.clock = FixedClock()
        self.vault = build_memory_vault(folder, clock=self.clock)
        self.engine = PaintingEngine(self.clock)
        self.work, _ = open_work(self.vault, "Moon")

    def make(self, recipe=RECIPE):
        made = self.engine.make(Order(recipe, WISHES), Listening())
        self.engine.runs = 0
        return record_seen(self.vault, self.work, made.seen).take

    def explain(self, take, listening=None, **wishes):
        return explain(self.vault, take, self.engine, ExplainWishes(**wishes), listening)

    def pixels(self, digest):
        return np.asarray(Image.open(io.BytesIO(self.vault.pictures.read(digest))))


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path)


def by_choice(explanation):
    return {one.choice: one for one in explanation.counterfactuals}


def test_each_phrase_governs_the_patch_it_painted(studio):
    found = studio.explain(studio.make())
    assert found.baseline_grade == "bit-exact"
    for phrase in ("a red mountain", "full moon"):
        pair = by_choice(found)[phrase]
        left, top, right, bottom = studio.engine.box_of(phrase, Size(192, 192))
        assert pair.kind is ChoiceKind.PHRASE
        assert pair.outcome is Outcome.VISIBLE
        assert pair.share == pytest.approx(40 * 40 / 192**2, rel=0.15)
        box = (pair.region.left, pair.region.top, pair.region.right, pair.region.bottom)
        assert np.abs(np.subtract(box, (left, top, right, bottom))).max() <= 2
        assert "4 % of the picture changed" in pair.sentence
        assert pair.sentence.startswith(f"Without “{phrase}” (same seed, all else the same)")
        drawn = studio.pixels(pair.difference)
        inside = drawn[top + 8 : bottom - 8, left + 8 : right - 8]
        assert (inside[..., 0].astype(int) - inside[..., 2] > 20).all(), "vermilion on the patch"


def test_words_without_effect_are_listed_and_generic_ones_told_apart(studio):
    found = studio.explain(studio.make())
    quality = by_choice(found)["masterpiece"]
    assert quality.outcome is Outcome.NONE
    assert quality.character is Character.GENERIC
    assert quality.difference is None
    assert studio.vault.pictures.holds(quality.picture)
    assert found.without_effect == (
        "fog",
        "guidance (CFG)",
        "weight of “full moon”",
        "masterpiece",
        "blurry",
    )
    kinds = {one.choice: one.character for one in found.counterfactuals}
    assert kinds["blurry"] is Character.GENERIC
    assert kinds["fog"] is Character.CREATIVE


def test_word_maps_peak_in_the_patch(studio):
    found = studio.explain(studio.make())
    assert [one.phrase for one in found.word_maps] == ["a red mountain", "full moon"]
    for one in found.word_maps:
        left, top, right, bottom = studio.engine.box_of(one.phrase, Size(192, 192))
        assert left <= one.peak[0] < right
        assert top <= one.peak[1] < bottom
        assert one.share == pytest.approx(40 * 40 / 192**2, rel=0.3)
        assert studio.pixels(one.raw).shape == (192, 192)
        assert studio.pixels(one.overlay).shape == (192, 192, 3)


def test_the_entry_names_every_picture_and_reads_back(studio):
    take = studio.make()
    found = studio.explain(take)
    history = history_of(studio.vault, "Moon")
    assert [one.body for one in history.explanations] == [found]
    named = history.explanations[0].stored.entry.pictures
    assert named == pictures_of(found)
    assert all(studio.vault.pictures.holds(digest) for digest in named)
    assert found.runs == studio.engine.runs == 1 + len(found.counterfactuals)


def test_the_budget_runs_the_first_choices_and_names_the_rest(studio):
    found = studio.explain(studio.make(), at_most=3)
    outcomes = [one.outcome for one in found.counterfactuals]
    assert studio.engine.runs == found.runs == 3
    assert outcomes[:2] == [Outcome.VISIBLE] * 2
    assert set(outcomes[2:]) == {Outcome.NOT_RUN}
    assert found.not_run == len(outcomes) - 2
    assert "3 pictures were the most" in found.counterfactuals[-1].sentence
    again = studio.explain(studio.make(), at_most=3)
    assert (again.runs, again.reused) == (3, 3), "what was made before is free"
    assert again.not_run == len(outcomes) - 5


def test_nothing_is_made_twice_and_another_environment_is_another_run(studio):
    take = studio.make()
    first = studio.explain(take)
    again = studio.explain(take)
    assert (again.runs, again.reused) == (0, first.runs)
    assert again.counterfactuals == first.counterfactuals
    assert again.word_maps == first.word_maps
    studio.engine = PaintingEngine(studio.clock, {"torch": "1"})
    other = studio.explain(take)
    assert (other.runs, other.reused) == (first.runs, 0)


def test_stopped_half_way_nothing_is_recorded_and_nothing_made_twice(studio):
    take = studio.make()
    whole = len(studio.explain(take).counterfactuals)
    other = Studio(studio.vault.place / "other")
    take, stop = other.make(), Event()

    def stop_at_the_third(step: Step):
        if step.operation == "choices" and step.done == 3:
            stop.set()

    with pytest.raises(Cancelled, match="stopped; 3 new pictures are kept"):
        other.explain(take, Listening(stop_at_the_third, stop=stop))
    assert history_of(other.vault, "Moon").explanations == []
    found = other.explain(take)
    assert (found.reused, found.runs) == (3, whole + 1 - 3)


def test_a_model_without_a_digest_is_pinned_by_the_run_itself(studio):
    take = studio.make()
    take = replace(take, witness=replace(take.witness, models=(replace(MODEL, digest=None),)))
    first = studio.explain(take)
    assert first.runs == 1 + len(first.counterfactuals)
    again = studio.explain(take)
    assert (again.runs, again.reused) == (1, len(first.counterfactuals))


def test_a_run_that_fails_is_shown_and_the_others_go_on(studio):
    take = studio.make()
    make = studio.engine.make

    def failing(order, listening):
        if "moon" not in order.recipe.prompt:
            raise OutOfMemory("the device has too little memory")
        return make(order, listening)

    studio.engine.make = failing
    found = studio.explain(take)
    pair = by_choice(found)["full moon"]
    assert pair.outcome is Outcome.FAILED
    assert "too little memory" in pair.sentence
    assert by_choice(found)["a red mountain"].outcome is Outcome.VISIBLE


def test_other_arithmetic_is_said_and_is_no_effect(studio):
    take = studio.make()
    studio.engine.noise = 2
    found = studio.explain(take)
    assert found.baseline_grade == "within-tolerance"
    assert "not bit for bit the recorded one" in found.remarks[0]
    assert by_choice(found)["fog"].outcome is Outcome.NONE


def test_the_path_stands_beside_what_each_step_changed(studio):
    first = studio.make(replace(RECIPE, prompt="a red mountain", cfg=5.0))
    last = studio.make(replace(RECIPE, prompt="a red mountain, golden hour"))
    studio.vault.runs.note(digest_of(b"unrelated"), digest_of(b"x"))
    found = studio.explain(last)
    assert [(step.before, step.after) for step in found.path] == [(first.take, last.take)]
    step = found.path[0]
    assert any("golden hour" in change for change in step.changes)
    assert step.share == pytest.approx(40 * 40 / 192**2, rel=0.15)
    assert studio.vault.pictures.holds(step.difference)
    assert found.counterfactuals[0].choice == "golden hour", "the latest choice comes first"
    cfg = by_choice(found)["guidance (CFG)"]
    assert (cfg.before, cfg.after) == ("3", "5")
    assert "as earlier in the work" in cfg.sentence


def test_a_lora_is_taken_out_of_list_and_prompt(studio):
    recipe = replace(RECIPE, prompt="a hill, <lora:ink:0.8>", loras=(LoraUse("ink", 0.8),))
    made = studio.engine.make(Order(recipe, WISHES), Listening())
    models = (*made.seen.witness.models, replace(MODEL, role="lora", name="ink"))
    seen = replace(made.seen, witness=replace(made.seen.witness, models=models))
    take = record_seen(studio.vault, studio.work, seen).take
    orders, make = [], studio.engine.make
    studio.engine.make = lambda order, listening: orders.append(order) or make(order, listening)
    found = studio.explain(take)
    pair = by_choice(found)["ink"]
    assert pair.kind is ChoiceKind.LORA
    without = next(order for order in orders if not order.recipe.loras)
    assert without.recipe.prompt == "a hill"
    assert [wish.role for wish in without.models] == ["checkpoint"]
    assert len(orders[0].models) == 2


def test_a_take_that_cannot_be_made_again_is_refused_with_every_reason(studio):
    take = studio.make()
    take = replace(take, recipe=replace(take.recipe, seed=None, prompt=None))
    with pytest.raises(MakingFailed, match=r"No prompt is on record\. No seed is on record\."):
        studio.explain(take)
    with pytest.raises(UsageError, match="too few"):
        studio.explain(take, at_most=0)


def test_a_prompt_of_thousands_of_words_is_listed_in_part(studio):
    long = ", ".join(f"thing {number}" for number in range(400))
    found = studio.explain(studio.make(replace(RECIPE, prompt=long)), at_most=2)
    assert len(found.counterfactuals) == 200
    assert found.not_run == 400 + 2 + 1 - 1
    assert "203 further choices are not listed" in found.remarks[-1]
