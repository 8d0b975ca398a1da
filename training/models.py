"""The untrained UNet, text encoder and noise schedule of the miniature."""

import torch
from diffusers import DPMSolverMultistepScheduler, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training.tokenizer import POSITIONS
from training.vae import CHANNELS

WIDTH = 128  # of the text encoder and of cross attention
STEPS = 1000

# The usual end, 0.012, leaves a trace of the picture's brightness in 32x32 latents at the last
# step, and nights come out grey; 0.020 drowns it.
_BETA_FIRST, _BETA_LAST = 0.00085, 0.020

_CROSS = "CrossAttnDownBlock2D"


def new_unet() -> UNet2DConditionModel:
    """Build an untrained UNet with cross attention at 16x16 and 8x8."""
    unet = UNet2DConditionModel(
        sample_size=32,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        layers_per_block=1,
        # the first level is thin, for most of the work would be done there
        block_out_channels=(32, 80, 112, 112),
        down_block_types=("DownBlock2D", _CROSS, _CROSS, "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
    )
    with torch.no_grad():
        for name, weight in unet.named_parameters():
            if ".conv2." in name or name.startswith("conv_out."):
                weight.zero_()
    return unet


def new_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Build an untrained CLIP text encoder for the tokenizer's vocabulary."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=POSITIONS,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            hidden_act="quick_gelu",
            projection_dim=WIDTH,
        )
    )


def new_scheduler() -> DPMSolverMultistepScheduler:
    """Build the sampler the miniature ships with."""
    return DPMSolverMultistepScheduler(
        num_train_timesteps=STEPS,
        beta_start=_BETA_FIRST,
        beta_end=_BETA_LAST,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        steps_offset=1,
    )


def kept_signal() -> Tensor:
    """Return, for every timestep, the share of the latent's variance that is still picture."""
    betas = torch.linspace(_BETA_FIRST**0.5, _BETA_LAST**0.5, STEPS) ** 2
    return torch.cumprod(1 - betas, 0)
