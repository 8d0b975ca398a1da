"""The words a sampler was given: from its ``positive`` and ``negative`` inputs to the encoders."""

import re
from dataclasses import dataclass, field

from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.tracing import loaded_picture
from remarque.intake.comfyui.values import Values
from remarque.model.recipe import Setting, SourceUse

_MOST_STEPS = 500
_ENCODER = re.compile(r"text ?encode|wildcardencode|power prompt", re.IGNORECASE)
_LOADS_ALL = re.compile(r"Efficient Loader|Eff\. Loader|easy \w+Loader")
# What encoders call their text, in the order in which different texts are joined.
_TEXT_KEYS = (
    "populated_text", "text", "prompt", "text_g", "text_l", "clip_g", "clip_l", "t5xxl", "bert",
    "mt5xl", "llama", "user_prompt", "tags", "lyrics",
)  # fmt: skip
_CONTROL_KEYS = {"control_net", "controlnet"}
_STAGE_C = "StableCascade_StageB_Conditioning"


@dataclass(slots=True)
class Words:
    """What a walk found. ``complete`` is False where a node on the way could not be read."""

    texts: list[str] = field(default_factory=list)
    sources: list[SourceUse] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    clips: list[Link] = field(default_factory=list)
    stage_c: Link | None = None
    complete: bool = True

    @property
    def prompt(self) -> str | None:
        """The text; different texts of one conditioning are joined with a line break.

        None where no text went in, or where a part of it is unknown: a part is not the prompt.
        """
        if not self.complete or not self.texts:
            return None
        distinct = list(dict.fromkeys(text for text in self.texts if text.strip()))
        return "\n".join(distinct) if distinct else self.texts[0]


def walk_words(link: Link | None, side: str, graph: Graph, values: Values) -> Words:
    """Follow one conditioning back. ``side`` is ``positive`` or ``negative``."""
    found, waiting, seen = Words(), [(link, side)], set[tuple[str, str]]()
    while waiting and len(seen) < _MOST_STEPS:
        here, side = waiting.pop(0)
        if here is None:
            continue
        source = graph.source(here)
        if source is None:
            found.complete = False
            continue
        node, output = source
        side = _side_of(node, output, side)
        if (node.id, side) not in seen:
            seen.add((node.id, side))
            waiting[:0] = _read(node, side, graph, values, found)
    return found


def _side_of(node: Node, output: int, side: str) -> str:
    """Nodes with both sides give positive first, negative second (loaders: after the model)."""
    if not {"positive", "negative"} <= node.inputs.keys():
        return side
    first = 1 if _LOADS_ALL.match(node.kind) else 0
    return {first: "positive", first + 1: "negative"}.get(output, side)


def _read(
    node: Node, side: str, graph: Graph, values: Values, found: Words
) -> list[tuple[Link | None, str]]:
    """Take what this node says; returns where to go on."""
    if node.kind == "ConditioningZeroOut":
        return []
    _take_guidance(node, values, found)
    _take_sources(node, graph, values, found)
    if node.kind == _STAGE_C:
        found.stage_c = graph.link(node, "stage_c")
    if _ENCODER.search(node.kind):
        _take_texts(node, values, found, _TEXT_KEYS)
        found.clips.extend(link for link in [graph.link(node, "clip")] if link is not None)
        return []
    if _LOADS_ALL.match(node.kind):
        _take_texts(node, values, found, (side,))
        return []
    onward = [graph.link(node, name) for name in _onward_names(node, side)]
    if not onward or not all(onward):
        found.complete = False
    return [(link, side) for link in onward]


def _onward_names(node: Node, side: str) -> list[str]:
    if side in node.inputs:
        return [side]
    # A weight may be named alike ("conditioning_to_strength"); only lists are links.
    return [
        name
        for name, raw in node.inputs.items()
        if name.startswith(("conditioning", "cond_")) and isinstance(raw, list)
    ]


def _take_texts(node: Node, values: Values, found: Words, keys: tuple[str, ...]) -> None:
    present = [key for key in keys if key in node.inputs]
    texts = [values.text(node, key) for key in present]
    if not texts or any(text is None for text in texts):
        found.complete = False
    else:
        found.texts.extend(text for text in texts if text is not None)


def _take_guidance(node: Node, values: Values, found: Words) -> None:
    guidance = values.real(node, "guidance") if "guidance" in node.inputs else None
    if guidance is not None:
        found.settings.append(Setting("guidance", f"{guidance:g}"))


def _take_sources(node: Node, graph: Graph, values: Values, found: Words) -> None:
    control = next((name for name in _CONTROL_KEYS if name in node.inputs), None)
    if control is not None and "image" in node.inputs:
        found.sources.append(
            SourceUse(
                role="control",
                name=loaded_picture(graph.link(node, "image"), graph, values),
                model=_named_model(graph.link(node, control), "control_net_name", graph, values),
                strength=values.real(node, "strength"),
            )
        )
    elif "clip_vision_output" in node.inputs:
        style = "style_model" in node.inputs
        seen = graph.source(graph.link(node, "clip_vision_output"))
        found.sources.append(
            SourceUse(
                role="style" if style else "reference",
                name=loaded_picture(graph.link(seen[0], "image"), graph, values) if seen else None,
                model=_named_model(
                    graph.link(node, "style_model"), "style_model_name", graph, values
                )
                if style
                else None,
                strength=values.real(node, "strength"),
            )
        )
    else:
        _take_references(node, graph, values, found)


def _take_references(node: Node, graph: Graph, values: Values, found: Words) -> None:
    """Pictures an encoder looks at (Qwen, Kontext): they are named, their weight is not."""
    names = []
    if node.kind == "ReferenceLatent":
        names = ["latent"]
    elif _ENCODER.search(node.kind):
        names = [name for name in graph.links(node) if re.fullmatch(r"image\d?", name)]
    for name in names:
        picture = loaded_picture(graph.link(node, name), graph, values)
        found.sources.append(SourceUse(role="reference", name=picture))


def _named_model(link: Link | None, key: str, graph: Graph, values: Values) -> str | None:
    """The file name a loader holds, past nodes that only set the kind of a control model."""
    for _ in range(10):
        source = graph.source(link)
        if source is None:
            return None
        if key in source[0].inputs:
            return values.name(source[0], key)
        link = graph.link(source[0], "control_net")
    return None
