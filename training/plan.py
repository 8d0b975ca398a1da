"""How large each stage is. Schedules count steps, never seconds, so a run can be repeated."""

import math
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    """The sizes of one training run; `chunks` are files of scenes (see `training.stacks`)."""

    chunks: int = 32
    chunk: int = 500  # scenes in one file
    captions: int = 30_000  # that the tokenizer learns from
    vae_steps: int = 2400
    vae_batch: int = 4  # pictures per process
    decoder_steps: int = 300
    decoder_batch: int = 1
    reader_steps: int = 1800
    small_steps: int = 2600  # of the UNet, on pictures at half size
    small_batch: int = 32
    unet_steps: int = 2400
    unet_batch: int = 16
    probe_steps: int = 2500
    lora_steps: int = 220
    judged: int = 128  # pictures made for the attribute table
    save_every: int = 200


SMALL = Plan(
    chunks=1,
    chunk=80,
    captions=1500,
    vae_steps=6,
    vae_batch=2,
    decoder_steps=2,
    reader_steps=4,
    small_steps=4,
    small_batch=4,
    unet_steps=6,
    unet_batch=4,
    probe_steps=6,
    lora_steps=2,
    judged=8,
    save_every=4,
)


@dataclass(frozen=True, slots=True)
class Run:
    """Where a run lives, what decides its dice, how many processes share it."""

    folder: Path
    seed: int
    plan: Plan
    processes: int = 2
    port: int = 29611

    @property
    def stack(self) -> Path:
        """Return the folder of drawn scenes."""
        return self.folder / "stack"


def warm_then_cosine(step: int, steps: int, *, warm: int, flat: float) -> float:
    """Return the share of the peak learning rate at a step.

    It rises over `warm` steps, stays until the share `flat` of all steps and falls to 2 %.
    """
    rise = min(1.0, (step + 1) / warm)
    done = step / steps
    if done < flat:
        return rise
    return rise * max(0.02, 0.5 + 0.5 * math.cos(math.pi * (done - flat) / (1 - flat)))
