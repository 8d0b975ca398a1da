"""Nodes that hand one of their inputs on unchanged: reroutes, displays, switches."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from remarque.intake.comfyui.nodes import Link, Node
from remarque.model.canonical import Json

Constant: TypeAlias = Callable[[str], Json]
"""The value an input of the switch holds, by its name; None where only a run could tell."""

_PASSING = re.compile(
    r"show|display|preview ?any|console|clean|clear|free|purge|unload|vram|gpu|play ?sound"
    r"|notification|repeater|pass",
    re.IGNORECASE,
)
_SHOWING = re.compile(r"show|display|console", re.IGNORECASE)
_PASSED = {"anything", "any", "any_value", "source"}
_NUMBERED = {"select", "index", "Input"}
_CONDITIONS = ("boolean", "switch", "cond", "condition")
_SIDES = (("on_true", "on_false"), ("tt_value", "ff_value"))


def is_detour(node: Node) -> bool:
    """Whether a node hands one of its inputs on unchanged, whichever that is."""
    if node.kind == "Any Switch (rgthree)" or _sides(node) is not None:
        return True
    if node.kind.casefold().startswith("reroute"):
        return len(node.inputs) == 1
    if "switch" in node.kind.casefold():
        return bool(_NUMBERED & node.inputs.keys()) or "boolean" in node.inputs
    return bool(_PASSING.search(node.kind)) and _passed(node) is not None


def way_on(node: Node, output: int, links: Mapping[str, Link], constant: Constant) -> Link | None:
    """The link a detour hands on at one of its outputs; None where the file does not settle it."""
    if node.kind == "Any Switch (rgthree)":  # takes the first that is there
        return next((links[name] for name in sorted(links)), None) if output == 0 else None
    sides = _sides(node)
    if sides is not None:
        return _of_two(node, sides, links, constant) if output == 0 else None
    passed = _passed(node) if _PASSING.search(node.kind) else None
    if passed is not None:
        return links.get(passed) if output == 0 else None
    if "switch" in node.kind.casefold():
        return _numbered(node, output, links, constant)
    return next(iter(links.values()), None) if output == 0 else None


def _sides(node: Node) -> tuple[str, str] | None:
    """The names of the two inputs a condition decides between."""
    if not any(name in node.inputs for name in _CONDITIONS):
        return None
    return next((pair for pair in _SIDES if not node.inputs.keys().isdisjoint(pair)), None)


def _of_two(
    node: Node, sides: tuple[str, str], links: Mapping[str, Link], constant: Constant
) -> Link | None:
    chosen = constant(next(name for name in _CONDITIONS if name in node.inputs))
    return links.get(sides[0] if chosen else sides[1]) if isinstance(chosen, bool) else None


def _passed(node: Node) -> str | None:
    """The one linked input of a node that only looks at what it hands on."""
    linked = [name for name, raw in node.inputs.items() if isinstance(raw, list)]
    passed = {*_PASSED, "text"} if _SHOWING.search(node.kind) else _PASSED
    return linked[0] if len(linked) == 1 and linked[0] in passed else None


def _numbered(
    node: Node, output: int, links: Mapping[str, Link], constant: Constant
) -> Link | None:
    """Switches that count (``input2``, ``model1`` beside ``clip1``) or name (``model_a``)."""
    name = next((name for name in _NUMBERED if name in node.inputs), "boolean")
    chosen = constant(name)
    if isinstance(chosen, str) and chosen in links:
        return links[chosen] if output == 0 else None
    if name == "boolean":
        ending = {True: "_a", False: "_b"}[chosen] if isinstance(chosen, bool) else None
    else:
        ending = str(chosen) if isinstance(chosen, int) and not isinstance(chosen, bool) else None
    if ending is None:
        return None
    fitting = [
        key
        for key in node.inputs
        if key not in {*_NUMBERED, "boolean"} and re.fullmatch(rf"\D*?{ending}", key)
    ]
    return links.get(fitting[output]) if output < len(fitting) else None
