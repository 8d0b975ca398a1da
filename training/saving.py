"""Training states on disk: written aside and moved into place, so that none is ever half there."""

from pathlib import Path

import torch


def save_state(path: Path, state: dict[str, object]) -> None:
    """Write tensors and plain numbers to `path`."""
    aside = path.with_suffix(".part")
    torch.save(state, aside)
    aside.rename(path)


def load_state(path: Path) -> dict[str, object] | None:
    """Read a state written by `save_state`; None where there is none yet."""
    if not path.exists():
        return None
    state: dict[str, object] = torch.load(path, weights_only=True)
    return state
