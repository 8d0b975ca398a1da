"""What happens between two steps: stopping, keeping what the mask keeps, telling how far it is."""

from typing import Any

from remarque.actions.orders import Listening
from remarque.engines.stable_diffusion.machine import STOPPED
from remarque.engines.stable_diffusion.passes_stage import Stage
from remarque.engines.stable_diffusion.previews import preview_of
from remarque.engines.stable_diffusion.running_mask import Keeping
from remarque.errors import Cancelled, MakingFailed
from remarque.progress import Step

BROKEN = "The numbers became undefined at step {step} of {total}."
ADVICE = (
    "Use --speed exact (full precision), another --sampler, or a lower --cfg; "
    "the model file may be damaged."
)


class Steps:
    """Is called by the pipeline after every step of one pass."""

    def __init__(self, listening: Listening, stage: Stage, keeping: Keeping | None) -> None:
        self._listening = listening
        self._stage = stage
        self._keeping = keeping

    def __call__(
        self,
        pipe: Any,  # noqa: ANN401
        index: int,
        _timestep: Any,  # noqa: ANN401
        given: dict[str, Any],
    ) -> dict[str, Any]:
        """Look after one step; ``index`` is from 0.

        Raises:
            Cancelled: ``stop`` was set, or the progress said so.
            MakingFailed: The latents are no numbers any more.
        """
        done, total = index + 1, int(pipe.num_timesteps)
        latents = given["latents"]
        # Asking a GPU after every step would make it wait; its result is looked at in the end.
        if latents.device.type == "cpu" and not bool(latents.isfinite().all()):
            raise MakingFailed(BROKEN.format(step=done, total=total), hint=ADVICE)
        if self._keeping is not None:
            latents = self._keeping.kept(pipe, index, latents)
        listening, role = self._listening, self._stage.role
        listening.progress(Step("making", done, total, f"making.{role}", role))
        if listening.preview is not None and done % max(1, listening.preview_every) == 0:
            listening.preview(done, total, preview_of(pipe, latents, self._stage.size))
        if listening.stop.is_set():
            raise Cancelled(STOPPED)
        return {"latents": latents}
