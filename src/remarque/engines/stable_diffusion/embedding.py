"""Prompts as the embeddings a pipeline is called with, in the syntax they were written in.

Weights, windows and clip skip follow the program of the syntax (``docs/reference/
prompt-weights.md`` has each with its source). A short prompt without weights gives the very bits
of the pipeline's own ``encode_prompt``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from remarque.engines.stable_diffusion.embedding_flux import embed_flux
from remarque.engines.stable_diffusion.embedding_pair import Drafted, Wanted, phrase_places
from remarque.engines.stable_diffusion.embedding_parts import Pipe
from remarque.engines.stable_diffusion.embedding_reading import Reading, read_prompt
from remarque.engines.stable_diffusion.embedding_sd import embed_sd
from remarque.engines.stable_diffusion.embedding_sd3 import embed_sd3
from remarque.engines.stable_diffusion.embedding_sdxl import embed_sdxl
from remarque.model.phrases import PhraseKind
from remarque.model.prompts import Syntax

_SHAPED = frozenset(
    {PhraseKind.WORDS, PhraseKind.EDITING, PhraseKind.ALTERNATION, PhraseKind.NETWORK}
)  # the kinds that may have tokens


@dataclass(frozen=True, slots=True)
class PhraseTokens:
    """Where a phrase stands: ``places`` along the sequence of the conditional embeddings.

    ``order`` is the phrase's place in the prompt. No place: its tokens were left out.
    """

    text: str
    order: int
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Embedded:
    """What the pipeline is called with, where the phrases stand, and what was not carried out."""

    arguments: dict[str, Any]
    phrases: tuple[PhraseTokens, ...]
    remarks: tuple[str, ...] = ()


def embed_prompts(
    pipe: Pipe, prompt: str, negative: str, syntax: Syntax, clip_skip: int | None
) -> Embedded:
    """Embed both prompts for one call of this pipeline.

    Args:
        pipe: A diffusers pipeline with its text encoders.
        prompt: The words, with the notation of ``syntax``.
        negative: Words to keep out, in the same notation; empty for none.
        syntax: How both are read.
        clip_skip: As the program of the syntax counts: 1 is the last layer for all but
            ``plain`` (diffusers), where it is the number of layers left out.

    Raises:
        UsageError: A prompt is longer than any this program takes, or clip skip leaves no layer.
    """
    wanted = Wanted(read_prompt(prompt, syntax), read_prompt(negative, syntax), syntax, clip_skip)
    drafted = _embedder_of(pipe)(pipe, wanted)
    return Embedded(
        dict(drafted.arguments),
        _phrases(wanted.prompt, drafted),
        _remarks(wanted, drafted),
    )


def _on_weights(wanted: Wanted) -> Iterable[str]:
    """Where the weights do not act as in the program the prompt was written for."""
    weights = [run.weight for one in (wanted.prompt, wanted.negative) for run in one.runs()]
    if wanted.syntax == "invokeai" and any(weight < 1.0 for weight in weights):
        yield _COMPEL
    elif wanted.syntax in _UNPUBLISHED and any(weight != 1.0 for weight in weights):
        yield _UNPUBLISHED[wanted.syntax]


_COMPEL = (
    "Weights below 1 move words towards the empty prompt; "
    "InvokeAI itself also mixes in the prompt without them."
)
_UNPUBLISHED: Mapping[Syntax, str] = {
    "novelai": "How NovelAI weighs words is not published: AUTOMATIC1111's way was used.",
    "midjourney": "How Midjourney weighs words is not published: AUTOMATIC1111's way was used.",
}


def _embedder_of(pipe: Pipe) -> Callable[[Pipe, Wanted], Drafted]:
    """By the parts the pipeline has: their names are the same in every task of a family."""
    parts = pipe.components
    if "text_encoder_3" in parts:
        return embed_sd3
    if "transformer" in parts and "text_encoder_2" in parts:
        return embed_flux
    if "unet" in parts and "text_encoder_2" in parts:
        return embed_sdxl
    return embed_sd if "unet" in parts and "text_encoder" in parts else _as_text


def _as_text(_pipe: Pipe, wanted: Wanted) -> Drafted:
    """A family not known here reads the words itself, without weights."""
    weighted = wanted.prompt.weighted or wanted.negative.weighted
    return Drafted(
        {"prompt": wanted.prompt.text, "negative_prompt": wanted.negative.text or None},
        (),
        ("This model family takes no weights: the words were read without them.",)
        if weighted
        else (),
    )


def _phrases(reading: Reading, drafted: Drafted) -> tuple[PhraseTokens, ...]:
    places = phrase_places(drafted.orders)
    return tuple(
        PhraseTokens(phrase.text, phrase.order, places.get(phrase.order, ()))
        for phrase in reading.phrases
        if phrase.kind in _SHAPED
    )


def _remarks(wanted: Wanted, drafted: Drafted) -> tuple[str, ...]:
    """Everything that is not as written, each sentence once."""
    read = (*wanted.prompt.remarks, *wanted.negative.remarks)
    return tuple(dict.fromkeys((*read, *drafted.remarks, *_on_weights(wanted))))
