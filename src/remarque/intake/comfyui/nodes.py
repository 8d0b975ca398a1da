"""One node of an executed graph, and the link that leads to its output."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from remarque.model.canonical import Json


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
