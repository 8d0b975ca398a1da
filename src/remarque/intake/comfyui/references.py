"""Pictures that steer a conditioning: control, style, reference."""

import re
from collections.abc import Iterator

from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.tracing import loaded_picture
from remarque.intake.comfyui.values import Values
from remarque.model.recipe import SourceUse

_CONTROLS = ("control_net", "controlnet", "control_net_name")
_PICTURE = re.compile(r"image\d?")
_MOST_KINDS = 10


def references_at(node: Node, graph: Graph, values: Values, *, encodes: bool) -> list[SourceUse]:
    """The pictures that one conditioning node brings in; ``encodes`` where it reads text too."""
    control = next((name for name in _CONTROLS if name in node.inputs), None)
    if control is not None and "image" in node.inputs:
        return [_control(node, control, graph, values)]
    if "clip_vision_output" in node.inputs:
        return [_seen(node, graph, values)]
    return list(_looked_at(node, graph, values, encodes=encodes))


def _control(node: Node, control: str, graph: Graph, values: Values) -> SourceUse:
    key = "control_net_name"
    linked = _named_model(graph.link(node, control), key, graph, values)
    return SourceUse(
        role="control",
        name=loaded_picture(graph.link(node, "image"), graph, values),
        model=linked or (values.name(node, key) if key in node.inputs else None),
        strength=values.real(node, "strength"),
    )


def _seen(node: Node, graph: Graph, values: Values) -> SourceUse:
    """A picture that CLIP vision looked at, for its style or as a whole."""
    styled = "style_model" in node.inputs
    looker = graph.source(graph.link(node, "clip_vision_output"))
    model = _named_model(graph.link(node, "style_model"), "style_model_name", graph, values)
    return SourceUse(
        role="style" if styled else "reference",
        name=loaded_picture(graph.link(looker[0], "image"), graph, values) if looker else None,
        model=model,
        strength=values.real(node, "strength"),
    )


def _looked_at(node: Node, graph: Graph, values: Values, *, encodes: bool) -> Iterator[SourceUse]:
    """Pictures an encoder looks at (Qwen, Kontext): they are named, their weight is not."""
    names = [name for name in graph.links(node) if encodes and _PICTURE.fullmatch(name)]
    for name in ["latent"] if node.kind == "ReferenceLatent" else names:
        yield SourceUse("reference", name=loaded_picture(graph.link(node, name), graph, values))


def _named_model(link: Link | None, key: str, graph: Graph, values: Values) -> str | None:
    """The file name a loader holds, past nodes that only set the kind of a control model."""
    for _ in range(_MOST_KINDS):
        source = graph.source(link)
        if source is None:
            return None
        if key in source[0].inputs:
            return values.name(source[0], key)
        link = graph.link(source[0], "control_net")
    return None
