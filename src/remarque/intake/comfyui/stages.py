"""What each sampling node was told."""

from dataclasses import dataclass, fields, replace
from typing import Any

from remarque.intake import scalars
from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.samplers import DELEGATES
from remarque.intake.comfyui.solvers import Sigmas, sampler_name
from remarque.intake.comfyui.values import Values
from remarque.model.recipe import Setting

_POSITIVE = ("positive", "conditioning", "cond1", "text_embeds", "hyvid_embeds")
_NEGATIVE = ("negative", "neg_conditioning", "text_embeds")
_LATENT = ("latent_image", "samples", "latents", "image_embeds")
_SOLVER_SETTINGS = ("cfg_conds", "cfg_cond2_negative", "neg_scale", "true_gs")
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Stage:
    """One sampling as the file tells it; links lead on to what went in.

    ``pixels`` is set for nodes that take and give pictures (detailers, tiled upscalers).
    """

    node: Node
    role: str | None = None
    seed: int | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    denoise: float | None = None
    start_at_step: int | None = None
    upscale: float | None = None
    model: Link | None = None
    positive: Link | None = None
    negative: Link | None = None
    latent: Link | None = None
    pixels: Link | None = None
    settings: tuple[Setting, ...] = ()


def stage_of(node: Node, graph: Graph, values: Values) -> Stage:
    """What this sampling node was told."""
    if node.kind == "SamplerCustomAdvanced":
        return _advanced(node, graph, values)
    if node.kind == "SamplerCustom":
        return _custom(node, graph, values)
    if any(name in graph.links(node) for name in DELEGATES):
        return _delegated(node, graph, values)
    if _is_plotted(node, graph):  # many pictures, each with other settings
        return Stage(node)
    return _plain(node, graph, values)


def _plain(node: Node, graph: Graph, values: Values) -> Stage:
    """KSampler, KSamplerAdvanced and everything with their inputs."""
    seed = values.of(node, "seed" if "seed" in node.inputs else "noise_seed")
    pixels = graph.link(node, "image")
    preset = "sampler_preset" in node.inputs  # it decides over the two names beside it
    return Stage(
        node=node,
        role=_role(node, pixels),
        seed=scalars.seed(seed),
        steps=values.count(node, "steps"),
        cfg=values.real(node, "cfg"),
        sampler=None if preset else values.name(node, "sampler_name"),
        scheduler=None if preset else values.name(node, "scheduler"),
        denoise=values.real(node, "denoise"),
        start_at_step=values.count(node, "start_at_step"),
        upscale=values.real(node, "upscale_by"),
        model=graph.asked(node, "model"),
        positive=_first(node, _POSITIVE, "positive", graph),
        negative=_first(node, _NEGATIVE, "negative", graph),
        latent=None if pixels is not None else _first(node, _LATENT, "latent", graph),
        pixels=pixels,
        settings=_further(node, values),
    )


def _is_plotted(node: Node, graph: Graph) -> bool:
    """Whether a script of the Efficiency nodes varies the settings for a plot."""
    for _ in range(_DEEPEST):
        source = graph.source(graph.link(node, "script"))
        if source is None:
            return False
        node = source[0]
        if node.kind == "XY Plot":
            return True
    return False


def _first(node: Node, names: tuple[str, ...], asked: str, graph: Graph) -> Link | None:
    own = next((link for name in names if (link := graph.link(node, name)) is not None), None)
    # An input that leads nowhere is not to be replaced by what a bundle holds.
    return graph.asked(node, asked) if own is None and asked not in node.inputs else own


def _role(node: Node, pixels: Link | None) -> str | None:
    if pixels is None:
        return None
    return "detail" if "guide_size" in node.inputs else "second_pass"


def _delegated(node: Node, graph: Graph, values: Values) -> Stage:
    """Sampling by providers: what all of them were told, on this node's picture."""
    sources = [graph.source(graph.links(node).get(name)) for name in DELEGATES]
    told = [_plain(source[0], graph, values) for source in sources if source is not None]
    first = told[0] if told else Stage(node)
    differing: dict[str, Any] = {
        field.name: () if field.name == "settings" else None
        for field in fields(Stage)
        if any(getattr(stage, field.name) != getattr(first, field.name) for stage in told)
    }
    own = _plain(node, graph, values)
    pixels = graph.link(node, "pixels") or graph.link(node, "image")
    if "upscaler" not in node.inputs:  # there, "steps" counts the upscalings
        differing |= {
            name: value
            for name in ("seed", "steps", "denoise")
            if (value := getattr(own, name)) is not None
        }
    return replace(
        first,
        **differing
        | {"node": node, "latent": None if pixels else own.latent, "pixels": pixels}
        | {"upscale": values.real(node, "upscale_factor")},
    )


def _further(node: Node, values: Values) -> tuple[Setting, ...]:
    return tuple(
        Setting(name, f"{value:g}")
        for name in _SOLVER_SETTINGS
        if (value := values.real(node, name)) is not None
    )


def _custom(node: Node, graph: Graph, values: Values) -> Stage:
    sigmas = Sigmas.read(graph.source(graph.link(node, "sigmas")), graph, values)
    sampler, settings = sampler_name(graph.source(graph.link(node, "sampler")), values)
    return Stage(
        node=node,
        seed=scalars.seed(values.of(node, "noise_seed")),
        steps=sigmas.steps,
        cfg=values.real(node, "cfg"),
        sampler=sampler,
        scheduler=sigmas.scheduler,
        denoise=sigmas.denoise,
        model=graph.link(node, "model"),
        positive=graph.link(node, "positive"),
        negative=graph.link(node, "negative"),
        latent=graph.link(node, "latent_image"),
        settings=settings + sigmas.settings,
    )


def _advanced(node: Node, graph: Graph, values: Values) -> Stage:
    sigmas = Sigmas.read(graph.source(graph.link(node, "sigmas")), graph, values)
    sampler, settings = sampler_name(graph.source(graph.link(node, "sampler")), values)
    noise = graph.source(graph.link(node, "noise"))
    guider = graph.source(graph.link(node, "guider"))
    told = guider[0] if guider is not None else Node("", "")
    positive = next((name for name in _POSITIVE if name in told.inputs), "positive")
    return Stage(
        node=node,
        seed=scalars.seed(values.of(noise[0], "noise_seed")) if noise is not None else None,
        steps=sigmas.steps,
        cfg=values.real(told, "cfg"),
        sampler=sampler,
        scheduler=sigmas.scheduler,
        denoise=sigmas.denoise,
        model=graph.link(told, "model"),
        positive=graph.link(told, positive),
        negative=graph.link(told, "negative"),
        latent=graph.link(node, "latent_image"),
        settings=settings + sigmas.settings + _further(told, values),
    )
