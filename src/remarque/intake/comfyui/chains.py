"""Chains of samplings that end in a picture: first sampler to last."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from remarque.intake.comfyui.conditioning import walk_words
from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.samplers import Stage, is_sampler, stage_of
from remarque.intake.comfyui.tracing import upstream
from remarque.intake.comfyui.values import Values

Chain: TypeAlias = tuple[Stage, ...]

_MOST_CHAINS = 16
_LONGEST_CHAIN = 32
_MOST_OUTPUTS = 20
_SAVING = ("save", "videocombine")
_SHOWING = ("preview",)


@dataclass(frozen=True, slots=True)
class Ending:
    """One chain and the output node it leads to."""

    chain: Chain
    output: Node


@dataclass
class Chains:
    """Finds the chains of one graph."""

    graph: Graph
    values: Values
    _stages: dict[str, Stage] = field(default_factory=dict)
    _earlier: dict[str, list[Node]] = field(default_factory=dict)

    def endings(self) -> tuple[list[Ending], bool]:
        """Chains that end in a picture, and whether shorter ones inside them were left aside.

        Where some node saves, nodes that only show are no candidates: a saved file comes from
        the former.
        """
        found = [
            Ending(chain, output) for output in self._outputs() for chain in self._ending_in(output)
        ][: _MOST_CHAINS * 4]
        unique = {tuple(stage.node.id for stage in ending.chain): ending for ending in found}
        longest = [
            ending
            for path, ending in unique.items()
            if not any(len(path) < len(other) and other[: len(path)] == path for other in unique)
        ]
        return longest[:_MOST_CHAINS], len(longest) < len(unique)

    def _outputs(self) -> list[Node]:
        ends = [node for node in self.graph.nodes.values() if self._is_output(node)]
        for words in (_SAVING, _SHOWING):
            named = [n for n in ends if any(word in n.kind.casefold() for word in words)]
            named = named[:_MOST_OUTPUTS]
            if any(self._nearest(node) for node in named):
                return named
        return ends[:_MOST_OUTPUTS]

    def _is_output(self, node: Node) -> bool:
        if not any(self.graph.links(node)):
            return False
        kind = node.kind.casefold()
        named = any(word in kind for word in (*_SAVING, *_SHOWING))
        return named or node.id not in self.graph.consumed

    def _nearest(self, output: Node) -> list[Node]:
        """Samplers whose pictures reach an output node, none behind another."""
        if is_sampler(output):
            return [output]
        links: list[Link | None] = [Link(output.id, 0)]
        return [node for node, _ in upstream(links, self.graph) if is_sampler(node)]

    def _ending_in(self, output: Node) -> list[Chain]:
        chains = (chain for node in self._nearest(output) for chain in self._back_from(node, ()))
        return list(islice(chains, _MOST_CHAINS))

    def _back_from(self, node: Node, after: tuple[str, ...]) -> Iterator[Chain]:
        """Chains that end in this sampler, one after the other: there can be very many.

        Cycles and very long ones end where they do.
        """
        if node.id in after or len(after) >= _LONGEST_CHAIN:
            return
        stage, alone = self._stage(node), True
        for before in self._before(stage):
            for chain in self._back_from(before, (*after, node.id)):
                alone = False
                yield (*chain, stage)
        if alone:
            yield (stage,)

    def _stage(self, node: Node) -> Stage:
        if node.id not in self._stages:
            self._stages[node.id] = stage_of(node, self.graph, self.values)
        return self._stages[node.id]

    def _before(self, stage: Stage) -> list[Node]:
        """Samplers whose result this one starts from."""
        if stage.node.id in self._earlier:
            return self._earlier[stage.node.id]
        links: list[Link | None] = [stage.latent, stage.pixels]
        words = walk_words(stage.positive, "positive", self.graph, self.values)
        links.append(words.stage_c)
        nodes = (node for node, _ in upstream(links, self.graph) if is_sampler(node))
        found = [node for node in nodes if node.id != stage.node.id]
        self._earlier[stage.node.id] = found
        return found
