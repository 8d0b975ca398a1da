"""Real diffusers pipelines with tiny random weights, built here: no download, milliseconds a step.

The sizes follow the rules of each architecture and nothing else; pictures are noise. Tokenizers
are CLIP's byte-pair form with the alphabet alone.
"""

import json
import os
import string

import numpy as np
import pytest

from remarque.wiring.clock import SystemClock

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when the libraries are imported

torch = pytest.importorskip("torch", reason="the make extra (torch, diffusers) is not installed")
diffusers = pytest.importorskip("diffusers", reason="the make extra is not installed")
transformers = pytest.importorskip("transformers", reason="the make extra is not installed")

from remarque.engines.diffusers_recording import Outlet, PipelineRecorder  # noqa: E402

HIDDEN = 32


def tokenizer(folder):
    """A CLIP tokenizer of letters: real code, a vocabulary of our own."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = list(string.printable.strip())
    words = [*letters, *(f"{one}</w>" for one in letters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(dict.fromkeys(words))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return transformers.CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77
    )


def clip_text(projection=None):
    config = transformers.CLIPTextConfig(
        vocab_size=1000,
        hidden_size=HIDDEN,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=77,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=1,
        projection_dim=projection or HIDDEN,
    )
    kind = transformers.CLIPTextModelWithProjection if projection else transformers.CLIPTextModel
    return kind(config).eval()


def t5_text():
    config = transformers.T5Config(
        vocab_size=1000, d_model=HIDDEN, d_kv=8, d_ff=37, num_layers=2, num_heads=4
    )
    return transformers.T5EncoderModel(config).eval()


def vae(latent_channels=4, **more):
    return diffusers.AutoencoderKL(
        block_out_channels=(32, 64),
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        latent_channels=latent_channels,
        norm_num_groups=32,
        **more,
    ).eval()


def unet(in_channels=4, **more):
    return diffusers.UNet2DConditionModel(
        block_out_channels=(32, 64),
        layers_per_block=1,
        sample_size=16,
        in_channels=in_channels,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **{"cross_attention_dim": HIDDEN, "attention_head_dim": 4, **more},
    ).eval()


def scheduler():
    return diffusers.DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        steps_offset=1,
        clip_sample=False,
    )


def quiet(pipe):
    pipe.set_progress_bar_config(disable=True)
    return pipe


def stable_diffusion(folder, kind=None):
    """StableDiffusionPipeline, or its image-to-image or inpaint sister from the same parts."""
    torch.manual_seed(0)
    kind = kind or diffusers.StableDiffusionPipeline
    return quiet(
        kind(
            vae=vae(),
            text_encoder=clip_text(),
            tokenizer=tokenizer(folder / "words"),
            unet=unet(),
            scheduler=scheduler(),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    )


def sdxl(folder):
    torch.manual_seed(0)
    words = tokenizer(folder / "words")
    more = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "transformer_layers_per_block": (1, 1),
        "projection_class_embeddings_input_dim": 6 * 8 + HIDDEN,
        "cross_attention_dim": 2 * HIDDEN,
    }
    return quiet(
        diffusers.StableDiffusionXLPipeline(
            vae=vae(),
            text_encoder=clip_text(),
            text_encoder_2=clip_text(projection=HIDDEN),
            tokenizer=words,
            tokenizer_2=words,
            unet=unet(**more),
            scheduler=scheduler(),
            add_watermarker=False,
        )
    )


def sd3(folder):
    torch.manual_seed(0)
    words = tokenizer(folder / "words")
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=16,
        patch_size=1,
        in_channels=4,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=HIDDEN,
        joint_attention_dim=HIDDEN,
        pooled_projection_dim=2 * HIDDEN,
        out_channels=4,
    ).eval()
    return quiet(
        diffusers.StableDiffusion3Pipeline(
            transformer=transformer,
            scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
            vae=vae(use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.1),
            text_encoder=clip_text(projection=HIDDEN),
            tokenizer=words,
            text_encoder_2=clip_text(projection=HIDDEN),
            tokenizer_2=words,
            text_encoder_3=None,
            tokenizer_3=None,
        )
    )


def flux(folder):
    torch.manual_seed(0)
    words = tokenizer(folder / "words")
    transformer = diffusers.FluxTransformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=HIDDEN,
        pooled_projection_dim=HIDDEN,
        axes_dims_rope=(4, 4, 8),
    ).eval()
    return quiet(
        diffusers.FluxPipeline(
            scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
            text_encoder=clip_text(),
            tokenizer=words,
            text_encoder_2=t5_text(),
            tokenizer_2=words,
            transformer=transformer,
            vae=vae(use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.1),
        )
    )


def lora_for(pipe, name, weight=1.0):
    """Put a random LoRA into the denoiser's attention, through peft as the loaders do."""
    peft = pytest.importorskip("peft", reason="the make extra is not installed")
    config = peft.LoraConfig(
        r=2, lora_alpha=4, target_modules=["to_q", "to_k"], init_lora_weights=False
    )
    pipe.unet.add_adapter(config, adapter_name=name)
    pipe.set_adapters([name], adapter_weights=[weight])


def numbers(images):
    """The numbers of any kind of result."""
    if isinstance(images, list):
        return np.stack([np.asarray(one) for one in images])
    return images.detach().numpy() if isinstance(images, torch.Tensor) else images


class Heard:
    """The diffusers recorder with a list in place of a vault."""

    def __init__(self, *pipes, latents=False):
        self._pipes = pipes
        self._making = []
        self.gaps = []
        outlet = Outlet(
            submit=lambda making, _holds: self._making.append(making),
            note_gap=lambda missing, because: self.gaps.append((missing, because)),
        )
        self._recorder = PipelineRecorder(outlet, SystemClock(), latents=latents)

    def __enter__(self):
        for pipe in self._pipes:
            self._recorder.start(pipe)
        return self

    def __exit__(self, *_):
        self._recorder.stop()

    def seen(self):
        """What was recorded so far, made as the recorder's thread would make it."""
        return [making() for making in self._making]
