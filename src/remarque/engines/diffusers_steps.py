"""The latents after each step, where asked for: the artist's own callback goes on as is."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from remarque.engines.diffusers_calls import Arguments, Pipe
from remarque.model.digests import Digest, digest_of

_CALLBACK = "callback_on_step_end"
_INPUTS = "callback_on_step_end_tensor_inputs"
_LATENTS = "latents"


class StepLatents:
    """Collects a copy of the latents after every step of one call."""

    def __init__(self) -> None:
        self._steps: list[Any] = []

    def chained(
        self, function: Callable[..., object], pipe: Pipe, bound: inspect.BoundArguments
    ) -> Arguments | None:
        """The call's arguments with this collector in the chain; None where it has no such hook."""
        names = inspect.signature(function).parameters
        can_give = getattr(pipe, "_callback_tensor_inputs", ())
        if _CALLBACK not in names or _INPUTS not in names or _LATENTS not in can_give:
            return None
        theirs = bound.arguments.get(_CALLBACK)
        wanted = _wanted_by(theirs, function, bound)
        bound.arguments[_CALLBACK] = self._callback(theirs, tuple(wanted))
        bound.arguments[_INPUTS] = list(dict.fromkeys([*wanted, _LATENTS]))
        return bound.args[1:], dict(bound.kwargs)

    def digests(self, number: int, count: int) -> tuple[Digest, ...]:
        """SHA-256 after each step of one of ``count`` pictures, over its numbers row by row."""
        return tuple(digest_of(_bytes_of(step, number, count)) for step in self._steps)

    def _callback(self, theirs: Any, wanted: Sequence[str]) -> Callable[..., Any]:  # noqa: ANN401
        def after_step(pipe: Pipe, step: int, timestep: Any, given: dict[str, Any]) -> Any:  # noqa: ANN401
            latents = given.get(_LATENTS)
            if theirs is None:
                answer: Any = {}  # the pipeline keeps what it has
            elif _LATENTS in wanted:
                answer = theirs(pipe, step, timestep, given)
            else:  # they see only what they asked for
                answer = theirs(pipe, step, timestep, {name: given[name] for name in wanted})
            if isinstance(answer, dict):
                latents = answer.get(_LATENTS, latents)
            self._keep(latents)
            return answer

        return after_step

    def _keep(self, latents: Any) -> None:  # noqa: ANN401  a tensor
        try:
            self._steps.append(latents.detach().to("cpu", copy=True))
        except Exception:  # noqa: BLE001  a step that cannot be copied must not stop the run
            self._steps.clear()


def _wanted_by(
    theirs: object, function: Callable[..., object], bound: inspect.BoundArguments
) -> list[str]:
    """The tensors the artist's callback is given, as the pipeline itself would decide."""
    # Only some pipelines know callback objects, which say for themselves what they want.
    knows_objects = "PipelineCallback" in getattr(inspect.unwrap(function), "__globals__", {})
    own = getattr(theirs, "tensor_inputs", None) if knows_objects else None
    default = inspect.signature(function).parameters[_INPUTS].default
    return list(own if own is not None else bound.arguments.get(_INPUTS, default) or ())


def _bytes_of(step: Any, number: int, count: int) -> bytes:  # noqa: ANN401  a tensor
    import torch

    mine = step[number] if step.dim() > 0 and step.shape[0] == count else step
    return bytes(mine.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
