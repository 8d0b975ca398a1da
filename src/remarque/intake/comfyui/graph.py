"""The executed graph of a ``prompt`` chunk: nodes, links, and the way through switches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from remarque.intake import scalars
from remarque.model.canonical import Json

MOST_NODES = 20_000
_LONGEST_ID = 200
_MOST_INPUTS = 1000
_LONGEST_DETOUR = 200


@dataclass(frozen=True, slots=True)
class Link:
    """Where an input comes from: a node and the number of its output."""

    node: str
    output: int


@dataclass(frozen=True, slots=True)
class Node:
    """One executed node: its id, its class, its inputs as they stand in the file."""

    id: str
    kind: str
    inputs: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """All nodes by id, in the order of the file."""

    nodes: Mapping[str, Node]
    _links: dict[str, dict[str, Link]] = field(default_factory=dict)

    def link(self, node: Node, name: str) -> Link | None:
        """The link an input holds; None for a value, a missing input or a link to nowhere."""
        raw = node.inputs.get(name)
        match raw:
            case [str() | int() as target, int() as output] if not isinstance(output, bool):
                return Link(str(target), output) if str(target) in self.nodes else None
            case _:
                return None

    def links(self, node: Node) -> dict[str, Link]:
        """All linked inputs by name, in the order of the file."""
        if node.id not in self._links:
            found = ((name, self.link(node, name)) for name in node.inputs)
            self._links[node.id] = {name: link for name, link in found if link is not None}
        return self._links[node.id]

    def source(self, link: Link | None) -> tuple[Node, int] | None:
        """The node a link really comes from, past reroutes and switches, and its output."""
        for _ in range(_LONGEST_DETOUR):
            node = self.nodes.get(link.node) if link is not None else None
            if node is None or link is None:
                return None
            if not _is_detour(node):
                return node, link.output
            link = self._way_on(node)
        return None

    @cached_property
    def consumed(self) -> frozenset[str]:
        """Ids of nodes whose output another node takes."""
        return frozenset(
            link.node for node in self.nodes.values() for link in self.links(node).values()
        )

    def _way_on(self, node: Node) -> Link | None:
        links = self.links(node)
        if node.kind == "Any Switch (rgthree)":  # takes the first that is there
            return next((links[name] for name in sorted(links)), None)
        if "on_true" in node.inputs or "on_false" in node.inputs:
            chosen = self._constant(node, "boolean" if "boolean" in node.inputs else "switch")
            if not isinstance(chosen, bool):
                return None
            return links.get("on_true" if chosen else "on_false")
        if "select" in node.inputs:
            return links.get(f"input{self._constant(node, 'select')}")
        return next(iter(links.values()), None)

    def _constant(self, node: Node, name: str) -> Json:
        """A switch's position: written in, or from a node that holds one value."""
        link = self.link(node, name)
        return node.inputs.get(name) if link is None else self.nodes[link.node].inputs.get("value")


def graph_from_prompt(raw: Json) -> Graph | None:
    """The graph of a parsed ``prompt`` chunk; None where it is something else."""
    if not isinstance(raw, dict) or len(raw) > MOST_NODES:
        return None
    nodes = {
        key: Node(key, item["class_type"], item["inputs"])
        for key, item in raw.items()
        if isinstance(item, dict)
        and isinstance(item.get("class_type"), str)
        and isinstance(item.get("inputs"), dict)
        and len(key) <= _LONGEST_ID
        and scalars.name(key) == key
        and scalars.name(item["class_type"])
        and len(item["inputs"]) <= _MOST_INPUTS
    }
    return Graph(nodes) if nodes else None


def _is_detour(node: Node) -> bool:
    """Whether a node hands one of its inputs on unchanged."""
    if node.kind in {"ImpactSwitch", "Any Switch (rgthree)", "ComfySwitchNode"}:
        return True
    if node.kind.startswith("Switch ") and node.kind.endswith("[Crystools]"):
        return True
    return node.kind.casefold().startswith("reroute") and len(node.inputs) == 1
