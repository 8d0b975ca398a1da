"""The model a sampler used: from its ``model`` input back through LoRAs to the loader."""

import re
from dataclasses import dataclass, field

from remarque.intake import scalars
from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.loras import loras_at
from remarque.intake.comfyui.tracing import loaded_picture
from remarque.intake.comfyui.values import Values
from remarque.model.recipe import LoraUse, SourceUse

_LOADER_KEYS = ("ckpt_name", "unet_name", "base_ckpt_name", "model_path", "model_name")
_ONWARD = ("model", "model1", "model2", "model3", "base_model", "model_override")
_MODEL_FILE = re.compile(r"\.(?:safetensors|ckpt|gguf|sft|pth?|bin)\Z", re.IGNORECASE)
_OTHER_FILES = re.compile(r"clip|vae|lora|control|style|upscale|t5|llm|text|refiner", re.IGNORECASE)
_ADAPTER = re.compile(r"ipadapter|pulid", re.IGNORECASE)
_MOST_STEPS = 500
_MOST_LAYERS = 100


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
        take_loras(node, graph, values, facts)
        _take_adapter(node, graph, values, facts)
        onward = [graph.link(node, name) for name in _ONWARD if _is_link(node, name)]
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
        take_loras(node, graph, values, facts)
        if facts.clip_skip is None and "stop_at_clip_layer" in node.inputs:
            layer = scalars.whole(values.of(node, "stop_at_clip_layer"))
            facts.clip_skip = -layer if layer is not None and -_MOST_LAYERS < layer < 0 else None
        link = graph.link(node, "clip")


def _is_link(node: Node, name: str) -> bool:
    return isinstance(node.inputs.get(name), list)


def take_loras(node: Node, graph: Graph, values: Values, facts: ModelFacts) -> None:
    """Add the LoRAs that a node applies itself; each node counts once."""
    if node.id not in facts.loras:
        facts.loras[node.id] = [use for use in loras_at(node, graph, values) if use.name]


def _loaded(node: Node, values: Values) -> str | None:
    """The model file a loader names: by the usual inputs, else by the one file name it holds."""
    for key in _LOADER_KEYS:
        if key in node.inputs:
            return values.name(node, key)
    names = {
        found
        for key, raw in node.inputs.items()
        if isinstance(raw, str) and not _OTHER_FILES.search(key)
        if (found := scalars.name(raw)) is not None and _MODEL_FILE.search(found)
    }
    return names.pop() if len(names) == 1 else None


def _take_adapter(node: Node, graph: Graph, values: Values, facts: ModelFacts) -> None:
    """IP-Adapters and PuLID sit on the model link and bring a reference picture in."""
    if _ADAPTER.search(node.kind) and "image" in node.inputs:
        facts.sources.append(
            SourceUse(
                role="reference",
                name=loaded_picture(graph.link(node, "image"), graph, values),
                strength=values.real(node, "weight"),
            )
        )
