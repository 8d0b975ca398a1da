"""Cutting one thing out of a prompt: the rest stays byte for byte, in every syntax."""

import pytest

from remarque.model.prompts import SYNTAXES, parse_prompt
from remarque.model.removals_text import (
    with_usual_weight,
    without_lora,
    without_phrase,
    without_word,
)

RICH = r"a red mountain by the sea, (full moon:1.3), [fog], ((deep) water), cat \(drawn\), boat"


def cut(text, phrase, syntax="automatic1111"):
    order = next(one.order for one in parse_prompt(text, syntax) if one.text == phrase)
    return without_phrase(text, order, syntax)


@pytest.mark.parametrize(
    ("phrase", "left", "written"),
    [
        ("full moon", RICH.replace("(full moon:1.3), ", ""), "(full moon:1.3)"),
        ("fog", RICH.replace("[fog], ", ""), "[fog]"),
        ("deep", RICH.replace("(deep) ", ""), "(deep)"),
        ("cat (drawn)", RICH.replace(r"cat \(drawn\), ", ""), r"cat \(drawn\)"),
        ("boat", RICH.removesuffix(", boat"), "boat"),
        (
            "a red mountain by the sea",
            RICH.removeprefix("a red mountain by the sea, "),
            "a red mountain by the sea",
        ),
    ],
)
def test_brackets_and_a_separator_go_with_the_phrase(phrase, left, written):
    found = cut(RICH, phrase)
    assert (found.text, found.written) == (left, written)


@pytest.mark.parametrize(
    ("syntax", "text", "phrase", "left"),
    [
        ("comfyui", "a, (b:1.2), ((c)), d", "c", "a, (b:1.2), d"),
        ("invokeai", "a cat+, (red dog)1.3, sky", "red dog", "a cat+, sky"),
        ("invokeai", "a cat++, sky", "cat", "a, sky"),
        ("novelai", "{full moon}, 1.5::red car::, boat", "red car", "{full moon}, boat"),
        ("swarmui", "a, <random:b, c>, d", "<random:b, c>", "a, d"),
        ("midjourney", "hot dog, mustard --ar 3:2", "mustard", "hot dog --ar 3:2"),
        ("plain", "A red cat, on a mat. Moon", "Moon", "A red cat, on a mat"),
        ("automatic1111", "赤い山，满月、海", "满月", "赤い山，海"),
        ("automatic1111", "a\nfull moon\nsea AND dog :0.5", "full moon", "a\nsea AND dog :0.5"),
        ("automatic1111", "only", "only", ""),
        ("automatic1111", "sky, (left open", "left open", "sky"),
        ("automatic1111", "sky, [cat:dog:0.5]", "[cat:dog:0.5]", "sky"),
        ("automatic1111", "cat, dog, catalog, cat", "catalog", "cat, dog, cat"),
    ],
)
def test_every_syntax_is_cut_in_its_own_way(syntax, text, phrase, left):
    assert cut(text, phrase, syntax).text == left


def test_of_two_equal_phrases_the_one_that_is_meant_goes():
    assert without_phrase("cat, dog, cat", 0, "automatic1111").text == "dog, cat"
    assert without_phrase("cat, dog, cat", 2, "automatic1111").text == "cat, dog"


def test_neighbours_that_grow_together_keep_their_words():
    assert cut("a (red) car, sky", "red").text == "a car, sky"


def test_what_cannot_be_cut_alone_is_not_cut():
    assert without_phrase("hot::2 dog --ar 3:2", 2, "midjourney") is None


def test_one_word_goes_and_its_phrase_keeps_its_brackets():
    assert without_word("sky, (full moon:1.3), sea", 1, 0, "automatic1111").text == (
        "sky, (moon:1.3), sea"
    )
    assert without_word("a red  mountain", 0, 1, "automatic1111").text == "a mountain"
    assert without_word("满月", 0, 0, "automatic1111").text == "月"
    assert without_word("moon", 0, 4, "automatic1111") is None


def test_a_weight_goes_back_where_the_brackets_are_the_phrases_own():
    assert with_usual_weight("a, ((b:1.2)), c", 1, "automatic1111").text == "a, b, c"
    assert with_usual_weight("a, (b, c:1.2)", 1, "automatic1111") is None
    assert with_usual_weight("cat++, dog", 0, "invokeai").text == "cat, dog"


def test_all_tags_of_a_lora_go():
    text = "a hill, <lora:ink:0.8>, sky <lora:oil:1><lora:ink:0.2>"
    assert without_lora(text, "ink", "automatic1111") == "a hill, sky <lora:oil:1>"
    assert without_lora("a <lora:in", "ink", "automatic1111") == "a <lora:in"


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_hostile_texts_are_cut_or_left_and_nothing_is_raised(syntax):
    for text in ("((((" * 60, "a:1) b) [", r"\(\\(", "::::", "<lora:", "(a:" + "9" * 90 + ")", "+"):
        for phrase in parse_prompt(text, syntax):
            without_phrase(text, phrase.order, syntax)
            with_usual_weight(text, phrase.order, syntax)
