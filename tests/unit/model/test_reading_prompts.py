"""A prompt is read as its program reads it: phrases, weights, order."""

import json

import pytest

from remarque.model.prompts import PhraseKind, parse_prompt, split_words
from stand_ins.samples import sample


def weights(text, syntax="automatic1111"):
    return [(phrase.text, phrase.weight) for phrase in parse_prompt(text, syntax)]


def kinds(text, syntax="automatic1111"):
    return [(phrase.text, phrase.kind) for phrase in parse_prompt(text, syntax)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ,\n , ", []),
        ("photo of a duck", [("photo of a duck", 1.0)]),
        ("soft light, film grain,", [("soft light", 1.0), ("film grain", 1.0)]),
        ("masterpiece, \n1girl,  solo", [("masterpiece", 1.0), ("1girl", 1.0), ("solo", 1.0)]),
        ("枯藤老树昏鸦，小桥、流水", [("枯藤老树昏鸦", 1.0), ("小桥", 1.0), ("流水", 1.0)]),
        ("(film grain:1.3)", [("film grain", 1.3)]),
        ("((halo))", [("halo", 1.21)]),
        ("[haze]", [("haze", 0.909091)]),
        ("([both])", [("both", 1.0)]),
        ("(a, b:1.2), c", [("a", 1.2), ("b", 1.2), ("c", 1.0)]),
        ("maine coon (cat:1.2) outside", [("maine coon", 1.0), ("cat", 1.2), ("outside", 1.0)]),
        (r"miku \(vocaloid\), \[sic\]", [("miku (vocaloid)", 1.0), ("[sic]", 1.0)]),
        (r"(a\)b:1.2)", [("a)b", 1.2)]),
        ("(never closed, still", [("never closed", 1.1), ("still", 1.1)]),
        ("one) too many", [("one) too many", 1.0)]),
        ("Canon 50 f1.2, 8k.", [("Canon 50 f1.2", 1.0), ("8k", 1.0)]),
        ("ratio 16:9, time:", [("ratio 16:9", 1.0), ("time:", 1.0)]),
        ("A cat. Who is it? Rain!", [("A cat", 1.0), ("Who is it?", 1.0), ("Rain!", 1.0)]),
        ("smile, !?, :d", [("smile", 1.0), ("!?", 1.0), (":d", 1.0)]),
        ("(x:99999999999)", [("x", 1e6)]),
    ],
)
def test_phrases_of_automatic1111(text, expected):
    assert weights(text) == expected


def test_the_published_example_of_nested_emphasis():
    """The weights given in AUTOMATIC1111's own documentation of its parser."""
    assert weights("a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).") == [
        ("a", 1.0),
        ("house", 1.573),
        ("on", 1.0),
        ("a", 1.1),
        ("hill", 0.55),
        ("sun", 1.1),
        ("sky", 1.4641),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(foo)(bar)", [("foobar", 1.1)]),
        ("((foo):1.1)", [("foo", 1.21)]),
        ("((foo:1.1))", [("foo", 1.1)]),
        ("((foo:1.0):0.0)", [("foo", 1.0)]),
        (
            "foo ((((lol (cat:666) attack:100)))) baz",
            [("foo", 1.0), ("lol", 100.0), ("cat", 666.0), ("attack", 100.0), ("baz", 1.0)],
        ),
        ("[haze] (a|b)", [("[haze]", 1.0), ("a|b", 1.1)]),
        ("(never closed (by far)", [("(never closed (by far)", 1.0)]),
        ("one) too (many)", [("one) too (many)", 1.0)]),
    ],
)
def test_phrases_of_comfyui(text, expected):
    assert weights(text, "comfyui") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[cat:dog:0.5]", [("[cat:dog:0.5]", PhraseKind.EDITING)]),
        ("[ in fog, far:10]", [("[ in fog, far:10]", PhraseKind.EDITING)]),
        ("[haze::0.3]", [("[haze::0.3]", PhraseKind.EDITING)]),
        ("[a|(b:1.1)]", [("[a|(b:1.1)]", PhraseKind.ALTERNATION)]),
        ("a BREAK b", [("a", "words"), ("BREAK", "break"), ("b", "words")]),
        ("BREAKfast", [("BREAKfast", "words")]),
        ("a AND b", [("a", "words"), ("AND", "and"), ("b", "words")]),
        ("x <lora:foo v2:0.8>", [("x", "words"), ("foo v2", "lora")]),
        ("<lora:foo:0.8:0.4>", [("foo:0.8:0.4", "lora")]),
        ("<hypernet:bar:1>", [("hypernet:bar", "network")]),
        ("<3 > 2", [("<3 > 2", "words")]),
    ],
)
def test_what_a_phrase_is(text, expected):
    assert kinds(text) == expected


def test_a_lora_tag_has_its_weight_and_editing_the_weight_around_it():
    assert weights("<lora:foo:0.8>, ([a:b:0.5]:1.2)") == [("foo", 0.8), ("[a:b:0.5]", 1.2)]


def test_order_counts_from_zero():
    assert [phrase.order for phrase in parse_prompt("c, b, BREAK, a")] == [0, 1, 2, 3]


def test_each_chinese_sign_is_a_word():
    assert [word[0] for word in split_words("小桥 old bridge")] == ["小", "桥", "old", "bridge"]


def test_the_prompts_of_real_files_are_read_whole():
    """Nothing an artist wrote gets lost: all words of every sample prompt are in its phrases."""
    truth = json.loads(sample("ground_truth.json").read_bytes())
    texts = [file[key] for file in truth["files"] for key in ("prompt", "negative_prompt")]
    for text in filter(None, texts):
        signs = "".join(phrase.text for phrase in parse_prompt(text))
        written = [letter for letter in text if letter.isalpha()]
        assert [letter for letter in signs if letter.isalpha()] == written


def test_the_weights_of_a_real_negative_prompt():
    truth = json.loads(sample("ground_truth.json").read_bytes())
    file = next(one for one in truth["files"] if one["path"].endswith("depth_t2i_adapter.png"))
    found = dict(weights(file["negative_prompt"], "comfyui"))
    assert found["hands"] == 1.1
    assert found["worst quality"] == 1.2
    assert found["jpeg artifacts"] == 1.3
    assert found["text"] == 1.0
