"""One pass through a pipeline of diffusers: its call, what is heard of it, and its pixels."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from remarque.actions.orders import AttentionMap, Listening
from remarque.engines.diffusers_facts import (
    describe_part,
    modules_in,
    parts_of,
)
from remarque.engines.stable_diffusion.embedding import embed_prompts
from remarque.engines.stable_diffusion.families import Family
from remarque.engines.stable_diffusion.machine import Place
from remarque.engines.stable_diffusion.machine_memory import arranged
from remarque.engines.stable_diffusion.noise import Noise, generator_of
from remarque.engines.stable_diffusion.passes_stage import FIRST, Stage
from remarque.engines.stable_diffusion.previews import to_bytes
from remarque.engines.stable_diffusion.running_call import Ground, call_arguments
from remarque.engines.stable_diffusion.running_kinds import Kind, kind_for, variant
from remarque.engines.stable_diffusion.running_mask import Keeping, pasted
from remarque.engines.stable_diffusion.running_steps import ADVICE, Steps
from remarque.engines.stable_diffusion.sampling import own_sampler, set_sampler
from remarque.errors import MakingFailed
from remarque.model.canonical import Json
from remarque.model.phrases import Syntax
from remarque.pictures.scaling import Pixels

BLACK = "The run gave a picture that is black all over."
UNDEFINED = "The run gave undefined numbers instead of a picture."


@dataclass(frozen=True, slots=True)
class Studio:
    """What all passes of one order share: the loaded model and how its words are read."""

    pipe: Any
    family: Family
    controls: tuple[Any, ...]
    control_strengths: tuple[float, ...]
    place: Place
    syntax: Syntax
    clip_skip: int | None
    listening: Listening
    maps: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Ran:
    """A finished pass: RGB pixels, the pipeline with the arguments it was called with, remarks.

    ``parts`` describes the pipeline's models as they stood while it ran; ``unmapped`` says what
    has no map, where maps were asked for.
    """

    pixels: Pixels
    pipe: Any
    arguments: Mapping[str, Any]
    seed: int
    parts: Mapping[str, Json]
    maps: tuple[AttentionMap, ...] = ()
    unmapped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def run_stage(studio: Studio, stage: Stage, ground: Ground) -> Ran:
    """Run one pass.

    Raises:
        Cancelled: ``stop`` was set.
        MakingFailed: The numbers came out undefined, or the picture black.
        UsageError: The model cannot do this kind of pass.
    """
    import torch

    kind = kind_for(studio.pipe, ground.start is not None, ground.mask is not None)
    pipe = variant(studio.pipe, studio.family, kind, studio.controls)
    said = _sampler(pipe, stage)
    halved = studio.place.dtype(studio.family) is not torch.float32
    noise = Noise(pipe, halved=halved)
    keeping = None
    if ground.mask is not None and ground.start is not None and kind is not Kind.FILL:
        keeping = Keeping(ground.start, ground.mask, noise, stage.size)
    steps = Steps(studio.listening, stage, keeping)
    with arranged(pipe, studio.place) as told, torch.no_grad():
        words = embed_prompts(pipe, stage.prompt, stage.negative, studio.syntax, studio.clip_skip)
        arguments = call_arguments(pipe, kind, stage, ground, studio.control_strengths)
        arguments |= words.arguments
        heard = studio.maps and stage.role == FIRST
        recorder = _recorder(pipe, words.phrases) if heard else None
        with nullcontext() if recorder is None else recorder:
            result = pipe(
                **arguments,
                generator=generator_of(stage.seed),
                output_type="np",
                callback_on_step_end=steps,
                callback_on_step_end_tensor_inputs=["latents"],
            )
        parts = _described(pipe)  # what an order switched on is switched off after this
    pixels = _usable(result.images[0])
    if ground.mask is not None and ground.start is not None:
        pixels = pasted(pixels, ground.start, ground.mask, ground.mask_blur_px)
    return Ran(
        pixels,
        pipe,
        arguments,
        stage.seed,
        parts,
        maps=recorder.maps() if recorder is not None else (),
        unmapped=recorder.remarks if recorder is not None else (),
        remarks=(*said, *told, *words.remarks),
    )


def _described(pipe: Any) -> dict[str, Json]:  # noqa: ANN401
    return {name: describe_part(part) for name, part in modules_in(parts_of(pipe)).items()}


def _sampler(pipe: Any, stage: Stage) -> tuple[str, ...]:  # noqa: ANN401
    """The stage's sampler on this pipeline; the model's own stays with all it is set to."""
    scheduler = pipe.scheduler
    pipe.scheduler = type(scheduler).from_config(scheduler.config)
    if (stage.sampler, stage.schedule) == own_sampler(pipe):
        return ()
    said: tuple[str, ...] = set_sampler(pipe, stage.sampler, stage.schedule)
    return said


def _recorder(pipe: Any, phrases: Any) -> Any:  # noqa: ANN401
    from remarque.engines.stable_diffusion.attention import AttentionRecorder

    return AttentionRecorder(pipe, phrases)


def _usable(numbers: Any) -> Pixels:  # noqa: ANN401  what the decoder gave, 0 to 1
    if not np.isfinite(numbers).all():
        raise MakingFailed(UNDEFINED, hint=ADVICE)
    pixels = to_bytes(numbers)
    if not pixels.any():
        raise MakingFailed(BLACK, hint=ADVICE)
    return pixels
