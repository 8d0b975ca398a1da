"""Trains the UNet on latents and fresh captions.

First on pictures at half size, where a step costs a third; then at the size the miniature has. The
text encoder stays as the reader left it, as CLIP's does in Stable Diffusion: trained along, it
forgot the side on which things stand, which moves few pixels.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from torch.nn import functional

from training.captions import caption
from training.denoising import Denoiser
from training.latents import open_latents
from training.models import new_text_encoder, new_unet
from training.muon import Muon
from training.pair import average_gradients, join, leave
from training.plan import Run, warm_then_cosine
from training.saving import load_state, save_state
from training.stacks import open_stack, open_things
from training.tokenizer import load_tokenizer
from training.vae import HELD_BACK, dice
from training.world.scene import Scene, chance

_SMALL_RATE, _RATE = 1.5e-3, 1.2e-3
_EMPTY_SHARE = 0.1  # captions left empty, for classifier-free guidance
_NOISY, _CLEAR = 700, 300  # timesteps told apart in the log
_MEMORY = 0.9985  # of the running mean of the weights


@dataclass(slots=True)
class Learner:
    """The UNet under training, with the running mean of its weights."""

    models: Denoiser
    muon: Muon
    mean: list[Tensor]

    @property
    def weights(self) -> list[nn.Parameter]:
        """Return all weights that are trained, in a fixed order."""
        return list(self.models.unet.parameters())


def new_learner(run: Run) -> Learner:
    """Build a learner with the reader's text encoder; the run's seed decides its first weights."""
    torch.manual_seed(run.seed)
    tokenizer = load_tokenizer(run.folder / "tokenizer")
    unet, text = new_unet(), new_text_encoder(tokenizer)
    # plain matrix products: on a CPU the backward pass of fused attention costs twice as much
    unet.set_attn_processor(AttnProcessor())
    text.set_attn_implementation("eager")
    read: Any = load_state(run.folder / "reader.pt")
    text.load_state_dict(read["text"])
    named = list(unet.named_parameters())
    muon = Muon(named, outer=("conv_in", "conv_out", "embedding"))
    mean = [weight.detach().clone() for _, weight in named]
    return Learner(Denoiser(unet, text, tokenizer), muon, mean)


@dataclass(frozen=True, slots=True)
class _Course:
    """One of the two parts of the training: what is seen, how long, and where it is kept."""

    state: Path
    steps: int
    rate: float
    save_every: int


def train_small(rank: int, run: Run) -> None:
    """Train on pictures at half size, from the first weights on."""
    course = _Course(
        run.folder / "unet_small.pt", run.plan.small_steps, _SMALL_RATE, run.plan.save_every
    )
    lesson = _Lesson.open(run, run.plan.small_batch, small=True)
    learner = new_learner(run)
    _train(rank, run, learner, (course, lesson))


def train_unet(rank: int, run: Run) -> None:
    """Train on whole pictures, beginning with what was learnt at half size."""
    course = _Course(run.folder / "unet.pt", run.plan.unet_steps, _RATE, run.plan.save_every)
    lesson = _Lesson.open(run, run.plan.unet_batch, small=False)
    learner = new_learner(run)
    small: Any = load_state(run.folder / "unet_small.pt")
    _put(learner, small["mean"])
    learner.mean = [weight.detach().clone() for weight in learner.weights]
    _train(rank, run, learner, (course, lesson))


def _train(rank: int, run: Run, learner: Learner, task: tuple[_Course, "_Lesson"]) -> None:
    course, lesson = task
    join(rank, run.processes, run.port + 1)
    first = _resume(course, learner)
    began, told = time.monotonic(), []
    for step in range(first, course.steps):
        rate = course.rate * warm_then_cosine(step, course.steps, warm=60, flat=0.3)
        batch, captions, things = lesson.batch(dice(run, rank, step))
        losses, times = learner.models.loss(batch, captions, things)
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
        if rank == 0 and ((step + 1) % course.save_every == 0 or step + 1 == course.steps):
            _save(course, learner, step + 1)
    leave(run.processes)


@dataclass(frozen=True, slots=True)
class _Lesson:
    """All pictures as latents, their scenes, and where small things stand in them."""

    latents: Tensor
    scenes: list[Scene]
    things: Tensor
    count: int  # pictures in a batch

    @classmethod
    def open(cls, run: Run, count: int, *, small: bool) -> "_Lesson":
        """Open the stack of a run, at half size or whole."""
        latents = open_latents(run, small=small)
        things = torch.from_numpy(open_things(run.stack))
        if small:
            things = functional.max_pool2d(things, 2)
        return cls(latents, open_stack(run.stack)[1], things, count)

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, list[str], Tensor]:
        """Choose pictures at random and caption them afresh."""
        chosen = rng.integers(0, len(self.latents) - HELD_BACK, self.count)
        captions = [
            "" if chance(rng, _EMPTY_SHARE) else caption(self.scenes[int(index)], rng)
            for index in chosen
        ]
        places = torch.from_numpy(chosen)
        return self.latents[places].float(), captions, self.things[places]


def _thirds(losses: Tensor, times: Tensor) -> tuple[float, float, float]:
    """Return the mean loss of all, of the noisiest and of the clearest pictures."""
    late, early = losses[times >= _NOISY], losses[times < _CLEAR]
    return (float(losses.mean()), float(late.mean()), float(early.mean()))


def _remember(learner: Learner, step: int) -> None:
    memory = min(_MEMORY, (1 + step) / (12 + step))
    weights = [weight.detach() for weight in learner.weights]
    torch._foreach_lerp_(learner.mean, weights, 1 - memory)


def _save(course: _Course, learner: Learner, step: int) -> None:
    state: dict[str, object] = {
        "weights": [weight.detach() for weight in learner.weights],
        "mean": learner.mean,
        "muon": learner.muon.state(),
        "step": step,
    }
    save_state(course.state, state)


def _resume(course: _Course, learner: Learner) -> int:
    state: Any = load_state(course.state)
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
