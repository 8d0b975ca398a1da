"""What a diffusion model is asked while it learns: which way the noise lies."""

from dataclasses import dataclass, field

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from training.models import STEPS, kept_signal
from training.tokenizer import POSITIONS

_UNSEEN = 0.4  # of their weight, for things that the noise still hides
_LATER = 0.7  # exponent: 1 spreads timesteps evenly, less draws them towards noise


@dataclass(frozen=True, slots=True)
class Denoiser:
    """A UNet with the text encoder and tokenizer it listens to."""

    unet: UNet2DConditionModel
    text: CLIPTextModel
    tokenizer: CLIPTokenizer
    signal: Tensor = field(default_factory=kept_signal)

    @property
    def seen(self) -> Tensor:
        """Return, for every timestep, how much of their weight small things are given."""
        return _UNSEEN + (1 - _UNSEEN) * self.signal

    def loss(
        self, latents: Tensor, captions: list[str], things: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the loss of each picture and the timesteps it was taken at.

        Timesteps are spread over the batch, which steadies small batches, and stand closer where
        it is decided what comes into the picture. `things` (count, rows, columns) is what small
        things count beside their ground, most where the noise lets one see them: weighed as much
        while it is still open whether they come at all, they would come unasked.
        """
        count = len(latents)
        places = ((torch.arange(count) + torch.rand(count)) / count) ** _LATER
        times = (places * STEPS).long().clamp(0, STEPS - 1)[torch.randperm(count)]
        keep = self.signal[times].sqrt().view(-1, 1, 1, 1)
        drown = (1 - self.signal[times]).sqrt().view(-1, 1, 1, 1)
        noise = torch.randn_like(latents)
        ids = token_ids(self.tokenizer, captions)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            with torch.no_grad():  # noise would teach it to forget what moves few pixels
                context = self.text(ids)[0]
            told = self.unet(keep * latents + drown * noise, times, context).sample
        wanted = keep * noise - drown * latents
        losses = (told.float() - wanted).square().mean(1)
        if things is not None:
            weights = 1 + things * self.seen[times].view(-1, 1, 1)
            losses = losses * (weights / weights.mean())
        return losses.mean((1, 2)), times


def token_ids(tokenizer: CLIPTokenizer, captions: list[str]) -> Tensor:
    """Return the token numbers of captions, cut or filled to all positions."""
    ids: Tensor = tokenizer(
        captions,
        padding="max_length",
        max_length=POSITIONS,
        truncation=True,
        return_tensors="pt",
    ).input_ids
    return ids
