"""What a mask keeps: during a run in the latents, after it in the pixels.

The pipelines of diffusers do the first for latents of four channels alone; here the number is free.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from remarque.engines.stable_diffusion.noise import Noise
from remarque.engines.stable_diffusion.previews import as_before, as_grid, encoded
from remarque.model.recipe import Size
from remarque.pictures.scaling import Pixels


class Keeping:
    """Puts the picture's own latents, as noisy as they should be, back outside of the mask."""

    def __init__(self, start: Pixels, mask: NDArray[np.bool_], noise: Noise, size: Size) -> None:
        self._start = start
        self._mask = mask
        self._noise = noise
        self._size = size
        self._laid: tuple[Any, Any] | None = None

    def kept(self, pipe: Any, index: int, latents: Any) -> Any:  # noqa: ANN401  tensors
        """The latents after step ``index`` (from 0), the part to keep put back."""
        import torch

        grid = as_grid(pipe, latents, self._size)
        own, painted = self._own(pipe, grid)
        left = int(pipe.num_timesteps) - index - 1
        if left > 0:
            scheduler, noise = pipe.scheduler, self._noise.last.to(grid.device, grid.dtype)
            moment = torch.as_tensor(scheduler.timesteps[-left]).reshape(1)
            add = getattr(scheduler, "add_noise", None) or scheduler.scale_noise
            own = (
                add(own, moment, noise)
                if add.__name__ == "scale_noise"
                else add(own, noise, moment)
            )
        return as_before(pipe, torch.where(painted, grid, own.to(grid.dtype)), latents)

    def _own(self, pipe: Any, grid: Any) -> tuple[Any, Any]:  # noqa: ANN401
        """The picture's latents, and where in them is painted: wherever the mask touches them."""
        import torch

        if self._laid is None:
            numbers = torch.from_numpy(self._mask.astype(np.float32))[None, None]
            touched = torch.nn.functional.adaptive_max_pool2d(numbers, tuple(grid.shape[-2:])) > 0
            self._laid = encoded(pipe, self._start, grid), touched.to(grid.device)
        return self._laid


def pasted(made: Pixels, start: Pixels, mask: NDArray[np.bool_], blur_px: int) -> Pixels:
    """The made picture inside of the mask, the first one outside.

    The edge is softened within the mask alone: outside of it not one pixel changes.
    """
    inwards = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    share = np.minimum(np.asarray(inwards, np.float32) / max(1, blur_px), 1.0)[..., None]
    blended = made * share + start * (1 - share)
    return np.asarray(blended.round().clip(0, 255), np.uint8)
