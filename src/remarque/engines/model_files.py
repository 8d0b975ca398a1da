"""Model files as they lie on disk: digest, size, and what the file says of itself.

A file is read in pieces and never interpreted: of a safetensors file only the JSON header is
parsed (its own format description, "Format"), of anything else nothing at all, so that a pickle
can do no harm. Digests are remembered by path, size and time, for models are large.
"""

import hashlib
import json
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import platformdirs

from remarque.model.digests import Digest
from remarque.model.witness import ModelFile

CACHE_NAME = "model-digests.json"

_PIECE_BYTES = 1 << 22
_LARGEST_HEADER_BYTES = 1 << 24
_LARGEST_CARD_BYTES = 1 << 20
_MOST_FILES = 10_000
_MOST_REMEMBERED = 10_000
_LONGEST_FACT = 300
# A file written a moment ago may be written again within the same tick of its clock.
_YOUNGEST_REMEMBERED_NS = 2_000_000_000
_TITLES = ("modelspec.title", "ss_output_name")
_VERSIONS = ("modelspec.version", "modelspec.date", "ss_training_finished_at")


class ModelFiles:
    """Describes model files; ``cache`` is the file with the digests known already."""

    def __init__(self, cache: Path | None = None) -> None:
        folder = Path(platformdirs.user_cache_path("remarque", appauthor=False))
        self._cache = cache if cache is not None else folder / CACHE_NAME
        self._known: dict[str, list[Any]] | None = None
        self._gate = Lock()

    def describe(self, path: Path, role: str) -> ModelFile:
        """A model file, or a folder in the form diffusers writes, in a role (see ModelFile).

        The digest of a folder is that of the list ``<sha256>  <name>`` of its files, one a line,
        sorted by name, as ``sha256sum`` writes it. What cannot be read has no digest.
        """
        try:
            if path.is_dir():
                return self._describe_folder(path, role)
            digest, size = self._digest_of(path), path.stat().st_size
        except OSError:
            return ModelFile(role, path.name)
        facts = safetensors_facts(path)
        return ModelFile(
            role,
            path.name,
            Digest(f"sha256:{digest}") if digest else None,
            size,
            _version_in(facts),
            _short(facts.get("modelspec.license")),
        )

    def _describe_folder(self, folder: Path, role: str) -> ModelFile:
        lines, size = [], 0
        for name, path in _files_of(folder):
            digest = self._digest_of(path)
            if digest is None:
                return ModelFile(role, folder_name(folder))
            lines.append(f"{digest}  {name}\n")
            size += path.stat().st_size
        found = hashlib.sha256("".join(lines).encode()).hexdigest()
        revision = folder.name if folder.parent.name == "snapshots" else None
        return ModelFile(
            role,
            folder_name(folder),
            Digest(f"sha256:{found}"),
            size,
            revision,
            _licence_of_card(folder / "README.md"),
        )

    def _digest_of(self, path: Path) -> str | None:
        """SHA-256 in hexadecimal; None where the file was written while it was read."""
        real = path.resolve(strict=True)
        before = real.stat()
        key, mark = str(real), [before.st_size, before.st_mtime_ns]
        with self._gate:
            known = self._remembered().get(key)
        if known is not None and known[:2] == mark:
            return str(known[2])
        found = _sha256_of(real)
        after = real.stat()
        if [after.st_size, after.st_mtime_ns] != mark:
            return None
        if time.time_ns() - after.st_mtime_ns > _YOUNGEST_REMEMBERED_NS:
            self._remember(key, [*mark, found])
        return found

    def _remembered(self) -> dict[str, list[Any]]:
        if self._known is None:
            self._known = _read_cache(self._cache)
        return self._known

    def _remember(self, key: str, row: list[Any]) -> None:
        with self._gate:
            known = {**_read_cache(self._cache), **self._remembered(), key: row}
            while len(known) > _MOST_REMEMBERED:
                known.pop(next(iter(known)))
            self._known = known
            _write_cache(self._cache, known)


def folder_name(folder: Path) -> str:
    """``owner/name`` of a folder in a Hugging Face cache, else the folder's own name."""
    for part in (folder, *folder.parents):
        if part.name.startswith("models--"):
            return part.name.removeprefix("models--").replace("--", "/")
    return folder.name


def safetensors_facts(path: Path) -> dict[str, str]:
    """The ``__metadata__`` of a safetensors file; empty where there is none or it is damaged."""
    if path.suffix != ".safetensors":
        return {}
    try:
        with path.open("rb") as source:
            start = source.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0  # noqa: PLR2004
            if not 0 < length <= _LARGEST_HEADER_BYTES:
                return {}
            header = json.loads(source.read(length))
    except (OSError, ValueError, RecursionError):
        return {}
    facts = header.get("__metadata__") if isinstance(header, dict) else None
    if not isinstance(facts, dict):
        return {}
    return {name: value for name, value in facts.items() if isinstance(value, str)}


def _version_in(facts: dict[str, str]) -> str | None:
    """Title and version, or title and date, as the file's own header says."""
    title = next((facts[name] for name in _TITLES if facts.get(name)), None)
    version = next((facts[name] for name in _VERSIONS if facts.get(name)), None)
    told = [text for text in (title, version) if text]
    return _short(", ".join(told)) if told else None


def _short(text: str | None) -> str | None:
    return text.strip()[:_LONGEST_FACT] if text and text.strip() else None


def _files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name within the folder and path of each file, sorted by name; hidden ones left aside."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place) / name for name in names if not name.startswith(".")]
        if len(found) > _MOST_FILES:
            raise OSError(f"{folder} holds too many files to be a model")
    for path in sorted(found, key=lambda one: one.relative_to(folder).as_posix()):
        yield path.relative_to(folder).as_posix(), path


def _licence_of_card(card: Path) -> str | None:
    """The licence in the header of a model card (``license: …`` between lines of dashes)."""
    try:
        with card.open("rb") as source:
            lines = source.read(_LARGEST_CARD_BYTES).decode(errors="replace").splitlines()
    except OSError:
        return None
    if not lines or lines[0].strip() != "---":
        return None
    for line in lines[1:]:
        if line.strip() == "---":
            break
        if line.startswith("license:"):
            return _short(line.removeprefix("license:").strip().strip("\"'"))
    return None


def _sha256_of(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as source:
        while piece := source.read(_PIECE_BYTES):
            found.update(piece)
    return found.hexdigest()


def _read_cache(path: Path) -> dict[str, list[Any]]:
    try:
        raw = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):  # a lost cache costs time and nothing else
        return {}
    if not isinstance(raw, dict):
        return {}
    return {key: row for key, row in raw.items() if _is_row(row)}


def _is_row(row: object) -> bool:
    return (
        isinstance(row, list)
        and len(row) == 3  # noqa: PLR2004
        and isinstance(row[0], int)
        and isinstance(row[1], int)
        and isinstance(row[2], str)
        and len(row[2]) == 64  # noqa: PLR2004
    )


def _write_cache(path: Path, known: dict[str, list[Any]]) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(known))
        temporary.replace(path)
    except OSError:
        return
