"""Each step's difference as one value: what terminal, studio and case file all tell from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from remarque.model.changes import Category, Change, quoted
from remarque.model.comparison import Syntaxes, compare_recipes, incomparable
from remarque.model.descent import Basis, Descent, EditedRegion, Parent, Relation
from remarque.model.history import Take
from remarque.model.lineage import Edge, LineageGraph, lineage_of
from remarque.model.recipe import Recipe
from remarque.model.rewording import Action
from remarque.model.takes import prompt_syntax

MOST_PAIRS = 1024
"""So many pairs of prompts are kept with their differences. Most takes of a work repeat the words
of the one before, or those of another neighbour, and reading prompts is most of the work."""


@dataclass(frozen=True, slots=True)
class Step:
    """One take, what it came from, and what the author changed to come to it.

    ``number`` counts from 1 in the order told; ``parent`` is the number of the take it is compared
    with, None for a beginning and for a parent outside the work. ``relation``, ``basis`` and
    ``because`` say how it came from there and how firmly that is known; all are None or empty for
    a beginning. ``changes`` are *inferred* from the two recipes and from the two pictures;
    ``incomparable`` names facts only one of the two files records; ``edit`` is what an outside
    program changed; ``parents`` are the numbers of all known parents, the most important first.
    """

    number: int
    take: Take
    parent: int | None
    relation: Relation | None
    basis: Basis | None
    because: str
    changes: tuple[Change, ...] = ()
    incomparable: tuple[str, ...] = ()
    edit: EditedRegion | None = None
    parents: tuple[int, ...] = ()


def steps_of(
    takes: Sequence[Take], descents: Sequence[Descent], *, last: int | None = None
) -> tuple[Step, ...]:
    """The steps of one work in the order told (``lineage.lineage_of``).

    Args:
        takes: In the order of the ledger.
        descents: As recorded.
        last: Work out only so many steps at the end; their numbers stay what they are.
    """
    return steps_in(lineage_of(takes, descents), takes, descents, last=last)


def steps_in(
    graph: LineageGraph,
    takes: Sequence[Take],
    descents: Sequence[Descent],
    *,
    last: int | None = None,
) -> tuple[Step, ...]:
    """As ``steps_of``, where the graph is at hand already."""
    by_id = {take.take: take for take in takes}
    recorded = {descent.take: descent for descent in descents}
    numbers = {node: number for number, node in enumerate(graph.order, start=1)}
    into = graph.parents()
    first = 0 if last is None else max(0, len(graph.order) - last)
    return tuple(
        _step(graph, _Node(node, numbers, by_id, into.get(node, ()), recorded.get(node)))
        for node in graph.order[first:]
    )


@dataclass(frozen=True, slots=True)
class _Node:
    """One take with what is known around it."""

    node: str
    numbers: dict[str, int]
    takes: dict[str, Take]
    edges: tuple[Edge, ...]
    descent: Descent | None


def _step(graph: LineageGraph, at: _Node) -> Step:
    take, number = at.takes[at.node], at.numbers[at.node]
    if not at.edges:
        return _without_parent(take, number, graph.outside.get(at.node, ()))
    edge = at.edges[0]
    before, parent = at.takes[edge.parent], _recorded_parent(at.descent, edge, at.takes)
    edit = parent.edit if parent is not None else None
    syntax = prompt_syntax(before, take)
    inherits = edge.relation in (Relation.EDIT, Relation.RESAVE)
    changes, one_sided = ((), ()) if inherits else _compared(before.recipe, take.recipe, syntax)
    return Step(
        number=number,
        take=take,
        parent=at.numbers[edge.parent],
        relation=edge.relation,
        basis=edge.basis,
        because=edge.because,
        changes=(*changes, *_changes_of_pictures(edge, before, edit)),
        incomparable=one_sided,
        edit=edit,
        parents=tuple(dict.fromkeys(at.numbers[one.parent] for one in at.edges)),
    )


def _compared(
    before: Recipe, after: Recipe, syntax: Syntaxes
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """What changed, and the facts only one side records.

    Prompts that are known on both sides are compared apart from everything else and remembered;
    that gives the same, because they come first and name nothing that the rest looks at.
    """
    told: list[Change] = []
    # Where the prompt has to stay, so has the negative prompt: its changes come second.
    if _says_nothing_else(before.prompt, after.prompt):
        told += _reworded(before.prompt or "", after.prompt or "", syntax)
        before, after = replace(before, prompt=""), replace(after, prompt="")
        if _says_nothing_else(before.negative_prompt, after.negative_prompt):
            two = (before.negative_prompt or "", after.negative_prompt or "")
            told += _reworded(*two, syntax, negative=True)
            before, after = replace(before, negative_prompt=""), replace(after, negative_prompt="")
    rest = compare_recipes(before, after, syntax)
    return (*told, *rest), incomparable(before, after, syntax)


@lru_cache(MOST_PAIRS)
def _reworded(
    one: str, other: str, syntax: Syntaxes, *, negative: bool = False
) -> tuple[Change, ...]:
    """How one prompt became the other."""
    if one == other and syntax[0] == syntax[1]:
        return ()
    if negative:
        before, after = Recipe(negative_prompt=one), Recipe(negative_prompt=other)
    else:
        before, after = Recipe(prompt=one), Recipe(prompt=other)
    return compare_recipes(before, after, syntax)


def _says_nothing_else(one: str | None, other: str | None) -> bool:
    """Whether both are known and neither may name LoRAs, which are compared with the others."""
    return one is not None and other is not None and "<" not in one + other


def _without_parent(take: Take, number: int, outside: tuple[Parent, ...]) -> Step:
    if not outside:
        return Step(number, take, None, None, None, "")
    parent = outside[0]
    return Step(number, take, None, parent.relation, parent.basis, parent.because, edit=parent.edit)


def _recorded_parent(descent: Descent | None, edge: Edge, takes: dict[str, Take]) -> Parent | None:
    picture = takes[edge.parent].picture.digest
    wanted = (edge.parent, picture)
    for parent in descent.parents if descent is not None else ():
        if parent.take in wanted or parent.picture in wanted:
            return parent
    return None


def _changes_of_pictures(edge: Edge, before: Take, edit: EditedRegion | None) -> Iterator[Change]:
    """The choice that lies in the picture itself: an edit."""
    if edge.relation is not Relation.EDIT:
        return
    if edit is None:
        sentence = f"edited {quoted(before.picture.name)} outside the generator"
        yield Change(Category.EDIT, Action.CHANGED, "picture", None, None, sentence)
        return
    program = f" in {edit.program}" if edit.program else " outside the generator"
    share = f"{edit.share:.1%}".replace("%", " %") if edit.share >= 0.001 else "under 0.1 %"  # noqa: PLR2004
    sentence = f"edited {quoted(before.picture.name)}{program}: {share} of the pixels changed"
    yield Change(Category.EDIT, Action.CHANGED, "picture", None, share, sentence)
