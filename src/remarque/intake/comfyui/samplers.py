"""Which nodes sample."""

import re

from remarque.intake.comfyui.nodes import Node
from remarque.intake.comfyui.pipes import is_pipe

DELEGATES = ("base_sampler", "mask_sampler", "upscaler")
"""Inputs by which a node has another one sample for it."""

_SETTING_NAMES = {"cfg", "sampler_name"}
_SEEDS = {"seed", "noise_seed"}
_FEEDS = {"model", "data"}  # Searge's nodes hand everything on as "data"
_ALL_FEEDS = {"model", "positive", "negative"}
_STARTS = {"latent_image", "latent", "image"}
_SAMPLES = re.compile(r"sampl|detail|upscale", re.IGNORECASE)
_UNDOES = re.compile(r"unsampl|hook", re.IGNORECASE)
_FED = {"clip", "model", "conditioning", "positive", "pipe", "vae", "images"}
_SERVICES = re.compile(
    r"gpt ?image|dall-?e|ideogram|recraft|luma ?image|stability|runway|image ?node"
    r"|texttoimage|imagetoimage|imagen\b|kling.*image|flux.*(?:pro|max|ultra)",
    re.IGNORECASE,
)
_CUSTOM = {"SamplerCustom", "SamplerCustomAdvanced"}


def is_sampler(node: Node) -> bool:
    """Whether this node samples: a core sampler, or one with a sampler's inputs and a model.

    Nodes that only keep such settings (to save or to hand them on) have no model, and nodes that
    only tell another one how to sample are called providers.
    """
    if node.kind in _CUSTOM:
        return True
    if "provider" in node.kind.casefold():
        return False
    if any(isinstance(node.inputs.get(name), list) for name in DELEGATES):
        return True
    return _can_sample(node) or _is_wired_to_sample(node) or is_service(node)


def is_service(node: Node) -> bool:
    """Whether the node has a picture made elsewhere, from a prompt of its own."""
    fed = any(isinstance(raw, list) and name in _FED for name, raw in node.inputs.items())
    return "prompt" in node.inputs and bool(_SERVICES.search(node.kind)) and not fed


def _can_sample(node: Node) -> bool:
    names = node.inputs.keys()
    if "steps" not in names or names.isdisjoint(_SEEDS):
        return False
    fed = any(
        isinstance(raw, list) and (name in _FEEDS or is_pipe(name))
        for name, raw in node.inputs.items()
    )
    return fed and (names >= _SETTING_NAMES or "sampler" in node.kind.casefold())


def _is_wired_to_sample(node: Node) -> bool:
    """Whether the links alone show a sampling; a canvas does not name most nodes' settings."""
    linked = {name for name, raw in node.inputs.items() if isinstance(raw, list)}
    named = _SAMPLES.search(node.kind) and not _UNDOES.search(node.kind)
    return bool(named) and linked >= _ALL_FEEDS and not linked.isdisjoint(_STARTS)
