"""SD 1.x and 2.x: one CLIP text encoder."""

from remarque.engines.stable_diffusion.embedding_clip import ClipEncoder, Layer
from remarque.engines.stable_diffusion.embedding_pair import (
    Drafted,
    Wanted,
    device_of,
    orders_of,
    pairs_of,
)
from remarque.engines.stable_diffusion.embedding_parts import Pipe

_SD2_WIDTH = 1024
_IGNORED = (
    "Clip skip was left out: SD 2 always takes the layer before the last, as its programs do."
)


def embed_sd(pipe: Pipe, wanted: Wanted) -> Drafted:
    """Embed for SD 1 or 2; the encoder of SD 2 as diffusers keeps it ends at the right layer."""
    encoder = ClipEncoder(pipe.tokenizer, pipe.text_encoder, device_of(pipe))
    (pair,), remarks = pairs_of(wanted, [encoder])
    is_sd2 = pipe.text_encoder.config.hidden_size == _SD2_WIDTH
    layer = Layer() if is_sd2 else _layer(wanted)
    if is_sd2 and (wanted.clip_skip or 1) > 1:
        remarks = (*remarks, _IGNORED)
    hidden, _ = encoder.encode(pair.prompt, layer, wanted.weighting)
    # diffusers skips no layers for the words to keep out.
    away, _ = encoder.encode(pair.negative, Layer() if wanted.plain else layer, wanted.weighting)
    arguments = {"prompt_embeds": hidden, "negative_prompt_embeds": away}
    return Drafted(arguments, orders_of(pair.prompt, encoder.length), remarks)


def _layer(wanted: Wanted) -> Layer:
    skip = wanted.clip_skip
    if skip is None:
        return Layer()
    return Layer(max(1, skip + 1 if wanted.plain else skip))
