"""InvokeAI: ``invokeai_metadata`` (3 and later), ``sd-metadata`` and ``Dream`` (1 and 2)."""

import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import pairwise

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import parse_object
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, LoraUse, Pass, Recipe, Setting, SourceUse

GENERATOR = "InvokeAI"
_TOLD = {
    "positive_prompt", "negative_prompt", "seed", "steps", "cfg_scale", "scheduler", "width",
    "height", "clip_skip", "strength", "prompt", "sampler",
}  # fmt: skip
_FULLEST_FIRST = ("invokeai_metadata", "sd-metadata", "Dream")
_NEGATIVE_WORDS = re.compile(r"\[([^\[\]]*)\]")
_LONGEST_DREAM = 100_000
_DREAM_SWITCHES = {
    "-s": "steps", "-S": "seed", "-W": "width", "-H": "height", "-C": "cfg", "-A": "sampler",
}  # fmt: skip


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each of InvokeAI's chunks, the fullest format first."""
    known = [chunk for chunk in chunks if chunk.key in _FULLEST_FIRST]
    ordered = sorted(known, key=lambda chunk: _FULLEST_FIRST.index(chunk.key))
    found = ((chunk, _recipe(chunk)) for chunk in ordered)
    return tuple(
        Account(generator=GENERATOR, wording="invokeai", recipe=recipe, origin=name_of(chunk))
        for chunk, recipe in found
        if recipe is not None
    )


def _recipe(chunk: Chunk) -> Recipe | None:
    if chunk.key == "invokeai_metadata":
        raw = parse_object(chunk.text)
        return _modern(raw) if raw is not None else None
    if chunk.key == "sd-metadata":
        raw = parse_object(chunk.text)
        return _early(raw) if raw is not None else None
    return _dream(chunk.text or "")


def _modern(raw: Mapping[str, Json]) -> Recipe:
    """Version 3 on. What it calls ``scheduler`` is the sampler."""
    model = _part(raw, "model")
    return Recipe(
        prompt=scalars.words(raw.get("positive_prompt")),
        negative_prompt=scalars.words(raw.get("negative_prompt")),
        seed=scalars.seed(raw.get("seed")),
        steps=scalars.count(raw.get("steps")),
        cfg=scalars.real(raw.get("cfg_scale")),
        sampler=scalars.name(raw.get("scheduler")),
        model=_named(model),
        model_hash=scalars.name(model.get("hash")),
        vae=_named(_part(raw, "vae")),
        clip_skip=scalars.count(raw.get("clip_skip")),
        denoise=scalars.real(raw.get("strength")),
        generated_size=scalars.size(raw.get("width"), raw.get("height")),
        loras=tuple(
            LoraUse(name=name, weight=scalars.real(item.get("weight")))
            for item in _items(raw.get("loras"))
            if (name := _named(_part(item, "lora")) or _named(_part(item, "model"))) is not None
        ),
        sources=_sources(raw),
        passes=_refiner(raw),
        settings=scalars.settings_from(raw, without=_TOLD),
    )


def _refiner(raw: Mapping[str, Json]) -> tuple[Pass, ...]:
    model = _named(_part(raw, "refiner_model"))
    if model is None:
        return ()
    return (
        Pass(
            role="refiner",
            model=model,
            steps=scalars.count(raw.get("refiner_steps")),
            cfg=scalars.real(raw.get("refiner_cfg_scale")),
            sampler=scalars.name(raw.get("refiner_scheduler")),
        ),
    )


def _sources(raw: Mapping[str, Json]) -> tuple[SourceUse, ...]:
    found = []
    if (init := scalars.name(raw.get("init_image"))) is not None:
        found.append(SourceUse("init", name=init, strength=scalars.real(raw.get("strength"))))
    for group, role, model, weight in (
        ("controlnets", "control", "control_model", "control_weight"),
        ("t2iAdapters", "control", "t2i_adapter_model", "weight"),
        ("ipAdapters", "reference", "ip_adapter_model", "weight"),
    ):
        found += [
            SourceUse(
                role=role,
                name=scalars.name(_part(item, "image").get("image_name")),
                model=_named(_part(item, model)),
                strength=scalars.real(item.get(weight)),
            )
            for item in _items(raw.get(group))
        ]
    return tuple(found)


def _early(raw: Mapping[str, Json]) -> Recipe | None:
    """Versions 1 and 2: the picture's own settings stand one level down."""
    pictures = _items(raw.get("images"))
    image = _part(raw, "image") or (pictures[0] if len(pictures) == 1 else {})
    if not image:
        return None
    prompt = _early_prompt(image.get("prompt"))
    return Recipe(
        prompt=prompt,
        negative_prompt=_negative_words(prompt),
        seed=scalars.seed(image.get("seed")),
        steps=scalars.count(image.get("steps")),
        cfg=scalars.real(image.get("cfg_scale")),
        sampler=scalars.name(image.get("sampler")),
        model=scalars.name(raw.get("model_weights")) or scalars.name(raw.get("model")),
        model_hash=scalars.name(raw.get("model_hash")),
        denoise=scalars.real(image.get("strength")) if image.get("type") == "img2img" else None,
        generated_size=scalars.size(image.get("width"), image.get("height")),
        settings=(*scalars.settings_from(image, without=_TOLD), *_variations(image)),
    )


def _early_prompt(raw: Json) -> str | None:
    """One text; several weighted ones are no single prompt (``Dream`` has it whole)."""
    if isinstance(raw, list):
        raw = raw[0].get("prompt") if len(raw) == 1 and isinstance(raw[0], dict) else None
    return scalars.words(raw)


def _negative_words(prompt: str | None) -> str | None:
    """In these versions negative words stand in [brackets]; a prompt without has none."""
    return None if prompt is None else " ".join(_NEGATIVE_WORDS.findall(prompt))


def _variations(image: Mapping[str, Json]) -> tuple[Setting, ...]:
    return tuple(
        Setting("variation", f"seed {seed}, weight {weight:g}")
        for item in _items(image.get("variations"))[:50]
        if (seed := scalars.seed(item.get("seed"))) is not None
        and (weight := scalars.real(item.get("weight"))) is not None
    )


def _dream(text: str) -> Recipe | None:
    """The command line of versions 1 and 2: ``"prompt" -s 50 -S 42 -W 512 -H 512 -C 7.5 …``."""
    prompt, switch, rest = text.partition(" -s ")
    if not switch or len(text) > _LONGEST_DREAM:
        return None
    try:
        parts = shlex.split(switch + rest)
    except ValueError:
        return None
    told: dict[str, str] = {}
    for name, value in pairwise(parts):
        if name in _DREAM_SWITCHES:
            told.setdefault(_DREAM_SWITCHES[name], value)
    if "seed" not in told:
        return None
    prompt = prompt.strip()
    if len(prompt) > 1 and prompt[0] == prompt[-1] == '"':
        prompt = prompt[1:-1]
    return Recipe(
        prompt=scalars.words(prompt),
        negative_prompt=_negative_words(scalars.words(prompt)),
        seed=scalars.seed(told["seed"]),
        steps=scalars.count(told.get("steps")),
        cfg=scalars.real(told.get("cfg")),
        sampler=scalars.name(told.get("sampler")),
        generated_size=scalars.size(told.get("width"), told.get("height")),
    )


def _named(part: Mapping[str, Json]) -> str | None:
    return scalars.name(part.get("name")) or scalars.name(part.get("model_name"))


def _part(raw: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    part = raw.get(name)
    return part if isinstance(part, dict) else {}


def _items(raw: Json) -> list[dict[str, Json]]:
    return [item for item in raw if isinstance(item, dict)][:200] if isinstance(raw, list) else []
