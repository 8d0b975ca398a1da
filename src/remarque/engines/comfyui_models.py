"""Which model files an executed prompt of ComfyUI names, and what they were on disk."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from remarque.engines.comfyui_history import TICK
from remarque.model.canonical import Json
from remarque.model.witness import ModelFile

Find = Callable[[str, str], str | None]
"""A file's path by its folder's name and its own: ``folder_paths.get_full_path`` in ComfyUI."""

Describe = Callable[[Path, str], ModelFile]
"""The file's digest and facts, given its path and role."""

_ENDINGS = (".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".gguf", ".pkl")
_EMBEDDING = re.compile(r"embedding:([^\s,:()\[\]]+)")
_LONGEST = 1024
_MOST_FILES = 200
# Folders of ComfyUI's folder_paths by the beginning of the input's name, and the file's role.
# An input's name does not always settle the folder, so that the others are looked into as well.
_ROLES = {
    "ckpt_name": ("checkpoints", "checkpoint"),
    "unet_name": ("diffusion_models", "unet"),
    "lora": ("loras", "lora"),
    "vae_name": ("vae", "vae"),
    "clip_name": ("text_encoders", "text_encoder"),
    "text_encoder": ("text_encoders", "text_encoder"),
    "control_net_name": ("controlnet", "control"),
    "model_name": ("upscale_models", "upscaler"),
    "style_model_name": ("style_models", "other"),
}
_ROLE_OF_FOLDER = dict(_ROLES.values())


@dataclass(frozen=True, slots=True)
class ModelShelf:
    """Where the program keeps its model files, and who describes one."""

    find: Find
    folders: Callable[[], list[str]]
    describe: Describe


def model_files(
    part: Mapping[str, Json], shelf: ModelShelf, started: datetime | None
) -> tuple[tuple[ModelFile, ...], tuple[str, ...]]:
    """The model files named in the part of a prompt behind one picture, each once.

    A name whose file is not found is listed without a digest. Returned beside them: a sentence
    for each file that was written after the run began, so that it may not be what was used.
    """
    found: dict[str, ModelFile] = {}
    remarks = []
    for input_name, name in _named(part):
        if name in found or len(found) >= _MOST_FILES:
            continue
        path, role = _placed(input_name, name, shelf)
        if path is None:
            found[name] = ModelFile(role, name)
            continue
        found[name] = replace(shelf.describe(path, role), name=name)
        if started is not None and _written(path) >= started + TICK:
            remarks.append(f"The model file {name!r} was written after the run began.")
    return tuple(found.values()), tuple(remarks)


def _named(part: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Input names and the model file each names; embeddings are named inside prompts."""
    for node in part.values():
        inputs = node.get("inputs") if isinstance(node, dict) else None
        for key, value in inputs.items() if isinstance(inputs, dict) else ():
            text = value.get("content", value.get("lora")) if isinstance(value, dict) else value
            if not isinstance(text, str):
                continue
            if text.casefold().endswith(_ENDINGS) and len(text) <= _LONGEST:
                yield str(key), text
            else:
                yield from (("embedding", name[:_LONGEST]) for name in _EMBEDDING.findall(text))


def _placed(input_name: str, name: str, shelf: ModelShelf) -> tuple[Path | None, str]:
    """The file's path and role; a path of None where the program itself would not find it."""
    if input_name == "embedding":
        tried = (shelf.find("embeddings", f"{name}{end}") for end in ("", *_ENDINGS))
        path = next((found for found in tried if found), None)
        return (Path(path) if path else None), "embedding"
    first = next((fits for start, fits in _ROLES.items() if input_name.startswith(start)), None)
    folders = [first[0]] if first else []
    for folder in [*folders, *(each for each in shelf.folders() if each not in folders)]:
        path = shelf.find(folder, name)
        if path:
            role = (
                first[1] if first and folder == first[0] else _ROLE_OF_FOLDER.get(folder, "other")
            )
            return Path(path), role
    return None, first[1] if first else "other"


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
