"""Record every call of a diffusers pipeline, and change nothing about it.

Whatever goes wrong here is noted as a gap and ends here: the artist's call gets the same arguments,
gives the same result, and raises the same exceptions as without a recorder.
"""

import functools
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from remarque.actions.witnessing import Seen
from remarque.engines.diffusers_arguments import bind, read_arguments
from remarque.engines.diffusers_calls import Arguments, Ending, Pipe, leave, listen
from remarque.engines.diffusers_pictures import bytes_held, outputs_in
from remarque.engines.diffusers_runs import Run, look_at_pipeline, noise_elsewhere
from remarque.engines.diffusers_seeds import noise_of
from remarque.engines.diffusers_steps import StepLatents
from remarque.engines.diffusers_telling import Output, Telling
from remarque.engines.diffusers_weights import WeightDigests
from remarque.engines.model_files import ModelFiles
from remarque.errors import UsageError
from remarque.model.times import Clock, format_time

NO_STEPS = "The latents after each step were asked for, and this pipeline does not give them."

_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where what is recorded goes; neither may raise or wait.

    ``submit`` takes a function that makes the picture seen, and the bytes it holds until then;
    ``note_gap`` two sentences: what is missing, and why.
    """

    submit: Callable[[Callable[[], Seen], int], None]
    note_gap: Callable[[str, str], None]


class PipelineRecorder:
    """Listens to pipelines until ``stop``; ``latents`` asks for digests after each step."""

    def __init__(self, outlet: Outlet, clock: Clock, *, latents: bool = False) -> None:
        self._outlet = outlet
        self._clock = clock
        self._latents = latents
        self._digests = WeightDigests()
        self._telling = Telling(self._digests, ModelFiles())

    def start(self, pipe: Pipe) -> None:
        """Listen to one more pipeline.

        Raises:
            UsageError: It is no diffusers pipeline that can be called.
        """
        from diffusers import DiffusionPipeline

        if not isinstance(pipe, DiffusionPipeline) or not callable(pipe):
            raise UsageError(
                f"a {type(pipe).__name__} cannot be recorded; give a diffusers pipeline"
            )
        listen(pipe, self._begin)

    def stop(self) -> None:
        """Listen no longer; the classes of the pipelines are as before."""
        leave(self._begin)

    def _begin(
        self, pipe: Pipe, function: Callable[..., object], arguments: Arguments
    ) -> tuple[Arguments, Ending]:
        name = type(pipe).__qualname__
        try:
            run, arguments = self._started(pipe, function, arguments)
        except Exception as error:  # noqa: BLE001  the artist's call goes on all the same
            self._miss(f"A run of {name} is not in the record.", "It could not be looked at", error)
            return arguments, _let_pass
        return arguments, functools.partial(self._end, name, run)

    def _started(
        self, pipe: Pipe, function: Callable[..., object], arguments: Arguments
    ) -> tuple[Run | None, Arguments]:
        bound = bind(function, pipe, arguments)
        if bound is None:
            return None, arguments
        remarks, latents = [], None
        if self._latents:
            latents = StepLatents()
            chained = latents.chained(function, pipe, _copy_of(bound))
            remarks += [NO_STEPS] if chained is None else []
            arguments = chained or arguments
        noise = noise_of(bound.arguments.get("generator"))
        run = Run(
            id=secrets.token_hex(8),
            started=format_time(self._clock.now()),
            arguments=read_arguments(function, pipe, bound),
            noise=noise,
            elsewhere=noise_elsewhere(noise),
            equipment=look_at_pipeline(pipe, self._digests),
            latents=latents,
            remarks=tuple(remarks),
        )
        return run, arguments

    def _end(self, name: str, run: Run | None, result: object, error: BaseException | None) -> None:
        try:
            if error is not None:
                self._miss(f"A run of {name} gave no picture.", "It ended with", error)
            elif run is not None:
                self._ended(name, run, result)
        except Exception as problem:  # noqa: BLE001  the artist has the result all the same
            self._miss(
                f"The pictures of a run of {name} are not in the record.",
                "Its result could not be read",
                problem,
            )

    def _ended(self, name: str, run: Run, result: object) -> None:
        came = self._clock.now()
        if run.arguments.values.get("output_type") == "latent":
            self._outlet.note_gap(
                f"A run of {name} gave latents, and no picture of it is in the record.",
                "The artist asked for latents; what another run makes of them is recorded there.",
            )
            return
        outputs = outputs_in(_images_of(result))
        if not outputs:
            self._outlet.note_gap(
                f"What a run of {name} gave is not in the record.", "It holds no pictures."
            )
        flagged = _flags_of(result, len(outputs))
        held = sum(map(bytes_held, run.arguments.values.values()))
        for number, pixels in enumerate(outputs):
            if pixels is None:
                self._outlet.note_gap(
                    f"Picture {number + 1} of a run of {name} is not in the record.",
                    "The pipeline withheld it.",
                )
                continue
            output = Output(number, len(outputs), came, pixels, flagged[number])
            making = functools.partial(self._telling.seen, run, output)
            self._outlet.submit(making, bytes_held(pixels) + held // len(outputs))

    def _miss(self, missing: str, reason: str, error: BaseException) -> None:
        told = str(error)[:_LONGEST_REASON].rstrip(". ")
        because = f"{reason} {type(error).__name__}{': ' if told else ''}{told}."
        self._outlet.note_gap(missing, because)


def _let_pass(_result: object, _error: BaseException | None) -> None:
    return


def _copy_of(bound: Any) -> Any:  # noqa: ANN401  bound arguments, in which the chain is put
    import copy

    fresh = copy.copy(bound)
    fresh.arguments = dict(bound.arguments)
    return fresh


def _images_of(result: object) -> object:
    """The pictures of a pipeline's output, or of the tuple it gives with return_dict=False."""
    found = getattr(result, "images", None)
    return result[0] if found is None and isinstance(result, tuple) and result else found


def _flags_of(result: object, count: int) -> list[bool]:
    """What the safety checker says of each picture."""
    flags = getattr(result, "nsfw_content_detected", None)
    if flags is None and type(result) is tuple and len(result) > 1:
        flags = result[1]
    if not isinstance(flags, list) or len(flags) != count:
        return [False] * count
    return [bool(flag) for flag in flags]
