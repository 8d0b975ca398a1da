"""Values of inputs: written in, or computed by small nodes whose arithmetic is certain.

A node that draws at random, asks a language model or rewrites text has no value here: only what
the file itself settles is a fact.
"""

import re
from dataclasses import dataclass, field

from remarque.intake import scalars
from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.pipes import field_at, names_of
from remarque.intake.comfyui.presets import has_preset, preset_size
from remarque.intake.comfyui.texts import holds_was_token, is_text_work, worked_out
from remarque.model.canonical import Json
from remarque.model.recipe import Size

_DEEPEST = 60
_LONGEST_TEXT = 1_000_000
_CONSTANT_KEYS = (
    "value",
    "Value",
    "string",
    "String",
    "text",
    "Text",
    "prompt",
    "seed",
    "noise_seed",
    "int",
    "float",
    "number",
    "boolean",
    "positive",
    "negative",
    "cfg",
    "steps",
    "size",
    "sampler_name",
    "scheduler",
    "ckpt_name",
    "unet_name",
)
_CONSTANT_KINDS = re.compile(
    r"primitive|constant|literal|multiline|text|string|int|float|seed|number|prompt|selector|value"
    r"|easy (?:positive|negative)",
    re.IGNORECASE,
)
_CHANGING_KINDS = re.compile(
    r"random|wildcard|dynamic|llm|gpt|translat|caption|interrog|tagger|styl|replac|generat|enhanc"
    r"|load|file|read|encode|regex|split|extract|format|convert|python|eval|math|convers",
    re.IGNORECASE,
)
_SEEDS = {"seed", "noise_seed"}
# Inputs that steer the user interface and never change the value.
_INTERFACE_KEYS = {
    "control_after_generate", "control_before_generate", "speak_and_recognation",
    "ttNnodeVersion", "unique_id", "Select to add LoRA", "Select to add Wildcard",
}  # fmt: skip


@dataclass
class Values:
    """Resolves inputs of one graph; remembers what it found, so that no walk explodes."""

    graph: Graph
    _known: dict[Link, Json] = field(default_factory=dict)
    _depth: int = 0

    def of(self, node: Node, name: str) -> Json:
        """The value of an input: text, number or truth value; None where unknown."""
        link = self.graph.link(node, name)
        return self._unwrapped(node.inputs.get(name)) if link is None else self._output(link)

    def text(self, node: Node, name: str) -> str | None:
        """The text of an input."""
        return scalars.words(self.of(node, name))

    def name(self, node: Node, name: str) -> str | None:
        """The name an input holds: a model, sampler or file."""
        return scalars.name(self.of(node, name))

    def real(self, node: Node, name: str) -> float | None:
        """The number an input holds."""
        return scalars.real(self.of(node, name))

    def count(self, node: Node, name: str) -> int | None:
        """The number of steps or pictures an input holds."""
        return scalars.count(self.of(node, name))

    def size(self, node: Node) -> Size | None:
        """The size in inputs named width and height."""
        return scalars.size(self.of(node, "width"), self.of(node, "height"))

    @staticmethod
    def _unwrapped(raw: Json) -> Json:
        if isinstance(raw, dict):  # pysssss' loaders: {"content": name, "image": preview}
            raw = raw.get("content")
        return raw if isinstance(raw, str | int | float) else None

    def _output(self, link: Link) -> Json:
        if link in self._known or self._depth >= _DEEPEST:
            return self._known.get(link)
        self._known[link] = None  # what a cycle finds
        self._depth += 1
        source = self.graph.source(link)
        value = self._computed(*source) if source is not None else None
        self._depth -= 1
        if isinstance(value, str) and len(value) > _LONGEST_TEXT:
            value = None
        self._known[link] = value
        return value

    def _computed(self, node: Node, output: int) -> Json:
        asked = field_at(node.kind, output)
        if asked is not None:
            return self._given(node, asked)
        if output != 0:
            return None
        if is_text_work(node):
            return worked_out(node, lambda name: self.text(node, name))
        return self._constant(node)

    def _given(self, node: Node, asked: str) -> Json:
        """What a node with known outputs hands on, or the size its preset names."""
        if asked in {"width", "height"} and has_preset(node):
            size = preset_size(node, lambda name: self.of(node, name))
            return getattr(size, asked) if size is not None else None
        name = next((name for name in names_of(asked) if name in node.inputs), None)
        value = self.of(node, name) if name is not None else None
        rewritten = node.kind == "Text String" and isinstance(value, str) and holds_was_token(value)
        return None if rewritten else value

    def _constant(self, node: Node) -> Json:
        """The one value of a node that holds nothing else."""
        names = [name for name in node.inputs if name not in _INTERFACE_KEYS]
        if len(names) != 1 or names[0] not in _CONSTANT_KEYS:
            return None
        if names[0] in _SEEDS:  # a "generator" of seeds gives the one that stands in it
            certain = "seed" in node.kind.casefold() and "random" not in node.kind.casefold()
        else:
            certain = bool(_CONSTANT_KINDS.search(node.kind))
            certain = certain and not _CHANGING_KINDS.search(node.kind)
        return self.of(node, names[0]) if certain else None
