"""What a diffusion model is asked while it learns: which way the noise lies."""

from dataclasses import dataclass, field

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from training.models import STEPS, kept_signal
from training.tokenizer import POSITIONS


@dataclass(frozen=True, slots=True)
class Denoiser:
    """A UNet with the text encoder and tokenizer it listens to."""

    unet: UNet2DConditionModel
    text: CLIPTextModel
    tokenizer: CLIPTokenizer
    signal: Tensor = field(default_factory=kept_signal)

    def loss(self, latents: Tensor, captions: list[str]) -> tuple[Tensor, Tensor]:
        """Return the loss of each picture and the timesteps it was taken at.

        Timesteps are spread evenly over the batch, which steadies small batches.
        """
        count = len(latents)
        places = (torch.arange(count) + torch.rand(count)) / count
        times = (places * STEPS).long().clamp(0, STEPS - 1)[torch.randperm(count)]
        keep = self.signal[times].sqrt().view(-1, 1, 1, 1)
        drown = (1 - self.signal[times]).sqrt().view(-1, 1, 1, 1)
        noise = torch.randn_like(latents)
        ids = self.tokenizer(
            captions,
            padding="max_length",
            max_length=POSITIONS,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        with torch.autocast("cpu", dtype=torch.bfloat16):
            context = self.text(ids)[0]
            told = self.unet(keep * latents + drown * noise, times, context).sample
        wanted = keep * noise - drown * latents
        return (told.float() - wanted).square().mean((1, 2, 3)), times
