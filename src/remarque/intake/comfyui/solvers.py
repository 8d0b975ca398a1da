"""Sampler and schedule given as nodes of their own, as ComfyUI's custom samplers take them."""

from dataclasses import dataclass
from typing import TypeAlias

from remarque.intake.comfyui.graph import Graph, Node
from remarque.intake.comfyui.values import Values
from remarque.model.recipe import Setting

_DEEPEST = 20

_Part: TypeAlias = tuple[Node, int] | None


def sampler_name(part: _Part, values: Values) -> tuple[str | None, tuple[Setting, ...]]:
    """The sampler's name; a sampler that is a node of its own is named by its class."""
    if part is None:
        return None, ()
    found = values.name(part[0], "sampler_name")
    return found, () if found else (Setting("sampler node", part[0].kind),)


@dataclass(frozen=True, slots=True)
class Sigmas:
    """The noise schedule. Only BasicScheduler names one; others are named by their class."""

    steps: int | None = None
    scheduler: str | None = None
    denoise: float | None = None
    settings: tuple[Setting, ...] = ()

    @classmethod
    def read(cls, part: _Part, graph: Graph, values: Values) -> "Sigmas":
        """The schedule behind a link, past nodes that cut or turn it round."""
        passed: list[Setting] = []
        for _ in range(_DEEPEST):
            if part is None:
                break
            node = part[0]
            if "sigmas" not in node.inputs or "steps" in node.inputs:
                named = values.name(node, "scheduler")
                if named is None:
                    passed.append(Setting("scheduler node", node.kind))
                return cls(
                    steps=values.count(node, "steps"),
                    scheduler=named,
                    denoise=values.real(node, "denoise"),
                    settings=tuple(passed),
                )
            passed.append(Setting("sigmas through", node.kind))
            part = graph.source(graph.link(node, "sigmas"))
        return cls(settings=tuple(passed))
