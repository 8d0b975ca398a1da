"""The executed graph of a ``prompt`` chunk: nodes, links, and the way through switches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

from remarque.intake import scalars
from remarque.intake.comfyui.nodes import Link, Node
from remarque.intake.comfyui.pipes import SLOTS, field_at, makes, names_of, output_of, pipes_of
from remarque.intake.comfyui.switches import is_detour, way_on
from remarque.model.canonical import Json

__all__ = ["MOST_NODES", "Graph", "Link", "Node", "graph_from_prompt"]

MOST_NODES = 20_000
_LONGEST_ID = 200
_MOST_INPUTS = 1000
_LONGEST_DETOUR = 200
_MOST_IN_PIPES = 200
_HELD = ("value", "Value", "boolean", "int", "number", "switch_number")


@dataclass(frozen=True)
class Graph:
    """All nodes by id, in the order of the file."""

    nodes: Mapping[str, Node]
    _links: dict[str, dict[str, Link]] = field(default_factory=dict)
    _bundles: dict[tuple[str, str], Link | None] = field(default_factory=dict)

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
        """The node a link really comes from, past reroutes, switches and bundles; its output."""
        for _ in range(_LONGEST_DETOUR):
            node = self.nodes.get(link.node) if link is not None else None
            if node is None or link is None:
                return None
            if is_detour(node):
                onward = self._way_on(node, link.output)
            elif node.kind in SLOTS and (asked := field_at(node.kind, link.output)) is not None:
                onward = self._bundled(node, asked)
                if onward is None and not pipes_of(node):
                    onward = link  # made here from something else
            else:
                return node, link.output
            if onward == link:
                return node, link.output
            link = onward
        return None

    def asked(self, node: Node, asked: str) -> Link | None:
        """The link for a field: the node's own input of that name, or what its bundles hold."""
        own = self._own(node, asked)
        if own is not None or not pipes_of(node):
            return own
        for name in pipes_of(node):
            origin = self.source(self.link(node, name))
            found = self._bundled(origin[0], asked) if origin is not None else None
            if found is not None:
                return found
        return None

    @cached_property
    def consumed(self) -> frozenset[str]:
        """Ids of nodes whose output another node takes."""
        return frozenset(
            link.node for node in self.nodes.values() for link in self.links(node).values()
        )

    @cached_property
    def giving_models(self) -> frozenset[str]:
        """Ids of nodes whose first output some node takes as its model."""
        return frozenset(
            link.node
            for node in self.nodes.values()
            for name, link in self.links(node).items()
            if link.output == 0 and name in names_of("model")
        )

    def _own(self, node: Node, asked: str) -> Link | None:
        links = self.links(node)
        return next((links[name] for name in names_of(asked) if name in links), None)

    def _bundled(self, node: Node, asked: str) -> Link | None:
        """The link for a field of the bundle that a node gives out."""
        key = (node.id, asked)
        if key not in self._bundles:
            self._bundles[key] = self._found_in_bundle(node, asked)
        return self._bundles[key]

    def _found_in_bundle(self, node: Node, asked: str) -> Link | None:
        waiting, seen = [node], set[str]()
        while waiting and len(seen) < _MOST_IN_PIPES:
            here = waiting.pop()
            if here.id in seen:
                continue
            seen.add(here.id)
            if makes(here, asked):
                return Link(here.id, output_of(here.kind, asked))
            own = self._own(here, asked)
            if own is not None:
                return own
            if any(name in here.inputs for name in names_of(asked)):
                return Link(here.id, output_of(here.kind, asked))
            origins = [
                link
                for name in pipes_of(here)
                if (link := self._past_detours(self.link(here, name))) is not None
            ]
            waiting.extend(self.nodes[link.node] for link in reversed(origins))
        return None

    def _past_detours(self, link: Link | None) -> Link | None:
        """A bundle's link past reroutes and switches."""
        for _ in range(_LONGEST_DETOUR):
            node = self.nodes.get(link.node) if link is not None else None
            if node is None or link is None or not is_detour(node):
                return link
            link = self._way_on(node, link.output)
        return None

    def _way_on(self, node: Node, output: int) -> Link | None:
        return way_on(node, output, self.links(node), partial(self._held, node))

    def _held(self, node: Node, name: str) -> Json:
        """A switch's position: written in, or from a node that holds one value."""
        link = self.link(node, name)
        if link is None:
            raw = node.inputs.get(name)
            return None if isinstance(raw, list) else raw
        holder = self.nodes[link.node].inputs
        return next((holder[key] for key in _HELD if key in holder), None)


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
