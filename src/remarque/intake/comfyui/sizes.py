"""The size of a picture or latent, where the nodes it went through settle it."""

import re

from remarque.intake import scalars
from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.presets import has_preset, preset_size
from remarque.intake.comfyui.samplers import is_sampler
from remarque.intake.comfyui.values import Values
from remarque.model.recipe import Size

_EMPTY = re.compile(
    r"empty.*latent|empty.*video|latentvideo|latent.*empty|aspect ratio|emptyembeds", re.IGNORECASE
)
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
_START_FRAMES = {"StableZero123_Conditioning", "StableZero123_Conditioning_Batched"}
_LATENT_PIXELS = 8


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
        link = _onward(node, graph)
    return None


def starts_empty(node: Node) -> bool:
    """Whether the node makes an empty latent, or the first latent of a video."""
    return node.kind in _START_FRAMES or bool(
        _EMPTY.search(node.kind) or _VIDEO_START.search(node.kind)
    )


def _onward(node: Node, graph: Graph) -> Link | None:
    found = next((link for name in _ONWARD if (link := graph.link(node, name))), None)
    return graph.asked(node, "latent") if found is None and is_sampler(node) else found


def _asked(node: Node, values: Values) -> Size | None:
    """The size a node was told to make."""
    if has_preset(node) and (starts_empty(node) or "empty_latent_width" in node.inputs):
        return preset_size(node, lambda name: values.of(node, name))
    if node.kind in _RESIZED or starts_empty(node):
        return values.size(node)
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
