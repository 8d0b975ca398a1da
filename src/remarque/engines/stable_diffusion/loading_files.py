"""Which files of a model are loaded, and their description with digests.

A folder in the form diffusers writes often holds every part several times: as safetensors and as
a pickle, in full and in half precision. What is checked, digested and recorded is what is loaded,
so that a picture's record does not change when somebody downloads another variant beside it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from remarque.engines.diffusers_facts import role_of
from remarque.engines.model_files import ModelFiles, folder_name
from remarque.engines.stable_diffusion.checking import (
    WEIGHTS,
    check_file,
    check_folder,
    components_of,
    read_json,
)
from remarque.errors import ModelDamaged, ModelMissing
from remarque.model.digests import Digest, digest_of, hex_of
from remarque.model.witness import ModelFile

_STEMS = ("diffusion_pytorch_model", "model", "pytorch_model")
_ENDINGS = ("safetensors", "bin")
_SETTINGS = (".json", ".txt", ".model", ".jinja")
_MOST_SHARDS = 1000
_LARGEST_CARD_BYTES = 1 << 20
_LONGEST_LICENCE = 300


Standing: TypeAlias = tuple[tuple[str, int, int], ...]
"""Path, size in bytes and time (nanoseconds) of files: what changes when they are changed."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The files one part's weights are in; ``variant`` as diffusers names it ("fp16"), or None."""

    files: tuple[Path, ...] = ()
    variant: str | None = None


def used_files(folder: Path) -> tuple[Path, ...]:
    """The files of a model's folder that are loaded, a pipeline or a single part, sorted.

    Raises:
        ModelMissing, ModelRefused, ModelDamaged: The folder is not a whole model.
    """
    index = folder / "model_index.json"
    if not index.is_file():
        return tuple(sorted(_of_part(folder)))
    found = [index]
    for part in components_of(folder):
        found += _of_part(folder / part)
    return tuple(sorted(found))


def variant_of(folder: Path) -> str | None:
    """The variant to load: None, unless some part is there in one variant only."""
    places = [folder / part for part in components_of(folder)]
    variants = {weights_in(place).variant for place in places} - {None}
    return variants.pop() if variants else None


def weights_in(folder: Path) -> Weights:
    """The weights of one part: full precision before half, safetensors before pickles."""
    for variant in (None, "fp16", "bf16"):
        for ending in _ENDINGS:
            for stem in _STEMS:
                dotted = f".{variant}" if variant else ""
                single = folder / f"{stem}{dotted}.{ending}"
                if single.is_file():
                    return Weights((single,), variant)
                shards = folder / f"{stem}.{ending}.index{dotted}.json"
                if shards.is_file():
                    return Weights((shards, *_shards_of(shards)), variant)
    return Weights()


def check_model(path: Path, *, unsafe_pickle: bool) -> None:
    """Look at a model file or folder before it is loaded; see ``checking``."""
    if path.is_dir():
        check_folder(path, used_files(path), unsafe_pickle=unsafe_pickle)
    else:
        check_file(path, unsafe_pickle=unsafe_pickle)


def describe(path: Path, role: str, files: ModelFiles) -> ModelFile:
    """A model file, or a folder as one: its digest is that of the list of the files used.

    Raises:
        ModelMissing, ModelRefused, ModelDamaged: A folder is not a whole model.
    """
    if not path.is_dir():
        return files.describe(path, role)
    digest, size = digest_of_list(path, used_files(path), files)
    revision = path.name if path.parent.name == "snapshots" else None
    return ModelFile(role, folder_name(path), digest, size, revision, licence_in_card(path))


def digest_of_list(
    folder: Path, used: Iterable[Path], files: ModelFiles
) -> tuple[Digest | None, int | None]:
    """The digest of a list ``<sha256>  <name>`` as ``sha256sum`` writes it, and the bytes in all.

    One file a line, sorted by name; None where a file could not be read.
    """
    lines, size = [], 0
    named = {path.relative_to(folder).as_posix(): path for path in used}
    for name in sorted(named):
        told = files.describe(named[name], "other")
        if told.digest is None:
            return None, None
        lines.append(f"{hex_of(told.digest)}  {name}\n")
        size += told.size_bytes or 0
    return digest_of("".join(lines).encode()), size


def licence_in_card(folder: Path) -> str | None:
    """``license: …`` in the header of a model card, which stands between lines of dashes."""
    try:
        with (folder / "README.md").open("rb") as source:
            text = source.read(_LARGEST_CARD_BYTES).decode(errors="replace")
    except OSError:
        return None
    header = text.split("---", 2)[1] if text.startswith("---") and text.count("---") > 1 else ""
    for line in header.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "license":
            return value.strip().strip("\"'")[:_LONGEST_LICENCE] or None
    return None


def describe_parts(folder: Path, files: ModelFiles) -> Iterator[ModelFile]:
    """The parts of a pipeline's folder that have weights, as a diffusers recording names them."""
    for part in components_of(folder):
        weights = weights_in(folder / part).files
        if len(weights) == 1:
            found = files.describe(weights[0], role_of(part))
            yield replace(found, name=f"{folder_name(folder)}/{part}/{weights[0].name}")
        elif weights:
            found = describe(folder / part, role_of(part), files)
            yield replace(found, name=f"{folder_name(folder)}/{part}")


def standing_now(before: Standing) -> Standing:
    """The same files as they lie there now.

    Raises:
        ModelMissing: One is gone.
    """
    return standing(tuple(Path(path) for path, _, _ in before))


def standing(paths: tuple[Path, ...]) -> Standing:
    """Path, size and time of files, to tell whether they were changed meanwhile.

    Raises:
        ModelMissing: One is gone.
    """
    found = []
    for path in paths:
        try:
            told = path.stat()
        except OSError:
            raise ModelMissing(f"The model file {path.name!r} is gone.") from None
        found.append((str(path), told.st_size, told.st_mtime_ns))
    return tuple(found)


def files_behind(path: Path) -> tuple[Path, ...]:
    """The files that a model's path stands for."""
    return used_files(path) if path.is_dir() else (path,)


def _of_part(folder: Path) -> list[Path]:
    try:
        there = [path for path in folder.iterdir() if path.is_file()]
    except OSError:
        raise ModelMissing(f"The model has no folder {folder.name!r} for that part.") from None
    weights = weights_in(folder).files
    settings = [
        path
        for path in there
        if path.suffix in _SETTINGS and ".index" not in path.name and path.name[0] != "."
    ]
    model = (folder / "config.json").is_file() and not _is_words(there)
    if model and not weights:
        raise ModelMissing(f"The part {folder.name!r} of the model has no weights.")
    return [*settings, *weights]


def _is_words(there: list[Path]) -> bool:
    return any(path.name in {"tokenizer_config.json", "preprocessor_config.json"} for path in there)


def _shards_of(index: Path) -> list[Path]:
    """The files among which a large part is divided, which all must lie beside the list."""
    told = read_json(index).get("weight_map")
    names = set(told.values()) if isinstance(told, dict) else set()
    plain = all(isinstance(name, str) and Path(name).name == name for name in names)
    if not names or not plain or len(names) > _MOST_SHARDS:
        raise ModelDamaged(f"The list {index.name!r} of a model's files is not in its form.")
    for name in names:
        if not name.endswith(WEIGHTS):
            raise ModelDamaged(f"The list {index.name!r} names a file {name!r} of no known form.")
    return [index.parent / name for name in sorted(names)]
