"""A prompt in the words of ComfyUI's text encoder, whatever syntax it was written in."""

import re
from collections.abc import Sequence

from remarque.model.prompts import Phrase, PhraseKind, Syntax, parse_prompt

_LEFT_OUT = {
    PhraseKind.AND: "AND",
    PhraseKind.EDITING: "words that change while sampling",
    PhraseKind.ALTERNATION: "words that take turns",
    PhraseKind.CHOICE: "words the program draws",
    PhraseKind.BLEND: "a blend",
    PhraseKind.SECTION: "a section",
    PhraseKind.NETWORK: "an extra network",
    PhraseKind.PARAMETER: "a setting inside the prompt",
    PhraseKind.NEGATIVE: "negative words inside the prompt",
}

_WEIGHTS = (
    "Weights of words are written alike in ComfyUI and do not act alike; the effect of each word "
    "is not shown to be equal."
)
_LORA_TAG = re.compile(r"<(?:lora|lyco):[^<>]{1,400}>")


def comfy_prompt(text: str, syntax: Syntax) -> tuple[str, tuple[str, ...]]:
    """The text for a ``CLIPTextEncode`` node, and sentences on what it cannot say.

    ComfyUI reads ``(words:1.2)`` like AUTOMATIC1111 and takes square brackets literally. A weight
    does not act alike: AUTOMATIC1111 scales the embeddings and restores their mean, ComfyUI moves
    them away from those of the empty prompt (``comfy/sd1_clip.py``).
    """
    if syntax == "comfyui":
        return text, ()
    phrases = parse_prompt(text, syntax)
    weighted = any(each.weight != 1 for each in phrases if each.kind is PhraseKind.WORDS)
    remarks = [_WEIGHTS] if weighted else []
    bare = _LORA_TAG.sub("", text)
    plain = all(each.kind in {PhraseKind.WORDS, PhraseKind.LORA} for each in phrases)
    if syntax == "automatic1111" and plain and "[" not in bare:
        return " ".join(bare.split()).strip(" ,"), tuple(remarks)
    if syntax == "plain":
        return _escaped(text), ()
    remarks += [
        f"ComfyUI's text encoder does not know {what}, which the prompt has; it was left out."
        for kind, what in _LEFT_OUT.items()
        if any(phrase.kind is kind for phrase in phrases)
    ]
    if any(phrase.kind is PhraseKind.BREAK for phrase in phrases):
        remarks.append("BREAK was read as a comma: ComfyUI's text encoder does not know it.")
    remarks.append("The prompt was written anew for ComfyUI, its phrases joined with commas.")
    return _joined(phrases), tuple(remarks)


def _joined(phrases: Sequence[Phrase]) -> str:
    return ", ".join(_written(phrase) for phrase in phrases if phrase.kind is PhraseKind.WORDS)


def _written(phrase: Phrase) -> str:
    text = _escaped(phrase.text)
    return text if phrase.weight == 1 else f"({text}:{phrase.weight:g})"


def _escaped(text: str) -> str:
    return text.replace("(", "\\(").replace(")", "\\)")
