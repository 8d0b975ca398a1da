"""Files that a run of ComfyUI names, found by ComfyUI's own ``folder_paths``."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import folder_paths

from .inbox_writing import (  # noqa: TID252  ComfyUI loads the package by its path
    LARGEST_PICTURE_BYTES,
    LARGEST_SOURCE_BYTES,
    MOST_SOURCES,
)

_MODELS = (".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".gguf", ".pkl")
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".bmp", ".tif", ".tiff")
_EMBEDDING = re.compile(r"embedding:([^\s,:()\[\]]+)")
_MOST_MODELS = 200
_LONGEST_NAME = 300
_DEEPEST = 60
_TICK_S = 0.001  # ComfyUI rounds the start of a run down to this


def picture(kind: str, subfolder: str, filename: str) -> tuple[Path, bytes, float]:
    """Path, bytes and time (seconds since 1970) of a picture ComfyUI shows.

    Raises:
        OSError: It lies outside ComfyUI's folders, is gone, or is too large.
    """
    root = Path(folder_paths.get_directory_by_type(kind) or "").resolve()
    path = (root / subfolder / filename).resolve()
    if not path.is_relative_to(root):
        raise OSError(f"{filename} lies outside ComfyUI's folders")
    standing = path.stat()
    if standing.st_size > LARGEST_PICTURE_BYTES:
        raise OSError(f"{filename} has more than {LARGEST_PICTURE_BYTES} bytes")
    return path, path.read_bytes(), standing.st_mtime


def models(prompt: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The model files the prompt names, in each folder where ComfyUI would find them."""
    told: list[dict[str, Any]] = []
    for name in dict.fromkeys(_texts(prompt)):
        if name.casefold().endswith(_MODELS) and len(name) <= _LONGEST_NAME:
            for folder in list(folder_paths.folder_names_and_paths):
                _add(told, folder, name, folder_paths.get_full_path(folder, name))
        for embedding in _EMBEDDING.findall(name):
            for whole in (embedding, *(f"{embedding}{end}" for end in _MODELS)):
                _add(told, "embeddings", whole, folder_paths.get_full_path("embeddings", whole))
    return told[:_MOST_MODELS]


def inputs(
    prompt: Mapping[str, Any], started: float
) -> tuple[list[dict[str, str]], dict[str, bytes]]:
    """The pictures that went in, unless they were written anew since the run began."""
    told: list[dict[str, str]] = []
    files: dict[str, bytes] = {}
    for name in dict.fromkeys(_texts(prompt)):
        plain_name = name.rpartition(" [")[0] or name  # ``a.png [input]``
        fits = plain_name.casefold().endswith(_PICTURES) and len(name) <= _LONGEST_NAME
        if not fits or len(told) >= MOST_SOURCES:
            continue
        try:
            path = Path(folder_paths.get_annotated_filepath(name))
            standing = path.stat()
            if standing.st_mtime >= started + _TICK_S or standing.st_size > LARGEST_SOURCE_BYTES:
                continue
            content = path.read_bytes()
        except (OSError, ValueError):
            continue
        file = f"source-{len(told)}"
        # Which role it has is in the prompt, and read from there.
        told.append({"role": "reference", "file": file, "name": name})
        files[file] = content
    return told, files


def plain(value: Any, depth: int = 0) -> Any:  # noqa: ANN401
    """The same as JSON can say it: what it has no word for is named in brackets."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else f"({value})"
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if depth < _DEEPEST and isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    return f"({type(value).__name__})"


def _texts(prompt: Mapping[str, Any]) -> Iterator[str]:
    for node in prompt.values():
        inputs_of = node.get("inputs") if isinstance(node, Mapping) else None
        for value in inputs_of.values() if isinstance(inputs_of, Mapping) else ():
            text = value.get("content", value.get("lora")) if isinstance(value, Mapping) else value
            if isinstance(text, str):
                yield text


def _add(told: list[dict[str, Any]], folder: str, name: str, found: str | None) -> None:
    if not found:
        return
    path = Path(found).absolute()
    try:
        standing = path.stat()
    except OSError:
        return
    told.append({
        "role": "other", "folder": folder, "name": name, "path": str(path),
        "size": standing.st_size, "modified_ns": standing.st_mtime_ns,
    })  # fmt: skip
