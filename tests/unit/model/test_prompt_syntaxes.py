"""Each program's prompts are read in its own syntax, from what the program's makers publish."""

import pytest

from remarque.model.comparison import Action, Category, compare_recipes
from remarque.model.history import Manner, PictureFile, Take
from remarque.model.prompts import SYNTAXES, PhraseKind, parse_prompt, syntax_of
from remarque.model.recipe import Recipe
from remarque.model.takes import prompt_syntax

W = PhraseKind.WORDS


def phrases(text, syntax):
    return [(phrase.text, phrase.weight, phrase.kind) for phrase in parse_prompt(text, syntax)]


def words(text, syntax):
    found = phrases(text, syntax)
    return [(written, weight) for written, weight, kind in found if kind is W]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a man picking apricots+", [("a man picking", 1.0), ("apricots", 1.1)]),
        ("apricots-", [("apricots", 0.9)]),
        ("mountain man+++", [("mountain", 1.0), ("man", 1.331)]),
        ("a man (picking apricots)--", [("a man", 1.0), ("picking apricots", 0.81)]),
        ("(picking apricots+)++", [("picking", 1.21), ("apricots", 1.331)]),
        ("(picking (apricots)1.3)1.1", [("picking", 1.1), ("apricots", 1.43)]),
        ('"old town"1.2, "a b"++', [("old town", 1.2), ("a b", 1.21)]),
        ("(cat).attend(1.4) x", [("cat", 1.4), ("x", 1.0)]),
        ("(plain) brackets", [("plain brackets", 1.0)]),
        (r"miku \(vocaloid\)", [("miku (vocaloid)", 1.0)]),
        ("anti-aliased, 8-bit - x", [("anti-aliased", 1.0), ("8-bit - x", 1.0)]),
        ('(never closed, a) b) "', [("never closed", 1.0), ('a b) "', 1.0)]),
        ("f/1.8, 50mm.", [("f/1.8", 1.0), ("50mm", 1.0)]),
    ],
)
def test_weights_of_invokeai(text, expected):
    """compel, doc/syntax.md: plus is 1.1, minus 0.9, a number right after multiplies."""
    assert words(text, "invokeai") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '("blue sphere", "red cube").blend(0.25, 0.75)',
            [
                ("blue sphere", 0.25, W),
                (".blend()", 1.0, PhraseKind.BLEND),
                ("red cube", 0.75, W),
            ],
        ),
        (
            '("a galaxy, matte", "HQ").and()',
            [
                ("a galaxy", 1.0, W),
                ("matte", 1.0, W),
                (".and()", 1.0, PhraseKind.AND),
                ("HQ", 1.0, W),
            ],
        ),
        (
            'a "cat".swap("dog", t_start=0.2) on (mat)',
            [
                ("a", 1.0, W),
                ('"cat".swap("dog", t_start=0.2)', 1.0, PhraseKind.EDITING),
                ("on mat", 1.0, W),
            ],
        ),
        ("cat.swap(dog)", [("cat.swap(dog)", 1.0, PhraseKind.EDITING)]),
        ("a [rain, fog]", [("a", 1.0, W), ("[rain, fog]", 1.0, PhraseKind.NEGATIVE)]),
        ("withLora(ink,0.5)", [("ink", 0.5, PhraseKind.LORA)]),
        ("<easynegative>", [("easynegative", 1.0, PhraseKind.NETWORK)]),
        ("a).blend(1", [("a).blend(1", 1.0, W)]),
    ],
)
def test_calls_of_invokeai(text, expected):
    assert phrases(text, "invokeai") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a}, {{b}}, {{{c}}}", [("a", 1.05), ("b", 1.1025), ("c", 1.157625)]),
        ("[a], [[b]]", [("a", 0.952381), ("b", 0.907029)]),
        ("{[a]}", [("a", 1.0)]),
        ("1.5::rain, night::, coat", [("rain", 1.5), ("night", 1.5), ("coat", 1.0)]),
        ("-1::hat::, 0.5::coat", [("hat", -1.0), ("coat", 0.5)]),
        ("1.2::artist:foo::", [("artist:foo", 1.2)]),
        ("{1.5::a::}, b", [("a", 1.575), ("b", 1.0)]),
        ("cat|happy:-0.2|cute:-0.3", [("cat", 1.0), ("happy", -0.2), ("cute", -0.3)]),
        ("a:b, 16:9, (round)", [("a:b", 1.0), ("16:9", 1.0), ("(round)", 1.0)]),
        ("{open, x} y}", [("open", 1.05), ("x", 1.05), ("y}", 1.0)]),
        ("year 2023, 1girl", [("year 2023", 1.0), ("1girl", 1.0)]),
    ],
)
def test_weights_of_novelai(text, expected):
    assert words(text, "novelai") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "hot::2 dog --ar 3:2 --no text, hands --v 6",
            [
                ("hot", 2.0, W),
                ("::", 1.0, PhraseKind.AND),
                ("dog", 1.0, W),
                ("--ar 3:2", 1.0, PhraseKind.PARAMETER),
                ("--no text", 1.0, PhraseKind.NEGATIVE),
                ("--no hands", 1.0, PhraseKind.NEGATIVE),
                ("--v 6", 1.0, PhraseKind.PARAMETER),
            ],
        ),
        ("tulips::1.5 red::-.5", [("tulips", 1.5, W), ("::", 1.0, "and"), ("red", -0.5, W)]),
        ("(a) \u2014style raw", [("(a)", 1.0, W), ("--style raw", 1.0, PhraseKind.PARAMETER)]),
        ("half--timbered 16:9", [("half--timbered 16:9", 1.0, W)]),
    ],
)
def test_phrases_of_midjourney(text, expected):
    assert phrases(text, "midjourney") == expected


def test_phrases_of_swarmui():
    text = (
        "(orange <random:red, blue>:1.5) cat <setvar[c]:<random:a|b>> <segment:face,0.6> x"
        " <break> y"
    )
    assert phrases(text, "swarmui") == [
        ("orange", 1.5, W),
        ("<random:red, blue>", 1.5, PhraseKind.CHOICE),
        ("cat", 1.0, W),
        ("<setvar[c]:<random:a|b>>", 1.0, PhraseKind.CHOICE),
        ("<segment:face,0.6>", 1.0, PhraseKind.SECTION),
        ("x", 1.0, W),
        ("<break>", 1.0, PhraseKind.BREAK),
        ("y", 1.0, W),
    ]
    assert phrases(
        "<lora:a/b:0.5> <lora:c:1:0.2> <embed:e> <fromto[0.5]:a, b> 1 < 2 > 0", "swarmui"
    ) == [
        ("a/b", 0.5, PhraseKind.LORA),
        ("c:1:0.2", 1.0, PhraseKind.LORA),
        ("<embed:e>", 1.0, PhraseKind.NETWORK),
        ("<fromto[0.5]:a, b>", 1.0, PhraseKind.EDITING),
        ("1 < 2 > 0", 1.0, W),
    ]


def test_the_weight_of_a_part_before_and():
    """AUTOMATIC1111, composable diffusion: ``a cat :1.2 AND a dog``."""
    assert words("a cat :1.2 AND (a dog:1.1) AND b:-0.5", "automatic1111") == [
        ("a cat", 1.2),
        ("a dog", 1.1),
        ("b", -0.5),
    ]
    assert words("sandy AND_PERP x", "automatic1111") == [("sandy AND_PERP x", 1.0)]


def test_plain_text_has_no_notation():
    assert phrases("(a:1.2) {b} <c> d++, e", "plain") == [
        ("(a:1.2) {b} <c> d++", 1.0, W),
        ("e", 1.0, W),
    ]


HEAVIER = {
    "automatic1111": "(cat:1.2)",
    "comfyui": "(cat:1.2)",
    "swarmui": "(cat:1.2)",
    "invokeai": "cat++",
    "novelai": "1.2::cat::",
    "midjourney": None,
    "plain": None,
}


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_order_and_weight_are_arrangement_and_another_word_is_words(syntax):
    def changed(before, after):
        found = compare_recipes(Recipe(prompt=before), Recipe(prompt=after), syntax)
        return {(change.category, change.action) for change in found}

    before = "a moon, cat, old house"
    assert changed(before, "cat, a moon, old house") == {(Category.ARRANGEMENT, Action.MOVED)}
    assert changed(before, "a moon, dog, old house") == {(Category.WORDS, Action.REPLACED)}
    assert changed(before, "a moon, cat, old house, fog") == {(Category.WORDS, Action.ADDED)}
    if HEAVIER[syntax] is not None:
        after = f"a moon, {HEAVIER[syntax]}, old house"
        assert changed(before, after) == {(Category.ARRANGEMENT, Action.REWEIGHTED)}


def test_a_weight_of_midjourney_is_arrangement_and_a_flag_a_parameter():
    def changed(before, after):
        found = compare_recipes(Recipe(prompt=before), Recipe(prompt=after), "midjourney")
        return [(change.category, change.sentence) for change in found]

    assert changed("hot:: dog", "hot::2 dog") == [
        (Category.ARRANGEMENT, "weight of “hot” 1.0 → 2.0")
    ]
    assert changed("a cat", "a cat --ar 3:2") == [
        (Category.PARAMETERS, "added the parameter “--ar 3:2”")
    ]
    assert [one for one, _ in changed("a cat, fog", "a cat --ar 3:2")] == [
        Category.PARAMETERS,
        Category.WORDS,
    ]
    assert [one for one, _ in changed("a cat --no text", "a cat --no hands")] == [Category.WORDS]


@pytest.mark.parametrize(
    ("before", "after", "category"),
    [
        ('("a", "b").blend(1, 0.8)', '("a", "b").blend(1, 0.5)', Category.ARRANGEMENT),
        ('("a", "b").blend(1, 1)', '("a", "b").and(1, 1)', Category.ARRANGEMENT),
        ('"cat".swap("dog")', '"cat".swap("fox")', Category.WORDS),
    ],
)
def test_what_a_change_in_a_call_of_invokeai_is(before, after, category):
    found = compare_recipes(Recipe(prompt=before), Recipe(prompt=after), "invokeai")
    assert {change.category for change in found} == {category}


def take(generator, prompt):
    file = PictureFile("sha256:" + "0" * 64, "a.png", "image/png", 1, 1, 1, "2026-11-23T09:00:00Z")
    return Take("t", "w", file, generator, Recipe(prompt=prompt), Manner.IMPORTED, file.digest)


@pytest.mark.parametrize(
    ("generator", "syntax"),
    [
        ("InvokeAI", "invokeai"),
        ("NovelAI", "novelai"),
        ("SwarmUI", "swarmui"),
        ("Midjourney", "midjourney"),
        ("ComfyUI", "comfyui"),
        ("Fooocus", "comfyui"),
        ("diffusers", "plain"),
        ("Forge", "automatic1111"),
        ("Draw Things", "automatic1111"),
        (None, "automatic1111"),
    ],
)
def test_the_syntax_goes_by_the_generator(generator, syntax):
    assert syntax_of(generator) == syntax


def test_two_takes_of_two_programs_are_each_read_in_their_own_syntax():
    before, after = take("InvokeAI", "moon++, cat"), take("Forge", "((moon)), cat")
    pair = prompt_syntax(before, after)
    assert pair == ("invokeai", "automatic1111")
    (change,) = compare_recipes(before.recipe, after.recipe, pair)
    assert change.sentence.startswith("wrote the prompt with other punctuation or notation")


PIECES = ("(", "[a", "{", '"a".swap(', '("a","b").blend(1,2) ', "1.5::", "<a:", "a :1 AND ", "--")


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_megabyte_of_anything_is_read(syntax):
    mixed = "".join(PIECES)
    parse_prompt(mixed * (1_000_000 // len(mixed)), syntax)
    for piece in PIECES:
        parse_prompt(piece * (60_000 // len(piece)), syntax)
