"""One sampling pass with nothing left open, and the ranges its numbers keep to."""

import math
from dataclasses import dataclass

from remarque.errors import UsageError
from remarque.model.recipe import Size

FIRST, HIRES = "first", "hires"

_MOST_STEPS = 1000  # as many as models are trained on
_STRONGEST_CFG = 100


@dataclass(frozen=True, slots=True)
class Stage:
    """One pass. ``role``: FIRST or HIRES; ``strength`` None where it begins with noise alone.

    ``size`` is in pixels.
    """

    role: str
    size: Size
    prompt: str
    negative: str
    seed: int
    steps: int
    cfg: float
    sampler: str | None
    schedule: str | None
    strength: float | None = None


def checked_steps(steps: int, strength: float | None) -> int:
    """The number itself.

    Raises:
        UsageError: None would be run, or more than models know.
    """
    if not 1 <= steps <= _MOST_STEPS:
        raise UsageError(f"{steps} steps cannot be made; choose 1 to {_MOST_STEPS}")
    if strength is not None and int(steps * strength) < 1:
        raise UsageError(
            f"of {steps} steps none is left at a strength of {strength:g}; raise one of them"
        )
    return steps


def checked_cfg(cfg: float) -> float:
    """The number itself.

    Raises:
        UsageError: It is no guidance.
    """
    if not (math.isfinite(cfg) and 0 <= cfg <= _STRONGEST_CFG):
        raise UsageError(f"a guidance of {cfg:g} cannot be used; choose 0 to {_STRONGEST_CFG}")
    return cfg


def checked_strength(strength: float) -> float:
    """The number itself.

    Raises:
        UsageError: It is not above 0 and at most 1.
    """
    if not 0 < strength <= 1:
        raise UsageError(f"a strength of {strength:g} cannot be used; choose above 0, at most 1")
    return strength
