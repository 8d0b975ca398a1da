"""Follow pictures and latents back: to samplers and loaded files."""

from collections import deque
from collections.abc import Iterator

from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.samplers import is_sampler
from remarque.intake.comfyui.values import Values

_MOST_STEPS = 1000
# Links that lead to models, words and masks, never to the pixels or latents being worked on.
_ASIDE = {
    "model", "model1", "model2", "clip", "clip_vision", "vae", "positive", "negative",
    "conditioning", "control_net", "upscale_model", "style_model", "mask", "sigmas", "sampler",
    "noise", "guider", "extra_metadata", "width", "height", "batch_size", "seed", "filename_prefix",
    "steps", "cfg", "sampler_name", "scheduler", "denoise", "noise_seed", "text", "filename",
    "prompt", "base_sampler", "mask_sampler", "upscaler",
}  # fmt: skip


def upstream(links: list[Link | None], graph: Graph) -> Iterator[tuple[Node, int]]:
    """Nodes that pixels or latents come from, nearest first; nothing behind a sampler."""
    waiting, seen = deque(links), set[str]()
    while waiting and len(seen) < _MOST_STEPS:
        source = graph.source(waiting.popleft())
        if source is None or source[0].id in seen:
            continue
        seen.add(source[0].id)
        yield source
        if not is_sampler(source[0]):
            waiting.extend(onward_links(source[0], graph))


def onward_links(node: Node, graph: Graph) -> list[Link]:
    """The links of a node that may carry the picture itself."""
    return [link for name, link in graph.links(node).items() if name not in _ASIDE]


def loaded_picture(link: Link | None, graph: Graph, values: Values) -> str | None:
    """The one picture file an image comes from; None where there is none, several, or it was made.

    Preprocessors on the way do not matter.
    """
    nodes = [node for node, _ in upstream([link], graph)]
    loading = [node for node in nodes if is_loader(node)]
    if len(loading) != 1 or any(is_sampler(node) for node in nodes):
        return None
    return values.name(loading[0], "image")


def is_loader(node: Node) -> bool:
    """Whether the node reads a picture file."""
    return node.kind.startswith("LoadImage") and "image" in node.inputs
