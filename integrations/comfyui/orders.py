"""Marked copies that are wanted. Who makes them is said once; without Remarque nobody does."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger("remarque.comfyui")

NEEDS_REMARQUE = (
    "Remarque saved %s without a marked copy: marked copies need Remarque installed in ComfyUI's "
    "own Python. Publish it with: remarque publish"
)


@dataclass(frozen=True)
class Order:
    """A copy that is wanted: of which saved file, into which folder, with which marks."""

    picture: Path
    to: Path
    visible: str
    label_ai: bool
    credentials: bool


_takers: list[Callable[[Order], None]] = []


def take_orders(taker: Callable[[Order], None]) -> None:
    """From now on orders go there."""
    _takers[:] = [taker]


def order_marked_copy(order: Order) -> None:
    """Ask for a marked copy of a picture that was just saved; it is made after the run."""
    if _takers:
        _takers[0](order)
    else:
        log.warning(NEEDS_REMARQUE, order.picture.name)


def output_folder(folder: str, subfolder: str) -> Path:
    """A folder below the output folder; that itself where the named one would lie outside."""
    root = Path(folder).resolve()
    place = (root / subfolder.strip()).resolve()
    return place if place.is_relative_to(root) else root
