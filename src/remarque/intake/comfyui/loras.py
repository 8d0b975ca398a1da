"""LoRAs as nodes of many packs name them: one, rows, stacks, tags in a text."""

import re
from collections.abc import Iterator

from remarque.intake import scalars
from remarque.intake.comfyui.graph import Graph, Node
from remarque.intake.comfyui.values import Values
from remarque.model.canonical import Json
from remarque.model.recipe import LoraUse

_STACKS = ("lora_stack", "optional_lora_stack", "lora", "prev_lora")
_ROW = re.compile(r"lora_name_(\d{1,2})|lora_?(\d{1,2})_name|lora_(\d{1,2})")
_COUNTS = ("lora_count", "num_loras")
_MODEL_WEIGHTS = (
    "model_weight_{}", "model_str_{}", "lora_{}_model_strength", "lora{}_model_strength",
    "strength_{}", "lora_{}_strength", "strength_model_{}",
)  # fmt: skip
_TEXT_WEIGHTS = (
    "clip_weight_{}", "clip_str_{}", "lora_{}_clip_strength", "lora{}_clip_strength",
    "strength_clip_{}",
)  # fmt: skip
_SINGLE_WEIGHTS = ("strength_model", "lora_model_strength", "lora_strength", "strength")
_SINGLE_TEXT_WEIGHTS = ("strength_clip", "lora_clip_strength", "lora_strength")
_SIMPLE_WEIGHTS = ("lora_wt_{}", "lora_{}_strength")
_PARSES_TAGS = re.compile(r"wildcardencode|power prompt|lora", re.IGNORECASE)
_TAG = re.compile(r"<lora:([^:<>]{1,300})(?::(-?[\d.]{1,12}))?(?::(-?[\d.]{1,12}))?(?::[^<>]*)?>")
_OFF = ("Off", "off", False)
_LONGEST_CHAIN = 200
_MOST_ROWS = 200


def loras_at(node: Node, graph: Graph, values: Values) -> list[LoraUse]:
    """The LoRAs that a node on the way of a model applies, those of its stack included.

    Rows that are switched off, or lie beyond the number the node was told to use, were not used.
    """
    found = list(_own(node, values))
    for name in _STACKS:
        link = graph.link(node, name)
        if link is not None:
            found += _stacked(graph.source(link), graph, values)
    return found


def _stacked(source: tuple[Node, int] | None, graph: Graph, values: Values) -> Iterator[LoraUse]:
    """A chain of stack nodes, the nearest first."""
    seen = set[str]()
    while source is not None and source[0].id not in seen and len(seen) < _LONGEST_CHAIN:
        node = source[0]
        seen.add(node.id)
        yield from _own(node, values)
        link = next((found for name in _STACKS if (found := graph.link(node, name))), None)
        source = graph.source(link)


def _own(node: Node, values: Values) -> Iterator[LoraUse]:
    if any(values.of(node, name) in _OFF for name in ("switch", "toggle") if name in node.inputs):
        return
    named = [*_named(node, values), *_rows(node, values)]
    yield from named
    if not named and _PARSES_TAGS.search(node.kind):
        yield from _tagged(node, values)


def _named(node: Node, values: Values) -> Iterator[LoraUse]:
    if "lora_name" in node.inputs:
        yield _single(node, values)
    elif isinstance(node.inputs.get("lora"), str):
        yield _one(values.name(node, "lora"), values.real(node, "strength"), None)
    for key, raw in node.inputs.items():
        if isinstance(raw, dict) and key.casefold().startswith("lora"):
            yield from _power_rows(raw)


def _one(name: str | None, weight: float | None, text: float | None) -> LoraUse:
    return LoraUse(name=name or "", weight=weight, text_weight=text)


def _single(node: Node, values: Values) -> LoraUse:
    weight, text = (
        next((name for name in names if name in node.inputs), "")
        for names in (_SINGLE_WEIGHTS, _SINGLE_TEXT_WEIGHTS)
    )
    return _one(values.name(node, "lora_name"), values.real(node, weight), values.real(node, text))


def _power_rows(raw: dict[str, Json]) -> Iterator[LoraUse]:
    """Rows of rgthree, one an input; of LoRA Manager, all in one input."""
    listed = raw.get("__value__")
    for row in listed[:_MOST_ROWS] if isinstance(listed, list) else [raw]:
        if not isinstance(row, dict) or row.get("on", row.get("active")) is not True:
            continue
        name = scalars.name(row.get("lora", row.get("name")))
        weight = scalars.real(row.get("strength"))
        text = scalars.real(row.get("strengthTwo", row.get("clipStrength")))
        yield _one(name, weight, weight if text is None else text)


def _rows(node: Node, values: Values) -> Iterator[LoraUse]:
    """Numbered inputs: a switch, a name and one weight or two."""
    limit = next((values.count(node, name) for name in _COUNTS if name in node.inputs), _MOST_ROWS)
    mode = next((values.of(node, n) for n in ("input_mode", "mode") if n in node.inputs), None)
    simple = mode == "simple"
    for key, raw in node.inputs.items():
        row = _ROW.fullmatch(key)
        number = next((group for group in row.groups() if group), "") if row else ""
        if not number or isinstance(raw, dict) or limit is None or int(number) > limit:
            continue
        if values.of(node, f"switch_{number}") in _OFF:
            continue
        models = _SIMPLE_WEIGHTS if simple else _MODEL_WEIGHTS
        weight = _weight(node, models, number, values)
        text = weight if simple else _weight(node, _TEXT_WEIGHTS, number, values)
        yield _one(values.name(node, key), weight, text)


def _weight(node: Node, names: tuple[str, ...], number: str, values: Values) -> float | None:
    name = next((key for form in names if (key := form.format(number)) in node.inputs), None)
    return values.real(node, name) if name is not None else None


def _tagged(node: Node, values: Values) -> Iterator[LoraUse]:
    """``<lora:name:0.8>`` in the text of a node that loads what it names."""
    name = next((key for key in ("populated_text", "text", "prompt") if key in node.inputs), None)
    text = values.text(node, name) if name is not None else None
    for tag in list(_TAG.finditer(text or ""))[:_MOST_ROWS]:
        weight = 1.0 if tag[2] is None else scalars.real(tag[2])
        yield _one(scalars.name(tag[1]), weight, weight if tag[3] is None else scalars.real(tag[3]))
