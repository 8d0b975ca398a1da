"""The ways in which Fooocus and its forks write down their LoRAs."""

import re
from collections.abc import Mapping
from itertools import islice

from remarque.intake import scalars
from remarque.model.canonical import Json
from remarque.model.recipe import LoraUse

_MOST = 200
_LONGEST = 100_000
_COMBINED = re.compile(r"lora_combined_\d{1,3}\Z")
_PACKED = re.compile(r"\s*(-?\d{1,5}(?:\.\d{1,20})?) - (.+)\Z", re.DOTALL)
_PYTHON_PAIR = re.compile(r"\[\s*'([^']*)'\s*,\s*'([^']*)'\s*\]")
_TAG = re.compile(r"<([^<>:]{1,500}):(-?\d{1,5}(?:\.\d{1,20})?)>")


def listed(raw: Json) -> tuple[LoraUse, ...]:
    """``[name, weight]`` or ``[name, weight, hash]`` each."""
    found = []
    for item in raw[:_MOST] if isinstance(raw, list) else []:
        match item:
            case [str() as name, weight, *rest] if scalars.name(name):
                short_hash = scalars.name(rest[0]) if rest else None
                found.append(LoraUse(name=name, weight=scalars.real(weight), hash=short_hash))
            case _:
                continue
    return tuple(found)


def numbered(raw: Mapping[str, Json]) -> tuple[LoraUse, ...]:
    """``lora_combined_1: name : weight``; forks put ``True`` before it, or ``False`` for off."""
    combined = (value for key, value in raw.items() if _COMBINED.match(key))
    parts = (value.split(" : ") for value in combined if isinstance(value, str))
    return tuple(
        LoraUse(name=found, weight=scalars.real(weight))
        for *switch, name, weight in islice((two for two in parts if len(two) > 1), _MOST)
        if switch in ([], ["True"]) and (found := scalars.name(name)) is not None
    )


def lettered(raw: Mapping[str, Json]) -> tuple[LoraUse, ...]:
    """Fooocus-MRE: ``l1`` and ``w1`` to ``l5`` and ``w5``."""
    return tuple(
        LoraUse(name=found, weight=scalars.real(raw.get(f"w{number}")))
        for number in range(1, 6)
        if (found := scalars.name(raw.get(f"l{number}"))) is not None
    )


def packed(raw: Json) -> tuple[LoraUse, ...]:
    """RuinedFooocus: ``[hash, "0.5 - name"]``, that as Python text, or ``<name:0.5>`` tags."""
    if isinstance(raw, str):
        if len(raw) > _LONGEST:
            return ()
        tags = _TAG.findall(raw)
        if tags:
            return tuple(
                LoraUse(name=found, weight=scalars.real(weight))
                for name, weight in tags[:_MOST]
                if (found := scalars.name(name)) is not None
            )
        raw = [list(pair) for pair in _PYTHON_PAIR.findall(raw)]
    uses = []
    for item in raw[:_MOST] if isinstance(raw, list) else []:
        match item:
            case [str() | None as digest, str() as text] if parts := _PACKED.match(text[:2000]):
                if (name := scalars.name(parts[2])) is not None:
                    uses.append(LoraUse(name, scalars.real(parts[1]), hash=scalars.name(digest)))
            case _:
                continue
    return tuple(uses)
