"""A prompt as phrases with weights: what the author wrote, in which order, how strongly.

Each program writes weights in its own way; ``docs/reference/prompts.md`` has every syntax with its
source. Commas (, ， 、 ،), semicolons, line ends and sentence ends part the phrases in all of them,
and so does a change of weight. Every text is some list of phrases: nothing is raised, in time
linear in the text.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from remarque.model.phrases import STRUCTURE, Phrase, PhraseKind, Syntax, split_words
from remarque.model.syntaxes.brackets import read_automatic1111, read_comfyui
from remarque.model.syntaxes.invokeai import read_invokeai
from remarque.model.syntaxes.midjourney import read_midjourney
from remarque.model.syntaxes.novelai import read_novelai
from remarque.model.syntaxes.plain import read_plain
from remarque.model.syntaxes.swarmui import read_swarmui

__all__ = [
    "STRUCTURE",
    "SYNTAXES",
    "Phrase",
    "PhraseKind",
    "Syntax",
    "parse_prompt",
    "split_words",
    "syntax_of",
]

_READERS: Mapping[Syntax, Callable[[str], tuple[Phrase, ...]]] = {
    "automatic1111": read_automatic1111,
    "comfyui": read_comfyui,
    "swarmui": read_swarmui,
    "invokeai": read_invokeai,
    "novelai": read_novelai,
    "midjourney": read_midjourney,
    "plain": read_plain,
}
_LONGEST_KEPT = 20_000
SYNTAXES: tuple[Syntax, ...] = tuple(_READERS)

_OF_GENERATOR: Mapping[str, Syntax] = {
    "comfyui": "comfyui",
    "fooocus": "comfyui",
    "ruinedfooocus": "comfyui",
    "swarmui": "swarmui",
    "stableswarmui": "swarmui",
    "invokeai": "invokeai",
    "novelai": "novelai",
    "midjourney": "midjourney",
    "diffusers": "plain",
}


def parse_prompt(text: str, syntax: Syntax = "automatic1111") -> tuple[Phrase, ...]:
    """The phrases of a prompt, in order. Any text is accepted."""
    # The takes of a work share most of their prompts. Very long texts are not worth keeping.
    return _read(text, syntax) if len(text) > _LONGEST_KEPT else _remembered(text, syntax)


def _read(text: str, syntax: Syntax) -> tuple[Phrase, ...]:
    return _READERS[syntax](text)


_remembered = lru_cache(maxsize=1024)(_read)


def syntax_of(generator: str | None) -> Syntax:
    """The syntax a generator's prompts are in, by the name the readers give it.

    An unknown one is read as AUTOMATIC1111's, which most programs and sites have taken over.
    """
    name = (generator or "").lower().replace(" ", "")
    return _OF_GENERATOR.get(name, "automatic1111")
