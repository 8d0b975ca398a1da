"""Which single things can be taken away, and in which order they are worth a run."""

from remarque.model.explanations import Character, ChoiceKind
from remarque.model.generic_words import generic_because
from remarque.model.recipe import LoraUse, Pass, Recipe, Setting, SourceUse
from remarque.model.removals import removals_of
from remarque.model.removals_parameters import left_aside

A1111 = "automatic1111"
RECIPE = Recipe(
    prompt="masterpiece, a hill, (golden hour:1.2), <lora:ink:0.8>",
    negative_prompt="bad hands, people",
    seed=5,
    steps=20,
    cfg=7.0,
    clip_skip=2,
    sampler="Euler a",
    denoise=0.6,
    loras=(LoraUse("ink", 0.8),),
    sources=(SourceUse("init", "sketch.png", strength=0.6), SourceUse("mask")),
    settings=(Setting("outpaint", "64,0,0,0"), Setting("eta", "0")),
)


def told(removals):
    return [(one.kind.value, one.choice) for one in removals]


def found(recipe=RECIPE, path=(), **more):
    return {one.choice: one for one in removals_of(recipe, A1111, path, **more)}


def test_every_single_thing_in_the_order_of_its_worth():
    path = [(Recipe(prompt="a hill", cfg=7, seed=5), A1111)]
    assert told(removals_of(RECIPE, A1111, path)) == [
        ("phrase", "golden hour"),
        ("negative phrase", "people"),
        ("phrase", "a hill"),
        ("lora", "ink"),
        ("input", "picture it began from “sketch.png”"),
        ("parameter", "guidance (CFG)"),
        ("parameter", "CLIP skip"),
        ("parameter", "weight of “golden hour”"),
        ("phrase", "masterpiece"),
        ("negative phrase", "bad hands"),
    ]


def test_the_recipe_without_it_differs_in_that_alone():
    one = found()
    assert one["golden hour"].recipe().prompt == "masterpiece, a hill, <lora:ink:0.8>"
    assert one["golden hour"].before == "golden hour (weight 1.2)"
    assert one["people"].recipe().negative_prompt == "bad hands"
    without = one["ink"].recipe()
    assert (without.prompt, without.loras) == ("masterpiece, a hill, (golden hour:1.2)", ())
    plain = one["weight of “golden hour”"].recipe()
    assert plain.prompt == "masterpiece, a hill, golden hour, <lora:ink:0.8>"
    drawn = one["picture it began from “sketch.png”"].recipe()
    assert (drawn.sources, drawn.denoise) == ((), None)
    assert drawn.settings == (Setting("eta", "0"),)


def test_a_parameter_goes_back_to_the_last_other_value_on_the_path():
    path = [(Recipe(cfg=4.0), A1111), (Recipe(cfg=5.0, sampler="DDIM"), A1111), (RECIPE, A1111)]
    one = found(path=path)
    assert (one["guidance (CFG)"].before, one["guidance (CFG)"].after) == ("7", "5")
    assert one["guidance (CFG)"].recipe().cfg == 5.0
    assert one["sampler"].recipe().sampler == "DDIM"
    assert "steps" not in one, "never changed, and no usual value is better than another"


def test_without_another_value_guidance_is_switched_off_and_it_is_said():
    one = found()["guidance (CFG)"]
    assert one.recipe().cfg == 1.0
    assert one.lead == "With guidance (CFG) 1, guidance switched off, instead of 7"


def test_single_words_come_last_and_only_on_demand():
    plain = found()
    assert "golden" not in plain
    removals = removals_of(RECIPE, A1111, words=True)
    assert [one.choice for one in removals][-4:] == ["a", "hill", "golden", "hour"]
    golden = next(one for one in removals if one.choice == "golden")
    assert golden.recipe().prompt == "masterpiece, a hill, (hour:1.2), <lora:ink:0.8>"
    assert golden.kind is ChoiceKind.PHRASE


def test_generic_words_are_exact_phrases_with_a_source():
    assert found()["masterpiece"].character is Character.GENERIC
    assert found()["a hill"].character is Character.CREATIVE
    assert "Oppenlaender" in generic_because("Trending on ArtStation")
    assert "Pony" in generic_because("score_8_up")
    assert generic_because("ultra-detailed")
    for own in ("detailed face", "masterpiece by the author", "watercolour", "blurry", "text"):
        assert generic_because(own) is None, own
    assert generic_because("blurry", negative=True)
    assert generic_because("masterpiece", negative=True) is None


def test_what_cannot_be_compared_is_left_aside_and_said():
    changed = [(Recipe(model="other"), A1111)]
    recipe = Recipe(prompt="a", model="this", passes=(Pass("hires"),))
    said = left_aside(recipe, changed)
    assert any("model was changed" in one for one in said)
    assert any("hires pass was left as it is" in one for one in said)
    assert left_aside(recipe, [(recipe, A1111)]) == said[1:]


def test_an_empty_recipe_has_nothing_to_take_away():
    assert removals_of(Recipe(), A1111) == ()


def test_an_article_beside_brackets_is_no_choice_of_its_own():
    recipe = Recipe(prompt="a (white boat:1.2) and the (moon:1.1), ink")
    named = [one.choice for one in removals_of(recipe, "automatic1111")]
    assert named[:3] == ["white boat", "moon", "ink"]
    assert not {"a", "and the"} & set(named)
    every = [one.choice for one in removals_of(recipe, "automatic1111", words=True)]
    assert every[-2:] == ["a", "and the"]
