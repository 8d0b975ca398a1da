"""Sampling nodes: which nodes sample, and what each was told."""

from dataclasses import dataclass
from typing import TypeAlias

from remarque.intake import scalars
from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.values import Values
from remarque.model.recipe import Setting

_SETTING_NAMES = {"steps", "cfg", "sampler_name"}
_CUSTOM = {"SamplerCustom", "SamplerCustomAdvanced"}
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


_Part: TypeAlias = tuple[Node, int] | None


def is_sampler(node: Node) -> bool:
    """Whether this node samples: a core sampler, or one with a sampler's inputs."""
    if node.kind in _CUSTOM:
        return True
    return node.inputs.keys() >= _SETTING_NAMES and not node.inputs.keys().isdisjoint(
        {"seed", "noise_seed"}
    )


def stage_of(node: Node, graph: Graph, values: Values) -> Stage:
    """What this sampling node was told."""
    if node.kind == "SamplerCustomAdvanced":
        return _advanced(node, graph, values)
    if node.kind == "SamplerCustom":
        return _custom(node, graph, values)
    return _plain(node, graph, values)


def _plain(node: Node, graph: Graph, values: Values) -> Stage:
    """KSampler, KSamplerAdvanced and everything with their inputs."""
    seed = values.of(node, "seed" if "seed" in node.inputs else "noise_seed")
    pixels = graph.link(node, "image")
    return Stage(
        node=node,
        role=_role(node, pixels),
        seed=scalars.seed(seed),
        steps=values.count(node, "steps"),
        cfg=values.real(node, "cfg"),
        sampler=values.name(node, "sampler_name"),
        scheduler=values.name(node, "scheduler"),
        denoise=values.real(node, "denoise"),
        start_at_step=values.count(node, "start_at_step"),
        upscale=values.real(node, "upscale_by"),
        model=graph.link(node, "model"),
        positive=graph.link(node, "positive"),
        negative=graph.link(node, "negative"),
        latent=graph.link(node, "latent_image"),
        pixels=pixels,
    )


def _role(node: Node, pixels: Link | None) -> str | None:
    if pixels is None:
        return None
    return "detail" if "guide_size" in node.inputs else "second_pass"


def _custom(node: Node, graph: Graph, values: Values) -> Stage:
    sigmas = _Sigmas.read(graph.source(graph.link(node, "sigmas")), graph, values)
    sampler, settings = _sampler_name(graph.source(graph.link(node, "sampler")), values)
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
    sigmas = _Sigmas.read(graph.source(graph.link(node, "sigmas")), graph, values)
    sampler, settings = _sampler_name(graph.source(graph.link(node, "sampler")), values)
    noise = graph.source(graph.link(node, "noise"))
    guider = graph.source(graph.link(node, "guider"))
    told = guider[0] if guider is not None else Node("", "")
    positive = next(
        (n for n in ("positive", "conditioning", "cond1") if n in told.inputs), "positive"
    )
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
        settings=settings + sigmas.settings,
    )


def _sampler_name(part: _Part, values: Values) -> tuple[str | None, tuple[Setting, ...]]:
    """The sampler's name; a sampler that is a node of its own is named by its class."""
    if part is None:
        return None, ()
    found = values.name(part[0], "sampler_name")
    return found, () if found else (Setting("sampler node", part[0].kind),)


@dataclass(frozen=True, slots=True)
class _Sigmas:
    """The noise schedule. Only BasicScheduler names one; others are named by their class."""

    steps: int | None = None
    scheduler: str | None = None
    denoise: float | None = None
    settings: tuple[Setting, ...] = ()

    @classmethod
    def read(cls, part: _Part, graph: Graph, values: Values) -> "_Sigmas":
        passed: list[Setting] = []
        for _ in range(_DEEPEST):
            if part is None:
                break
            node = part[0]
            if "sigmas" not in node.inputs or "steps" in node.inputs:
                named = values.name(node, "scheduler")
                if named is None:
                    passed.append(Setting("scheduler node", node.kind))
                return cls(
                    steps=values.count(node, "steps"),
                    scheduler=named,
                    denoise=values.real(node, "denoise"),
                    settings=tuple(passed),
                )
            passed.append(Setting("sigmas through", node.kind))
            part = graph.source(graph.link(node, "sigmas"))
        return cls(settings=tuple(passed))
