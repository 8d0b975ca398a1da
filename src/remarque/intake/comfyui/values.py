"""Values of inputs: written in, or computed by small nodes whose arithmetic is certain.

A node that draws at random, asks a language model or rewrites text has no value here: only what
the file itself settles is a fact.
"""

import re
from dataclasses import dataclass, field

from remarque.intake import scalars
from remarque.intake.comfyui.graph import Graph, Link, Node
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
)
_CONSTANT_KINDS = re.compile(
    r"primitive|constant|literal|multiline|text|string|int|float|seed|number|prompt", re.IGNORECASE
)
_CHANGING_KINDS = re.compile(
    r"random|wildcard|dynamic|llm|gpt|translat|caption|interrog|tagger|styl|replac|generat|enhanc"
    r"|load|file|read|encode|regex|split|extract|format|convert|python|eval|math|convers",
    re.IGNORECASE,
)
# Inputs that steer the user interface and never change the value.
_INTERFACE_KEYS = {"control_after_generate", "control_before_generate", "speak_and_recognation"}
# Joining nodes: the texts in order, and where the separator stands (None: nothing between).
_JOINS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "StringConcatenate": (("string_a", "string_b"), "delimiter"),
    "JoinStrings": (("string1", "string2"), "delimiter"),
    "ConcatStringSingle": (("string_a", "string_b"), None),
    "CR Text Concatenate": (("text1", "text2"), "separator"),
    "easy promptConcat": (("prompt1", "prompt2"), "separator"),
}
_WAS_JOIN = "Text Concatenate"


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
        if output != 0:
            return None
        if node.kind in _JOINS:
            names, separator = _JOINS[node.kind]
            between = "" if separator is None else self.of(node, separator)
            return self._joined(node, names, between)
        if node.kind == "JoinStringMulti":
            names = tuple(
                f"string_{n}" for n in range(1, (self.count(node, "inputcount") or 0) + 1)
            )
            return self._joined(node, names[:100], self.of(node, "delimiter"))
        if node.kind == _WAS_JOIN:
            return self._joined_by_was(node)
        return self._constant(node)

    def _joined(self, node: Node, names: tuple[str, ...], between: Json) -> str | None:
        parts = [self.text(node, name) if name in node.inputs else "" for name in names]
        if not isinstance(between, str) or any(part is None for part in parts):
            return None
        return between.join(part for part in parts if part is not None)

    def _joined_by_was(self, node: Node) -> str | None:
        """WAS Suite joins what is not empty and reads a written backslash-n as a line break."""
        names = sorted(name for name in node.inputs if name.startswith("text_"))
        parts = [self.text(node, name) for name in names]
        between = self.text(node, "delimiter")
        if between is None or any(part is None for part in parts):
            return None
        strip = self.of(node, "clean_whitespace") == "true"
        texts = [part.strip() if strip else part for part in parts if part is not None]
        return ("\n" if between == "\\n" else between).join(text for text in texts if text)

    def _constant(self, node: Node) -> Json:
        """The one value of a node that holds nothing else."""
        if not _CONSTANT_KINDS.search(node.kind) or _CHANGING_KINDS.search(node.kind):
            return None
        names = [name for name in node.inputs if name not in _INTERFACE_KEYS]
        if len(names) != 1 or names[0] not in _CONSTANT_KEYS:
            return None
        return self.of(node, names[0])
