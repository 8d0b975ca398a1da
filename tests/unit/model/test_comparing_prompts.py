"""What an artist did to a prompt is told in few, true sentences."""

import json

import pytest

from remarque.model.comparison import Action, Category, compare_recipes
from remarque.model.recipe import Recipe
from stand_ins.samples import sample


def changes(before, after, syntax="automatic1111"):
    return compare_recipes(Recipe(prompt=before), Recipe(prompt=after), syntax)


def sentences(before, after, syntax="automatic1111"):
    return [change.sentence for change in changes(before, after, syntax)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a, b", "a, b, soft light", ["added the words “soft light”"]),
        ("a", "a, (halo:1.3)", ["added the word “halo” (weight 1.3)"]),
        ("a, soft light, b", "a, b", ["removed the words “soft light”"]),
        ("a, red hair, b", "a, blue hair, b", ["replaced “red hair” with “blue hair”"]),
        ("a, b, lens flare", "lens flare, a, b", ["moved “lens flare” from 3rd to 1st place"]),
        ("film grain, b", "(film grain:1.3), b", ["weight of “film grain” 1.0 → 1.3"]),
        ("(a:1.2)", "((a:1.2))", ["weight of “a” 1.2 → 1.32"]),
        ("red cat on mat", "red (cat:1.2) on mat", ["weight of “cat” 1.0 → 1.2"]),
        ("a, b BREAK c", "a BREAK b, c", ["moved “BREAK” from 3rd to 2nd place"]),
        ("a, b", "a BREAK b", ["added BREAK in 2nd place"]),
        ("red hair", "soft light, blue hair", ["added", "replaced “red hair” with “blue hair”"]),
        ("(x:1.2)", "(y:1.3)", ["replaced “x” (weight 1.2) with “y” (weight 1.3)"]),
        ("[cat:dog:0.5]", "[cat:dog:0.7]", ["replaced “[cat:dog:0.5]” with “[cat:dog:0.7]”"]),
        ("小桥流水", "小桥流水，夕阳", ["added the words “夕阳”"]),
        ("a, <hypernet:n:1>", "a", ["removed the network “hypernet:n”"]),
    ],
)
def test_one_deed_is_one_sentence(before, after, expected):
    found = sentences(before, after)
    assert len(found) == len(expected)
    for sentence, start in zip(found, expected, strict=True):
        assert sentence.startswith(start)


def test_a_long_sentence_is_compared_word_by_word():
    before = "a bottle with a rainbow galaxy inside it on top of a wooden table"
    after = "a bottle with a stormy galaxy inside it on top of a big wooden table"
    assert sentences(before, after) == [
        f"added the word “big” to “{after}”",
        f"replaced “rainbow” with “stormy” in “{before}”",
    ]


def test_words_moved_inside_a_long_sentence_are_moved():
    before = "a cat sits on the mat at night under the moon"
    after = "at night a cat sits on the mat under the moon"
    (change,) = changes(before, after)
    assert (change.category, change.action) == (Category.ARRANGEMENT, Action.MOVED)
    assert change.sentence == f"moved “at night” within “{after}”"


def test_a_phrase_added_behind_a_changed_sentence_is_its_own_change():
    before = "a photo of a red cat on a mat in the morning"
    found = sentences(before, "a photo of a red cat on a mat in the evening, bokeh")
    assert found == [f"replaced “morning” with “evening” in “{before}”", "added the word “bokeh”"]


def test_a_comma_that_parts_words_anew_is_arrangement():
    (change,) = changes("red cat on mat", "red, cat on mat")
    assert change.category is Category.ARRANGEMENT
    assert change.sentence == (
        "wrote “red cat on mat” as “red, cat on mat”: the same words, parted differently"
    )


@pytest.mark.parametrize(("before", "after"), [("(a)", "(a:1.1)"), ("a, b", "a, b,")])
def test_other_notation_for_the_same_says_so(before, after):
    (change,) = changes(before, after)
    assert change.category is Category.ARRANGEMENT
    assert "punctuation or notation" in change.sentence
    assert (change.before, change.after) == (before, after)


@pytest.mark.parametrize("after", ["a, b", "a,b", " a ,\tb\r\n"])
def test_white_space_alone_is_no_change(after):
    assert changes("a, b", after) == ()


def test_before_and_after_carry_the_weights():
    (change,) = changes("film grain", "(film grain:1.3)")
    assert (change.before, change.after) == ("film grain", "(film grain:1.3)")


def test_words_are_words_and_weights_are_arrangement():
    found = {c.action: c.category for c in changes("a, b, c d", "c d, a, (b:1.1), e")}
    assert found == {
        Action.MOVED: Category.ARRANGEMENT,
        Action.REWEIGHTED: Category.ARRANGEMENT,
        Action.ADDED: Category.WORDS,
    }


def test_the_negative_prompt_is_named():
    before = Recipe(prompt="a", negative_prompt="text, blur")
    after = Recipe(prompt="a", negative_prompt="text, watermark, frame")
    assert [change.sentence for change in compare_recipes(before, after)] == [
        "replaced “blur” with “watermark” in the negative prompt",
        "added the word “frame” to the negative prompt",
    ]
    assert {change.field for change in compare_recipes(before, after)} == {"negative_prompt"}


def test_comfyui_brackets_are_read_as_comfyui_reads_them():
    assert sentences("((a:1.1))", "(a:1.1)") != []
    assert "notation" in sentences("((a:1.1))", "(a:1.1)", "comfyui")[0]


def test_a_very_long_phrase_is_cut_in_the_sentence_alone():
    (change,) = changes("a", "a, " + "long " * 100)
    assert len(change.sentence) < 200
    assert len(change.after) > 400


def test_two_real_prompts_of_one_artist():
    truth = {
        one["path"].rpartition("/")[2]: one
        for one in json.loads(sample("ground_truth.json").read_bytes())["files"]
    }
    found = sentences(truth["forge-neo.jpeg"]["prompt"], truth["forge.png"]["prompt"])
    assert found == ["added the words “テスト”"]


def test_a_thousand_phrases_turned_round_are_few_sentences():
    phrases = [f"phrase {number}" for number in range(1000)]
    found = changes(", ".join(phrases), ", ".join(phrases[1:] + phrases[:1]))
    assert [change.sentence for change in found] == ["moved “phrase 0” from 1st to 1000th place"]
