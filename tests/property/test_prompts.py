"""Laws that hold for any prompt: nothing raises, nothing is lost, either way round is the same."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from remarque.model.alignment import longest_common_subsequence
from remarque.model.comparison import Action, compare_recipes, incomparable
from remarque.model.phrase_differences import compare_phrases
from remarque.model.prompts import SYNTAXES, Phrase, parse_prompt, split_words
from remarque.model.recipe import LoraUse, Pass, Recipe, Setting, Size, SourceUse

SYNTAX = st.sampled_from(SYNTAXES)
SIGNS = 'ab ,()[]{}:|.<>\\1\n+-"，小桥'
HOSTILE = st.one_of(
    st.text(),
    st.text(st.sampled_from(SIGNS), max_size=60),
    st.lists(
        st.sampled_from(
            [
                "(",
                ")",
                "[",
                "]",
                ":1.2)",
                ":0.5]",
                "|",
                "BREAK",
                "AND",
                "<lora:a:1>",
                "cat ",
                ", ",
                "{",
                "}",
                "1.5::",
                "::",
                '"',
                ").blend(",
                ").and(",
                ".swap(",
                "++",
                "--",
                " --no b",
                "<random:",
                "<segment:x>",
                ">",
                ":1.2 AND ",
                "withLora(b,1)",
                "<break>",
            ]
        ),
        max_size=30,
    ).map("".join),
)
WORDS = st.lists(st.sampled_from(["red", "cat", "on", "mat", "小", "moon"]), min_size=1, max_size=7)
PHRASES = st.lists(
    st.tuples(WORDS.map(" ".join), st.sampled_from([1.0, 1.1, 1.3])), max_size=8
).map(lambda pairs: [Phrase(text, weight, n) for n, (text, weight) in enumerate(pairs)])
NUMBERS = st.one_of(st.none(), st.floats(), st.integers(-(2**64), 2**64))
NAMES = st.one_of(st.none(), st.sampled_from(["a", "b", "c0d1994c73", "6ce01615"]))
RECIPES = st.builds(
    Recipe,
    prompt=st.one_of(st.none(), HOSTILE),
    negative_prompt=st.one_of(st.none(), HOSTILE),
    seed=st.one_of(st.none(), st.integers(0, 2**64 - 1)),
    cfg=NUMBERS,
    denoise=NUMBERS,
    model=NAMES,
    model_hash=NAMES,
    generated_size=st.one_of(st.none(), st.builds(Size, st.just(512), st.integers(1, 3))),
    loras=st.lists(st.builds(LoraUse, st.sampled_from("xy"), NUMBERS, NUMBERS, NAMES), max_size=3),
    sources=st.lists(
        st.builds(SourceUse, st.sampled_from(["init", "mask"]), NAMES, NAMES, NUMBERS), max_size=3
    ),
    passes=st.lists(
        st.builds(Pass, st.sampled_from(["hires", "detail"]), cfg=NUMBERS, prompt=NAMES), max_size=2
    ),
    settings=st.lists(
        st.builds(Setting, st.sampled_from(["ENSD", "Eta", "Version"]), st.text(max_size=5)),
        max_size=3,
    ),
)


@given(HOSTILE, SYNTAX)
def test_any_text_is_some_list_of_phrases(text, syntax):
    phrases = parse_prompt(text, syntax)
    assert [phrase.order for phrase in phrases] == list(range(len(phrases)))
    for phrase in phrases:
        assert phrase.text == " ".join(phrase.text.split())
        assert abs(phrase.weight) <= 1e6


@given(HOSTILE, SYNTAX)
def test_no_letter_outside_notation_gets_lost(text, syntax):
    found = "".join(phrase.text for phrase in parse_prompt(text, syntax))
    # InvokeAI spells the tag withLora; only its own letters may be missing, as for <lora:…>.
    assert Counter(text)["a"] <= Counter(found)["a"] + 6 * text.lower().count("lora")


@given(st.text("ab", max_size=14), st.text("abc", max_size=14))
def test_the_common_subsequence_is_the_longest(before, after):
    lengths = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i, one in enumerate(before):
        for j, other in enumerate(after):
            longer = max(lengths[i][j + 1], lengths[i + 1][j])
            lengths[i + 1][j + 1] = lengths[i][j] + 1 if one == other else longer
    assert len(longest_common_subsequence(before, after)) == lengths[-1][-1]


def _words(text):
    return Counter(word[0] for word in split_words(text.replace(",", " ")))


@given(PHRASES, PHRASES)
def test_the_differences_account_for_every_word(before, after):
    words = sum((_words(phrase.text) for phrase in before), Counter())
    for one in compare_phrases(before, after):
        if one.action in (Action.ADDED, Action.REPLACED):
            words += _words(one.after.text)
        if one.action in (Action.REMOVED, Action.REPLACED):
            words.subtract(_words(one.before.text))
    assert +words == sum((_words(phrase.text) for phrase in after), Counter())
    assert not -words


@given(PHRASES, PHRASES)
def test_no_difference_means_the_same_words_in_order_with_their_weights(before, after):
    same = [(p.text, p.weight) for p in before] == [(p.text, p.weight) for p in after]
    assert (compare_phrases(before, after) == ()) == same


@given(PHRASES, PHRASES)
def test_turned_round_the_differences_turn_round(before, after):
    opposite = {Action.ADDED: Action.REMOVED, Action.REMOVED: Action.ADDED}
    there = Counter((one.action, one.before, one.after) for one in compare_phrases(before, after))
    back = Counter(
        (opposite.get(one.action, one.action), one.after, one.before)
        for one in compare_phrases(after, before)
    )
    assert there == back


@given(st.lists(st.integers(0, 30), unique=True, min_size=2, max_size=12), st.data())
def test_one_phrase_moved_is_one_difference(numbers, data):
    before = [f"phrase {number}" for number in numbers]
    after = list(before)
    after.insert(
        data.draw(st.integers(0, len(before) - 1)),
        after.pop(data.draw(st.integers(0, len(before) - 1))),
    )
    found = compare_recipes(Recipe(prompt=", ".join(before)), Recipe(prompt=", ".join(after)))
    assert [change.action for change in found] == ([] if before == after else [Action.MOVED])


@given(RECIPES, SYNTAX)
def test_a_recipe_does_not_differ_from_itself(recipe, syntax):
    assert compare_recipes(recipe, recipe, syntax) == ()


@given(RECIPES, RECIPES, SYNTAX, SYNTAX)
def test_any_two_recipes_compare_in_any_two_syntaxes(before, after, syntax, other):
    there = Counter(c.field for c in compare_recipes(before, after, (syntax, other)))
    assert there == Counter(c.field for c in compare_recipes(after, before, (other, syntax)))


@settings(max_examples=200)
@given(RECIPES, RECIPES)
def test_any_two_recipes_compare_the_same_either_way(before, after):
    opposite = {Action.ADDED: Action.REMOVED, Action.REMOVED: Action.ADDED}
    there = Counter((c.field, c.action) for c in compare_recipes(before, after))
    back = compare_recipes(after, before)
    assert there == Counter((c.field, opposite.get(c.action, c.action)) for c in back)
    assert set(incomparable(before, after)) == set(incomparable(after, before))
    assert all(change.sentence for change in back)
