"""The models that lie in a person's folders, and how a recorded name fits them."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from remarque.engines.stable_diffusion.checking import WEIGHTS

_MOST_ENTRIES = 200_000
_DEEPEST = 8

ROLE_FOLDERS = {
    "checkpoint": ("checkpoints", "stable-diffusion", "diffusion_models", "unet"),
    "unet": ("diffusion_models", "unet", "checkpoints"),
    "lora": ("lora", "loras", "lycoris"),
    "vae": ("vae",),
    "embedding": ("embeddings", "textual_inversion"),
    "control": ("controlnet", "controlnets"),
    "text_encoder": ("text_encoders", "clip"),
}
"""Names of the folders in which ComfyUI, AUTOMATIC1111, Forge and InvokeAI keep each role."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A model that lies on the shelf: a file of weights, or a folder in diffusers' form.

    ``name`` is its path below the shelf's folder, with slashes.
    """

    path: Path
    name: str


def list_models(folder: Path) -> Iterator[Shelved]:
    """Every model below a folder, in order of name; hidden things left aside.

    Links are followed, for people share models between programs, but no folder twice.
    """
    been: set[str] = set()
    seen = 0
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        below = Path(place).relative_to(folder)
        if real in been or len(below.parts) > _DEEPEST:
            folders.clear()
            continue
        been.add(real)
        seen += len(names) + len(folders)
        if seen > _MOST_ENTRIES:
            return
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        if place != str(folder) and {"model_index.json", "config.json"} & set(names):
            folders.clear()
            yield Shelved(Path(place), below.as_posix())
            continue
        for name in sorted(names):
            if name.casefold().endswith(WEIGHTS) and not name.startswith("."):
                yield Shelved(Path(place) / name, (below / name).as_posix())


def best_named(models: list[Shelved], name: str, role: str) -> list[Shelved]:
    """The models a name fits best, several where it fits them alike.

    The whole path is better than the file's name, and that better than the name without its
    ending; among equals those in a folder for the role.
    """
    wanted = _plain(name)
    if not wanted:
        return []
    last = wanted.rsplit("/", 1)[-1]
    ways: tuple[Callable[[Shelved], bool], ...] = (
        lambda one: _plain(one.name) == wanted,
        lambda one: _plain(one.name).endswith("/" + wanted),
        lambda one: _plain(one.path.name) == last,
        lambda one: _stem(_plain(one.path.name)) == _stem(last),
    )
    for fits in ways:
        found = [one for one in models if fits(one)]
        if found:
            return [one for one in found if _is_in_place(one, role)] or found
    return []


def _is_in_place(model: Shelved, role: str) -> bool:
    above = {part.casefold() for part in model.name.split("/")[:-1]}
    return bool(above & set(ROLE_FOLDERS.get(role, ())))


def _plain(name: str) -> str:
    return name.replace("\\", "/").strip("/").casefold()


def _stem(name: str) -> str:
    """Without the ending of a model file: versions like ``v1.5`` are no endings."""
    for ending in WEIGHTS:
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name
