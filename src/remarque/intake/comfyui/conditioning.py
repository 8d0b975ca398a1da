"""The words a sampler was given: from its ``positive`` and ``negative`` inputs to the encoders."""

import re
from dataclasses import dataclass, field

from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.pipes import field_at, is_pipe, loads_all, makes
from remarque.intake.comfyui.references import references_at
from remarque.intake.comfyui.texts import has_choices
from remarque.intake.comfyui.values import Values
from remarque.model.recipe import Setting, SourceUse

_MOST_STEPS = 500
_ENCODER = re.compile(r"text ?encode|wildcardencode|power prompt|editableclipencode", re.IGNORECASE)
_CONDITIONING = ("conditioning", "cond_")
# What encoders call their text, in the order in which different texts are joined.
_TEXT_KEYS = (
    "populated_text", "text", "prompt", "text_g", "text_l", "clip_g", "clip_l", "t5xxl", "bert",
    "mt5xl", "llama", "user_prompt", "tags", "lyrics",
)  # fmt: skip
_CLIPS = ("clip", "opt_clip")
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
        side = _side_of(node, output, side, graph)
        if (node.id, side) not in seen:
            seen.add((node.id, side))
            waiting[:0] = _read(node, side, graph, values, found)
    return found


def _side_of(node: Node, output: int, side: str, graph: Graph) -> str:
    """Nodes with both sides give positive first, negative second.

    Loaders, and nodes that patch the model as well (BrushNet, InstantID), give the model before
    them; where such a node's first output is not seen to be a model, the asking input decides.
    """
    known = field_at(node.kind, output)
    if known in {"positive", "negative"}:
        return str(known)
    if not {"positive", "negative"} <= node.inputs.keys():
        return side
    patches = "model" in graph.links(node) and not loads_all(node)
    if patches and node.id not in graph.giving_models:
        return side
    first = 1 if patches or loads_all(node) else 0
    return {first: "positive", first + 1: "negative"}.get(output, side)


def _read(
    node: Node, side: str, graph: Graph, values: Values, found: Words
) -> list[tuple[Link | None, str]]:
    """Take what this node says; returns where to go on."""
    if node.kind == "ConditioningZeroOut":
        return []
    _take_guidance(node, values, found)
    encodes = _encodes(node, graph)
    found.sources += references_at(node, graph, values, encodes=encodes)
    if node.kind == _STAGE_C:
        found.stage_c = graph.link(node, "stage_c")
    if encodes:
        both = f"{side}_prompt" in node.inputs
        _take_texts(node, values, found, (f"{side}_prompt",) if both else _TEXT_KEYS)
        clips = (graph.link(node, name) for name in _CLIPS)
        found.clips.extend(link for link in clips if link is not None)
        return []
    if loads_all(node):
        _take_loaded(node, side, values, found)
        return []
    onward = _onward(node, side, graph)
    if not onward or not all(onward):
        found.complete = False
    return [(link, side) for link in onward]


def _encodes(node: Node, graph: Graph) -> bool:
    """Whether the node turns text into conditioning: by its name, or by what goes in."""
    if _ENCODER.search(node.kind):
        return True
    links = graph.links(node)
    given = any(name in node.inputs for name in ("text", "prompt", "text_g", "positive_prompt"))
    return given and "clip" in links and not any(name.startswith(_CONDITIONING) for name in links)


def _onward(node: Node, side: str, graph: Graph) -> list[Link | None]:
    if side in node.inputs and not makes(node, side):
        return [graph.link(node, side)]
    if any(is_pipe(name) for name in graph.links(node)):
        return [graph.asked(node, side)]
    # A weight may be named alike ("conditioning_to_strength"); only lists are links. Nodes that
    # mask or combine two pairs call them "positive_1", "positive_2".
    begins = (*_CONDITIONING, f"{side}_")
    return [
        graph.link(node, name)
        for name, raw in node.inputs.items()
        if name.startswith(begins) and isinstance(raw, list)
    ]


def _take_texts(node: Node, values: Values, found: Words, keys: tuple[str, ...]) -> None:
    # Schedules over frames put these around each frame's text: then that is a part only.
    if any(node.inputs.get(name) for name in ("pre_text", "app_text")):
        found.complete = False
    present = [key for key in keys if key in node.inputs]
    texts = [values.text(node, key) for key in present]
    if not texts or any(text is None for text in texts):
        found.complete = False
    else:
        found.texts.extend(text for text in texts if text is not None)


def _take_loaded(node: Node, side: str, values: Values, found: Words) -> None:
    """A loader's own text; Easy-Use draws wildcards from it only when it runs."""
    text = values.text(node, side)
    if text is not None and node.kind.startswith("easy") and has_choices(text):
        text = None
    if text is None:
        found.complete = False
    else:
        found.texts.append(text)


def _take_guidance(node: Node, values: Values, found: Words) -> None:
    guidance = values.real(node, "guidance") if "guidance" in node.inputs else None
    if guidance is not None:
        found.settings.append(Setting("guidance", f"{guidance:g}"))
