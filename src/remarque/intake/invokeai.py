"""InvokeAI: ``invokeai_metadata`` (3 and later), ``sd-metadata`` and ``Dream`` (1 and 2).

Sources: invoke-ai/InvokeAI ``invokeai/app/invocations/metadata.py`` and the front end's graph
builders (3 to 6), ``backend/image_util/pngwriter.py`` and ``install/import_images.py`` (1 and 2).
"""

from collections.abc import Mapping, Sequence

from remarque.intake import dream_command, invokeai_early, invokeai_pictures, scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import objects, parse_object, part
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, LoraUse, Pass, Recipe, Setting

GENERATOR = "InvokeAI"
_TOLD = {
    "positive_prompt", "negative_prompt", "positive_conditioning", "negative_conditioning", "seed",
    "steps", "cfg_scale", "scheduler", "width", "height", "clip_skip", "strength",
}  # fmt: skip
_FULLEST_FIRST = ("invokeai_metadata", "sd-metadata", "Dream", "invokeai_graph")
_FURTHER_MODELS = (
    "t5_encoder", "clip_embed_model", "qwen3_encoder", "mistral_encoder", "upscale_model",
)  # fmt: skip


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each of InvokeAI's chunks, the fullest format first.

    The graph only counts where no metadata stands beside it: it is a plan, and its numbers are
    replaced while it runs.
    """
    known = [chunk for chunk in chunks if chunk.key in _FULLEST_FIRST]
    if len(known) > 1:
        known = [chunk for chunk in known if chunk.key != "invokeai_graph"]
    ordered = sorted(known, key=lambda chunk: _FULLEST_FIRST.index(chunk.key))
    found = ((chunk, _recipe(chunk)) for chunk in ordered)
    return tuple(
        Account(generator=GENERATOR, wording="invokeai", recipe=recipe, origin=name_of(chunk))
        for chunk, recipe in found
        if recipe is not None
    )


def _recipe(chunk: Chunk) -> Recipe | None:
    if chunk.key == "Dream":
        return dream_command.recipe_of(chunk.text or "")
    raw = parse_object(chunk.text)
    if raw is None:
        return None
    if chunk.key == "invokeai_metadata":
        return _modern(raw)
    if chunk.key == "sd-metadata":
        return invokeai_early.recipe_of(raw)
    return _from_graph(raw)


def _from_graph(raw: Mapping[str, Json]) -> Recipe | None:
    """What the graph's own note of the metadata says; nothing else in it is certain to have run."""
    nodes = part(raw, "nodes")
    notes = [
        node
        for node in nodes.values()
        if isinstance(node, dict) and node.get("type") == "core_metadata"
    ]
    if len(notes) != 1 or not isinstance(raw.get("edges"), list):
        return None
    ends = [part(edge, "destination") for edge in objects(raw["edges"])]
    # What an edge feeds is not what stands there.
    fed = {end.get("field") for end in ends if end.get("node_id") == notes[0].get("id")}
    return _modern(
        {key: value for key, value in notes[0].items() if key not in {*fed, "id", "type"}}
    )


def _modern(raw: Mapping[str, Json]) -> Recipe:
    """Version 3 on. What it calls ``scheduler`` is the sampler."""
    model = part(raw, "model")
    size = scalars.size(raw.get("width"), raw.get("height"))
    # With its high resolution fix the size asked for is that of the result; the first pass runs
    # at a size that is not written down.
    enlarged = raw.get("hrf_enabled") is True
    return Recipe(
        prompt=scalars.words(raw.get("positive_prompt", raw.get("positive_conditioning"))),
        negative_prompt=scalars.words(raw.get("negative_prompt", raw.get("negative_conditioning"))),
        seed=scalars.seed(raw.get("seed")),
        steps=scalars.count(raw.get("steps")),
        cfg=scalars.real(raw.get("cfg_scale")),
        sampler=scalars.name(raw.get("scheduler")),
        model=invokeai_pictures.named(model),
        model_hash=scalars.name(model.get("hash")),
        vae=invokeai_pictures.named(part(raw, "vae")),
        clip_skip=scalars.count(raw.get("clip_skip")),
        denoise=scalars.real(raw.get("strength")),
        generated_size=None if enlarged else size,
        final_size=size if enlarged else None,
        loras=tuple(_loras(raw)),
        sources=invokeai_pictures.sources_of(raw),
        passes=(*_enlarging(raw), *_refiner(raw)),
        settings=(*_further(raw), *scalars.settings_from(raw, without=_TOLD)),
    )


def _loras(raw: Mapping[str, Json]) -> list[LoraUse]:
    found = []
    for item in objects(raw.get("loras")):
        model = part(item, "lora") or part(item, "model")
        name = invokeai_pictures.named(model)
        if name is not None:
            weight, digest = scalars.real(item.get("weight")), scalars.name(model.get("hash"))
            found.append(LoraUse(name=name, weight=weight, hash=digest))
    return found


def _enlarging(raw: Mapping[str, Json]) -> tuple[Pass, ...]:
    if raw.get("hrf_enabled") is not True:
        return ()
    method = scalars.name(raw.get("hrf_method"))
    return (Pass("hires", denoise=scalars.real(raw.get("hrf_strength")), upscaler=method),)


def _refiner(raw: Mapping[str, Json]) -> tuple[Pass, ...]:
    model = invokeai_pictures.named(part(raw, "refiner_model"))
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


def _further(raw: Mapping[str, Json]) -> tuple[Setting, ...]:
    """Further models and the prompts of single regions."""
    models = tuple(
        Setting(key, name)
        for key in _FURTHER_MODELS
        if (name := invokeai_pictures.named(part(raw, key))) is not None
    )
    return (*models, *invokeai_pictures.regional_prompts(raw))
