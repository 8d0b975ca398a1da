"""The parts of a pipeline as model files: by the files they came from, else by their weights."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from remarque.engines.diffusers_facts import role_of
from remarque.engines.diffusers_weights import Probe, WeightDigests
from remarque.engines.model_files import ModelFiles, folder_name
from remarque.model.digests import Digest
from remarque.model.witness import ModelFile

CHANGED = (
    "The weights of {part} were changed after it was loaded: the digest is that of its numbers."
)
NOT_DIGESTED = "The weights of {part} have no digest: they were gone, elsewhere, or being changed."

_SHARD = re.compile(r"(.+)-\d{5}-of-\d{5}\.(safetensors|bin)\Z")


def model_name(pipe: Any) -> str | None:  # noqa: ANN401  a pipeline
    """What the pipeline was loaded from, without the folders above it."""
    return _name_from(getattr(getattr(pipe, "config", None), "_name_or_path", None))


def origins_of(modules: Mapping[str, Any]) -> dict[str, Path]:
    """The file or folder each part was loaded from, where exactly one can be told."""
    found = {}
    for part, module in modules.items():
        named = getattr(getattr(module, "config", None), "_name_or_path", None)
        origin = _weights_in(Path(named)) if isinstance(named, str | Path) and named else None
        if origin is not None:
            found[part] = origin
    return found


def describe_models(
    probes: Mapping[str, Probe],
    origins: Mapping[str, Path],
    digests: WeightDigests,
    files: ModelFiles,
) -> Iterator[tuple[ModelFile, str]]:
    """The description of each part, and a sentence where something must be said.

    ``origins`` holds only parts whose weights are still those of their files, as far as is known.
    """
    for part, probe in probes.items():
        changed = part in origins and not digests.is_as_first_seen(probe)
        if part in origins and not changed:
            found = files.describe(origins[part], role_of(part))
            if found.digest is not None:
                yield replace(found, name=_full_name(origins[part])), ""
                continue
        digest = digests.digest(probe)
        said = CHANGED.format(part=part) if changed else ""
        if digest is None:
            said = NOT_DIGESTED.format(part=part)
        yield _by_weights(part, digest, probe.size_bytes), said


def _by_weights(part: str, digest: Digest | None, size_bytes: int) -> ModelFile:
    return ModelFile(role_of(part), f"{part} (weights in memory)", digest, size_bytes)


def _weights_in(folder: Path) -> Path | None:
    """The one file of weights in a folder, or the folder where its shards make up one."""
    try:
        if not folder.is_dir():
            return None
        for ending in ("safetensors", "bin"):
            names = sorted(folder.glob(f"*.{ending}"))
            if len(names) == 1:
                return names[0]
            shards = {match[1] for path in names if (match := _SHARD.match(path.name))}
            if names and len(shards) == 1 and all(_SHARD.match(path.name) for path in names):
                return folder
            if names:
                return None  # several variants: which one was loaded cannot be told
    except OSError:
        return None
    return None


def _full_name(origin: Path) -> str:
    """Model, part and file: ``owner/name/unet/model.safetensors``."""
    folder = origin if origin.is_dir() else origin.parent
    model = folder_name(folder)
    if "/" not in model:  # not in a Hugging Face cache: the folder above names the model
        model = folder.parent.name
    return "/".join(
        one for one in (model, folder.name, "" if origin is folder else origin.name) if one
    )


def _name_from(named: object) -> str | None:
    if not isinstance(named, str | Path) or not named:
        return None
    path = Path(named)
    return folder_name(path) if path.is_absolute() or path.exists() else str(named)
