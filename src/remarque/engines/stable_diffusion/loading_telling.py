"""The description of what was loaded, and whether it is what a record names.

Names carry no private folders: a file's own name, and of a folder its name or its hub id.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from remarque.actions.orders import ModelWish
from remarque.engines.model_files import ModelFiles
from remarque.engines.stable_diffusion.family_configs import describe_config
from remarque.engines.stable_diffusion.loading_files import describe, describe_parts
from remarque.engines.stable_diffusion.loading_finding import Found
from remarque.errors import ModelChanged
from remarque.model.witness import ModelFile

_IN_MEMORY = "(weights in memory)"
_PARTS = ("unet", "text_encoder", "vae")
_LICENCES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt")
_LONGEST_LICENCE_LINE = 100
_LONGEST_READ = 4096


def describe_models(found: Found, config: Path | None, files: ModelFiles) -> tuple[ModelFile, ...]:
    """Everything that was loaded: the checkpoint as a whole, its parts, and what was added."""
    return tuple(dict.fromkeys(_files(found, config, files)))


def compare_told(loaded: tuple[ModelFile, ...], told: tuple[ModelWish, ...]) -> tuple[str, ...]:
    """Hold what a record says of parts and other files against what was loaded.

    Raises:
        ModelChanged: A part is not the one the record names.
    """
    return tuple(_compare(loaded, told))


def _files(found: Found, config: Path | None, files: ModelFiles) -> Iterator[ModelFile]:
    yield _one(found.checkpoint, "checkpoint", files)
    if found.checkpoint.is_dir():
        whole = _licence_beside(found.checkpoint)
        for part in describe_parts(found.checkpoint, files):
            yield part if part.licence else replace(part, licence=whole)
    if config is not None:
        yield describe_config(config, files)
    if found.vae is not None:
        yield _one(found.vae, "vae", files)
    for lora in found.loras:
        yield _one(lora.path, "lora", files)
    for word, path in found.embeddings:
        yield replace(_one(path, "embedding", files), name=word)
    for path in found.controls:
        yield _one(path, "control", files)


def _one(path: Path, role: str, files: ModelFiles) -> ModelFile:
    told = describe(path, role, files)
    if told.licence:
        return told
    return replace(told, licence=_licence_beside(path if path.is_dir() else path.parent))


def _licence_beside(folder: Path) -> str | None:
    """The first line of a LICENSE file that lies with the model."""
    for name in _LICENCES:
        try:
            with (folder / name).open("rb") as source:
                lines = source.read(_LONGEST_READ).decode(errors="replace").splitlines()
        except OSError:
            continue
        said = next((line.strip() for line in lines if line.strip()), "")
        return said[:_LONGEST_LICENCE_LINE] or None
    return None


def _compare(loaded: tuple[ModelFile, ...], told: tuple[ModelWish, ...]) -> Iterator[str]:
    digests = {one.digest for one in loaded}
    for wish in told:
        if wish.digest is None or wish.digest in digests or wish.role == "lora":
            continue
        if wish.name.endswith(_IN_MEMORY):
            yield f"The record has {wish.name} by its numbers, which cannot be compared to a file."
        elif wish.role in _PARTS or any(wish.name == one.name for one in loaded):
            raise ModelChanged(
                f"The part {wish.name!r} is not the one the record names.",
                hint="Put the file back that was used then, or add its folder with --models.",
            )
        else:
            yield f"The record names {wish.name} ({wish.role}), which plays no part in this run."
