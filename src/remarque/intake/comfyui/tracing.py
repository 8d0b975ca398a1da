"""Follow pictures and latents back: to samplers, loaded files, and sizes."""

import re
from collections import deque
from collections.abc import Iterator

from remarque.intake import scalars
from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.samplers import is_sampler
from remarque.intake.comfyui.values import Values
from remarque.model.recipe import Size

_MOST_STEPS = 1000
# Links that lead to models, words and masks, never to the pixels or latents being worked on.
_ASIDE = {
    "model", "model1", "model2", "clip", "clip_vision", "vae", "positive", "negative",
    "conditioning", "control_net", "upscale_model", "style_model", "mask", "sigmas", "sampler",
    "noise", "guider", "extra_metadata", "width", "height", "batch_size", "seed", "filename_prefix",
}  # fmt: skip
_EMPTY = re.compile(r"empty.*latent|empty.*video|latentvideo|latent.*empty", re.IGNORECASE)
_VIDEO_START = re.compile(
    r"(?:img|image|text|t2v|i2v|_)(?:2|to)(?:vid|video)|ToVideo", re.IGNORECASE
)
_RESIZED = {"LatentUpscale", "ImageScale", "ImageResize+", "ImageResizeKJ"}
_SCALED = {"LatentUpscaleBy", "ImageScaleBy", "UltimateSDUpscale", "UltimateSDUpscaleNoUpscale"}
_SAME_SIZE = re.compile(
    r"VAEDecode|VAEEncode|SetLatentNoiseMask|RepeatLatentBatch|RepeatImageBatch|LatentBatch"
    r"|LatentFromBatch|ImageFromBatch|SaveImage|PreviewImage|Detailer|ImageSharpen|ImageBlur"
    r"|SaveLatent|ImageBlend|ImageQuantize"
)
_ONWARD = ("latent_image", "samples", "latent", "pixels", "image", "images", "image1", "samples1")
_LATENT_PIXELS = 8


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


def size_at(link: Link | None, graph: Graph, values: Values) -> Size | None:
    """The size of the picture or latent at a link, where the nodes on the way settle it."""
    factor, seen = 1.0, set[str]()
    while (source := graph.source(link)) is not None and source[0].id not in seen:
        node = source[0]
        seen.add(node.id)
        if (asked := _asked(node, values)) is not None:
            return _times(asked, factor)
        if node.kind in _SCALED:
            by = values.real(node, "scale_by" if "scale_by" in node.inputs else "upscale_by")
            if by is None:
                return None
            factor *= by
        elif not is_sampler(node) and not _SAME_SIZE.search(node.kind):
            return None
        link = next((found for name in _ONWARD if (found := graph.link(node, name))), None)
    return None


def starts_empty(node: Node) -> bool:
    """Whether the node makes an empty latent, or the first latent of a video."""
    return bool(_EMPTY.search(node.kind) or _VIDEO_START.search(node.kind))


def _asked(node: Node, values: Values) -> Size | None:
    """The size a node was told to make."""
    if node.kind in _RESIZED or starts_empty(node):
        told = values.size(node)
        if told is None and "dimensions" in node.inputs:
            words = (values.text(node, "dimensions") or "").partition("(")[0]
            told = scalars.size_from_text(words)
        return told
    if "empty_latent_width" in node.inputs:
        across = values.of(node, "empty_latent_width")
        return scalars.size(across, values.of(node, "empty_latent_height"))
    return None


def _times(asked: Size, factor: float) -> Size | None:
    """The scaled size, where no rounding to the latent grid can have changed it."""
    width, height = asked.width * factor, asked.height * factor
    if factor == 1:
        return asked
    if width % _LATENT_PIXELS or height % _LATENT_PIXELS:
        return None
    return scalars.size(int(width), int(height))
