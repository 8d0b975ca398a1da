"""``with remarque.recording(pipe, work="…"):`` around any diffusers pipeline."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remarque.errors import UsageError
from remarque.model.witness import Observer
from remarque.wiring.clock import SystemClock
from remarque.wiring.recorder import Recorder

if TYPE_CHECKING:
    from remarque.engines.diffusers_recording import PipelineRecorder


@contextmanager
def recording(
    pipe: Any,  # noqa: ANN401  any diffusers pipeline; their classes share no useful type
    *,
    work: str | None = None,
    vault: Path | str | None = None,
    latents: bool = False,
    wait_s: float = 30.0,
) -> Iterator[Recorder]:
    """Record every call of a pipeline made inside the ``with``; the calls stay as they are.

    A pipeline made inside from the parts of this one (``from_pipe``) is recorded as well. What
    goes wrong with the record never reaches the calls; see ``problems`` of the recorder given.

    Args:
        pipe: A diffusers pipeline, or several in a list (a base and its refiner).
        work: Title or id of the work; without it, lineage decides for each picture.
        vault: The vault's folder (default: REMARQUE_VAULT, else the platform's data folder).
        latents: Also take the digest of the latents after each step.
        wait_s: How long the end of the ``with`` waits for what is still being written; what is
            written later than that is written in the background.

    Raises:
        UsageError: What was given is no diffusers pipeline, or diffusers is not installed.
    """
    place = Path(vault) if vault is not None else None
    recorder = Recorder(place, work=work, observer=Observer.DIFFUSERS)
    listening = _listen(recorder, pipe, latents=latents)
    try:
        yield recorder
    finally:
        listening.stop()
        recorder.flush(wait_s)
        recorder.retire()


def _listen(recorder: Recorder, pipe: Any, *, latents: bool) -> "PipelineRecorder":  # noqa: ANN401
    try:
        from remarque.engines.diffusers_recording import Outlet, PipelineRecorder

        outlet = Outlet(
            submit=lambda making, holds: recorder.submit(making, holds_bytes=holds),
            note_gap=recorder.note_gap,
        )
        listening = PipelineRecorder(outlet, SystemClock(), latents=latents)
        for one in pipe if isinstance(pipe, Sequence) else (pipe,):
            listening.start(one)
    except ImportError as error:
        raise UsageError(
            "diffusers and torch are needed to record a pipeline",
            hint="Install them with: pip install 'remarque[make]'",
        ) from error
    return listening
