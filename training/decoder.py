"""Polishes the decoder on whole pictures; the encoder, and so all latents, stay as they are."""

import math
import time
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import nn

from training.latents import load_vae, open_latents
from training.muon import Muon
from training.pair import average_gradients, join, leave
from training.plan import Run, warm_then_cosine
from training.saving import load_state, save_state
from training.stacks import open_stack, pictures_at
from training.vae import HELD_BACK, as_input, dice, reconstruction_loss

PEAK_RATE = 1.2e-3
_ROUGHNESS = 0.08  # largest noise on latents, so that the decoder forgives the UNet


def polish_decoder(rank: int, run: Run) -> None:
    """Train the decoder alone for the plan's number of steps."""
    join(rank, run.processes, run.port + 2)
    vae = load_vae(run).train()
    taught = nn.ModuleList([vae.decoder, vae.post_quant_conv])
    muon = Muon(taught.named_parameters(), outer=("conv_in", "conv_out", "1.weight"))
    state: Any = load_state(run.folder / "decoder.pt")
    first = 0
    if state is not None:
        muon.restore(state["muon"])
        first = int(state["step"])
    _polish(rank, run, (vae, taught, muon), first)
    leave(run.processes)


def _polish(
    rank: int, run: Run, models: tuple[AutoencoderKL, nn.ModuleList, Muon], first: int
) -> None:
    vae, taught, muon = models
    latents, stack = open_latents(run), open_stack(run.stack)[0]
    began, squares = time.monotonic(), []
    for step in range(first, run.plan.decoder_steps):
        rng = dice(run, rank, step)
        chosen = rng.integers(0, len(latents) - HELD_BACK, run.plan.decoder_batch)
        start = latents[torch.from_numpy(chosen)].float()
        start = start + torch.randn_like(start) * _ROUGHNESS * torch.rand(len(start), 1, 1, 1)
        wanted = as_input(pictures_at(stack, chosen))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            made = vae.decode(start).sample.float()
        reconstruction_loss(made, wanted).backward()
        average_gradients(taught.parameters(), run.processes)
        nn.utils.clip_grad_norm_(taught.parameters(), 1.0)
        muon.step(PEAK_RATE * warm_then_cosine(step, run.plan.decoder_steps, warm=30, flat=0.2))
        squares.append(float((made.detach() - wanted).square().mean()))
        if rank == 0 and (step + 1) % 50 == 0:
            level = 10 * math.log10(4 * len(squares) / sum(squares))
            print(f"{time.monotonic() - began:.0f}s step {step + 1} psnr {level:.2f}", flush=True)  # noqa: T201
            squares.clear()
        if rank == 0 and (
            (step + 1) % run.plan.save_every == 0 or step + 1 == run.plan.decoder_steps
        ):
            save_state(
                run.folder / "decoder.pt",
                {
                    "decoder": vae.decoder.state_dict(),
                    "post_quant_conv": vae.post_quant_conv.state_dict(),
                    "muon": muon.state(),
                    "step": step + 1,
                },
            )
