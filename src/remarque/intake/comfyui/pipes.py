"""Pipes, contexts and buses: bundles of links that many nodes pass on as one.

An executed graph gives outputs by their number only. For nodes that pass bundles on, the table
here says which field stands at which output (read in the nodes' own definitions).
"""

import re
from typing import Final

from remarque.intake.comfyui.nodes import Node

_BASIC = ("model", "clip", "vae", "positive", "negative")
_CONTEXT = ("pipe", *_BASIC, "latent", "images", "seed")
_BIG = (
    *_CONTEXT, "steps", "step_refiner", "cfg", "ckpt_name", "sampler", "scheduler", "clip_width",
    "clip_height", "text_pos_g", "text_pos_l", "text_neg_g", "text_neg_l", "mask", "control_net",
)  # fmt: skip
_TTN = ("pipe", "model", "positive", "negative", "latent", "vae", "clip", "images", "seed")
_TTN_LOADER = (*_TTN[:7], "seed")
_EFFICIENT = ("model", "positive", "negative", "latent", "vae", "images")
_LOADED = ("pipe", "model", "vae")
_SIZED = ("width", "height", "upscale_factor", "batch_size", "latent")
_PRESCALED = ("width", "height", "upscale_factor", "prescale_factor", "batch_size", "latent")

SLOTS: Final[dict[str, tuple[str, ...]]] = {
    "Context (rgthree)": _CONTEXT,
    "Context Switch (rgthree)": _CONTEXT,
    "Context Merge (rgthree)": _CONTEXT,
    "Context Big (rgthree)": _BIG,
    "Context Switch Big (rgthree)": _BIG,
    "Context Merge Big (rgthree)": _BIG,
    "KSampler Config (rgthree)": (
        "steps_total", "refiner_step", "cfg", "sampler_name", "scheduler",
    ),
    "FromBasicPipe": _BASIC,
    "FromBasicPipe_v2": ("pipe", *_BASIC),
    "FromDetailerPipe": _BASIC,
    "FromDetailerPipe_v2": ("pipe", *_BASIC),
    "FromDetailerPipeSDXL": ("pipe", *_BASIC),
    "ImpactKSamplerBasicPipe": ("pipe", "latent", "vae"),
    "ImpactKSamplerAdvancedBasicPipe": ("pipe", "latent", "vae"),
    "Bus Node": ("pipe", *_BASIC),
    "ttN pipeLoader": _TTN_LOADER,
    "ttN pipeLoader_v2": (*_TTN_LOADER, "width", "height"),
    "ttN pipeKSampler": _TTN,
    "ttN pipeKSampler_v2": _TTN,
    "ttN pipeKSamplerAdvanced": _TTN,
    "ttN pipeKSamplerAdvanced_v2": _TTN,
    "ttN pipeEDIT": _TTN,
    "ttN pipeOUT": (*_TTN[1:], "pipe"),
    "easy fullLoader": ("pipe", "model", "vae", "clip", "positive", "negative", "latent"),
    **dict.fromkeys(
        (f"easy {name}Loader" for name in ("a1111", "comfy", "flux", "kolors", "hunyuanDiT")),
        _LOADED,
    ),
    "easy pipeOut": _TTN,
    "easy pipeEdit": _TTN,
    "easy fullkSampler": (
        "pipe", "images", "model", "positive", "negative", "latent", "vae", "clip", "seed",
    ),
    "easy kSampler": ("pipe", "images"),
    "easy controlnetLoader": ("pipe", "positive", "negative"),
    "easy controlnetLoaderADV": ("pipe", "positive", "negative"),
    "CR Module Input": (*_TTN[:7], "control_net", "images", "seed"),
    "Efficient Loader": ("model", "positive", "negative", "latent", "vae", "clip"),
    "Eff. Loader SDXL": ("pipe", "latent", "vae"),
    "Unpack SDXL Tuple": (
        "model", "clip", "positive", "negative",
        "refiner_model", "refiner_clip", "refiner_positive", "refiner_negative",
    ),
    "KSampler (Efficient)": _EFFICIENT,
    "KSampler Adv. (Efficient)": _EFFICIENT,
    "KSampler SDXL (Eff.)": ("pipe", "latent", "vae", "images"),
    "Input Parameters (Image Saver)": (
        "seed", "steps", "cfg", "sampler", "scheduler", "denoise",
    ),
    "Sampler Selector (Image Saver)": ("sampler_name", "sampler_name"),
    "Scheduler Selector (Image Saver)": ("scheduler", "scheduler"),
    "Checkpoint Loader with Name (Image Saver)": ("model", "clip", "vae", "ckpt_name"),
    "Text String": ("text", "text_b", "text_c", "text_d"),
    "Seed": ("seed", "seed", "seed", "seed"),
    "MultiAreaConditioning": ("pipe", "resolutionX", "resolutionY"),
    "CR SDXL Aspect Ratio": _SIZED,
    "CR SD1.5 Aspect Ratio": _SIZED,
    "CR Aspect Ratio": _PRESCALED,
    "SDXLEmptyLatentSizePicker+": ("latent", "width", "height"),
    "EmptyLatentImagePresets": ("latent", "width", "height"),
    "EmptyLatentImageCustomPresets": ("latent", "width", "height"),
}  # fmt: skip

# What nodes call an input that sets a field of the bundle.
_ALIASES: dict[str, tuple[str, ...]] = {
    "model": ("model", "optional_model", "model_override", "base_model"),
    "clip": ("clip", "optional_clip", "clip_override", "base_clip"),
    "vae": ("vae", "optional_vae", "vae_override"),
    "positive": ("positive", "pos", "optional_positive", "base_positive"),
    "negative": ("negative", "neg", "optional_negative", "base_negative"),
    "latent": ("latent", "latent_image", "optional_latent"),
    "images": ("images", "image"),
}
_FIELDS = tuple(_ALIASES)
_BEYOND = 1000  # numbers from here on stand for fields that a node makes but gives out in a bundle
_PIPE = re.compile(r"(?:^|_)(?:pipe|ctx|context|bus|tuple)(?:$|_(?:in|\d+)$)", re.IGNORECASE)
_LOADERS = re.compile(r"Efficient Loader|Eff\. Loader|easy \w+Loader$|ttN pipeLoader")


def names_of(field: str) -> tuple[str, ...]:
    """The inputs that set a field, the most usual first."""
    return _ALIASES.get(field, (field,))


def field_at(kind: str, output: int) -> str | None:
    """The field a node gives at an output; None where that is no known field or a whole bundle."""
    if output >= _BEYOND:
        return _FIELDS[output - _BEYOND] if output - _BEYOND < len(_FIELDS) else None
    slots = SLOTS.get(kind, ())
    found = slots[output] if 0 <= output < len(slots) else None
    return None if found == "pipe" else found


def output_of(kind: str, field: str) -> int:
    """The output at which a node gives a field, or the number that stands for it."""
    slots = SLOTS.get(kind, ())
    if field in slots:
        return slots.index(field)
    return _BEYOND + _FIELDS.index(field) if field in _FIELDS else 0


def makes(node: Node, field: str) -> bool:
    """Whether the node makes this field itself, whatever links it has by that name."""
    if _LOADERS.match(node.kind):
        return field != "model" or not isinstance(node.inputs.get("model_override"), list)
    kind = node.kind.casefold()
    if kind.startswith("easy controlnetloader"):
        return field in {"positive", "negative"}
    return ("sampler" in kind or "detailer" in kind) and field in {"latent", "images"}


def loads_all(node: Node) -> bool:
    """Whether the node loads the model and encodes both texts at once."""
    return bool(_LOADERS.match(node.kind))


def is_pipe(name: str) -> bool:
    """Whether an input of this name takes a bundle."""
    return bool(_PIPE.search(name)) and "refiner" not in name


def pipes_of(node: Node) -> list[str]:
    """The inputs bundles come in by, the one that decides first."""
    names = [name for name in node.inputs if is_pipe(name)]
    return names[::-1] if node.kind.startswith("Context Merge") else names
