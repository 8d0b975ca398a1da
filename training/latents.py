"""From autoencoder to latents: unit variance folded into the model, every picture encoded once."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from training.plan import Run
from training.saving import load_state, save_state
from training.stacks import Pictures, half_size, open_stack
from training.vae import CHANNELS, as_input, new_vae

_AT_ONCE = 16


@torch.no_grad()
def encode(vae: AutoencoderKL, pictures: Pictures) -> Tensor:
    """Return the mean latents of pictures, in float32."""
    parts = []
    for start in range(0, len(pictures), _AT_ONCE):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            spread = vae.encode(as_input(pictures[start : start + _AT_ONCE])).latent_dist
        parts.append(spread.mode().float())
    return torch.cat(parts)


@torch.no_grad()
def whiten(vae: AutoencoderKL, pictures: Pictures) -> None:
    """Change the quantising layers so that latents have mean 0 and spread 1 in every channel.

    What the autoencoder makes of a picture stays the same; the diffusion model then needs no
    scaling factor of its own.
    """
    latents = encode(vae, pictures)
    mean, spread = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    before, after = vae.quant_conv, vae.post_quant_conv
    before.weight[:CHANNELS] /= spread.view(-1, 1, 1, 1)
    before.bias[:CHANNELS] = (before.bias[:CHANNELS] - mean) / spread
    before.bias[CHANNELS:] -= 2 * spread.log()
    after.bias += after.weight[:, :, 0, 0] @ mean
    after.weight *= spread.view(1, -1, 1, 1)
    vae.register_to_config(scaling_factor=1.0)


def finish_vae(run: Run) -> None:
    """Whiten the trained autoencoder and keep it as the one all later stages use."""
    target = run.folder / "vae_white.pt"
    if target.exists():
        return
    state: Any = load_state(run.folder / "vae.pt")
    vae = new_vae()
    vae.load_state_dict(state["vae"])
    stack, _ = open_stack(run.stack)
    whiten(vae.eval(), np.asarray(stack[0][:256]))
    save_state(target, {"vae": vae.state_dict()})


def load_vae(run: Run) -> AutoencoderKL:
    """Load the whitened autoencoder, with its decoder polished where that stage has run."""
    vae = new_vae()
    state: Any = load_state(run.folder / "vae_white.pt")
    vae.load_state_dict(state["vae"])
    polished: Any = load_state(run.folder / "decoder.pt")
    if polished is not None:
        vae.decoder.load_state_dict(polished["decoder"])
        vae.post_quant_conv.load_state_dict(polished["post_quant_conv"])
    vae.register_to_config(scaling_factor=1.0)
    return vae.eval()


def encode_stack(rank: int, run: Run) -> None:
    """Encode this process's share of the chunks; those already encoded are left."""
    torch.set_num_threads(1)
    vae = load_vae(run)
    stack, _ = open_stack(run.stack)
    for number in range(rank, len(stack), run.processes):
        pictures = np.asarray(stack[number])
        _encode_once(vae, pictures, run.stack / f"latents_{number:03d}.npy")
        small = np.stack([half_size(picture) for picture in pictures])
        _encode_once(vae, small, run.stack / f"small_{number:03d}.npy")


def _encode_once(vae: AutoencoderKL, pictures: Pictures, target: Path) -> None:
    if not target.exists():
        half = target.with_suffix(".part.npy")
        np.save(half, encode(vae, pictures).numpy().astype(np.float16))
        half.rename(target)


def open_latents(run: Run, *, small: bool = False) -> Tensor:
    """Load all latents of the stack (float16) in the order of its scenes.

    They are 32x32, or 16x16 (`small`) of the same pictures at half size.
    """
    files = sorted(run.stack.glob("small_???.npy" if small else "latents_???.npy"))
    return torch.from_numpy(np.concatenate([np.load(file) for file in files]))
