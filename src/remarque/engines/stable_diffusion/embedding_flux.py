"""FLUX: T5 for the words, the pooled vector of CLIP beside it; no weights, no windows."""

import inspect
from typing import TYPE_CHECKING

from remarque.engines.stable_diffusion.embedding_clip import ClipEncoder, Layer
from remarque.engines.stable_diffusion.embedding_pair import Drafted, Wanted, device_of
from remarque.engines.stable_diffusion.embedding_parts import Pipe
from remarque.engines.stable_diffusion.embedding_t5 import Encoded, encode_t5
from remarque.engines.stable_diffusion.embedding_tokens import tokenize
from remarque.engines.stable_diffusion.weighting import Weighting

if TYPE_CHECKING:
    import torch

    from remarque.engines.stable_diffusion.embedding_reading import Reading

_LENGTH = 512
_UNWEIGHTED = "FLUX takes no weights: the words were read without them."
_UNPARTED = "FLUX reads a prompt in one piece: BREAK was left out."
_UNSKIPPED = "FLUX has no clip skip: it was left out."


def embed_flux(pipe: Pipe, wanted: Wanted) -> Drafted:
    """Embed for FLUX; the negative prompt only where there is one and the pipeline takes it."""
    told, pooled, missing = _embed(pipe, wanted.prompt)
    arguments = {"prompt_embeds": told.hidden, "pooled_prompt_embeds": pooled}
    remarks = [*missing, *told.remarks, *_remarks(wanted)]
    if wanted.negative.phrases:
        if "negative_prompt_embeds" not in inspect.signature(type(pipe).__call__).parameters:
            remarks.append("This pipeline takes no negative prompt: it was left out.")
        else:
            away, away_pooled, missing = _embed(pipe, wanted.negative)
            remarks += [*missing, *away.remarks]
            arguments["negative_prompt_embeds"] = away.hidden
            arguments["negative_pooled_prompt_embeds"] = away_pooled
    return Drafted(arguments, told.orders, tuple(remarks))


def _remarks(wanted: Wanted) -> list[str]:
    both = (wanted.prompt, wanted.negative)
    said = {
        _UNWEIGHTED: any(reading.weighted for reading in both),
        _UNPARTED: any(len(reading.stretches) > 1 for reading in both),
        _UNSKIPPED: (wanted.clip_skip or 1) > 1,
    }
    return [sentence for sentence, holds in said.items() if holds]


def _embed(pipe: Pipe, reading: "Reading") -> "tuple[Encoded, torch.Tensor, tuple[str, ...]]":
    device = device_of(pipe)
    told = encode_t5(reading, pipe.tokenizer_2, pipe.text_encoder_2, _LENGTH, device)
    clip = ClipEncoder(pipe.tokenizer, pipe.text_encoder, device)
    stretches, missing = tokenize(reading, pipe.tokenizer)
    tokens = [token for stretch in stretches for token in stretch]
    # Only the pooled vector is used, which weights do not touch; diffusers cuts here as well.
    _, pooled = clip.encode([tuple(tokens[: clip.room])], Layer(), Weighting.RESTORED)
    assert pooled is not None  # noqa: S101  # CLIP's text model always pools
    return told, pooled, missing
