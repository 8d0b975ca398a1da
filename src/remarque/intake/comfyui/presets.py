"""Sizes that nodes name by a preset: ``1:1 square 1024x1024``, ``768 x 512``."""

import re
from collections.abc import Callable
from typing import TypeAlias

from remarque.intake import scalars
from remarque.intake.comfyui.nodes import Node
from remarque.model.canonical import Json
from remarque.model.recipe import Size

Asked: TypeAlias = Callable[[str], Json]

_NAMES = ("resolution", "dimensions", "aspect_ratio", "empty_latent_aspect")
_SIZE = re.compile(r"(?<!\d)(\d{2,5})\s?[x×]\s?(\d{2,5})(?!\d)")
_OWN = re.compile(r"custom|自定义", re.IGNORECASE)
_OVERRIDES = ("width_override", "height_override")
_LONGEST = 200
_LARGEST_SCALE = 100


def has_preset(node: Node) -> bool:
    """Whether the node chooses its size by a name."""
    return any(name in node.inputs for name in _NAMES)


def preset_size(node: Node, of: Asked) -> Size | None:
    """The size a node with a preset makes; None where the name does not say it.

    A node that swaps or scales the named size is worked out where the file says how.
    """
    name = next((name for name in _NAMES if name in node.inputs), "")
    label = of(name)
    if not isinstance(label, str) or len(label) > _LONGEST:
        return None
    if _OWN.search(label):
        chosen = _own_size(of)
    else:
        found = _SIZE.findall(label)
        chosen = scalars.size(*found[0]) if len(found) == 1 else None
    return _changed(node, of, chosen) if chosen is not None else None


def _own_size(of: Asked) -> Size | None:
    own = scalars.size(of("width"), of("height"))
    return own or scalars.size(of("empty_latent_width"), of("empty_latent_height"))


def _changed(node: Node, of: Asked, size: Size) -> Size | None:
    across, down = size.width, size.height
    if all(name in node.inputs for name in _OVERRIDES):
        wide, high = (scalars.count(of(name)) for name in _OVERRIDES)
        if wide is None or high is None:
            return None
        return scalars.size(wide or across, high or down)
    swapped = next((of(name) for name in ("swap_dimensions", "invert") if name in node.inputs), 0)
    if swapped not in {"On", "Off", True, False}:
        return None
    if swapped in {"On", True}:
        across, down = down, across
    scale = scalars.real(of("prescale_factor")) if "prescale_factor" in node.inputs else 1.0
    if scale is None or not 0 < scale <= _LARGEST_SCALE:
        return None
    return scalars.size(int(across * scale), int(down * scale))
