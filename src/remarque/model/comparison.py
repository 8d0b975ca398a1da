"""Two recipes compared: what the author chose anew between two takes, in the court's categories.

A fact that only one of the two files records is nobody's choice: it gives no change, and
``incomparable`` names it. Selection and edits are not in recipes, so no change of these
categories comes from here.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from remarque.model.changes import Category, Change, Finding, OneSided
from remarque.model.input_changes import compare_sources
from remarque.model.parameter_changes import (
    compare_loras,
    compare_models,
    compare_pass,
    compare_settings,
    compare_values,
    pair_passes,
)
from remarque.model.prompt_changes import compare_prompts
from remarque.model.prompts import Phrase, PhraseKind, Syntax, parse_prompt
from remarque.model.recipe import LoraUse, Pass, Recipe, SourceUse
from remarque.model.rewording import Action

__all__ = ["Action", "Category", "Change", "compare_recipes", "incomparable"]

_PROMPTS = ("prompt", "negative_prompt")

Syntaxes: TypeAlias = tuple[Syntax, Syntax]
"""How the prompts of the first recipe are read, and those of the second."""


def compare_recipes(
    before: Recipe, after: Recipe, syntax: Syntax | Syntaxes = "automatic1111"
) -> tuple[Change, ...]:
    """What changed from one recipe to the next, as few changes as there are.

    ``syntax`` is how the prompts are to be read; two, where the recipes come from two programs.
    Equal recipes in one syntax give none.
    """
    found = _findings(before, after, _both(syntax))
    return tuple(one for one in found if isinstance(one, Change))


def incomparable(
    before: Recipe, after: Recipe, syntax: Syntax | Syntaxes = "automatic1111"
) -> tuple[str, ...]:
    """Names of the facts that cannot be compared because only one side records them.

    Two model hashes of different kinds are named too: neither equal nor different can be said.
    """
    found = _findings(before, after, _both(syntax))
    return tuple(dict.fromkeys(one.field for one in found if isinstance(one, OneSided)))


def _both(syntax: Syntax | Syntaxes) -> Syntaxes:
    return syntax if isinstance(syntax, tuple) else (syntax, syntax)


def _findings(before: Recipe, after: Recipe, syntaxes: Syntaxes) -> Iterator[Finding]:
    return chain(
        _prompts("", before, after, syntaxes),
        compare_values(before, after),
        compare_models(before, after),
        _loras(before, after, syntaxes),
        _passes(before, after, syntaxes),
        compare_settings(before.settings, after.settings),
        _sources(before, after),
    )


def _prompts(
    path: str, before: Recipe | Pass, after: Recipe | Pass, syntaxes: Syntaxes
) -> Iterator[Finding]:
    for field in _PROMPTS:
        text: str | None = getattr(before, field)
        other: str | None = getattr(after, field)
        if text is not None and other is not None:
            yield from compare_prompts(text, other, path + field, *syntaxes)
        elif text is not other:
            yield OneSided(path + field)


def _loras(before: Recipe, after: Recipe, syntaxes: Syntaxes) -> Iterator[Finding]:
    loras, others = _loras_of(before, syntaxes[0]), _loras_of(after, syntaxes[1])
    if loras is not None and others is not None:
        yield from compare_loras(loras, others)
    elif loras or others:
        yield OneSided("loras")


def _loras_of(recipe: Recipe, syntax: Syntax) -> Sequence[LoraUse] | None:
    """The LoRAs listed and those only tagged in the prompt; None where nothing could say so."""
    if recipe.prompt is None and not recipe.loras:
        return None
    known = {lora.name for lora in recipe.loras}
    tagged = (
        _lora_tagged(phrase)
        for phrase in parse_prompt(recipe.prompt or "", syntax)
        if phrase.kind is PhraseKind.LORA
    )
    return [*recipe.loras, *(lora for lora in tagged if lora.name not in known)]


def _lora_tagged(phrase: Phrase) -> LoraUse:
    """``<lora:name:weight>`` or ``<lora:name:text weight:weight>``; other amounts are left out."""
    name, *amounts = phrase.text.split(":")
    if not amounts:
        return LoraUse(name, phrase.weight)
    try:
        text_weight, weight = map(float, amounts)
    except ValueError:
        return LoraUse(name)
    return LoraUse(name, weight, text_weight)


def _passes(before: Recipe, after: Recipe, syntaxes: Syntaxes) -> Iterator[Finding]:
    if not (_tells_sampling(before) and _tells_sampling(after)):
        if before.passes or after.passes:
            yield OneSided("passes")
        return
    for field, one, other in pair_passes(before.passes, after.passes):
        yield from compare_pass(field, one, other)
        if one is not None and other is not None:
            yield from _prompts(f"{field}.", one, other, syntaxes)


def _tells_sampling(recipe: Recipe) -> bool:
    """Whether a recipe without further passes means that there were none."""
    values = (recipe.seed, recipe.steps, recipe.sampler)
    return bool(recipe.passes) or any(value is not None for value in values)


def _sources(before: Recipe, after: Recipe) -> Iterator[Finding]:
    sources, others = _sources_of(before), _sources_of(after)
    if sources is not None and others is not None:
        yield from compare_sources(sources, others)
    elif sources or others:
        yield OneSided("sources")


def _sources_of(recipe: Recipe) -> Sequence[SourceUse] | None:
    """The source pictures; None where there may have been some that the file does not name.

    A denoising strength below 1 without an upscale pass tells of an initial picture, which
    AUTOMATIC1111 does not name.
    """
    if recipe.sources:
        return recipe.sources
    upscaled = bool(recipe.passes) or recipe.final_size is not None
    partial = recipe.denoise is not None and recipe.denoise < 1 and not upscaled
    return () if _tells_sampling(recipe) and not partial else None
