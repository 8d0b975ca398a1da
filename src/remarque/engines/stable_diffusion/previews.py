"""Latents to pictures and back: for previews, and for what a mask keeps."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remarque.model.recipe import Size

_SMALL_DECODER = 6_000_000
_PREVIEW_LATENTS = 32
_HALVES = ("torch.float16", "torch.bfloat16")


def preview_of(pipe: Any, latents: Any, size: Size) -> NDArray[np.uint8]:  # noqa: ANN401
    """A picture of latents: (H, W, 3), 8 bits.

    A large decoder is given the latents shrunk to at most 32 a side, which costs it a small part
    of a whole decoding; the picture is that much smaller.
    """
    import torch

    grid = as_grid(pipe, latents, size)
    weights = sum(one.numel() for one in pipe.vae.parameters())
    longest = max(grid.shape[-2:])
    if weights > _SMALL_DECODER and longest > _PREVIEW_LATENTS:
        high, wide = (max(1, side * _PREVIEW_LATENTS // longest) for side in grid.shape[-2:])
        grid = torch.nn.functional.adaptive_avg_pool2d(grid.float(), (high, wide))
    return to_bytes(np.nan_to_num(decoded(pipe, grid)))


def to_bytes(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """Numbers from 0 to 1 as 8 bits, rounded as diffusers rounds them."""
    return (numbers.clip(0, 1) * 255).round().astype(np.uint8)


def decoded(pipe: Any, grid: Any) -> NDArray[np.float32]:  # noqa: ANN401
    """The decoder's picture of latents in rows and columns: (H, W, 3), about 0 to 1."""
    import torch

    scale, shift = _measures(pipe.vae, grid)
    with torch.no_grad(), _wide_enough(pipe.vae) as vae:
        latents = (grid.float() / scale + shift).to(vae.dtype)
        found = vae.decode(latents, return_dict=False)[0]
    picture: NDArray[np.float32] = (found[0].float() / 2 + 0.5).permute(1, 2, 0).cpu().numpy()
    return picture


def encoded(pipe: Any, pixels: NDArray[np.uint8], like: Any) -> Any:  # noqa: ANN401
    """The latents of a picture in rows and columns, on the device and in the type of ``like``."""
    import torch

    numbers = torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    with torch.no_grad(), _wide_enough(pipe.vae) as vae:
        found = vae.encode(numbers.to(like.device, vae.dtype))
        spread = getattr(found, "latent_dist", None)
        grid = (spread.mode() if spread is not None else found.latents).float()
    scale, shift = _measures(pipe.vae, grid)
    return ((grid - shift) * scale).to(like.dtype)


def as_grid(pipe: Any, latents: Any, size: Size) -> Any:  # noqa: ANN401  tensors
    """Latents in rows and columns: (1, C, H, W). FLUX packs them in patches."""
    if latents.dim() == 4:  # noqa: PLR2004
        return latents
    return pipe._unpack_latents(latents, size.height, size.width, pipe.vae_scale_factor)  # noqa: SLF001


def as_before(pipe: Any, grid: Any, latents: Any) -> Any:  # noqa: ANN401  tensors
    """Rows and columns in the form ``latents`` came in."""
    if latents.dim() == 4:  # noqa: PLR2004
        return grid
    return pipe._pack_latents(grid, *grid.shape)  # noqa: SLF001


def _measures(vae: Any, grid: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Factor and shift between the numbers of the VAE and those of the denoiser."""
    import torch

    config = vae.config
    factor = float(config.get("scaling_factor") or 1.0)
    mean, spread = config.get("latents_mean"), config.get("latents_std")
    if mean is None or spread is None:
        return factor, float(config.get("shift_factor") or 0.0)
    as_tensor = [torch.tensor(one, device=grid.device).view(1, -1, 1, 1) for one in (mean, spread)]
    return factor / as_tensor[1], as_tensor[0]


@contextmanager
def _wide_enough(vae: Any) -> Iterator[Any]:  # noqa: ANN401
    """The VAE in float32 while it works, where its own card says half precision overflows."""
    narrow = vae.dtype if str(vae.dtype) in _HALVES else None
    if narrow is None or not vae.config.get("force_upcast"):
        yield vae
        return
    try:
        yield vae.float()
    finally:
        vae.to(narrow)
