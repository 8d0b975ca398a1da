"""LoRAs and checkpoints an infotext names: prompt tags, hash lists, Civitai's resource list."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from remarque.intake import scalars
from remarque.intake.loose_json import parse_loosely, parse_object
from remarque.model.canonical import Json
from remarque.model.recipe import LoraUse

_TAG = re.compile(r"<(?:lora|lyco):([^<>:]{1,300})((?::[^<>:]{0,60}){0,6})>")
_LORA_TYPES = {"lora", "lycoris", "locon", "dora"}
_AIR_TYPE = 3  # urn:air:<ecosystem>:<type>:<source>:<model>@<version>
_MOST_LORAS = 200
_MOST_TAGS = 2000


def loras_of(prompt: str, values: Mapping[str, str]) -> tuple[LoraUse, ...]:
    """LoRAs in the order the text names them, with their hashes where it lists them."""
    hashes = {**_hashes_of_loras(values), **_hashes(values.get("Lora hashes", ""))}
    uses: dict[str, LoraUse] = {}
    for tag in islice(_TAG.finditer(prompt), _MOST_TAGS):
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
    """The one checkpoint of Civitai's lists; None where they have none or several."""
    names = [
        _name_of(resource)
        for resource in _resources(values)
        if _type_of(resource) in {"checkpoint", "model"}
    ]
    if not names:
        keys = (key.partition(":") for key in _all_hashes(values))
        names = [scalars.name(name) for kind, _, name in keys if kind == "Model" and name]
    return names[0] if len(names) == 1 else None


def hash_of_model(values: Mapping[str, str]) -> str | None:
    """The checkpoint's hash out of the ``Hashes`` object."""
    found = _all_hashes(values).get("model")
    return scalars.name(found) if isinstance(found, str) else None


def _all_hashes(values: Mapping[str, str]) -> dict[str, Json]:
    """``{"model": …, "vae": …, "lora:name": …}``, written for Civitai's uploads."""
    return parse_object(values.get("Hashes")) or {}


def _hashes_of_loras(values: Mapping[str, str]) -> dict[str, str]:
    return {
        name: short_hash
        for key, short_hash in _all_hashes(values).items()
        if key.casefold().startswith("lora:") and isinstance(short_hash, str)
        if (name := scalars.name(key.partition(":")[2])) is not None
        if scalars.words(short_hash)
    }


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


def _name_of(resource: dict[str, Json]) -> str | None:
    """The name, or where it has none the resource's ``urn:air:…`` identifier."""
    return scalars.name(resource.get("modelName")) or scalars.name(resource.get("air"))


def _type_of(resource: dict[str, Json]) -> str:
    """``checkpoint``, ``lora`` …; it stands in the identifier as well."""
    named = resource.get("type")
    if isinstance(named, str):
        return named.casefold()
    parts = str(resource.get("air", "")).split(":")
    return parts[_AIR_TYPE].casefold() if len(parts) > _AIR_TYPE and parts[0] == "urn" else ""


def _from_resource(resource: dict[str, Json]) -> LoraUse | None:
    name = _name_of(resource)
    if name is None or _type_of(resource) not in _LORA_TYPES:
        return None
    weight = resource.get("weight", resource.get("strength"))
    return LoraUse(name=name, weight=scalars.real(weight))
