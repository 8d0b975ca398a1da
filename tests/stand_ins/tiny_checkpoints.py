"""A tiny Stable Diffusion as one file, with the names its first authors gave the tensors.

Only what the tiny pipelines have is renamed: two levels, one layer each.
"""

import re

import pytest

save_file = pytest.importorskip("safetensors.torch").save_file

_UNET = (
    (r"^time_embedding\.linear_1", "time_embed.0"),
    (r"^time_embedding\.linear_2", "time_embed.2"),
    (r"^conv_in\.", "input_blocks.0.0."),
    (r"^down_blocks\.0\.resnets\.0", "input_blocks.1.0"),
    (r"^down_blocks\.0\.downsamplers\.0\.conv", "input_blocks.2.0.op"),
    (r"^down_blocks\.1\.resnets\.0", "input_blocks.3.0"),
    (r"^down_blocks\.1\.attentions\.0", "input_blocks.3.1"),
    (r"^mid_block\.resnets\.0", "middle_block.0"),
    (r"^mid_block\.attentions\.0", "middle_block.1"),
    (r"^mid_block\.resnets\.1", "middle_block.2"),
    (r"^up_blocks\.0\.resnets\.(\d)", r"output_blocks.\1.0"),
    (r"^up_blocks\.0\.attentions\.(\d)", r"output_blocks.\1.1"),
    (r"^up_blocks\.0\.upsamplers\.0\.conv", "output_blocks.1.2.conv"),
    (r"^up_blocks\.1\.resnets\.0", "output_blocks.2.0"),
    (r"^up_blocks\.1\.resnets\.1", "output_blocks.3.0"),
    (r"^conv_norm_out", "out.0"),
    (r"^conv_out", "out.2"),
)
_IN_BLOCKS = (
    (r"\.norm1\.(weight|bias)$", r".in_layers.0.\1"),
    (r"\.conv1\.", ".in_layers.2."),
    (r"\.time_emb_proj\.", ".emb_layers.1."),
    (r"\.norm2\.(weight|bias)$", r".out_layers.0.\1"),
    (r"\.conv2\.", ".out_layers.3."),
    (r"\.conv_shortcut\.", ".skip_connection."),
)
_VAE = (
    (r"\.down_blocks\.(\d)\.resnets\.(\d)", r".down.\1.block.\2"),
    (r"\.down_blocks\.(\d)\.downsamplers\.0", r".down.\1.downsample"),
    (r"\.up_blocks\.0\.resnets\.(\d)", r".up.1.block.\1"),
    (r"\.up_blocks\.1\.resnets\.(\d)", r".up.0.block.\1"),
    (r"\.up_blocks\.0\.upsamplers\.0", ".up.1.upsample"),
    (r"\.mid_block\.resnets\.0", ".mid.block_1"),
    (r"\.mid_block\.resnets\.1", ".mid.block_2"),
    (r"\.mid_block\.attentions\.0\.group_norm", ".mid.attn_1.norm"),
    (r"\.mid_block\.attentions\.0\.to_([qkv])", r".mid.attn_1.\1"),
    (r"\.mid_block\.attentions\.0\.to_out\.0", ".mid.attn_1.proj_out"),
    (r"\.conv_norm_out", ".norm_out"),
    (r"\.conv_shortcut", ".nin_shortcut"),
)


def save_single_file(pipe, path, facts=None):
    """Write a tiny pipeline of the first family as one checkpoint."""
    tensors = {
        **{f"model.diffusion_model.{unet_name(key)}": v for key, v in weights(pipe.unet)},
        **vae_tensors(pipe.vae, "first_stage_model."),
        **{
            f"cond_stage_model.transformer.{text_name(k)}": v for k, v in weights(pipe.text_encoder)
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: one.contiguous() for name, one in tensors.items()}, path, facts)
    return path


def save_lora(pipe, path):
    """A random LoRA for denoiser and text encoder, as diffusers saves one."""
    peft = pytest.importorskip("peft", reason="the make extra is not installed")
    config = peft.LoraConfig(
        r=2, lora_alpha=2, target_modules=["to_q", "to_v"], init_lora_weights=False
    )
    text = peft.LoraConfig(
        r=2, lora_alpha=2, target_modules=["q_proj", "out_proj"], init_lora_weights=False
    )
    pipe.unet.add_adapter(config)
    pipe.text_encoder.add_adapter(text)
    type(pipe).save_lora_weights(
        str(path.parent),
        unet_lora_layers=peft.get_peft_model_state_dict(pipe.unet),
        text_encoder_lora_layers=peft.get_peft_model_state_dict(pipe.text_encoder),
        weight_name=path.name,
    )


def vae_tensors(vae, prefix=""):
    return {f"{prefix}{_renamed(key, _VAE)}": _vae_shape(key, one) for key, one in weights(vae)}


def unet_name(name):
    """A residual block's inner names are renamed, an attention block's (norm1 too) stay."""
    renamed = _renamed(name, _UNET)
    return renamed if "attentions" in name else _renamed(renamed, _IN_BLOCKS)


def text_name(name):
    return name if name.startswith("text_model.") else f"text_model.{name}"


def weights(module):
    return module.state_dict().items()


def _vae_shape(name, one):
    """Attention of the first authors' VAE is written as a convolution of one pixel."""
    attention = ".attentions.0.to_" in name and name.endswith("weight")
    return one[:, :, None, None] if attention else one


def _renamed(name, rules):
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name
