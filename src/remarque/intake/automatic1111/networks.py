"""LoRAs and checkpoints an infotext names: prompt tags, hash lists, Civitai's resource list."""

import re
from collections.abc import Mapping
from dataclasses import replace

from remarque.intake import scalars
from remarque.intake.loose_json import parse_loosely
from remarque.model.canonical import Json
from remarque.model.recipe import LoraUse

_TAG = re.compile(r"<(?:lora|lyco):([^<>:]{1,300})((?::[^<>:]{0,60}){0,6})>")
_LORA_TYPES = {"lora", "lycoris", "locon", "dora"}
_MOST_LORAS = 200


def loras_of(prompt: str, values: Mapping[str, str]) -> tuple[LoraUse, ...]:
    """LoRAs in the order the text names them, with their hashes where it lists them."""
    hashes = _hashes(values.get("Lora hashes", ""))
    uses: dict[str, LoraUse] = {}
    for tag in _TAG.finditer(prompt):
        use = _from_tag(tag[1].strip(), tag[2])
        uses.setdefault(use.name, replace(use, hash=hashes.get(use.name)))
    for name, short_hash in hashes.items():
        uses.setdefault(name, LoraUse(name=name, hash=short_hash))
    if not uses:
        for resource in _resources(values):
            if (listed := _from_resource(resource)) is not None:
                uses.setdefault(listed.name, listed)
    return tuple(uses.values())[:_MOST_LORAS]


def checkpoint_of(values: Mapping[str, str]) -> str | None:
    """The one checkpoint of Civitai's resource list; None where it has none or several."""
    names = [
        scalars.name(resource.get("modelName"))
        for resource in _resources(values)
        if str(resource.get("type", "")).casefold() in {"checkpoint", "model"}
    ]
    return names[0] if len(names) == 1 else None


def _from_tag(name: str, arguments: str) -> LoraUse:
    """``<lora:name:text:model>``; one number stands for both, names may be given (te=, unet=)."""
    parts = arguments.split(":")[1:]
    named = {
        key.strip(): value for key, _, value in (part.partition("=") for part in parts) if value
    }
    plain = [part for part in parts if "=" not in part]
    text = scalars.real(named.get("te", plain[0] if plain else None))
    model = scalars.real(named.get("unet", plain[1] if len(plain) > 1 else None))
    return LoraUse(name=name, weight=text if model is None else model, text_weight=text)


def _hashes(listed: str) -> dict[str, str]:
    pairs = (part.rpartition(":") for part in listed.split(","))
    return {name: value.strip() for before, _, value in pairs if (name := scalars.name(before))}


def _resources(values: Mapping[str, str]) -> list[dict[str, Json]]:
    parsed = parse_loosely(values.get("Civitai resources"))
    listed = parsed.value if parsed is not None and isinstance(parsed.value, list) else []
    return [item for item in listed if isinstance(item, dict)]


def _from_resource(resource: dict[str, Json]) -> LoraUse | None:
    name = scalars.name(resource.get("modelName"))
    if name is None or str(resource.get("type", "")).casefold() not in _LORA_TYPES:
        return None
    return LoraUse(name=name, weight=scalars.real(resource.get("weight")))
