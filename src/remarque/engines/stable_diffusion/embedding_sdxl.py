"""SDXL: two CLIP text encoders side by side, and the pooled vector of the second."""

from remarque.engines.stable_diffusion.embedding_clips import Clips
from remarque.engines.stable_diffusion.embedding_pair import Drafted, Wanted, orders_of, pairs_of
from remarque.engines.stable_diffusion.embedding_parts import Pipe


def embed_sdxl(pipe: Pipe, wanted: Wanted) -> Drafted:
    """Embed for SDXL, or for its refiner, which has the second encoder alone."""
    clips = Clips(pipe, wanted)
    pairs, remarks = pairs_of(wanted, clips.encoders)
    hidden, pooled = clips.encode_prompt(pairs)
    away, away_pooled = clips.encode_negative(pairs)
    if _is_silent(pipe, wanted):
        away, away_pooled = away.zero_(), [vector.zero_() for vector in away_pooled]
    arguments = {
        "prompt_embeds": hidden,
        "negative_prompt_embeds": away,
        "pooled_prompt_embeds": pooled[-1],
        "negative_pooled_prompt_embeds": away_pooled[-1],
    }
    orders = orders_of(pairs[0].prompt, clips.length)
    return Drafted(arguments, orders, (*remarks, *clips.remarks()))


def _is_silent(pipe: Pipe, wanted: Wanted) -> bool:
    """Without a negative prompt diffusers puts zeros; the other programs read empty words."""
    zeroed = getattr(pipe.config, "force_zeros_for_empty_prompt", False)
    return wanted.plain and zeroed and not wanted.negative.phrases
