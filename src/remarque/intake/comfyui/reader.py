"""Read ComfyUI's ``prompt`` (what was executed) and its ``workflow`` (the canvas)."""

from collections.abc import Sequence
from dataclasses import replace

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.comfyui.chains import Chains
from remarque.intake.comfyui.graph import Graph, graph_from_prompt
from remarque.intake.comfyui.recipes import agreeing, recipe_of
from remarque.intake.comfyui.values import Values
from remarque.intake.comfyui.workflow import graph_from_workflow
from remarque.intake.loose_json import LooseJson, parse_loosely
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, Recipe

_SHOWN_IDS = 8
_DEEPEST_WRAPPING = 4


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each executed graph."""
    return tuple(
        _account(graph, chunk, parsed)
        for chunk in chunks
        if (parsed := _parsed(chunk, "prompt")) is not None
        if (graph := graph_from_prompt(_inner(parsed.value, "prompt"))) is not None
    )


def read_canvas(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each canvas graph: what it settles without having been executed.

    Beside an executed graph it only checks that one.
    """
    return tuple(
        replace(_account(graph, chunk, parsed), supplements=False)
        for chunk in chunks
        if (parsed := _parsed(chunk, "workflow")) is not None
        if (graph := graph_from_workflow(_inner(parsed.value, "workflow"))) is not None
    )


def _parsed(chunk: Chunk, name: str) -> LooseJson | None:
    """The JSON of a PNG chunk of that name, or of an EXIF tag that begins with it.

    ComfyUI writes EXIF tags as ``prompt:{…}``, whichever tag is free; some nodes write one
    JSON object into UserComment.
    """
    text = (chunk.text or "").lstrip()
    if chunk.key.casefold() == name:
        return parse_loosely(text) if text.startswith("{") else None
    if text[: len(name) + 1].casefold() == f"{name}:":
        return parse_loosely(text[len(name) + 1 :])
    if chunk.key == "UserComment" and text.startswith("{"):
        return parse_loosely(text)
    return None


def _inner(value: Json, name: str) -> Json:
    """The graph itself where something else keeps it: an object, a text, a line of the history."""
    for _ in range(_DEEPEST_WRAPPING):
        inner = value.get(name) if isinstance(value, dict) else None
        match inner:
            case str():
                parsed = parse_loosely(inner)
                value = parsed.value if parsed is not None else None
            case dict() if "class_type" not in inner:
                value = inner
            case [int(), str(), dict() as queued, *_]:  # number, id, graph, as the queue keeps it
                value = queued
            case _:
                break
    return value


def _account(graph: Graph, chunk: Chunk, parsed: LooseJson) -> Account:
    origin, values = name_of(chunk), Values(graph)
    chains = Chains(graph, values, chunk.place)
    endings, nested = chains.endings()
    doubts = [
        f'{origin} says "{key[:40]}" twice in one object.'
        for key in parsed.doubled[:20]
        if scalars.name(key)
    ]
    if nested:
        doubts.append(
            f"{origin} saves pictures after several of its samplers; "
            "it is read as the one of the last, and the file does not say which this is."
        )
    if len(endings) > 1:
        ids = sorted({ending.chain[-1].node.id for ending in endings})[:_SHOWN_IDS]
        doubts.append(
            f"{origin} leads to pictures by {len(endings)} ways (last samplers: {', '.join(ids)}) "
            "and none of them alone is this picture's; only what they share is read."
        )
    if endings and (others := chains.unsampled()):
        named = ", ".join(node.id for node in others[:_SHOWN_IDS])
        doubts.append(
            f"{origin} also saves pictures that no sampler of it made (nodes {named}); "
            "it is read as a sampled one, and the file does not say which this is."
        )
    recipes = [recipe_of(ending, graph, values) for ending in endings]
    return Account(
        generator=_generator(parsed.value),
        wording="comfyui",
        recipe=agreeing(recipes) if recipes else Recipe(),
        origin=origin,
        doubts=tuple(doubts),
    )


def _generator(raw: Json) -> str:
    """ComfyUI; Civitai's own runs keep their resource names beside the nodes."""
    return "Civitai" if isinstance(raw, dict) and "extraMetadata" in raw else "ComfyUI"
