"""Models as a person names them: what stands in the record, and where the file is looked for."""

from pathlib import Path, PurePosixPath

from remarque.actions.orders import ModelWish

_FILE_SUFFIXES = frozenset({".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".sft"})
_HUB_PARTS = 2


def recorded_name(place: str) -> str:
    """The name in the recipe: a hub id as it is, of a path the file or folder without its folders.

    The suffix of a model file is left off, as the programs' own prompts have it.
    """
    text = place.strip()
    if is_hub_id(text) and not _is_there(text):
        return text
    last = PurePosixPath(text.replace("\\", "/")).name or text
    stem, dot, suffix = last.rpartition(".")
    return stem if stem and dot and f".{suffix.lower()}" in _FILE_SUFFIXES else last


def wish_of(role: str, place: str) -> ModelWish:
    """A model file in a role. A bare name has no place: it is looked for where models are kept."""
    text = place.strip()
    named_by_place = _is_there(text) or "/" in text or "\\" in text
    return ModelWish(role, recorded_name(text), text if named_by_place else "")


def is_hub_id(text: str) -> bool:
    """Whether it has the form ``owner/name`` or ``owner/name@revision``, and not that of a path."""
    parts = text.split("@", maxsplit=1)[0].split("/")
    return (
        len(parts) == _HUB_PARTS
        and all(parts)
        and parts[0] not in {".", "..", "~"}
        and Path(text).suffix.lower() not in _FILE_SUFFIXES
        and "\\" not in text
    )


def _is_there(text: str) -> bool:
    try:
        return Path(text).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False
