"""SD3: two CLIP text encoders side by side, then T5 along the sequence, where there is one."""

from typing import TYPE_CHECKING

from remarque.engines.stable_diffusion.embedding_clips import Clips
from remarque.engines.stable_diffusion.embedding_pair import (
    Drafted,
    Wanted,
    device_of,
    orders_of,
    pairs_of,
)
from remarque.engines.stable_diffusion.embedding_parts import Pipe
from remarque.engines.stable_diffusion.embedding_reading import Reading
from remarque.engines.stable_diffusion.embedding_t5 import Encoded, encode_t5

if TYPE_CHECKING:
    import torch

_T5_LENGTH = 256
_UNWEIGHTED = "The weights act on the CLIP encoders; the T5 encoder read the words without them."


def embed_sd3(pipe: Pipe, wanted: Wanted) -> Drafted:
    """Embed for SD3; without T5 its part is zeros, as diffusers does."""
    import torch

    clips = Clips(pipe, wanted)
    pairs, remarks = pairs_of(wanted, clips.encoders)
    told, untold = _t5(pipe, wanted.prompt), _t5(pipe, wanted.negative)
    hidden, pooled = clips.encode_prompt(pairs)
    away, away_pooled = clips.encode_negative(pairs)
    arguments = {
        "prompt_embeds": _before(hidden, told),
        "negative_prompt_embeds": _before(away, untold),
        "pooled_prompt_embeds": torch.cat(pooled, dim=-1),
        "negative_pooled_prompt_embeds": torch.cat(away_pooled, dim=-1),
    }
    orders = (*orders_of(pairs[0].prompt, clips.length), *told.orders)
    said = (*remarks, *clips.remarks(), *told.remarks, *untold.remarks)
    return Drafted(arguments, orders, (*said, *_unweighted(pipe, wanted)))


def _unweighted(pipe: Pipe, wanted: Wanted) -> tuple[str, ...]:
    weighted = wanted.prompt.weighted or wanted.negative.weighted
    return (_UNWEIGHTED,) if weighted and pipe.text_encoder_3 is not None else ()


def _t5(pipe: Pipe, reading: Reading) -> Encoded:
    import torch

    device = device_of(pipe)
    if pipe.text_encoder_3 is None:
        width = pipe.transformer.config.joint_attention_dim
        dtype = pipe.text_encoder.dtype
        zeros = torch.zeros((1, _T5_LENGTH, width), device=device, dtype=dtype)
        return Encoded(zeros, (None,) * _T5_LENGTH)
    return encode_t5(reading, pipe.tokenizer_3, pipe.text_encoder_3, _T5_LENGTH, device)


def _before(hidden: "torch.Tensor", told: Encoded) -> "torch.Tensor":
    """CLIP's vectors, widened with zeros, before T5's along the sequence."""
    import torch

    filling = told.hidden.shape[-1] - hidden.shape[-1]
    wide = torch.nn.functional.pad(hidden, (0, filling))
    return torch.cat([wide, told.hidden.to(wide.dtype)], dim=-2)
