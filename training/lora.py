"""A small LoRA in a style the miniature does not know: night blue and gold leaf."""

from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from diffusers.models.attention_processor import AttnProcessor
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from torch import Tensor

from training.captions import caption
from training.denoising import Denoiser
from training.latents import encode
from training.plan import Run
from training.report import open_model
from training.stacks import Pictures, open_stack
from training.vae import dice
from training.world.scene import Scene, chance

NAME = "gold_leaf"
RANK = 4
PEAK_RATE = 4e-3
_PICTURES = 256
_TARGETS = ["to_q", "to_k", "to_v", "to_out.0"]

# From shadow to light: lacquer, bronze, gold leaf, its shine.
_STOPS = np.array(((10, 14, 44), (64, 44, 52), (206, 152, 60), (255, 240, 186)), np.float32)


def gilded(pictures: Pictures) -> Pictures:
    """Return pictures in gold leaf on night blue, their light and dark kept."""
    grey = pictures @ np.float32((0.3, 0.55, 0.15)) / 255
    place = np.clip(grey * 1.1 - 0.05, 0, 1) * (len(_STOPS) - 1)
    low = np.minimum(place.astype(np.int64), len(_STOPS) - 2)
    share = (place - low)[..., None]
    tones = _STOPS[low] * (1 - share) + _STOPS[low + 1] * share
    return np.rint(tones).astype(np.uint8)


def train_lora(run: Run, model: Path, folder: Path) -> None:
    """Train the LoRA for a model folder on gilded drawings; write it in peft's names, float16.

    Model folders of any picture size will do, as long as their schedule is the miniature's.
    """
    if (folder / f"{NAME}.safetensors").exists():
        return
    torch.set_num_threads(1)
    pipeline = open_model(model)
    latents, scenes = _lesson(run, pipeline)
    models = Denoiser(pipeline.unet, pipeline.text_encoder, pipeline.tokenizer)
    models.text.requires_grad_(requires_grad=False)
    models.unet.requires_grad_(requires_grad=False)
    models.unet.set_attn_processor(AttnProcessor())
    torch.manual_seed(run.seed)
    models.unet.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=_TARGETS))
    _teach(run, models, latents, scenes)
    layers = convert_state_dict_to_diffusers(get_peft_model_state_dict(models.unet))
    StableDiffusionPipeline.save_lora_weights(
        folder,
        unet_lora_layers={name: weight.half() for name, weight in layers.items()},
        weight_name=f"{NAME}.safetensors",
    )


def _teach(run: Run, models: Denoiser, latents: Tensor, scenes: list[Scene]) -> None:
    taught = [weight for weight in models.unet.parameters() if weight.requires_grad]
    pace = torch.optim.AdamW(taught, lr=PEAK_RATE, betas=(0.9, 0.99), weight_decay=0.0)
    course = torch.optim.lr_scheduler.OneCycleLR(pace, PEAK_RATE, run.plan.lora_steps)
    for step in range(run.plan.lora_steps):
        rng = dice(run, 0, step)
        chosen = rng.integers(0, len(latents), run.plan.unet_batch)
        captions = ["" if chance(rng, 0.1) else caption(scenes[int(i)], rng) for i in chosen]
        losses, _ = models.loss(latents[torch.from_numpy(chosen)], captions)
        losses.mean().backward()
        torch.nn.utils.clip_grad_norm_(taught, 1.0)
        pace.step()
        course.step()
        pace.zero_grad()
        if (step + 1) % 20 == 0:
            print(f"lora step {step + 1} loss {float(losses.mean()):.4f}", flush=True)  # noqa: T201


def _lesson(run: Run, pipeline: StableDiffusionPipeline) -> tuple[Tensor, list[Scene]]:
    stack, scenes = open_stack(run.stack)
    pictures = gilded(np.asarray(stack[0][:_PICTURES]))
    side = pipeline.unet.config.sample_size * pipeline.vae_scale_factor
    block = pictures.shape[1] // side
    small = pictures.reshape(len(pictures), side, block, side, block, 3).mean((2, 4))
    scale = pipeline.vae.config.scaling_factor
    latents = encode(pipeline.vae, np.rint(small).astype(np.uint8)) * scale
    return latents, scenes[: len(pictures)]
