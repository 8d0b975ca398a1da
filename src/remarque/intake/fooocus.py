"""Fooocus and its forks: JSON in PNG ``parameters`` or ``Comment``, or in EXIF UserComment.

Sources: lllyasviel/Fooocus ``modules/meta_parser.py``; its forks write the same with other names:
FooocusPlus (every name in title case), Fooocus-MRE (``modules/async_worker.py``), RuinedFooocus.
"""

import re
from collections.abc import Mapping, Sequence

from remarque.intake import fooocus_loras, scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import parse_object
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, Pass, Recipe, Setting, SourceUse

GENERATOR = "Fooocus"
RUINED = "RuinedFooocus"
MRE = "Fooocus-MRE"
_KEYS = {"parameters", "usercomment", "comment"}
_TOLD = {
    "prompt", "negative_prompt", "seed", "steps", "guidance_scale", "sampler", "scheduler",
    "base_model", "base_model_hash", "resolution", "clip_skip",
}  # fmt: skip
_RUINED_TOLD = {
    "Prompt", "Negative", "seed", "steps", "cfg", "sampler_name", "scheduler", "base_model_name",
    "base_model_hash", "clip_skip", "denoise", "width", "height",
}  # fmt: skip
_MRE_TOLD = {
    "prompt", "negative_prompt", "seed", "steps", "cfg", "sampler", "scheduler", "base_model",
    "width", "height", "denoise", "input_image",
}  # fmt: skip
_SCHEMES = {"fooocus", "simple"}
_OWN_NAME = re.compile(r"([A-Za-z]\w*)[ v]")
_CHECKPOINTS_OWN_VAE = "Default (model)"


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each chunk in a scheme of the family."""
    found = []
    for chunk in chunks:
        raw = parse_object(chunk.text) if chunk.key.casefold() in _KEYS else None
        told = _told(raw) if raw is not None else None
        if told is not None:
            generator, recipe = told
            found.append(
                Account(generator, wording="fooocus", recipe=recipe, origin=name_of(chunk))
            )
    return tuple(found)


def _told(raw: Mapping[str, Json]) -> tuple[str, Recipe] | None:
    software = raw.get("software")
    if software == RUINED:
        return RUINED, _ruined_recipe(raw)
    if isinstance(software, str) and software.startswith(GENERATOR) and software.endswith("MRE"):
        return MRE, _mre_recipe(raw)
    plain = {_plain(key): value for key, value in raw.items()}
    version = plain.get("version")
    scheme = scalars.name(plain.get("metadata_scheme")) or ""
    named = isinstance(version, str) and version.startswith(GENERATOR) and "base_model" in plain
    if not named and scheme.casefold() not in _SCHEMES:
        return None
    own_name = _OWN_NAME.match(version) if isinstance(version, str) else None
    return (own_name[1] if own_name else GENERATOR), _recipe(plain, raw)


def _plain(key: str) -> str:
    """The fork FooocusPlus writes ``Base Model`` for ``base_model``."""
    return key.casefold().replace(" ", "_")


def _recipe(told: Mapping[str, Json], raw: Mapping[str, Json]) -> Recipe:
    vae = scalars.name(told.get("vae"))
    return Recipe(
        prompt=scalars.words(told.get("prompt")),
        negative_prompt=scalars.words(told.get("negative_prompt")),
        seed=scalars.seed(told.get("seed")),
        steps=scalars.count(told.get("steps")),
        cfg=scalars.real(told.get("guidance_scale")),
        sampler=scalars.name(told.get("sampler")),
        scheduler=scalars.name(told.get("scheduler")),
        model=scalars.name(told.get("base_model")),
        model_hash=scalars.name(told.get("base_model_hash")),
        vae=None if vae == _CHECKPOINTS_OWN_VAE else vae,
        clip_skip=scalars.count(told.get("clip_skip")),
        generated_size=scalars.size_from_text(told.get("resolution")),
        loras=fooocus_loras.listed(told.get("loras")) or fooocus_loras.numbered(told),
        passes=_refiner(told.get("refiner_model")),
        settings=scalars.settings_from(
            raw, without=[key for key in raw if _plain(key) in _TOLD | {"refiner_model"}]
        ),
    )


def _ruined_recipe(raw: Mapping[str, Json]) -> Recipe:
    """The names of the fork RuinedFooocus."""
    return Recipe(
        prompt=scalars.words(raw.get("Prompt")),
        negative_prompt=scalars.words(raw.get("Negative")),
        seed=scalars.seed(raw.get("seed")),
        steps=scalars.count(raw.get("steps")),
        cfg=scalars.real(raw.get("cfg")),
        sampler=scalars.name(raw.get("sampler_name")),
        scheduler=scalars.name(raw.get("scheduler")),
        model=scalars.name(raw.get("base_model_name")),
        model_hash=scalars.name(raw.get("base_model_hash")),
        clip_skip=scalars.count(raw.get("clip_skip")),
        denoise=scalars.real(raw.get("denoise")),
        generated_size=scalars.size(raw.get("width"), raw.get("height")),
        loras=fooocus_loras.packed(raw.get("loras")),
        settings=scalars.settings_from(raw, without=_RUINED_TOLD),
    )


def _mre_recipe(raw: Mapping[str, Json]) -> Recipe:
    """The names of the fork Fooocus-MRE; ``denoise`` and ``input_image`` are of its img2img."""
    init = scalars.name(raw.get("input_image"))
    denoise = scalars.real(raw.get("denoise"))
    return Recipe(
        prompt=scalars.words(raw.get("prompt")),
        negative_prompt=scalars.words(raw.get("negative_prompt")),
        seed=scalars.seed(raw.get("seed")),
        steps=scalars.count(raw.get("steps")),
        cfg=scalars.real(raw.get("cfg")),
        sampler=scalars.name(raw.get("sampler")),
        scheduler=scalars.name(raw.get("scheduler")),
        model=scalars.name(raw.get("base_model")),
        denoise=denoise,
        generated_size=scalars.size(raw.get("width"), raw.get("height")),
        loras=fooocus_loras.lettered(raw),
        sources=(SourceUse("init", name=init, strength=denoise),) if init else (),
        passes=_refiner(raw.get("refiner_model")),
        settings=(*_expanded(raw), *scalars.settings_from(raw, without=_MRE_TOLD)),
    )


def _refiner(raw: Json) -> tuple[Pass, ...]:
    model = scalars.name(raw)
    return (Pass(role="refiner", model=model),) if model is not None else ()


def _expanded(raw: Mapping[str, Json]) -> tuple[Setting, ...]:
    """What styles and the expansion made of the prompt, part by part."""
    keys = ("real_prompt", "real_negative_prompt")
    listed = [(key, raw[key]) for key in keys if isinstance(raw.get(key), list)]
    return tuple(
        Setting(key, text)
        for key, items in listed
        for item in items[:20]
        if (text := scalars.words(item))
    )
