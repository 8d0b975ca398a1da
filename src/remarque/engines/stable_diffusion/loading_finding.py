"""The files behind what an order wishes for: on the shelf, or fetched from the hub."""

from dataclasses import dataclass
from pathlib import Path

from remarque.actions.orders import ModelWish
from remarque.engines.model_files import ModelFiles
from remarque.engines.stable_diffusion.adding import Lora
from remarque.engines.stable_diffusion.hub import (
    Fetching,
    fetch_part,
    fetch_pipeline,
    parse_reference,
)
from remarque.engines.stable_diffusion.loading_files import describe
from remarque.engines.stable_diffusion.loading_wishes import Wishes
from remarque.engines.stable_diffusion.shelf import Shelf
from remarque.errors import ModelChanged, ModelMissing

_OLD_HASH_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """Where everything lies that an order wishes for; embeddings with the word they teach."""

    checkpoint: Path
    vae: Path | None = None
    loras: tuple[Lora, ...] = ()
    embeddings: tuple[tuple[str, Path], ...] = ()
    controls: tuple[Path, ...] = ()
    remarks: tuple[str, ...] = ()


def find_models(wishes: Wishes, shelf: Shelf, fetching: Fetching, files: ModelFiles) -> Found:
    """Find every model of an order before any is loaded.

    Raises:
        ModelMissing, ModelChanged: One is not to be had, or not as the record names it.
        LibraryMissing: A model of the hub needs a library that is not installed.
    """

    def find(wish: ModelWish) -> Path:
        found = shelf.find(wish)
        return found if isinstance(found, Path) else _fetch(found, wish, fetching, files)

    return Found(
        find(wishes.checkpoint),
        find(wishes.vae) if wishes.vae is not None else None,
        tuple(Lora(find(one.wish), one.weight, one.text_weight) for one in wishes.loras),
        tuple((_word(wish), find(wish)) for wish in wishes.embeddings),
        tuple(find(wish) for wish in wishes.controls),
        _remarks(wishes),
    )


def _fetch(named: str, wish: ModelWish, fetching: Fetching, files: ModelFiles) -> Path:
    reference = parse_reference(named)
    if reference is None:
        raise ModelMissing(f"There is no model {named!r}.")
    whole = wish.role in {"checkpoint", "unet"} and reference.file is None
    found = (fetch_pipeline if whole else fetch_part)(reference, fetching)
    if wish.digest is not None and describe(found, wish.role, files).digest != wish.digest:
        raise ModelChanged(
            f"The model {named} on the hub is not the one the record names.",
            hint="Name the revision that was used then, as owner/name@revision.",
        )
    return found


def _word(wish: ModelWish) -> str:
    """The word an embedding teaches: its name without folders and ending."""
    name = wish.name.replace("\\", "/").rsplit("/", 1)[-1]
    for ending in (".safetensors", ".pt", ".bin"):
        name = name.removesuffix(ending)
    return name


def _remarks(wishes: Wishes) -> tuple[str, ...]:
    """The old hash says little: it covers 64 KiB, and many merges share them."""
    name = wishes.checkpoint.name
    told = name.rpartition("[")[2].removesuffix("]") if name.endswith("]") else ""
    if len(told) != _OLD_HASH_DIGITS or wishes.checkpoint.place or wishes.checkpoint.digest:
        return ()
    return ("The record names the model by an old hash of 8 digits, which different files share.",)
