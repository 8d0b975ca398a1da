"""The autoencoder: 256x256 pictures to 32x32 latents of four channels and back."""

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from training.muon import Muon
from training.pair import average_gradients, join, leave
from training.plan import Run, warm_then_cosine
from training.saving import load_state, save_state
from training.stacks import Pictures, half_size, open_stack, pictures_at
from training.world.canvas import SIDE
from training.world.scene import chance

CHANNELS = 4
FACTOR = 8  # pixels to one latent number, each way
CROP = 128
PEAK_RATE = 2.5e-3
HELD_BACK = 64  # pictures at the end of the stack that no stage trains on

_LEVELS = (16, 32, 64, 64)
_SMALL_SHARE = 0.25  # of the pictures of the first half, seen whole at half size


def new_vae() -> AutoencoderKL:
    """Build an untrained autoencoder whose residual branches start silent."""
    vae = AutoencoderKL(
        block_out_channels=_LEVELS,
        down_block_types=("DownEncoderBlock2D",) * len(_LEVELS),
        up_block_types=("UpDecoderBlock2D",) * len(_LEVELS),
        layers_per_block=1,
        norm_num_groups=8,
        latent_channels=CHANNELS,
        mid_block_add_attention=False,
        sample_size=SIDE,
        force_upcast=False,
    )
    with torch.no_grad():
        for name, weight in vae.named_parameters():
            if ".conv2." in name:
                weight.zero_()
    return vae


def as_input(pictures: Pictures) -> Tensor:
    """Turn pictures (0 to 255, channels last) into what models see (-1 to 1, channels first)."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1


def reconstruction_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """Weigh differences of pixels and of edges; both in units of the -1 to 1 range."""
    gap = made - wanted
    edges = (gap[..., 1:, :] - gap[..., :-1, :]).abs().mean()
    edges = edges + (gap[..., :, 1:] - gap[..., :, :-1]).abs().mean()
    return gap.abs().mean() + 4 * gap.square().mean() + 0.7 * edges


def psnr(made: Tensor, wanted: Tensor) -> float:
    """Return the mean peak signal-to-noise ratio in dB of pictures in the -1 to 1 range."""
    errors = (made.clamp(-1, 1) - wanted).square().mean((1, 2, 3))
    return float((10 * torch.log10(4 / errors)).mean())


def dice(run: Run, rank: int, step: int) -> np.random.Generator:
    """Return the die of one step of one process, and set torch's to match.

    Every step has its own, so a resumed run throws what an unbroken one would have thrown.
    """
    rng = np.random.default_rng((run.seed, rank, step))
    torch.manual_seed(int(rng.integers(1 << 60)))
    return rng


def random_crops(
    stack: list[Pictures], count: int, rng: np.random.Generator, small: float = 0.0
) -> Tensor:
    """Return `CROP` wide squares out of random pictures; a share `small` is whole, at half size.

    They begin where latents begin, so that frames and margins, which stand at fixed places, look to
    the autoencoder as they will in whole pictures.
    """
    last = sum(len(chunk) for chunk in stack) - HELD_BACK
    whole = pictures_at(stack, rng.integers(0, last, count))
    corners = FACTOR * rng.integers(0, (SIDE - CROP) // FACTOR + 1, (count, 2))
    cut = [
        half_size(picture) if chance(rng, small) else picture[y : y + CROP, x : x + CROP]
        for picture, (y, x) in zip(whole, corners.tolist(), strict=True)
    ]
    return as_input(np.stack(cut))


@dataclass(slots=True)
class _Progress:
    """Sums of what a log line tells."""

    began: float
    square: float = 0.0
    latent: float = 0.0
    steps: int = 0

    def line(self, step: int, rate: float) -> str:
        level = 10 * math.log10(4 / (self.square / self.steps))
        text = (
            f"{time.monotonic() - self.began:.0f}s step {step} psnr {level:.2f}"
            f" kl {self.latent / self.steps:.2f} rate {rate:.5f}"
        )
        self.square, self.latent, self.steps = 0.0, 0.0, 0
        return text


def train_vae(rank: int, run: Run) -> None:
    """Train encoder and decoder together on crops; process `rank` of `run.processes`."""
    join(rank, run.processes, run.port)
    stack, _ = open_stack(run.stack)
    torch.manual_seed(run.seed)
    vae = new_vae()
    muon = Muon(vae.named_parameters(), outer=("conv_in", "conv_out", "quant_conv"))
    first = _resume(run, vae, muon)
    progress = _Progress(time.monotonic())
    for step in range(first, run.plan.vae_steps):
        rate = PEAK_RATE * warm_then_cosine(step, run.plan.vae_steps, warm=60, flat=0.3)
        small = _SMALL_SHARE if 2 * step < run.plan.vae_steps else 0.0
        crops = random_crops(stack, run.plan.vae_batch, dice(run, rank, step), small)
        _step(vae, muon, crops, (rate, run.processes), progress)
        if rank == 0 and (step + 1) % 50 == 0:
            print(progress.line(step + 1, rate), flush=True)  # noqa: T201
        if rank == 0 and ((step + 1) % run.plan.save_every == 0 or step + 1 == run.plan.vae_steps):
            state = {"vae": vae.state_dict(), "muon": muon.state(), "step": step + 1}
            save_state(run.folder / "vae.pt", state)
    leave(run.processes)


def _resume(run: Run, vae: AutoencoderKL, muon: Muon) -> int:
    state: Any = load_state(run.folder / "vae.pt")
    if state is None:
        return 0
    vae.load_state_dict(state["vae"])
    muon.restore(state["muon"])
    return int(state["step"])


def _step(
    vae: AutoencoderKL,
    muon: Muon,
    crops: Tensor,
    pace: tuple[float, int],
    progress: _Progress,
) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        spread = vae.encode(crops).latent_dist
        made = vae.decode(spread.sample()).sample.float()
    latent = spread.kl().float().mean() / (CHANNELS * (CROP // FACTOR) ** 2)
    (reconstruction_loss(made, crops) + 3e-4 * latent).backward()
    weights = list(vae.parameters())
    average_gradients(weights, pace[1])
    torch.nn.utils.clip_grad_norm_(weights, 1.0)
    muon.step(pace[0])
    progress.square += float((made.detach() - crops).square().mean())
    progress.latent += float(latent.detach())
    progress.steps += 1
