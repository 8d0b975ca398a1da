"""The model a sampler used: from its ``model`` input back through LoRAs to the loader."""

import re
from dataclasses import dataclass, field

from remarque.intake import scalars
from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.tracing import loaded_picture
from remarque.intake.comfyui.values import Values
from remarque.model.canonical import Json
from remarque.model.recipe import LoraUse, SourceUse

_LOADER_KEYS = ("ckpt_name", "unet_name", "base_ckpt_name", "model_path")
_ONWARD = ("model", "model1", "model2", "model3", "base_model")
_MOST_STEPS = 500
_MOST_LAYERS = 100
_STACK_ROW = re.compile(r"(?:lora_name_|lora_)(\d{1,2})\Z")


@dataclass(slots=True)
class ModelFacts:
    """What a walk along model and CLIP links found. ``complete`` is False where it lost its way."""

    models: list[str] = field(default_factory=list)
    loras: dict[str, list[LoraUse]] = field(default_factory=dict)
    sources: list[SourceUse] = field(default_factory=list)
    clip_skip: int | None = None
    complete: bool = True

    @property
    def model(self) -> str | None:
        """The one model; None for a merge of several or where the way was lost."""
        names = list(dict.fromkeys(self.models))
        return names[0] if self.complete and len(names) == 1 else None

    def loras_in_order(self, graph: Graph) -> tuple[LoraUse, ...]:
        """LoRAs in the order the file lists their nodes (their effects add up in any order)."""
        return tuple(use for node in graph.nodes for use in self.loras.get(node, ()))


def walk_model(link: Link | None, graph: Graph, values: Values) -> ModelFacts:
    """Follow model links back to every loader."""
    facts, waiting, seen = ModelFacts(), [link], set[str]()
    while waiting and len(seen) < _MOST_STEPS:
        source = graph.source(waiting.pop())
        if source is None:
            facts.complete = False
            continue
        node = source[0]
        if node.id in seen:
            continue
        seen.add(node.id)
        _take_loras(node, graph, values, facts)
        _take_adapter(node, graph, values, facts)
        onward = [graph.link(node, name) for name in _ONWARD if name in node.inputs]
        loaded = _loaded(node, values)
        if loaded is not None and not onward:
            facts.models.append(loaded)
        elif onward:
            waiting.extend(onward)
        else:
            facts.complete = False
    return facts


def walk_clip(link: Link | None, graph: Graph, values: Values, facts: ModelFacts) -> None:
    """Follow a text encoder's ``clip`` input: LoRAs on it, and the layer it stops at."""
    seen = set[str]()
    while (source := graph.source(link)) is not None and len(seen) < _MOST_STEPS:
        node = source[0]
        if node.id in seen:
            return
        seen.add(node.id)
        _take_loras(node, graph, values, facts)
        if facts.clip_skip is None and "stop_at_clip_layer" in node.inputs:
            layer = scalars.whole(values.of(node, "stop_at_clip_layer"))
            facts.clip_skip = -layer if layer is not None and -_MOST_LAYERS < layer < 0 else None
        link = graph.link(node, "clip")


def _loaded(node: Node, values: Values) -> str | None:
    for key in _LOADER_KEYS:
        if key in node.inputs:
            return values.name(node, key)
    return None


def _take_loras(node: Node, graph: Graph, values: Values, facts: ModelFacts) -> None:
    if node.id in facts.loras:
        return
    uses: list[LoraUse] = []
    if "lora_name" in node.inputs:
        uses.append(_single(node, values))
    for key, raw in node.inputs.items():
        if isinstance(raw, dict) and key.casefold().startswith("lora"):
            uses.extend(_power_row(raw))
    stack = graph.source(graph.link(node, "lora_stack"))
    uses.extend(_stack(stack[0] if stack is not None else None, graph, values))
    facts.loras[node.id] = [use for use in uses if use.name]


def _single(node: Node, values: Values) -> LoraUse:
    weight = "strength_model" if "strength_model" in node.inputs else "lora_model_strength"
    text = "strength_clip" if "strength_clip" in node.inputs else "lora_clip_strength"
    return LoraUse(
        name=values.name(node, "lora_name") or "",
        weight=values.real(node, weight),
        text_weight=values.real(node, text),
    )


def _power_row(raw: dict[str, Json]) -> list[LoraUse]:
    """One row of rgthree's Power Lora Loader; rows that are off were not used."""
    found = scalars.name(raw.get("lora"))
    if found is None or raw.get("on") is not True:
        return []
    weight = scalars.real(raw.get("strength"))
    text = scalars.real(raw.get("strengthTwo"))
    return [LoraUse(name=found, weight=weight, text_weight=weight if text is None else text)]


def _stack(node: Node | None, graph: Graph, values: Values) -> list[LoraUse]:
    """A chain of LoRA stack nodes: rows of a switch, a name and two weights."""
    uses: list[LoraUse] = []
    seen = set[str]()
    while node is not None and node.id not in seen and len(seen) < _MOST_STEPS:
        seen.add(node.id)
        for key in node.inputs:
            row = _STACK_ROW.match(key)
            if row is None or values.of(node, f"switch_{row[1]}") == "Off":
                continue
            weight = values.real(node, f"model_weight_{row[1]}")
            if weight is None:
                weight = values.real(node, f"model_str_{row[1]}")
            uses.append(LoraUse(name=values.name(node, key) or "", weight=weight))
        earlier = graph.source(graph.link(node, "lora_stack"))
        node = earlier[0] if earlier is not None else None
    return uses


def _take_adapter(node: Node, graph: Graph, values: Values, facts: ModelFacts) -> None:
    """IP-Adapters sit on the model link and bring a reference picture in."""
    if "ipadapter" in node.kind.casefold() and "image" in node.inputs:
        facts.sources.append(
            SourceUse(
                role="reference",
                name=loaded_picture(graph.link(node, "image"), graph, values),
                strength=values.real(node, "weight"),
            )
        )
