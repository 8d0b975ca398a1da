"""Every single thing that can be taken away from a recipe or set back, and in which order.

One removal is one question: what would the picture be with the same seed and everything else, but
without this? The author's own choices come first, the latest before the earlier; then LoRAs,
pictures that went in and parameters; quality words that everybody uses come last.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from remarque.model.changes import quoted, weight_text
from remarque.model.explanations import Character, ChoiceKind
from remarque.model.generic_words import generic_because, joins_only
from remarque.model.phrases import Phrase, PhraseKind, Syntax, split_words
from remarque.model.prompts import parse_prompt
from remarque.model.recipe import LoraUse, Recipe
from remarque.model.removals_parameters import Told, parameters_set_back, sources_taken_away
from remarque.model.removals_text import (
    Cut,
    with_usual_weight,
    without_lora,
    without_phrase,
    without_word,
)

__all__ = ["Removal", "Told", "removals_of"]

Apply = Callable[[], Recipe | None]

_CUT_OUT = frozenset(
    {
        PhraseKind.WORDS,
        PhraseKind.EDITING,
        PhraseKind.ALTERNATION,
        PhraseKind.CHOICE,
        PhraseKind.NETWORK,
        PhraseKind.NEGATIVE,
    }
)


@dataclass(frozen=True, slots=True)
class Removal:
    """One thing to take away or set back.

    ``choice``, ``before`` and ``after`` as in ``Counterfactual``; ``lead`` begins the sentence on
    its effect ("Without “full moon”"). ``recipe`` works out the other recipe when its turn comes;
    None where the thing cannot be taken out without touching others.
    """

    kind: ChoiceKind
    choice: str
    before: str | None
    after: str | None
    lead: str
    recipe: Apply
    character: Character = Character.CREATIVE
    recency: int = 0


def removals_of(
    recipe: Recipe, syntax: Syntax, path: Sequence[Told] = (), *, words: bool = False
) -> tuple[Removal, ...]:
    """What can be taken away from a recipe, in the order in which it is worth a run.

    Args:
        recipe: Of the take that is explained.
        syntax: How its prompts are read.
        path: The recipes that led to it along the work, the earliest first, each with the syntax
            of its prompts; the recipe itself is not among them.
        words: Also each single word of a phrase of several words, after everything else, and
            phrases that are only articles and such.
    """
    phrases = [
        one
        for negative in (False, True)
        for one in _of_prompt(recipe, syntax, path, negative=negative)
    ]
    phrases.sort(key=lambda one: -one.recency)
    joining = [one for one in phrases if joins_only(one.choice)]
    phrases = [one for one in phrases if not joins_only(one.choice)]
    creative = [one for one in phrases if one.character is Character.CREATIVE]
    generic = [one for one in phrases if one.character is Character.GENERIC]
    return (
        *creative,
        *_loras(recipe, syntax),
        *(Removal(*said) for said in sources_taken_away(recipe)),
        *(Removal(*said) for said in parameters_set_back(recipe, path)),
        *_weights(recipe, syntax),
        *generic,
        *((*_single_words(recipe, syntax), *joining) if words else ()),
    )


def _of_prompt(
    recipe: Recipe, syntax: Syntax, path: Sequence[Told], *, negative: bool
) -> Iterator[Removal]:
    text = (recipe.negative_prompt if negative else recipe.prompt) or ""
    recency = _recency(text, syntax, path, negative=negative)
    kind = ChoiceKind.NEGATIVE_PHRASE if negative else ChoiceKind.PHRASE
    where = " in the negative prompt" if negative else ""
    for phrase in parse_prompt(text, syntax):
        if phrase.kind not in _CUT_OUT:
            continue
        generic = generic_because(phrase.text, negative=negative) is not None
        yield Removal(
            kind=kind,
            choice=phrase.text,
            before=_written(phrase),
            after=None,
            lead=f"Without {quoted(phrase.text)}{where}",
            recipe=partial(_phrase_gone, recipe, phrase.order, syntax, negative=negative),
            character=Character.GENERIC if generic else Character.CREATIVE,
            recency=recency[_key(phrase)],
        )


def _recency(
    text: str, syntax: Syntax, path: Sequence[Told], *, negative: bool
) -> dict[tuple[str, float], int]:
    """For each phrase, in which step of the path it came as it is now; 0 for the beginning."""
    steps = [(told.negative_prompt if negative else told.prompt, read) for told, read in path]
    came: dict[tuple[str, float], int] = {}
    before: set[tuple[str, float]] = set()
    for number, (prompt, read) in enumerate([*steps, (text, syntax)]):
        now = {_key(phrase) for phrase in parse_prompt(prompt or "", read)}
        came.update(dict.fromkeys(now - before, number))
        before = now
    return came


def _key(phrase: Phrase) -> tuple[str, float]:
    return phrase.text, phrase.weight


def _written(phrase: Phrase) -> str:
    weighted = phrase.weight != 1.0
    return f"{phrase.text} (weight {weight_text(phrase.weight)})" if weighted else phrase.text


def _phrase_gone(recipe: Recipe, order: int, syntax: Syntax, *, negative: bool) -> Recipe | None:
    text = (recipe.negative_prompt if negative else recipe.prompt) or ""
    return _reworded(recipe, without_phrase(text, order, syntax), negative=negative)


def _reworded(recipe: Recipe, cut: Cut | None, *, negative: bool = False) -> Recipe | None:
    if cut is None:
        return None
    if negative:
        return replace(recipe, negative_prompt=cut.text)
    return replace(recipe, prompt=cut.text)


def _loras(recipe: Recipe, syntax: Syntax) -> Iterator[Removal]:
    """Each LoRA once, whether it is listed, tagged in the prompt, or both."""
    tagged = (
        LoraUse(phrase.text.partition(":")[0], phrase.weight)
        for phrase in parse_prompt(recipe.prompt or "", syntax)
        if phrase.kind is PhraseKind.LORA
    )
    by_name: dict[str, LoraUse] = {}
    for lora in (*recipe.loras, *tagged):
        by_name.setdefault(lora.name, lora)
    for name, lora in by_name.items():
        weight = "" if lora.weight is None else f" (weight {weight_text(lora.weight)})"
        yield Removal(
            kind=ChoiceKind.LORA,
            choice=name,
            before=name + weight,
            after=None,
            lead=f"Without the LoRA {quoted(name)}",
            recipe=partial(_lora_gone, recipe, name, syntax),
        )


def _lora_gone(recipe: Recipe, name: str, syntax: Syntax) -> Recipe:
    prompt = recipe.prompt and without_lora(recipe.prompt, name, syntax)
    kept = tuple(lora for lora in recipe.loras if lora.name != name)
    return replace(recipe, prompt=prompt, loras=kept)


def _weights(recipe: Recipe, syntax: Syntax) -> Iterator[Removal]:
    """Each phrase with a weight of its own, at the usual weight."""
    for phrase in parse_prompt(recipe.prompt or "", syntax):
        if phrase.kind is PhraseKind.WORDS and phrase.weight != 1.0:
            yield Removal(
                kind=ChoiceKind.PARAMETER,
                choice=f"weight of {quoted(phrase.text)}",
                before=weight_text(phrase.weight),
                after="1.0",
                lead=f"With {quoted(phrase.text)} at the usual weight",
                recipe=partial(_weight_back, recipe, phrase.order, syntax),
            )


def _weight_back(recipe: Recipe, order: int, syntax: Syntax) -> Recipe | None:
    return _reworded(recipe, with_usual_weight(recipe.prompt or "", order, syntax))


def _single_words(recipe: Recipe, syntax: Syntax) -> Iterator[Removal]:
    for phrase in parse_prompt(recipe.prompt or "", syntax):
        found = [word[0] for word in split_words(phrase.text)]
        if phrase.kind is not PhraseKind.WORDS or len(found) < 2:  # noqa: PLR2004
            continue
        for place, word in enumerate(found):
            yield Removal(
                kind=ChoiceKind.PHRASE,
                choice=word,
                before=phrase.text,
                after=" ".join(found[:place] + found[place + 1 :]),
                lead=f"Without the word {quoted(word)} of {quoted(phrase.text)}",
                recipe=partial(_word_gone, recipe, phrase.order, place, syntax),
            )


def _word_gone(recipe: Recipe, order: int, place: int, syntax: Syntax) -> Recipe | None:
    return _reworded(recipe, without_word(recipe.prompt or "", order, place, syntax))
