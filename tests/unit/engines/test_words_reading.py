"""Prompts as runs of text: separators, weights and phrases where they belong, without any model."""

import pytest

from remarque.engines.stable_diffusion.embedding_reading import read_prompt
from remarque.engines.stable_diffusion.windows import MOST_WINDOWS, Keeping, Token, cut
from remarque.errors import UsageError

COMMA = 9


def runs(prompt, syntax="automatic1111"):
    return [(run.text, run.weight) for run in read_prompt(prompt, syntax).runs()]


def test_commas_and_stops_stay_where_they_were_written():
    assert runs("a red sea, by day. no. 3.5 mm! wow") == [
        ("a red sea, by day. no. 3.5 mm! wow", 1.0)
    ]


@pytest.mark.parametrize(
    ("prompt", "syntax", "expected"),
    [
        ("a (red:1.3) sea", "automatic1111", [("a", 1.0), ("red", 1.3), ("sea", 1.0)]),
        ("(red, blue:1.2), sea", "automatic1111", [("red, blue", 1.2), (", sea", 1.0)]),
        ("(red,:1.2) sea", "automatic1111", [("red,", 1.2), ("sea", 1.0)]),
        ("((red:1.2):1.5)", "comfyui", [("red", 1.2)]),
        ("cat++, dog", "invokeai", [("cat", 1.21), (", dog", 1.0)]),
        ("{cat}, dog", "novelai", [("cat", 1.05), (", dog", 1.0)]),
        ("(red:1.3)", "plain", [("(red:1.3)", 1.0)]),
        ("red <lora:x:0.8>, sea", "automatic1111", [("red , sea", 1.0)]),
        ('("a", "b").blend(1, 0.8)', "invokeai", [("a", 1.0), ("b", 0.8)]),
    ],
)
def test_runs_of_one_weight(prompt, syntax, expected):
    assert runs(prompt, syntax) == expected


def test_every_phrase_is_a_segment_of_its_own():
    reading = read_prompt("red sea, (blue:1.2) hill, dusk", "automatic1111")
    found = {one.order: one.text for one in reading.segments() if one.order is not None}
    assert found == {phrase.order: phrase.text for phrase in reading.phrases}


def test_break_parts_the_stretches():
    reading = read_prompt("red BREAK blue, BREAK", "automatic1111")
    assert [[run.text for run in one] for one in reading.stretches] == [["red"], ["blue,"], []]


@pytest.mark.parametrize(
    ("prompt", "syntax", "words"),
    [
        ("a [sea|lake] b", "automatic1111", "a sea b"),
        ("a [sea:lake:0.5] b", "automatic1111", "a sea b"),
        ("a [lake:0.5] b", "automatic1111", "a b"),
        ("a [sea::0.5] b", "automatic1111", "a sea b"),
        ("a [sea:lake:0] b", "automatic1111", "a lake b"),
        ("a [(x:1.2):y:0.5] b", "automatic1111", "a x b"),
        ("a [[x|y]:z:4] b", "automatic1111", "a x b"),
        ("<alternate:cat, dog> b", "swarmui", "cat b"),
        ("<fromto[0.5]:cat, dog> b", "swarmui", "cat b"),
        ('"cat".swap("dog") b', "invokeai", "cat b"),
    ],
)
def test_the_first_words_stay_and_that_is_said(prompt, syntax, words):
    reading = read_prompt(prompt, syntax)
    assert " ".join(reading.text.split()) == words
    assert any("first words stay" in remark for remark in reading.remarks)


@pytest.mark.parametrize(
    ("prompt", "syntax", "said"),
    [
        ("sea AND hill", "automatic1111", "AND"),
        ("<random:red, blue> sea", "swarmui", "<random:red, blue>"),
        ("sea <segment:face> smile", "swarmui", "<segment:face>"),
        ("sea [hill]", "invokeai", "[hill]"),
        ("sea --ar 3:2", "midjourney", "--ar 3:2"),
    ],
)
def test_what_is_not_carried_out_is_said(prompt, syntax, said):
    reading = read_prompt(prompt, syntax)
    assert any(said in remark for remark in reading.remarks)
    assert "smile" not in reading.text


def test_deep_nesting_ends():
    deep = "[" * 50 + "sea" + "|x]" * 50
    assert any("too deep" in remark for remark in read_prompt(deep, "automatic1111").remarks)


@pytest.mark.parametrize("prompt", ["a" * 100_000, "sea \ud800"])
def test_what_is_no_prompt_is_refused(prompt):
    with pytest.raises(UsageError):
        read_prompt(prompt, "automatic1111")


def test_private_signs_of_the_prompt_itself_survive():
    assert runs("a\U000f0000b, c") == [("a\U000f0000b, c", 1.0)]


def tokens(*numbers, **more):
    return [Token(number, 1.0, place, **more) for place, number in enumerate(numbers)]


def sizes(windows):
    return [len(window) for window in windows]


def test_a_comma_near_the_end_moves_the_rest_on():
    near = tokens(*[1] * 60, COMMA, *[1] * 20)
    assert sizes(cut([near], 75, Keeping.COMMAS, COMMA)) == [61, 20]
    assert sizes(cut([near], 75, Keeping.NOTHING, COMMA)) == [75, 6]


def test_a_comma_too_far_back_does_not():
    assert sizes(cut([tokens(*[1] * 54, COMMA, *[1] * 30)], 75, Keeping.COMMAS, COMMA)) == [75, 10]
    assert sizes(cut([tokens(*[1] * 55, COMMA, *[1] * 30)], 75, Keeping.COMMAS, COMMA)) == [56, 30]


def test_a_full_window_is_full():
    assert sizes(cut([tokens(*[1] * 75)], 75, Keeping.COMMAS, COMMA)) == [75]
    assert sizes(cut([[]], 75, Keeping.COMMAS, COMMA)) == [0]


def test_small_words_are_not_cut_in_comfyui():
    word = [Token(1, 1.0, 100)] * 7
    large = [Token(1, 1.0, 100)] * 8
    before = tokens(*[1] * 72)
    assert sizes(cut([before + word], 75, Keeping.WORDS, None)) == [72, 7]
    assert sizes(cut([before + large], 75, Keeping.WORDS, None)) == [75, 5]


def test_embeddings_are_not_cut():
    vectors = [Token(1, 1.0, 100, whole=True)] * 5
    assert sizes(cut([tokens(*[1] * 72) + vectors], 75, Keeping.COMMAS, COMMA)) == [72, 5]
    assert sizes(cut([[Token(1, 1.0, 0, whole=True)] * 80], 75, Keeping.COMMAS, COMMA)) == [75, 5]


def test_too_many_windows_are_refused_with_their_count():
    with pytest.raises(UsageError, match=r"65 windows of 75 tokens \(4801 tokens\)"):
        cut([tokens(*[1] * (75 * MOST_WINDOWS + 1))], 75, Keeping.NOTHING, COMMA)
