"""Trains UNet and text encoder together on latents and fresh captions."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn

from training.captions import caption
from training.denoising import Denoiser
from training.latents import open_latents
from training.models import new_text_encoder, new_unet
from training.muon import Muon
from training.pair import average_gradients, join, leave
from training.plan import Run, warm_then_cosine
from training.saving import load_state, save_state
from training.stacks import open_stack
from training.tokenizer import load_tokenizer
from training.vae import HELD_BACK, dice
from training.world.scene import Scene, chance

PEAK_RATE = 1.5e-3
_EMPTY_SHARE = 0.1  # captions left empty, for classifier-free guidance
_NOISY, _CLEAR = 700, 300  # timesteps told apart in the log
_MEMORY = 0.9985  # of the running mean of the weights


@dataclass(slots=True)
class Learner:
    """UNet and text encoder under training, with the running mean of their weights."""

    models: Denoiser
    muon: Muon
    mean: list[Tensor]

    @property
    def weights(self) -> list[nn.Parameter]:
        """Return all weights, in a fixed order."""
        return [*self.models.unet.parameters(), *self.models.text.parameters()]


def new_learner(run: Run) -> Learner:
    """Build an untrained learner; the run's seed decides its first weights."""
    torch.manual_seed(run.seed)
    tokenizer = load_tokenizer(run.folder / "tokenizer")
    unet, text = new_unet(), new_text_encoder(tokenizer)
    # plain matrix products: on a CPU the backward pass of fused attention costs twice as much
    unet.set_attn_processor(AttnProcessor())
    text.set_attn_implementation("eager")
    named = [(f"unet.{name}", weight) for name, weight in unet.named_parameters()]
    named += [(f"text.{name}", weight) for name, weight in text.named_parameters()]
    muon = Muon(named, outer=("conv_in", "conv_out", "embedding"))
    mean = [weight.detach().clone() for _, weight in named]
    return Learner(Denoiser(unet, text, tokenizer), muon, mean)


def train_unet(rank: int, run: Run) -> None:
    """Train for the plan's number of steps as process `rank` of `run.processes`."""
    join(rank, run.processes, run.port + 1)
    latents, scenes = open_latents(run), open_stack(run.stack)[1]
    learner = new_learner(run)
    first = _resume(run, learner)
    began, told = time.monotonic(), []
    for step in range(first, run.plan.unet_steps):
        rate = PEAK_RATE * warm_then_cosine(step, run.plan.unet_steps, warm=60, flat=0.3)
        batch, captions = _batch(latents, scenes, run.plan.unet_batch, dice(run, rank, step))
        losses, times = learner.models.loss(batch, captions)
        losses.mean().backward()
        average_gradients(learner.weights, run.processes)
        nn.utils.clip_grad_norm_(learner.weights, 1.0)
        learner.muon.step(rate)
        _remember(learner, step)
        told.append(_thirds(losses.detach(), times))
        if rank == 0 and (step + 1) % 100 == 0:
            line = " ".join(f"{value:.4f}" for value in np.nanmean(told, 0))
            print(f"{time.monotonic() - began:.0f}s step {step + 1} loss {line}", flush=True)  # noqa: T201
            told.clear()
        if rank == 0 and ((step + 1) % run.plan.save_every == 0 or step + 1 == run.plan.unet_steps):
            _save(run, learner, step + 1)
    leave(run.processes)


def _batch(
    latents: Tensor, scenes: list[Scene], count: int, rng: np.random.Generator
) -> tuple[Tensor, list[str]]:
    chosen = rng.integers(0, len(latents) - HELD_BACK, count)
    captions = [
        "" if chance(rng, _EMPTY_SHARE) else caption(scenes[int(index)], rng) for index in chosen
    ]
    return latents[torch.from_numpy(chosen)], captions


def _thirds(losses: Tensor, times: Tensor) -> tuple[float, float, float]:
    """Return the mean loss of all, of the noisiest and of the clearest pictures."""
    late, early = losses[times >= _NOISY], losses[times < _CLEAR]
    return (float(losses.mean()), float(late.mean()), float(early.mean()))


def _remember(learner: Learner, step: int) -> None:
    memory = min(_MEMORY, (1 + step) / (12 + step))
    weights = [weight.detach() for weight in learner.weights]
    torch._foreach_lerp_(learner.mean, weights, 1 - memory)


def _save(run: Run, learner: Learner, step: int) -> None:
    state: dict[str, object] = {
        "weights": [weight.detach() for weight in learner.weights],
        "mean": learner.mean,
        "muon": learner.muon.state(),
        "step": step,
    }
    save_state(run.folder / "unet.pt", state)


def _resume(run: Run, learner: Learner) -> int:
    state: Any = load_state(run.folder / "unet.pt")
    if state is None:
        return 0
    _put(learner, state["weights"])
    learner.mean = state["mean"]
    learner.muon.restore(state["muon"])
    return int(state["step"])


@torch.no_grad()
def _put(learner: Learner, weights: list[Tensor]) -> None:
    for weight, value in zip(learner.weights, weights, strict=True):
        weight.copy_(value)


def load_trained(run: Run) -> Learner:
    """Load the learner with the running mean of its weights in place of the last ones."""
    learner = new_learner(run)
    state: Any = load_state(run.folder / "unet.pt")
    if state is not None:
        _put(learner, state["mean"])
    learner.models.unet.eval()
    learner.models.text.eval()
    return learner
