"""A recorded graph of ComfyUI made ready to run again, its input pictures with it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from remarque.actions.orders import Order
from remarque.engines.comfyui_queue import ComfyQueue
from remarque.errors import InputError, MakingFailed
from remarque.model.canonical import Json
from remarque.model.digests import Digest, digest_of, hex_of
from remarque.model.recipe import SourceUse

_MOST_BYTES = 32 * 1024 * 1024
_MOST_NODES = 20_000
_LARGEST_EXACT = 2**53 - 1
_SEED_DIGITS = range(16, 21)
_FOLDERS = ("[input]", "[output]", "[temp]")
_SHOWN = 80


def graph_in(executed: bytes | None) -> dict[str, Json] | None:
    """The graph in the bytes of what was executed; None where they are something else."""
    if executed is None or len(executed) > _MOST_BYTES:
        return None
    try:
        parsed = json.loads(executed)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict) or not parsed or len(parsed) > _MOST_NODES:
        return None
    if not all(_is_node(node) for node in parsed.values()):
        return None
    return {key: _as_queued(node) for key, node in parsed.items()}


def with_pictures(
    graph: Mapping[str, Json], order: Order, queue: ComfyQueue
) -> tuple[dict[str, Json], tuple[str, ...], dict[str, bytes]]:
    """The graph with its input pictures where the server finds them.

    Returned beside it: a sentence for each picture, and the bytes by the names in the new graph.

    Raises:
        MakingFailed: The server has another picture under a recorded name.
        ProgramUnavailable: The server cannot be reached.
    """
    known = {use.name: use for use in order.recipe.sources if use.name is not None}
    changed, remarks, kept = dict(graph), list[str](), dict[str, bytes]()
    names: dict[str, str] = {}
    for node, key, name in _loaded(graph):
        if name not in names:
            names[name], remark = _placed(name, known.get(name), order, queue, kept)
            remarks.append(remark)
        if names[name] != name:
            inputs = {**changed[node]["inputs"], key: names[name]}
            changed[node] = {**changed[node], "inputs": inputs}
    return changed, tuple(remarks), kept


def upload_picture(queue: ComfyQueue, digest: Digest, content: bytes, name: str = "") -> str:
    """Upload under a name made of the picture's digest, which no other picture has."""
    ending = PurePosixPath(name.replace("\\", "/")).suffix.casefold()[:6]
    plain = ending if ending[1:].isalnum() and ending.isascii() else ".png"
    return queue.upload(f"remarque-{hex_of(digest)[:32]}{plain}", content)


def _placed(
    name: str, use: SourceUse | None, order: Order, queue: ComfyQueue, kept: dict[str, bytes]
) -> tuple[str, str]:
    """The name to load, and a sentence about it."""
    digest = use.digest if use is not None else None
    if digest is not None and digest in order.pictures:
        content = order.pictures[digest]
        given = upload_picture(queue, digest, content, _without_folder(name))
        kept[given] = content
        return given, (
            f"The recorded picture {name[:_SHOWN]!r} was uploaded to ComfyUI as {given!r}, and "
            "the graph loads it under that name."
        )
    if digest is None:
        return name, (
            f"The picture {name[:_SHOWN]!r} was used as it lies in ComfyUI's folder; the record "
            "has no digest to compare it with."
        )
    if _lying_there(name, queue) != digest:
        raise MakingFailed(
            f"the picture {name[:_SHOWN]!r} that went in is no longer in ComfyUI's folder, or is "
            "another one now",
            hint="Put the recorded picture back under that name, then try again.",
        )
    return name, (
        f"The picture {name[:_SHOWN]!r} in ComfyUI's folder has the digest that was recorded."
    )


def _lying_there(name: str, queue: ComfyQueue) -> Digest | None:
    kind = next((end[1:-1] for end in _FOLDERS if name.endswith(end)), "input")
    subfolder, _, filename = _without_folder(name).replace("\\", "/").rpartition("/")
    try:
        file = queue.file(filename, subfolder, kind)
    except InputError:
        return None
    return None if file is None else digest_of(file.content)


def _without_folder(name: str) -> str:
    end = next((end for end in _FOLDERS if name.endswith(end)), "")
    return name.removesuffix(end).rstrip()


def _loaded(graph: Mapping[str, Json]) -> Iterator[tuple[str, str, str]]:
    """Node, input and name of each picture file the graph loads from ComfyUI's folders."""
    for key, node in graph.items():
        kind, inputs = node["class_type"].casefold(), node["inputs"]
        for name in ("image", "mask") if "load" in kind and "image" in kind else ():
            value = inputs.get(name)
            if isinstance(value, str) and value:
                yield key, name, value


def _is_node(node: Json) -> bool:
    match node:
        case {"class_type": str(), "inputs": dict()}:
            return True
        case _:
            return False


def _as_queued(node: Mapping[str, Json]) -> dict[str, Json]:
    """A node as it is sent: ComfyUI's own notes dropped, large seeds numbers again.

    Canonical JSON has no integers beyond 2**53-1, so a record keeps such seeds as text.
    """
    inputs = {key: _as_number(key, value) for key, value in node["inputs"].items()}
    return {key: item for key, item in node.items() if key != "is_changed"} | {"inputs": inputs}


def _as_number(key: str, value: Json) -> Json:
    if "seed" not in key.casefold() or not isinstance(value, str):
        return value
    fits = value.isascii() and value.isdigit() and len(value) in _SEED_DIGITS
    return int(value) if fits and int(value) > _LARGEST_EXACT else value
