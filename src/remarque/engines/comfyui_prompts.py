"""What ComfyUI executed, and the part of it that one picture comes from.

An executed prompt is a JSON object of nodes by id. It often ends in several pictures (a preview
here, an upscaled copy there); only the nodes behind one output node made that node's picture.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from remarque.errors import MetadataMalformed
from remarque.intake.chunks import read_chunks
from remarque.intake.comfyui import reader
from remarque.intake.loose_json import forget_parsed, parse_object
from remarque.model.canonical import Json, encode_canonical
from remarque.model.recipe import Chunk, Reading, Recipe, Setting

_PLACE = "ComfyUI's executed prompt"
_MOST_NODES = 20_000
_PASSED_ON = "Passed on"  # a kind no reader knows
_ENDING_WORDS = ("save", "preview", "videocombine")


@dataclass(frozen=True, slots=True)
class Place:
    """Where among the pictures of one output node a picture stands: number ``index`` of ``of``."""

    node: str
    index: int
    of: int


def part_behind(prompt: Mapping[str, Json], node: str) -> dict[str, Json]:
    """The nodes that made a node's picture, itself included, in the order of the prompt.

    Empty where the prompt has no such node (nodes that a node expanded into at run time).
    """
    wanted, waiting = set[str](), [node]
    while waiting and len(wanted) < _MOST_NODES:
        found = waiting.pop()
        if found in wanted or not isinstance(prompt.get(found), dict):
            continue
        wanted.add(found)
        waiting += _linked(prompt[found])
    return {key: _seen_from(node, key, prompt[key]) for key in prompt if key in wanted}


def reading_of(prompt: Mapping[str, Json], place: Place) -> Reading:
    """What the executed prompt says of the picture at a place. Unknown stays None.

    Every picture of a batch has the seed of the batch; which one it is says its place. Nothing
    like "seed + 1" is made up: ComfyUI draws the noise of a batch from one generator.
    """
    part = part_behind(prompt, place.node) or dict(prompt)
    chunk = Chunk(_PLACE, "prompt", b"", json.dumps(part))
    try:
        accounts = reader.read([chunk])
    finally:
        forget_parsed()
    if not accounts:
        return Reading("ComfyUI", Recipe())
    account = accounts[0]
    return Reading(account.generator, _placed(account.recipe, place), remarks=account.doubts)


def executed_bytes(prompt: Mapping[str, Json]) -> bytes | None:
    """The prompt in canonical JSON; None where it has no such form (NaN, broken text)."""
    try:
        return encode_canonical(dict(prompt))
    except MetadataMalformed:
        return None


def with_values(
    prompt: Mapping[str, Json], values: Mapping[tuple[str, str], Json]
) -> tuple[dict[str, Json], tuple[Setting, ...]]:
    """The prompt with the values that linked inputs had when their nodes ran.

    ``values`` are plain values by node id and input name. Returned with it: a setting for each
    value that was filled in, so that a reader can tell it from what was typed.
    """
    filled = dict(prompt)
    settings = []
    for (node_id, name), value in values.items():
        node = filled.get(node_id)
        if not isinstance(node, dict) or not isinstance(node.get("inputs"), dict):
            continue
        if _is_link(node["inputs"].get(name)):
            filled[node_id] = {**node, "inputs": {**node["inputs"], name: value}}
            shown = f"a text of {len(value)} characters" if isinstance(value, str) else str(value)
            settings.append(Setting(f"computed at run time: {node_id}.{name}", shown))
    return filled, tuple(settings)


def contradiction_with_file(prompt: Mapping[str, Json], content: bytes) -> str | None:
    """A sentence where the file carries another prompt than the one that was executed."""
    texts = [chunk.text for chunk in read_chunks(content) if chunk.key == "prompt"]
    carried = parse_object(texts[0]) if texts else None
    forget_parsed()
    if carried is None or _plain(carried) == _plain(dict(prompt)):
        return None
    differing = sorted(
        key for key in {*carried, *prompt} if _plain(carried.get(key)) != _plain(prompt.get(key))
    )
    return (
        "The file's prompt is not the one ComfyUI was given to execute: they differ at node "
        f"{', '.join(differing[:8])}."
    )


def _linked(node: Mapping[str, Json]) -> list[str]:
    inputs = node.get("inputs")
    values = inputs.values() if isinstance(inputs, dict) else ()
    return [str(value[0]) for value in values if _is_link(value)]


def _is_link(value: Json) -> bool:
    """A link is ``[node id, number of its output]``, as ``comfy_execution.graph_utils.is_link``."""
    match value:
        case [str() | int(), int() as output]:
            return not isinstance(output, bool)
        case _:
            return False


def _seen_from(end: str, key: str, node: Json) -> Json:
    """A node on the way that also saves or shows is for this picture only a node on the way."""
    kind = node.get("class_type")
    if key == end or not isinstance(kind, str):
        return node
    ends = any(word in kind.casefold() for word in _ENDING_WORDS)
    return {**node, "class_type": _PASSED_ON} if ends else node


def _placed(recipe: Recipe, place: Place) -> Recipe:
    if place.of == 1:
        return recipe
    where = Setting("picture of the batch", f"{place.index} of {place.of}")
    return replace(recipe, settings=(*recipe.settings, where))


def _plain(value: Json) -> str:
    """One spelling for equal JSON; ``is_changed`` is ComfyUI's own note, written while it runs."""
    if isinstance(value, dict):
        value = {key: item for key, item in value.items() if key != "is_changed"}
    return json.dumps(value, sort_keys=True, default=str)
