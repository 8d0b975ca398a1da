"""What saves memory or time on a pipeline for one run, and is taken back after it.

Loaded models are kept from order to order, so nothing an order asks for may stay behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from remarque.actions.orders import Memory, Speed
from remarque.engines.stable_diffusion.machine import Place

NOT_SLICED = "This model's attention cannot be sliced; only its decoding was made smaller."


@contextmanager
def arranged(pipe: Any, place: Place) -> Iterator[tuple[str, ...]]:  # noqa: ANN401
    """Have the pipeline run as ``place`` says; gives remarks on what it cannot do."""
    sliced = place.memory is not Memory.PLENTY
    waiting = place.memory is Memory.SCARCE
    _compile(denoiser_of(pipe), place)
    try:
        remarks = _slice(pipe) if sliced else ()
        if waiting:
            pipe.enable_model_cpu_offload(device=place.device)
        yield remarks
    finally:
        if waiting:
            pipe.remove_all_hooks()
            pipe.to("cpu")
        if sliced:
            _join(pipe)


def denoiser_of(pipe: Any) -> Any:  # noqa: ANN401  a model of diffusers
    """The network that is run at every step."""
    found = getattr(pipe, "unet", None)
    return found if found is not None else getattr(pipe, "transformer", None)


def _slice(pipe: Any) -> tuple[str, ...]:  # noqa: ANN401
    pipe.vae.enable_slicing()
    pipe.vae.enable_tiling()
    if not hasattr(denoiser_of(pipe), "set_attention_slice"):
        return (NOT_SLICED,)
    pipe.enable_attention_slicing()
    return ()


def _join(pipe: Any) -> None:  # noqa: ANN401
    pipe.vae.disable_slicing()
    pipe.vae.disable_tiling()
    if hasattr(denoiser_of(pipe), "set_attention_slice"):
        pipe.disable_attention_slicing()


def _compile(denoiser: Any, place: Place) -> None:  # noqa: ANN401
    wanted = place.speed is Speed.FAST and place.is_cuda
    compiled = getattr(denoiser, "_compiled_call_impl", None)
    if wanted and compiled is None:
        denoiser.compile()
    elif not wanted and compiled is not None:
        denoiser._compiled_call_impl = None  # noqa: SLF001  torch has no other way back
