"""Parameters set back to what they were before, and pictures that went in taken away."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from remarque.model.changes import Fact, fact_text, is_same, quoted
from remarque.model.explanations import ChoiceKind
from remarque.model.phrases import Syntax
from remarque.model.recipe import Recipe

Told: TypeAlias = tuple[Recipe, Syntax]
"""One recipe of the path, and how its prompts are read."""

Said: TypeAlias = tuple[ChoiceKind, str, str | None, str | None, str, Callable[[], Recipe | None]]
"""The first six fields of a ``Removal``."""

_LABELS = {
    "cfg": "guidance (CFG)",
    "steps": "steps",
    "sampler": "sampler",
    "scheduler": "noise schedule",
    "denoise": "denoising strength",
    "clip_skip": "CLIP skip",
    "vae": "VAE",
    "seed": "seed",
}
"""The parameters whose pictures keep their size, the author's likeliest tools first. Another model
or size gives a picture in which nothing is where it was, and is left aside."""

_LEFT_ASIDE = {"model": "model", "generated_size": "size", "final_size": "final size"}

USUAL: dict[str, Any] = {"cfg": 1.0, "clip_skip": 1}
"""Where the work holds no other value: guidance switched off, no layer of the encoder skipped."""

_SOURCE_NAMES = {"init": "picture it began from", "control": "control picture"}


def parameters_set_back(recipe: Recipe, path: Sequence[Told]) -> Iterator[Said]:
    """Each parameter at the last other value it had along the path, else at its usual value."""
    for field, label in _LABELS.items():
        now = getattr(recipe, field)
        earlier = _earlier(field, now, path)
        back = earlier if earlier is not None else USUAL.get(field)
        if now is None or back is None or is_same(now, back):
            continue
        if field == "denoise" and not recipe.sources:
            continue
        why = "as earlier in the work" if earlier is not None else _USUAL_WORDS[field]
        before, after = fact_text(now), fact_text(back)
        lead = f"With {label} {after}, {why}, instead of {before}"
        apply = partial(replace, recipe, **{field: back})
        yield ChoiceKind.PARAMETER, label, before, after, lead, apply


_USUAL_WORDS = {"cfg": "guidance switched off", "clip_skip": "no layer skipped"}


def left_aside(recipe: Recipe, path: Sequence[Told]) -> tuple[str, ...]:
    """Sentences on changed choices that no run can set back and be compared."""
    changed = (
        label
        for field, label in _LEFT_ASIDE.items()
        if _earlier(field, getattr(recipe, field), path) is not None
    )
    said = [
        f"The {label} was changed along the way; a picture with another {label} shares no places "
        "with this one, so that choice was not set back."
        for label in changed
    ]
    for one in recipe.passes:
        name = one.role.replace("_", " ")
        said.append(f"The {name} pass was left as it is in every run.")
    return tuple(dict.fromkeys(said))


def sources_taken_away(recipe: Recipe) -> Iterator[Said]:
    """Each picture that went in, without it; the mask goes with the picture it lies on."""
    for place, source in enumerate(recipe.sources):
        name = _SOURCE_NAMES.get(source.role)
        if name is None:
            continue
        called = f" {quoted(source.name)}" if source.name else ""
        strength = "" if source.strength is None else f" (strength {fact_text(source.strength)})"
        lead = f"Without the {name}{called}"
        before = f"{name}{called}{strength}"
        apply = partial(_source_gone, recipe, place)
        yield ChoiceKind.INPUT, f"{name}{called}", before, None, lead, apply


def _source_gone(recipe: Recipe, place: int) -> Recipe:
    gone = recipe.sources[place]
    kept = tuple(
        one
        for number, one in enumerate(recipe.sources)
        if number != place and not (gone.role == "init" and one.role == "mask")
    )
    if gone.role != "init":
        return replace(recipe, sources=kept)
    settings = tuple(one for one in recipe.settings if one.name != "outpaint")
    return replace(recipe, sources=kept, settings=settings, denoise=None)


def _earlier(field: str, now: Fact | None, path: Sequence[Told]) -> Any:  # noqa: ANN401
    """The value a field last had before it came to be what it is; None where it always was."""
    for recipe, _ in reversed(path):
        then = getattr(recipe, field)
        if then is not None and now is not None and not is_same(then, now):
            return then
    return None
