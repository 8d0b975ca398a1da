"""How a weight acts on what a text encoder gave.

Two ways, each as its program does it:

* AUTOMATIC1111 (``modules/sd_hijack_clip.py``, emphasis "Original"): every token's vector is
  multiplied by its weight, then all are scaled so that the mean of the window is what it was.
* ComfyUI (``comfy/sd1_clip.py``, ``ClipTokenWeightEncoder``) and compel's upweighting: every
  token's vector moves along the line from the empty prompt's vector at the same place.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from remarque.model.prompts import Syntax

if TYPE_CHECKING:
    import torch


class Weighting(StrEnum):
    """RESTORED: multiply and restore the mean. INTERPOLATED: away from the empty prompt."""

    RESTORED = "restored"
    INTERPOLATED = "interpolated"


_INTERPOLATED = frozenset({"comfyui", "swarmui", "invokeai"})


def weighting_of(syntax: Syntax) -> Weighting:
    """The way of the programs whose prompts are in this syntax."""
    return Weighting.INTERPOLATED if syntax in _INTERPOLATED else Weighting.RESTORED


def restore_mean(hidden: "torch.Tensor", weights: Sequence[float]) -> "torch.Tensor":
    """Multiply and restore the mean.

    Args:
        hidden: Vectors of one window, (1, tokens, width).
        weights: One for every token, start, end and padding included (1.0).
    """
    exact = hidden.float()
    before = exact.mean()
    weighted = exact * exact.new_tensor(weights)[None, :, None]
    after = weighted.mean()
    # A mean of nothing cannot be restored; the program itself would divide by it.
    factor = before / after if after else exact.new_tensor(1.0)
    return (weighted * factor).to(hidden.dtype)


def interpolate(
    hidden: "torch.Tensor", empty: "torch.Tensor", weights: Sequence[float]
) -> "torch.Tensor":
    """Move away from the empty prompt (beyond 1) or towards it (below 1).

    Args:
        hidden: Vectors of one window, (1, tokens, width).
        empty: Vectors of the empty prompt's window, of the same shape.
        weights: One for every token, start, end and padding included (1.0).
    """
    scale = hidden.float().new_tensor(weights)[None, :, None]
    moved = (hidden.float() - empty.float()) * scale + empty.float()
    # Tokens of weight 1 keep their very bits.
    return moved.to(hidden.dtype).where(scale != 1, hidden)
