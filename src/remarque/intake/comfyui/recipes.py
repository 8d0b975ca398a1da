"""From a chain of samplings to a recipe."""

from dataclasses import dataclass, fields, replace
from typing import Any

from remarque.intake import scalars
from remarque.intake.comfyui.chains import Ending
from remarque.intake.comfyui.conditioning import Words, walk_words
from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.models import ModelFacts, take_loras, walk_clip, walk_model
from remarque.intake.comfyui.samplers import is_service
from remarque.intake.comfyui.sizes import size_at, starts_empty
from remarque.intake.comfyui.stages import Stage
from remarque.intake.comfyui.tracing import is_loader, loaded_picture, onward_links, upstream
from remarque.intake.comfyui.values import Values
from remarque.model.recipe import Pass, Recipe, Setting, Size, SourceUse

_INIT_INPUTS = ("pixels", "init_image", "start_image")


@dataclass(frozen=True, slots=True)
class _Told:
    """A sampling with the words and the model that went in."""

    stage: Stage
    positive: Words
    negative: Words
    models: ModelFacts


def recipe_of(ending: Ending, graph: Graph, values: Values) -> Recipe:
    """The recipe of a chain: its first sampling, with the later ones as passes."""
    first, *later = [_told(stage, graph, values) for stage in ending.chain]
    stage = first.stage
    start = stage.latent or stage.pixels
    generated = size_at(start, graph, values)
    if is_service(stage.node):
        generated = scalars.size_from_text(values.of(stage.node, "size"))
    return Recipe(
        prompt=first.positive.prompt,
        negative_prompt=first.negative.prompt,
        seed=stage.seed,
        steps=stage.steps,
        cfg=stage.cfg,
        sampler=stage.sampler,
        scheduler=stage.scheduler,
        model=first.models.model,
        vae=_vae(ending.output, graph, values),
        clip_skip=first.models.clip_skip,
        denoise=stage.denoise,
        generated_size=generated,
        final_size=_final_size(ending, generated, graph, values),
        loras=first.models.loras_in_order(graph),
        sources=_sources([first, *later], graph, values),
        passes=tuple(_pass(told, first, graph, values) for told in later),
        settings=_settings(first, graph, values),
    )


def agreeing(recipes: list[Recipe]) -> Recipe:
    """What several recipes have in common; everything else is unknown."""
    first = recipes[0]
    differing: dict[str, Any] = {
        field.name: () if isinstance(getattr(first, field.name), tuple) else None
        for field in fields(Recipe)
        if any(getattr(recipe, field.name) != getattr(first, field.name) for recipe in recipes)
    }
    return replace(first, **differing)


def _told(stage: Stage, graph: Graph, values: Values) -> _Told:
    if is_service(stage.node):
        return _asked_for(stage, values)
    positive = walk_words(stage.positive, "positive", graph, values)
    models = walk_model(stage.model, graph, values)
    take_loras(stage.node, graph, values, models)  # some sampling nodes load one themselves
    for clip in positive.clips:
        walk_clip(clip, graph, values, models)
    return _Told(
        stage=stage,
        positive=positive,
        negative=walk_words(stage.negative, "negative", graph, values),
        models=models,
    )


def _asked_for(stage: Stage, values: Values) -> _Told:
    """What a picture service was asked for: it has its words and its model's name in one node."""
    positive, negative = (
        Words(texts=[] if text is None else [text], complete=text is not None)
        for text in (values.text(stage.node, name) for name in ("prompt", "negative_prompt"))
    )
    model = values.name(stage.node, "model")
    return _Told(stage, positive, negative, ModelFacts([] if model is None else [model]))


def _pass(told: _Told, first: _Told, graph: Graph, values: Values) -> Pass:
    stage = told.stage
    return Pass(
        role=_role(told, first),
        seed=stage.seed,
        steps=stage.steps,
        cfg=stage.cfg,
        sampler=stage.sampler,
        scheduler=stage.scheduler,
        model=told.models.model,
        denoise=stage.denoise,
        upscale=stage.upscale,
        upscaler=_upscaler(stage, graph, values),
        start_at_step=stage.start_at_step,
        prompt=told.positive.prompt,
        negative_prompt=told.negative.prompt,
    )


def _upscaler(stage: Stage, graph: Graph, values: Values) -> str | None:
    """The one upscale model between this sampling and the one before."""
    nodes = [stage.node, *(node for node, _ in upstream([stage.latent, stage.pixels], graph))]
    loaders = [graph.source(graph.link(node, "upscale_model")) for node in nodes]
    names = {values.name(found[0], "model_name") for found in loaders if found is not None}
    return names.pop() if len(names) == 1 else None


def _role(told: _Told, first: _Told) -> str:
    """What a later sampling is; a refiner goes on with another model where the first stopped."""
    if told.stage.role is not None:
        return told.stage.role
    if told.positive.stage_c is not None:
        return "stage_b"
    other_model = told.models.model is not None and told.models.model != first.models.model
    return "refiner" if other_model and told.stage.start_at_step else "second_pass"


def _sources(chain: list[_Told], graph: Graph, values: Values) -> tuple[SourceUse, ...]:
    """Pictures that went into any sampling of the chain, each once."""
    found: list[SourceUse] = []
    stage = chain[0].stage
    for node, _ in upstream([stage.latent, stage.pixels], graph):
        # The pixels of an edit model stand beside the noise, they are not what is denoised.
        role = "reference" if node.kind.startswith("InstructPixToPix") else "init"
        found += [
            _source(role, node, name, graph, values) for name in _INIT_INPUTS if name in node.inputs
        ]
        if _encodes_image(node):
            found.append(_source(role, node, "image", graph, values))
        if "mask" in node.inputs and not starts_empty(node):
            found.append(_source("mask", node, "mask", graph, values))
    if stage.pixels is not None and not any(use.role == "init" for use in found):
        found.append(SourceUse("init", name=loaded_picture(stage.pixels, graph, values)))
    for told in chain:
        found += [*told.positive.sources, *told.negative.sources, *told.models.sources]
    return tuple(dict.fromkeys(found))


def _encodes_image(node: Node) -> bool:
    """Whether a node on the way of the latent encodes its image itself (BrushNet: to fill in)."""
    fills = {"mask", "vae"} <= node.inputs.keys()
    return "image" in node.inputs and (fills or "VAEEncode" in node.kind)


def _source(role: str, node: Node, name: str, graph: Graph, values: Values) -> SourceUse:
    return SourceUse(role=role, name=loaded_picture(graph.link(node, name), graph, values))


def _final_size(
    ending: Ending, generated: Size | None, graph: Graph, values: Values
) -> Size | None:
    """The size at the output node, where it is known and another one than at the start."""
    links = onward_links(ending.output, graph)
    link = links[0] if len(links) == 1 else None
    last = ending.chain[-1]
    if link is None and last.node.id == ending.output.id:
        link = last.latent
    final = size_at(link, graph, values)
    return final if final != generated else None


def _vae(output: Node, graph: Graph, values: Values) -> str | None:
    """The file of a VAE that was loaded by itself to decode the picture."""
    for node, _ in upstream([Link(output.id, 0)], graph):
        if node.kind.startswith("VAEDecode"):
            loader = graph.source(graph.link(node, "vae"))
            if loader is not None and "vae_name" in loader[0].inputs:
                return values.name(loader[0], "vae_name")
            return None
    return None


def _settings(first: _Told, graph: Graph, values: Values) -> tuple[Setting, ...]:
    found = [*first.stage.settings, *first.positive.settings]
    for node, _ in upstream([first.stage.latent], graph):
        if starts_empty(node) and not is_loader(node):
            found += [
                Setting(name, str(count))
                for name in ("batch_size", "length")
                if (count := values.count(node, name)) is not None and count > 1
            ]
    return tuple(dict.fromkeys(found))
