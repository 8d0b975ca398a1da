"""Further sampling passes an infotext names: the upscale pass, the refiner, passes over details."""

import re
from collections.abc import Mapping

from remarque.intake import scalars
from remarque.model.recipe import Pass

# SD.Next says "scale" and "size" where the others say "upscale" and "resize".
HIRES_FACTOR = ("Hires upscale", "Hires scale")
HIRES_SIZE = ("Hires resize", "Hires size", "Hires fixed")
DENOISING = ("Denoising strength", "Denoising Strength")  # the latter before October 2022
_HIRES = (*HIRES_FACTOR, *HIRES_SIZE, "Hires upscaler", "Hires steps")
_DETAILER = re.compile(r"ADetailer model( \d{1,2}(?:st|nd|rd|th))?\Z")
_HASH_AFTER_NAME = re.compile(r"\s*(?:\[[0-9a-fA-F]{6,64}\]|\([0-9a-fA-F]{8}\))\Z")
_SAME = re.compile(r"use same \w+\Z", re.IGNORECASE)


def first_of(values: Mapping[str, str], *names: str) -> str | None:
    """The value of the first of these names that the text has."""
    return next((values[name] for name in names if name in values), None)


def has_hires_pass(values: Mapping[str, str]) -> bool:
    """Whether the text names an upscale pass.

    SD.Next writes "Hires steps" also beside a refiner alone; its list of operations tells.
    """
    operations = values.get("Operations")
    if operations is not None and not re.search(r"\b(?:hires|upscale)\b", operations):
        return False
    return any(name in values for name in _HIRES)


def without_hash(text: str | None) -> str | None:
    """A model's name without the short hash some versions put behind it in brackets."""
    name = scalars.name(_HASH_AFTER_NAME.sub("", text or ""))
    return None if name is None or _SAME.match(name) else name


def passes_of(values: Mapping[str, str]) -> tuple[Pass, ...]:
    """All further passes in the order the programs run them."""
    passes = [_hires(values)] if has_hires_pass(values) else []
    if without_hash(values.get("Refiner")) is not None:
        passes.append(_refiner(values))
    passes += [
        _detail(values, found[1] or "") for name in values if (found := _DETAILER.match(name))
    ]
    if "Detailer" in values:
        passes.append(_sdnext_detail(values))
    return tuple(passes)


def _hires(values: Mapping[str, str]) -> Pass:
    return Pass(
        role="hires",
        steps=scalars.count(values.get("Hires steps")),
        cfg=scalars.real(first_of(values, "Hires CFG Scale", "Hires CFG scale")),
        sampler=without_hash(values.get("Hires sampler")),
        scheduler=without_hash(values.get("Hires schedule type")),
        model=without_hash(values.get("Hires checkpoint")),
        denoise=scalars.real(first_of(values, "Hires strength", *DENOISING)),
        upscale=scalars.real(first_of(values, *HIRES_FACTOR)),
        upscaler=scalars.name(values.get("Hires upscaler")),
        prompt=scalars.words(values.get("Hires prompt")),
        negative_prompt=scalars.words(values.get("Hires negative prompt")),
    )


def _refiner(values: Mapping[str, str]) -> Pass:
    """The share of steps at which it takes over ("Refiner switch at") stays a setting."""
    return Pass(
        role="refiner",
        model=without_hash(values.get("Refiner")),
        steps=scalars.count(values.get("Refiner steps")),
        prompt=scalars.words(values.get("Refiner prompt")),
        negative_prompt=scalars.words(values.get("Refiner negative")),
    )


def _detail(values: Mapping[str, str], which: str) -> Pass:
    """A pass of the ADetailer extension: "ADetailer model", "ADetailer model 2nd" and so on."""

    def told(name: str) -> str | None:
        return values.get(f"ADetailer {name}{which}")

    return Pass(
        role="detail",
        steps=scalars.count(told("steps")),
        cfg=scalars.real(told("CFG scale")),
        sampler=without_hash(told("sampler")),
        scheduler=without_hash(told("scheduler")),
        model=without_hash(told("checkpoint")),
        denoise=scalars.real(told("denoising strength")),
        prompt=scalars.words(told("prompt")),
        negative_prompt=scalars.words(told("negative prompt")),
    )


def _sdnext_detail(values: Mapping[str, str]) -> Pass:
    return Pass(
        role="detail",
        steps=scalars.count(values.get("Detailer steps")),
        denoise=scalars.real(values.get("Detailer strength")),
        prompt=scalars.words(values.get("Detailer prompt")),
        negative_prompt=scalars.words(values.get("Detailer negative")),
    )
