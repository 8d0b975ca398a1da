"""Stable Diffusion 1.5 and XL in their real shapes with random weights: nothing is downloaded.

The shapes are those of the published configurations; the pictures are noise, the time is real.
"""

from pathlib import Path
from typing import Any

from stand_ins.tiny_pipelines import diffusers, scheduler, tokenizer, torch, transformers

_VOCABULARY = 49408


def stable_diffusion_1_5(folder: Path, device: str, dtype: Any) -> Any:  # noqa: ANN401
    """860 million weights in the denoiser, pictures of 512 x 512."""
    with torch.device(device):
        parts = {
            "text_encoder": _clip(768, 12, 12, "quick_gelu"),
            "vae": _vae(0.18215),
            "unet": diffusers.UNet2DConditionModel(
                sample_size=64,
                cross_attention_dim=768,
                attention_head_dim=8,
                block_out_channels=(320, 640, 1280, 1280),
            ),
        }
    pipe = diffusers.StableDiffusionPipeline(
        tokenizer=tokenizer(folder / "words"),
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
        **parts,
    )
    return _ready(pipe, device, dtype)


def stable_diffusion_xl(folder: Path, device: str, dtype: Any) -> Any:  # noqa: ANN401
    """2.6 billion weights in the denoiser, pictures of 1024 x 1024."""
    with torch.device(device):
        parts = {
            "text_encoder": _clip(768, 12, 12, "quick_gelu"),
            "text_encoder_2": _clip(1280, 32, 20, "gelu", projection=1280),
            "vae": _vae(0.13025),
            "unet": diffusers.UNet2DConditionModel(
                sample_size=128,
                cross_attention_dim=2048,
                attention_head_dim=(5, 10, 20),
                block_out_channels=(320, 640, 1280),
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
                transformer_layers_per_block=(1, 2, 10),
                use_linear_projection=True,
                addition_embed_type="text_time",
                addition_time_embed_dim=256,
                projection_class_embeddings_input_dim=2816,
            ),
        }
    words = tokenizer(folder / "words")
    pipe = diffusers.StableDiffusionXLPipeline(
        tokenizer=words,
        tokenizer_2=words,
        scheduler=scheduler(),
        add_watermarker=False,
        **parts,
    )
    return _ready(pipe, device, dtype)


def _ready(pipe: Any, device: str, dtype: Any) -> Any:  # noqa: ANN401
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(device, dtype)


def _clip(width: int, layers: int, heads: int, act: str, projection: int | None = None) -> Any:  # noqa: ANN401
    config = transformers.CLIPTextConfig(
        vocab_size=_VOCABULARY,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        hidden_act=act,
        projection_dim=projection or width,
    )
    kind = transformers.CLIPTextModelWithProjection if projection else transformers.CLIPTextModel
    return kind(config).eval()


def _vae(scaling: float) -> Any:  # noqa: ANN401
    return diffusers.AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        norm_num_groups=32,
        scaling_factor=scaling,
    ).eval()
