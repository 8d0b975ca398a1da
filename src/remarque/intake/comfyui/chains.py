"""Chains of samplings that end in a picture: first sampler to last."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from remarque.intake.comfyui.conditioning import walk_words
from remarque.intake.comfyui.graph import Graph, Link, Node
from remarque.intake.comfyui.samplers import is_sampler
from remarque.intake.comfyui.stages import Stage, stage_of
from remarque.intake.comfyui.tracing import upstream
from remarque.intake.comfyui.values import Values

Chain: TypeAlias = tuple[Stage, ...]

_MOST_CHAINS = 16
_LONGEST_CHAIN = 32
_MOST_OUTPUTS = 20
_SAVING = re.compile(r"save|videocombine|image ?output", re.IGNORECASE)
_SHOWING = re.compile(r"preview", re.IGNORECASE)
_PICTURE = re.compile(r"image|picture|video|frame|pixel|anim", re.IGNORECASE)
# Which of ComfyUI's own nodes cannot have written a file of this kind.
_MOVING = ("SaveAnimatedWEBP", "SaveWEBM", "SaveVideo")
_MOVING_TAGS = {"EXIF Make", "EXIF Model"}  # where SaveAnimatedWEBP puts its two graphs


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
    place: str = ""
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

    def unsampled(self) -> list[Node]:
        """Saving nodes that may have written this file, though no sampling leads to them."""
        saving = [node for node in self._outputs() if self._saves(node)]
        return [node for node in saving if not self._nearest(node)]

    def _outputs(self) -> list[Node]:
        """The nodes that may have written this file.

        A picture that some node saves and no sampling leads to is not that of a preview beside
        it: then there is no ending at all.
        """
        ends = [node for node in self.graph.nodes.values() if self._is_output(node)]
        saving = self._able([node for node in ends if self._saves(node)])
        if saving:
            return saving[:_MOST_OUTPUTS]
        showing = [node for node in ends if _SHOWING.search(node.kind)][:_MOST_OUTPUTS]
        if any(self._nearest(node) for node in showing):
            return showing
        return ends[:_MOST_OUTPUTS]

    def _is_output(self, node: Node) -> bool:
        if not any(self.graph.links(node)):
            return False
        named = _SAVING.search(node.kind) or _SHOWING.search(node.kind)
        return bool(named) or node.id not in self.graph.consumed

    def _saves(self, node: Node) -> bool:
        """Whether a node saves pictures; models, texts and latents are saved as well."""
        how = node.inputs.get("image_output")
        if isinstance(how, str):
            return "save" in how.casefold()
        pictures = any(_PICTURE.search(name) for name in self.graph.links(node))
        return bool(_SAVING.search(node.kind)) and pictures

    def _able(self, saving: list[Node]) -> list[Node]:
        """Those that write files of the kind this chunk was found in."""
        able = saving
        if self.place.startswith("PNG"):
            able = [node for node in saving if node.kind not in _MOVING]
        elif self.place in _MOVING_TAGS:
            able = [node for node in saving if node.kind != "SaveImage"]
        return able or saving

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
