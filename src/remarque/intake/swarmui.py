"""SwarmUI: JSON with ``sui_image_params`` in PNG text or EXIF UserComment.

Source: mcmonkeyprojects/SwarmUI ``docs/Image Metadata Format.md``. The early StableSwarmUI put
the same JSON into the EXIF tag Model.
"""

from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import objects, parse_object, part
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, LoraUse, Pass, Recipe, Setting, SourceUse

GENERATOR = "SwarmUI"
_MARK = "sui_image_params"
_TOLD = {
    "prompt", "negativeprompt", "seed", "steps", "cfgscale", "model", "width", "height", "vae",
    "sampler", "comfyuisampler", "scheduler", "comfyuischeduler", "clipstopatlayer",
}  # fmt: skip
_MOST_LAYERS = 24  # what the program itself allows
_BEFORE_REWRITING = ("original_prompt", "original_negativeprompt")


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each chunk with SwarmUI's parameters."""
    # A PNG also carries the executed graph, which tells a second pass in full.
    with_graph = any(chunk.key == "prompt" for chunk in chunks)
    found = []
    for chunk in chunks:
        raw = parse_object(chunk.text) if chunk.text and _MARK in chunk.text else None
        if raw is not None and isinstance(raw.get(_MARK), dict):
            found.append(
                Account(
                    generator=GENERATOR,
                    wording="swarmui",
                    recipe=_recipe(raw, with_graph=with_graph),
                    origin=name_of(chunk),
                    host=True,
                )
            )
    return tuple(found)


def _recipe(raw: Mapping[str, Json], *, with_graph: bool) -> Recipe:
    told, extra = part(raw, _MARK), part(raw, "sui_extra_data")
    # SwarmUI leaves the negative prompt out exactly where it is empty.
    negative = told.get("negativeprompt", "" if "prompt" in told else None)
    hashes = _hashes(raw)
    return Recipe(
        prompt=scalars.words(told.get("prompt")),
        negative_prompt=scalars.words(negative),
        seed=scalars.seed(told.get("seed")),
        steps=scalars.count(told.get("steps")),
        cfg=scalars.real(told.get("cfgscale")),
        sampler=scalars.name(told.get("sampler")) or scalars.name(told.get("comfyuisampler")),
        scheduler=scalars.name(told.get("scheduler")) or scalars.name(told.get("comfyuischeduler")),
        model=scalars.name(told.get("model")),
        model_hash=hashes.get(("model", _stem(told.get("model")))),
        vae=scalars.name(told.get("vae")),
        clip_skip=_clip_skip(told.get("clipstopatlayer")),
        denoise=_creativity(told),
        generated_size=scalars.size(told.get("width"), told.get("height")),
        loras=_loras(told, hashes),
        sources=_sources(told, with_graph=with_graph),
        passes=() if with_graph else _second_pass(told),
        settings=(
            *scalars.settings_from(told, without=_TOLD),
            *(
                Setting(key, text)
                for key in _BEFORE_REWRITING
                if (text := scalars.words(extra.get(key)))
            ),
        ),
    )


def _clip_skip(raw: Json) -> int | None:
    """The layer to stop at, counted from the end: -2 is what others call clip skip 2."""
    layer = scalars.whole(raw)
    return -layer if layer is not None and -_MOST_LAYERS <= layer < 0 else None


def _creativity(told: Mapping[str, Json]) -> float | None:
    """The share of steps run over an init picture; SwarmUI's own help calls it denoising."""
    return scalars.real(told.get("initimagecreativity"))


def _sources(told: Mapping[str, Json], *, with_graph: bool) -> tuple[SourceUse, ...]:
    """SwarmUI does not name the init picture; its graph does."""
    strength = _creativity(told)
    return () if strength is None or with_graph else (SourceUse("init", strength=strength),)


def _second_pass(told: Mapping[str, Json]) -> tuple[Pass, ...]:
    """The refiner stage, which with an upscale is what others call hires fix."""
    model, upscale = (
        scalars.name(told.get("refinermodel")),
        scalars.real(told.get("refinerupscale")),
    )
    if model is None and upscale is None:
        return ()
    return (
        Pass(
            role="hires" if upscale is not None else "refiner",
            model=model,
            steps=scalars.count(told.get("refinersteps")),
            cfg=scalars.real(told.get("refinercfgscale")),
            sampler=scalars.name(told.get("refinersampler")),
            scheduler=scalars.name(told.get("refinerscheduler")),
            upscale=upscale,
            upscaler=scalars.name(told.get("refinerupscalemethod")),
        ),
    )


def _hashes(raw: Mapping[str, Json]) -> dict[tuple[str, str], str]:
    """SHA-256 digests of model files by parameter and name, where the server writes them."""
    return {
        (str(item.get("param")), _stem(item.get("name"))): digest
        for item in objects(raw.get("sui_models"))
        if (digest := scalars.name(item.get("hash"))) is not None
    }


def _stem(raw: Json) -> str:
    return (scalars.name(raw) or "").removesuffix(".safetensors")


def _loras(told: Mapping[str, Json], hashes: Mapping[tuple[str, str], str]) -> tuple[LoraUse, ...]:
    """Names and weights stand in two lists of one length, or in two texts divided by commas."""
    names = _listed(told.get("loras"))
    weights = _listed(told.get("loraweights"))
    if len(weights) != len(names):
        weights = [None] * len(names)
    return tuple(
        LoraUse(name=found, weight=scalars.real(weight), hash=hashes.get(("loras", _stem(found))))
        for name, weight in zip(names, weights, strict=True)
        if (found := scalars.name(name)) is not None
    )[:200]


def _listed(raw: Json) -> list[Json]:
    if isinstance(raw, str) and raw.strip():
        return [item.strip() for item in raw.split(",")]
    return raw if isinstance(raw, list) else []
