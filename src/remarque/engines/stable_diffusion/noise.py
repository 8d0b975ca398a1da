"""Noise from a generator of the processor, drawn in float32 whatever the model computes in.

torch draws other numbers for half precision from the same seed. Drawn in float32 and rounded, the
same seed gives the same noise on every device and in every number type.
"""

import functools
import secrets
from collections.abc import Callable
from typing import Any

from remarque.errors import UsageError

LARGEST_SEED = 2**63 - 1
_CHOSEN_BITS = 32  # what other programs' seeds have, so that a seed can be carried over
_DRAWING = ("prepare_latents", "prepare_mask_latents")


def checked_seed(seed: int) -> int:
    """The seed itself.

    Raises:
        UsageError: torch takes no such seed.
    """
    if not 0 <= seed <= LARGEST_SEED:
        raise UsageError(f"the seed {seed} is not between 0 and {LARGEST_SEED}; choose another")
    return seed


def new_seed() -> int:
    """A seed nobody chose."""
    return secrets.randbelow(2**_CHOSEN_BITS)


def generator_of(seed: int) -> Any:  # noqa: ANN401  torch.Generator
    """A generator of the processor, at the start of a seed."""
    import torch

    return torch.Generator("cpu").manual_seed(seed)


class Noise:
    """Watches over the noise of one pipeline: it is float32's, and the first is kept.

    The pipeline and its scheduler are this run's own and are not used again.
    """

    def __init__(self, pipe: Any, *, halved: bool) -> None:  # noqa: ANN401
        self._mode = _mode()
        for name in _DRAWING:
            if hasattr(pipe, name):
                setattr(pipe, name, self._drawing(getattr(pipe, name)))
        if halved:  # in float32 a step draws what it should by itself, and is not slowed
            pipe.scheduler.step = self._drawing(pipe.scheduler.step)

    @property
    def last(self) -> Any:  # noqa: ANN401  a tensor, float32, on the processor
        """The noise drawn last while latents were prepared: that which the run begins with."""
        return self._mode.last

    def _drawing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        is_step = function.__name__ == "step"

        @functools.wraps(function)  # pipelines look at the signature of a scheduler's step
        def drawn(*given: object, **named: object) -> object:
            self._mode.keeps = not is_step
            with self._mode:
                return function(*given, **named)

        return drawn


def _mode() -> Any:  # noqa: ANN401  built here because torch is imported where it is used
    import torch
    from torch.overrides import TorchFunctionMode

    halves = (torch.float16, torch.bfloat16)

    class Float32Noise(TorchFunctionMode):
        keeps = False
        last: Any = None

        # typing.override comes with Python 3.12, hence the remark to mypy
        def __torch_function__(  # type: ignore[explicit-override]
            self,
            func: Callable[..., Any],
            _types: object,
            args: tuple[Any, ...] = (),
            kwargs: dict[str, Any] | None = None,
        ) -> Any:  # noqa: ANN401
            given = kwargs or {}
            if func is not torch.randn or given.get("generator") is None:
                return func(*args, **given)
            wanted = given.get("dtype")
            given = {**given, "dtype": torch.float32} if wanted in halves else given
            drawn = func(*args, **given)
            if self.keeps:
                self.last = drawn
            return drawn.to(wanted) if wanted in halves else drawn

    return Float32Noise()
