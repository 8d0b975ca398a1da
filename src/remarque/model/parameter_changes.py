"""Parameters of two recipes compared: single values, the model, LoRAs, passes, settings."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from enum import Enum
from typing import TypeVar

from remarque.model.changes import (
    Category,
    Change,
    Fact,
    Finding,
    OneSided,
    fact_text,
    is_same,
    pass_name,
    quoted,
)
from remarque.model.recipe import LoraUse, Pass, Recipe, Setting
from remarque.model.rewording import Action
from remarque.model.samplers import find_sampler

_SINGLE_VALUES = {
    "seed": "seed",
    "steps": "steps",
    "cfg": "guidance (CFG)",
    "sampler": "sampler",
    "scheduler": "scheduler",
    "vae": "VAE",
    "clip_skip": "CLIP skip",
    "denoise": "denoising strength",
    "generated_size": "generated size",
    "final_size": "final size",
}
_SAMPLING = frozenset({"sampler", "scheduler"})
_PASS_VALUES = {
    **_SINGLE_VALUES,
    "model": "model",
    "upscale": "upscale factor",
    "upscaler": "upscaler",
    "start_at_step": "first step",
}
# Settings a program writes by itself: its version, dates, digests of what is compared elsewhere.
_WRITTEN_BY_THE_PROGRAM = re.compile(
    r"(app|software|(app_|swarm_)?version|created date|metadata_scheme"
    r"|((lora|ti|model|vae) )?hash(es)?|civitai (resources|metadata))\Z",
    re.IGNORECASE,
)
# AUTOMATIC1111's settings that readers also put into the recipe's own fields and passes.
_COMPARED_ELSEWHERE = re.compile(
    r"(denoising strength|refiner"
    r"|hires (upscale|scale|upscaler|resize|size|steps|checkpoint|sampler|schedule type|cfg scale"
    r"|prompt|negative prompt)"
    r"|adetailer (steps|denoising strength|prompt|negative prompt)( (2nd|3rd|4th))?)\Z",
    re.IGNORECASE,
)

Item = TypeVar("Item")


def compare_values(before: Recipe, after: Recipe) -> Iterator[Finding]:
    """Seed, steps, guidance and the other facts that have one value."""
    alike = _is_same_sampling(before, after)
    for field, label in _SINGLE_VALUES.items():
        for found in _compare_fact(field, label, getattr(before, field), getattr(after, field)):
            if not (alike and field in _SAMPLING and isinstance(found, Change)):
                yield found


def _is_same_sampling(before: Recipe, after: Recipe) -> bool:
    """Whether two spellings name one sampler with one schedule: writing it otherwise is no choice.

    A class name of diffusers says less than an artist's name, so that between the two nothing
    can be said to have changed where the class is that of the name.
    """
    if before.sampler is None or after.sampler is None or before.sampler == after.sampler:
        return False
    one = find_sampler(before.sampler, before.scheduler)
    other = find_sampler(after.sampler, after.scheduler)
    if one is None or other is None or one.schedule != other.schedule:
        return False
    if one.by_class != other.by_class:
        return one.sampler.diffusers == other.sampler.diffusers
    return one.sampler == other.sampler


def _compare_fact(
    field: str, label: str, before: Fact | None, after: Fact | None
) -> Iterator[Finding]:
    if before is None or after is None:
        if before is not after:
            yield OneSided(field)
    elif not is_same(before, after):
        old, new = fact_text(before), fact_text(after)
        yield _change(Action.CHANGED, field, old, new, f"{label} {old} → {new}")


def _change(
    action: Action, field: str, before: str | None, after: str | None, sentence: str
) -> Change:
    return Change(Category.PARAMETERS, action, field, before, after, sentence)


class _Hashes(Enum):
    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


# Lengths in hexadecimal digits: a whole SHA-256, and its beginning as AUTOMATIC1111 writes it.
# Its older form of 8 digits and Civitai's form of 12 are digests of something else.
_SHA256_LENGTHS = frozenset({10, 64})


def _compare_hashes(before: str | None, after: str | None) -> _Hashes:
    if not before or not after:
        return _Hashes.UNKNOWN
    one, other = (text.lower().removeprefix("sha256:") for text in (before, after))
    if one == other:
        return _Hashes.SAME
    if len(one) == len(other):
        return _Hashes.DIFFERENT
    if {len(one), len(other)} != _SHA256_LENGTHS:
        return _Hashes.UNKNOWN
    is_beginning = one.startswith(other) or other.startswith(one)
    return _Hashes.SAME if is_beginning else _Hashes.DIFFERENT


def compare_models(before: Recipe, after: Recipe) -> Iterator[Finding]:
    """The checkpoint by name and digest: one change for one other model."""
    hashes = _compare_hashes(before.model_hash, after.model_hash)
    if before.model_hash != after.model_hash and hashes is _Hashes.UNKNOWN:
        yield OneSided("model_hash")
    if before.model is None or after.model is None:
        if before.model is not after.model:
            yield OneSided("model")
    elif before.model != after.model:
        # The same file under another name is no other model.
        if hashes is not _Hashes.SAME:
            yield from _compare_fact("model", "model", before.model, after.model)
        return
    if hashes is _Hashes.DIFFERENT:
        yield from _compare_fact(
            "model_hash", "model file, by its hash,", before.model_hash, after.model_hash
        )


def compare_loras(before: Sequence[LoraUse], after: Sequence[LoraUse]) -> Iterator[Finding]:
    """LoRAs by name: added, removed, re-weighted, or another file under the same name."""
    old, new = _by_name(before, _lora_name), _by_name(after, _lora_name)
    for key, lora in old.items():
        if key in new:
            yield from _compare_lora(lora, new[key])
        else:
            yield _change(
                Action.REMOVED, "loras", _lora_text(lora), None, f"removed {_lora_named(lora)}"
            )
    for key, lora in new.items():
        if key not in old:
            yield _change(
                Action.ADDED, "loras", None, _lora_text(lora), f"added {_lora_named(lora)}"
            )


def _by_name(items: Iterable[Item], name: Callable[[Item], str]) -> dict[tuple[str, int], Item]:
    """Items by name and how often the name was there before."""
    seen: defaultdict[str, int] = defaultdict(int)
    found: dict[tuple[str, int], Item] = {}
    for item in items:
        found[name(item), seen[name(item)]] = item
        seen[name(item)] += 1
    return found


def _lora_name(lora: LoraUse) -> str:
    return lora.name


def _lora_text(lora: LoraUse) -> str:
    weights = [fact_text(w) for w in (lora.weight, lora.text_weight) if w is not None]
    return ":".join([lora.name, *weights])


def _lora_named(lora: LoraUse) -> str:
    weight = "" if lora.weight is None else f" (weight {fact_text(lora.weight)})"
    return f"the LoRA {quoted(lora.name)}{weight}"


def _compare_lora(before: LoraUse, after: LoraUse) -> Iterator[Finding]:
    for field, label in (("weight", "weight"), ("text_weight", "text encoder weight")):
        name, long_label = f"loras.{before.name}.{field}", f"{label} of the LoRA"
        old, new = getattr(before, field), getattr(after, field)
        for one in _compare_fact(name, f"{long_label} {quoted(before.name)}", old, new):
            yield _reweighted(one)
    hashes = _compare_hashes(before.hash, after.hash)
    field = f"loras.{before.name}.hash"
    if hashes is _Hashes.DIFFERENT:
        label = f"file of the LoRA {quoted(before.name)}, by its hash,"
        yield from _compare_fact(field, label, before.hash, after.hash)
    elif hashes is _Hashes.UNKNOWN and before.hash != after.hash:
        yield OneSided(field)


def _reweighted(one: Finding) -> Finding:
    if isinstance(one, OneSided):
        return one
    return _change(Action.REWEIGHTED, one.field, one.before, one.after, one.sentence)


def pair_passes(
    before: Sequence[Pass], after: Sequence[Pass]
) -> Iterator[tuple[str, Pass | None, Pass | None]]:
    """Passes of the same role side by side, with the name of their field."""
    old, new = _by_name(before, _role), _by_name(after, _role)
    for role, count in dict.fromkeys([*old, *new]):
        number = "" if count == 0 else f" {count + 1}"
        yield f"passes.{role}{number}", old.get((role, count)), new.get((role, count))


def _role(one: Pass) -> str:
    return one.role


def compare_pass(field: str, before: Pass | None, after: Pass | None) -> Iterator[Finding]:
    """One pass: added, removed, or its values changed. Its prompts are compared elsewhere."""
    name = pass_name(field)
    if before is None and after is not None:
        text = _pass_text(after)
        yield _change(Action.ADDED, field, None, text, f"added the {name} ({text})")
    elif after is None and before is not None:
        text = _pass_text(before)
        yield _change(Action.REMOVED, field, text, None, f"removed the {name} ({text})")
    else:
        for key, label in _PASS_VALUES.items():
            if key in _PASS_FIELDS:
                old, new = getattr(before, key), getattr(after, key)
                yield from _compare_fact(f"{field}.{key}", f"{label} of the {name}", old, new)


_PASS_FIELDS = frozenset(field.name for field in fields(Pass))


def _pass_text(one: Pass) -> str:
    values = ((label, getattr(one, key, None)) for key, label in _PASS_VALUES.items())
    told = [f"{label} {fact_text(value)}" for label, value in values if value is not None]
    return ", ".join(told) or "nothing more is recorded"


def compare_settings(before: Sequence[Setting], after: Sequence[Setting]) -> Iterator[Finding]:
    """Further settings by name. One that only one side names cannot be compared."""
    old, new = _by_name(before, _setting_name), _by_name(after, _setting_name)
    for key in dict.fromkeys([*old, *new]):
        if _WRITTEN_BY_THE_PROGRAM.match(key[0]) or _COMPARED_ELSEWHERE.match(key[0]):
            continue
        one, other = old.get(key), new.get(key)
        yield from _compare_fact(
            f"settings.{key[0]}",
            f"setting {quoted(key[0])}",
            None if one is None else _setting_fact(one.value),
            None if other is None else _setting_fact(other.value),
        )


def _setting_name(setting: Setting) -> str:
    return setting.name


def _setting_fact(value: str) -> Fact:
    """A number where the text is one, so that 7 and 7.0 are the same setting."""
    try:
        return float(value) if len(value) < _LONGEST_NUMBER else value
    except ValueError:
        return value


_LONGEST_NUMBER = 16
