"""What is looked at before a model file is loaded: its form, its soundness, and no code in it.

A pickle can run any program the moment it is opened, whatever its name ends in; so files are
judged by their first bytes as well. Of a diffusers folder only the files that would be loaded
are looked at: a pickle that lies beside its safetensors twin is never opened.
"""

import json
from pathlib import Path
from typing import Any

from remarque.engines.stable_diffusion.checking_safetensors import Header, read_header
from remarque.errors import ModelDamaged, ModelMissing, ModelRefused

PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle")
"""Endings of files that PyTorch writes as pickles."""

WEIGHTS = (".safetensors", *PICKLES)
LIBRARIES = ("diffusers", "transformers")

NEVER_LOADED = ("safety_checker", "feature_extractor", "watermarker")
"""Parts that judge or sign pictures: they make none, and are left aside."""

_LARGEST_JSON_BYTES = 1 << 24
_SNIFFED_BYTES = 8
_ZIP = b"PK\x03\x04"  # torch.save since 1.6
_PICKLE_PROTOCOLS = tuple(bytes([0x80, version]) for version in range(2, 6))
_GGUF = b"GGUF"
_CONVERT = (
    "Use the model's .safetensors file; or, if you trust whoever made this one, --unsafe-pickle."
)


def check_file(path: Path, *, unsafe_pickle: bool = False) -> Header:
    """Look at one file of weights; the header is empty where a pickle was permitted.

    Raises:
        ModelMissing: It is not there or cannot be read.
        ModelRefused: It is a pickle and none are permitted, or of a form that is not loaded.
        ModelDamaged: It is not sound.
    """
    try:
        if _is_pickle(path):
            if not unsafe_pickle:
                raise ModelRefused(
                    f"The model file {path.name!r} is a pickle, which can run code of its own.",
                    hint=_CONVERT,
                )
            return Header({})
        if path.suffix.lower() != ".safetensors":
            raise ModelRefused(
                f"The model file {path.name!r} is of a form that is not loaded here.",
                hint="Use a .safetensors file, or a folder in the form diffusers writes.",
            )
        return read_header(path)
    except OSError:
        raise ModelMissing(f"The model file {path.name!r} cannot be read.") from None


def check_folder(folder: Path, used: tuple[Path, ...], *, unsafe_pickle: bool = False) -> None:
    """Look at the files of a diffusers folder that would be loaded.

    Raises:
        ModelMissing, ModelRefused, ModelDamaged: As ``check_file``; and refused is a folder that
            names classes of other libraries than diffusers and transformers.
    """
    for path in used:
        if path.suffix.lower() in WEIGHTS:
            check_file(path, unsafe_pickle=unsafe_pickle)
        elif path.suffix == ".json":
            read_json(path)
    index = folder / "model_index.json"
    if index.is_file():
        components_of(folder)


def components_of(folder: Path) -> dict[str, tuple[str, str]]:
    """Library and class of every part that is loaded of a pipeline's folder.

    Raises:
        ModelDamaged: ``model_index.json`` is not in its form.
        ModelRefused: It names code that is neither of diffusers nor of transformers.
    """
    index = read_json(folder / "model_index.json")
    if not isinstance(index.get("_class_name"), str):
        raise ModelRefused(
            f"The model {folder.name!r} brings a pipeline of its own, and its code is not run here."
        )
    found = {}
    for part, named in index.items():
        if part.startswith("_") or not isinstance(named, list):
            continue
        library, kind = [*named, None, None][:2]
        if library is None or kind is None or part in NEVER_LOADED:
            continue
        if not part.isidentifier() or library not in LIBRARIES or not isinstance(kind, str):
            raise ModelRefused(
                f"The part {part!r} of the model {folder.name!r} needs code of its own, "
                "which is not run here."
            )
        found[part] = (str(library), kind)
    return found


def read_json(path: Path) -> dict[str, Any]:
    """A file of settings.

    Raises:
        ModelMissing: It cannot be read.
        ModelDamaged: It is too large, or no JSON object.
    """
    named = f"{path.parent.name}/{path.name}"
    try:
        with path.open("rb") as source:
            raw = source.read(_LARGEST_JSON_BYTES + 1)
    except OSError:
        raise ModelMissing(f"The model file {named!r} cannot be read.") from None
    if len(raw) > _LARGEST_JSON_BYTES:
        raise ModelDamaged(f"The model file {named!r} is too large for a file of settings.")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ModelDamaged(f"The model file {named!r} is not a JSON object.")
    return found


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as source:
        start = source.read(_SNIFFED_BYTES)
    if start.startswith((_ZIP, *_PICKLE_PROTOCOLS)):
        return True
    return path.suffix.lower() in PICKLES and not start.startswith(_GGUF)
