"""The canvas graph of a ``workflow`` chunk as an executed graph, as far as that is certain.

The canvas keeps the values of a node's widgets as a bare list. Only nodes of ComfyUI itself whose
order of widgets is known get values; all others keep their links alone. A seed counts only where
the canvas holds it "fixed": otherwise the number shown may be that of another run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from remarque.intake.comfyui.graph import MOST_NODES, Graph, Node
from remarque.model.canonical import Json

_MUTED, _BYPASSED = 2, 4
_LONGEST_DETOUR = 100
_CONTROL = "control_after_generate"
_EMPTY = ("width", "height", "batch_size")
_VIDEO = ("width", "height", "length", "batch_size")
_APPLY = ("strength", "start_percent", "end_percent")
_WIDGETS: dict[str, tuple[str, ...]] = {
    "KSampler": ("seed", _CONTROL, "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": (
        "add_noise", "noise_seed", _CONTROL, "steps", "cfg", "sampler_name", "scheduler",
        "start_at_step", "end_at_step", "return_with_leftover_noise",
    ),
    "SamplerCustom": ("add_noise", "noise_seed", _CONTROL, "cfg"),
    "SamplerCustomAdvanced": (),
    "RandomNoise": ("noise_seed", _CONTROL),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "SDTurboScheduler": ("steps", "denoise"),
    "KarrasScheduler": ("steps", "sigma_max", "sigma_min", "rho"),
    "CFGGuider": ("cfg",),
    "FluxGuidance": ("guidance",),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "unCLIPCheckpointLoader": ("ckpt_name",),
    "ImageOnlyCheckpointLoader": ("ckpt_name",),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "VAELoader": ("vae_name",),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "CLIPSetLastLayer": ("stop_at_clip_layer",),
    "EmptyLatentImage": _EMPTY,
    "EmptySD3LatentImage": _EMPTY,
    "EmptyMochiLatentVideo": _VIDEO,
    "EmptyHunyuanLatentVideo": _VIDEO,
    "EmptyLTXVLatentVideo": _VIDEO,
    "ControlNetLoader": ("control_net_name",),
    "ControlNetApply": ("strength",),
    "ControlNetApplyAdvanced": _APPLY,
    "ControlNetApplySD3": _APPLY,
    "LoadImage": ("image",),
    "LatentUpscale": ("upscale_method", "width", "height", "crop"),
    "LatentUpscaleBy": ("upscale_method", "scale_by"),
    "ImageScale": ("upscale_method", "width", "height", "crop"),
    "ImageScaleBy": ("upscale_method", "scale_by"),
    "PrimitiveString": ("value",),
    "PrimitiveStringMultiline": ("value",),
    "StringConcatenate": ("string_a", "string_b", "delimiter"),
}  # fmt: skip
_SEEDS = {"seed", "noise_seed"}
_REWRITTEN = re.compile(r"\{[^{}]*\|[^{}]*\}|/\*|(?<!:)//")


@dataclass(frozen=True, slots=True)
class _Canvas:
    """Nodes by id, for each link id where it comes from, and links that were given a name."""

    nodes: dict[str, dict[str, Json]]
    links: dict[Json, tuple[str, int]] = field(default_factory=dict)
    relays: dict[str, Json] = field(default_factory=dict)

    def inputs(self, node: dict[str, Json]) -> Iterator[tuple[str, Json]]:
        """Names and link ids of a node's linked inputs."""
        for item in _dicts(node.get("inputs")):
            if isinstance(item.get("name"), str) and isinstance(item.get("link"), int | str):
                yield item["name"], item["link"]

    def source(self, link: Json) -> tuple[dict[str, Json], int] | None:
        """The node behind a link, past what only exists on the canvas."""
        for _ in range(_LONGEST_DETOUR):
            found = self.links.get(link)
            node = self.nodes.get(found[0]) if found is not None else None
            if node is None or found is None or node.get("mode") == _MUTED:
                return None
            way_on = self._way_on(node, found[1])
            if way_on is None:
                return node, found[1]
            link = way_on
        return None

    def _way_on(self, node: dict[str, Json], output: int) -> Json | None:
        """The link a reroute, a named relay or a bypassed node hands on."""
        if node.get("type") == "Reroute":
            return next((link for _, link in self.inputs(node)), None)
        if node.get("type") == "GetNode":
            name = _first_widget(node)
            return self.relays.get(name) if isinstance(name, str) else None
        if node.get("mode") != _BYPASSED:
            return None
        outputs, inputs = _dicts(node.get("outputs")), _dicts(node.get("inputs"))
        wanted = outputs[output].get("type") if output < len(outputs) else None
        # A bypassed node gives on the input at the same place, else the first of the same type.
        candidates = [*inputs[output : output + 1], *inputs]
        fitting = (item for item in candidates if item.get("type") == wanted)
        return next((item["link"] for item in fitting if item.get("link") is not None), None)


def graph_from_workflow(raw: Json) -> Graph | None:
    """The graph of a parsed ``workflow`` chunk; None where it is something else."""
    if not isinstance(raw, dict) or not isinstance(raw.get("links"), list):
        return None
    listed = _dicts(raw.get("nodes"))
    if not listed or len(listed) > MOST_NODES:
        return None
    nodes = {str(n["id"]): n for n in listed if isinstance(n.get("id"), int | str) and _has_type(n)}
    canvas = _Canvas(nodes, dict(_links(raw["links"])))
    canvas.relays.update(_named_relays(canvas))
    found = {
        key: Node(key, node["type"], _inputs(node, canvas))
        for key, node in nodes.items()
        if node.get("mode") not in (_MUTED, _BYPASSED)  # a list is no member of a set
    }
    return Graph(found) if found else None


def _named_relays(canvas: _Canvas) -> Iterator[tuple[str, Json]]:
    """Names that SetNode gives to links, for GetNode to take them up."""
    for node in canvas.nodes.values():
        name = _first_widget(node)
        if node.get("type") == "SetNode" and isinstance(name, str):
            yield from ((name, link) for _, link in canvas.inputs(node))


def _links(raw: list[Json]) -> Iterator[tuple[Json, tuple[str, int]]]:
    """Link id, source node and source output; as a list, or as an object in newer files."""
    for item in raw[:MOST_NODES]:
        match item:
            case [str() | int() as link, str() | int() as node, int() as output, *_]:
                yield link, (str(node), max(output, 0))
            case {
                "id": str() | int() as link,
                "origin_id": str() | int() as node,
                "origin_slot": int() as output,
            }:
                yield link, (str(node), max(output, 0))
            case _:
                continue


def _inputs(node: dict[str, Json], canvas: _Canvas) -> dict[str, Json]:
    inputs = _widget_values(node)
    for name, link in canvas.inputs(node):
        source = canvas.source(link)
        if source is None:
            inputs.pop(name, None)
        elif source[0].get("type") == "PrimitiveNode":
            inputs[name] = _primitive(source[0], name)
        else:
            inputs[name] = [str(source[0]["id"]), source[1]]
    return inputs


def _widget_values(node: dict[str, Json]) -> dict[str, Json]:
    """Values by name, for nodes whose widgets are known and all there."""
    names, listed = _WIDGETS.get(node["type"], ()), node.get("widgets_values")
    if isinstance(listed, dict):
        return {name: listed.get(name) for name in names}
    if not isinstance(listed, list) or len(listed) < len(names):
        # A node without the seed's companion, as early versions wrote it, cannot be told apart.
        return dict.fromkeys(names)
    values = {name: _settled(raw) for name, raw in zip(names, listed, strict=False)}
    if _CONTROL in values and values.pop(_CONTROL) != "fixed":
        values.update(dict.fromkeys(_SEEDS & values.keys()))
    return values


def _settled(raw: Json) -> Json:
    """A widget's value; text that is rewritten before each run (choices, comments) is unknown."""
    return None if isinstance(raw, str) and _REWRITTEN.search(raw) else raw


def _primitive(node: dict[str, Json], name: str) -> Json:
    listed = node.get("widgets_values")
    fixed = isinstance(listed, list) and len(listed) > 1 and listed[1] == "fixed"
    return _first_widget(node) if name not in _SEEDS or fixed else None


def _first_widget(node: dict[str, Json]) -> Json:
    listed = node.get("widgets_values")
    return listed[0] if isinstance(listed, list) and listed else None


def _has_type(node: dict[str, Json]) -> bool:
    return isinstance(node.get("type"), str)


def _dicts(raw: Json) -> list[dict[str, Json]]:
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []
