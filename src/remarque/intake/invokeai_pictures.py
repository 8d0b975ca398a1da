"""Pictures that went into an InvokeAI picture: each version writes them down in its own way.

Sources: invoke-ai/InvokeAI ``invokeai/app/invocations/metadata.py`` (3 on, ``controlnets`` and
the like), front end ``controlLayers/store/types.ts`` (4.2 ``control_layers``, 5 on
``canvas_v2_metadata``, 6 ``ref_images``).
"""

from collections.abc import Iterator, Mapping
from itertools import islice

from remarque.intake import scalars
from remarque.intake.loose_json import objects, part
from remarque.model.canonical import Json
from remarque.model.recipe import Setting, SourceUse

_MOST = 200
_ADAPTERS = (
    ("controlnets", "control", "control_model", "control_weight"),
    ("t2iAdapters", "control", "t2i_adapter_model", "weight"),
    ("ipAdapters", "reference", "ip_adapter_model", "weight"),
)


def named(part_of_it: Mapping[str, Json]) -> str | None:
    """A model's name: ``name`` since version 4, ``model_name`` before."""
    return scalars.name(part_of_it.get("name")) or scalars.name(part_of_it.get("model_name"))


def sources_of(raw: Mapping[str, Json]) -> tuple[SourceUse, ...]:
    """Every picture the metadata names, in the order of use."""
    return tuple(
        islice((use for group in (_init, _adapters, _layers, _canvas) for use in group(raw)), _MOST)
    )


def regional_prompts(raw: Mapping[str, Json]) -> tuple[Setting, ...]:
    """The words for single regions, beside the prompt of the whole picture."""
    regions = [
        *_switched_on(part(raw, "canvas_v2_metadata").get("regionalGuidance")),
        *_switched_on(raw.get("regions")),
        *(
            layer
            for layer in _switched_on(part(raw, "control_layers").get("layers"))
            if layer.get("type") == "regional_guidance_layer"
        ),
    ]
    return tuple(
        Setting(label, text)
        for region in regions[:_MOST]
        for key, label in (
            ("positivePrompt", "regional prompt"),
            ("negativePrompt", "regional negative prompt"),
        )
        if (text := scalars.words(region.get(key)))
    )


def _init(raw: Mapping[str, Json]) -> Iterator[SourceUse]:
    strength = scalars.real(raw.get("strength"))
    if (name := scalars.name(raw.get("init_image"))) is not None:
        yield SourceUse("init", name=name, strength=strength)
    enlarged = scalars.name(part(raw, "upscale_initial_image").get("image_name"))
    if enlarged is not None:
        yield SourceUse("init", name=enlarged)


def _adapters(raw: Mapping[str, Json]) -> Iterator[SourceUse]:
    for group, role, model, weight in _ADAPTERS:
        for item in objects(raw.get(group)):
            yield SourceUse(
                role=role,
                name=scalars.name(part(item, "image").get("image_name")),
                model=named(part(item, model)),
                strength=scalars.real(item.get(weight)),
            )


def _layers(raw: Mapping[str, Json]) -> Iterator[SourceUse]:
    """Version 4.2. The control pictures of these layers also stand in the older lists."""
    told = any(raw.get(group) for group, *_ in _ADAPTERS)
    for layer in _switched_on(part(raw, "control_layers").get("layers")):
        if layer.get("type") == "initial_image_layer" and "init_image" not in raw:
            name = scalars.name(part(layer, "image").get("name"))
            strength = scalars.real(layer.get("denoisingStrength"))
            yield SourceUse("init", name=name, strength=strength)
        for key, role in (("controlAdapter", "control"), ("ipAdapter", "reference")):
            adapter = part(layer, key)
            if adapter and not told:
                yield _adapter(role, adapter)


def _canvas(raw: Mapping[str, Json]) -> Iterator[SourceUse]:
    """Version 5 on, without what the canvas held but had switched off."""
    canvas = part(raw, "canvas_v2_metadata")
    told = any(raw.get(group) for group, *_ in _ADAPTERS)
    for layer in _switched_on(canvas.get("controlLayers")):
        if not told:
            yield _adapter("control", part(layer, "controlAdapter"))
    references = raw.get("ref_images") or canvas.get("referenceImages")
    entities = references.get("entities") if isinstance(references, dict) else references
    for item in _switched_on(entities):
        if not told:
            yield _adapter("reference", part(item, "config") or part(item, "ipAdapter"))


def _adapter(role: str, adapter: Mapping[str, Json]) -> SourceUse:
    picture = part(adapter, "image")
    original = part(part(picture, "original"), "image")
    return SourceUse(
        role=role,
        name=next(
            filter(
                None,
                (
                    scalars.name(original.get("image_name")),
                    scalars.name(picture.get("image_name")),
                    scalars.name(picture.get("name")),
                ),
            ),
            None,
        ),
        model=named(part(adapter, "model")),
        strength=scalars.real(adapter.get("weight")),
    )


def _switched_on(raw: Json) -> list[dict[str, Json]]:
    return [item for item in objects(raw) if item.get("isEnabled") is not False]
