"""The takes of one work as a graph: which came from which, and on what basis.

Built from the takes and the recorded descents in linear time. What does not add up (a parent that
is not there, a take that descends from itself) is left out of the edges and said in a sentence.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from remarque.model.descent import Basis, Descent, Parent, Relation
from remarque.model.history import Take
from remarque.model.ordering import likeness, moment_of, propose_order, words_of

SITTING_GAP = timedelta(minutes=30)
"""A longer pause between two takes ends a sitting."""
NEAR_WORDS = 0.4
"""Takes of two sittings go on from one another when they share this part of their words."""

_MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Edge:
    """One take came from another. ``parent`` and ``child`` are take ids."""

    parent: str
    child: str
    relation: Relation
    basis: Basis
    because: str


@dataclass(frozen=True, slots=True)
class LineageGraph:
    """The takes of a work and what leads from one to the next.

    ``nodes`` are take ids in the order of the ledger, imported ones in their proposed order, which
    rests on ``order_basis``; ``order`` is the order they are told in: the same, moved as little as
    needed for recorded parents to come before their children. ``edges`` lead from parent to
    child, the first edge into a child from its most important parent; ``roots`` are nodes without
    a parent; ``outside`` are recorded parents that no take of this work made; ``problems`` are
    sentences about what was left out.
    """

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]
    roots: tuple[str, ...]
    order: tuple[str, ...]
    outside: Mapping[str, tuple[Parent, ...]]
    order_basis: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def parents(self) -> dict[str, tuple[Edge, ...]]:
        """The edges into each node that has any."""
        return _grouped((edge.child, edge) for edge in self.edges)

    def children(self) -> dict[str, tuple[Edge, ...]]:
        """The edges out of each node that has any."""
        return _grouped((edge.parent, edge) for edge in self.edges)


def lineage_of(takes: Sequence[Take], descents: Sequence[Descent]) -> LineageGraph:
    """The graph of one work.

    Args:
        takes: In the order of the ledger; imported ones are put in their proposed order.
        descents: As recorded; of several for one take the last counts.
    """
    proposed = propose_order(takes)
    told = [takes[at] for at in proposed.order]
    recorded = {descent.take: descent for descent in descents}
    edges: list[Edge] = []
    outside: dict[str, tuple[Parent, ...]] = {}
    problems: list[str] = []
    made = _makers(told)
    for take in told:
        descent = recorded.get(take.take)
        found, elsewhere = _recorded_edges(take, descent, made)
        edges += found
        if elsewhere:
            outside[take.take] = elsewhere
            # A picture that went in and is no take (a sketch, a photograph) is nothing missing.
            problems += [_missing(take, parent) for parent in elsewhere if parent.take is not None]
    nodes = tuple(dict.fromkeys(take.take for take in told))
    order, closing = _in_order(nodes, edges)
    left_out = set(map(id, closing))
    kept = [edge for edge in edges if id(edge) not in left_out]
    related = {edge.child for edge in kept} | outside.keys()
    by_id = {take.take: take for take in told}
    next_ones = _edges_by_recipe([by_id[node] for node in order])
    kept += [edge for edge in next_ones if edge.child not in related]
    children = {edge.child for edge in kept}
    return LineageGraph(
        nodes=nodes,
        edges=tuple(kept),
        roots=tuple(node for node in order if node not in children),
        order=tuple(order),
        outside=outside,
        order_basis=proposed.basis,
        problems=_shortened([*problems, *map(_circular, closing)]),
    )


def same_sitting(before: datetime | None, after: datetime | None) -> bool:
    """Whether so little time lies between two moments that one sitting holds both.

    A moment that is not known begins no new sitting, and neither does a clock that went back.
    """
    if before is None or after is None:
        return True
    return after - before <= SITTING_GAP


def _makers(takes: Sequence[Take]) -> dict[str, str]:
    """The first take of each picture, and every take of itself."""
    made: dict[str, str] = {}
    for take in takes:
        made.setdefault(take.picture.digest, take.take)
        made[take.take] = take.take
    return made


def _recorded_edges(
    take: Take, descent: Descent | None, made: Mapping[str, str]
) -> tuple[list[Edge], tuple[Parent, ...]]:
    """The edges into one take, and the recorded parents that no take of this work made."""
    edges: list[Edge] = []
    elsewhere: list[Parent] = []
    for parent in descent.parents if descent is not None else ():
        maker = made.get(parent.take or "") or made.get(parent.picture)
        if maker is None:
            elsewhere.append(parent)
        else:
            edges.append(Edge(maker, take.take, parent.relation, parent.basis, parent.because))
    return edges, tuple(elsewhere)


def _edges_by_recipe(told: Sequence[Take]) -> Iterator[Edge]:
    """From each take to the next of its sitting; across a pause only where the words go on.

    A take whose file records no recipe is passed over: there is nothing to compare it by.
    """
    before: Take | None = None
    for take in told:
        if take.recipe.prompt is None and take.recipe.seed is None:
            continue
        if before is not None:
            because = _why_next(before, take)
            if because:
                yield Edge(before.take, take.take, Relation.VARIATION, Basis.RECIPE, because)
        before = take


def _why_next(before: Take, take: Take) -> str:
    if same_sitting(moment_of(before), moment_of(take)):
        return "no parent is known; it is the next take of the same sitting"
    shared = likeness(words_of(before.recipe), words_of(take.recipe))
    if shared < NEAR_WORDS:
        return ""
    share = f"{shared:.0%}".replace("%", " %")
    return f"no parent is known; it begins a sitting and shares {share} of its words with this one"


def _in_order(nodes: Sequence[str], edges: Sequence[Edge]) -> tuple[list[str], list[Edge]]:
    """An order with parents first, and the edges left out because they close a circle.

    Depth first from each node in turn, without recursion, so that no chain is too long.
    """
    into = _grouped((edge.child, edge) for edge in edges)
    order: dict[str, None] = {}
    closing: list[Edge] = []
    for start in nodes:
        path: set[str] = set()
        stack = [start]
        while stack:
            node = stack[-1]
            if node in order or node in path:
                stack.pop()
                path.discard(node)
                order.setdefault(node)
                continue
            path.add(node)
            for edge in reversed(into.get(node, ())):
                if edge.parent in path:
                    closing.append(edge)
                elif edge.parent not in order:
                    stack.append(edge.parent)
    return list(order), closing


def _grouped(pairs: Iterable[tuple[str, Edge]]) -> dict[str, tuple[Edge, ...]]:
    found: dict[str, list[Edge]] = defaultdict(list)
    for key, edge in pairs:
        found[key].append(edge)
    return {key: tuple(some) for key, some in found.items()}


def _missing(take: Take, parent: Parent) -> str:
    return (
        f"take {take.take} has a parent that no take of this work made: the picture "
        f"{parent.picture}"
    )


def _circular(edge: Edge) -> str:
    return (
        f"take {edge.parent} is recorded as a parent of take {edge.child} and descends from it; "
        "the two entries contradict each other, and this one is left out"
    )


def _shortened(problems: Sequence[str]) -> tuple[str, ...]:
    """The first sentences; ten thousand of one kind say no more."""
    if len(problems) <= _MOST_PROBLEMS:
        return tuple(problems)
    return (*problems[:_MOST_PROBLEMS], f"and {len(problems) - _MOST_PROBLEMS} more like these")
