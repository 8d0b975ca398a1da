"""Runs of text as the tokens of one tokenizer, each with its weight and its phrase."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from remarque.engines.stable_diffusion.embedding_parts import Tokenizer
from remarque.engines.stable_diffusion.embedding_reading import Reading, Run, Segment
from remarque.engines.stable_diffusion.windows import Token

_Numbers: TypeAlias = tuple[list[int], list[tuple[int, int]]]
"""Numbers of the tokens of a text, and where in the text each stands."""

# ComfyUI writes embeddings so; the ending of the file may be left out.
_EMBEDDING = re.compile(r"embedding:(?P<name>[^\s,;:()<>]++)", re.IGNORECASE)
_ENDING = re.compile(r"\.(?:pt|bin|safetensors)\Z")


def tokenize(reading: Reading, tokenizer: Tokenizer) -> tuple[list[list[Token]], tuple[str, ...]]:
    """The tokens of each stretch without start and end, and remarks on embeddings not there.

    A token that textual inversion added is followed by its further vectors, as diffusers'
    ``maybe_convert_prompt`` does.
    """
    added = dict(tokenizer.added_tokens_encoder)
    loaded = [_with_embeddings(run, added) for run in reading.runs()]
    encoded = _encode([run.text for run, _ in loaded], tokenizer)
    numbered = _numbered(encoded, [run for run, _ in loaded], added)
    tokens = [[token for _ in stretch for token in next(numbered)] for stretch in reading.stretches]
    missing = dict.fromkeys(name for _, names in loaded for name in names)
    return tokens, tuple(
        f"The embedding “{name}” is not loaded: its name was read as words." for name in missing
    )


def comma_of(tokenizer: Tokenizer) -> int | None:
    """The number of the comma's token, None where a comma is no token of its own."""
    numbers = tokenizer(",", add_special_tokens=False).input_ids
    return int(numbers[0]) if len(numbers) == 1 else None


def order_at(segments: Sequence[Segment]) -> list[int | None]:
    """The phrase of every sign of the text that these segments make."""
    return [segment.order for segment in segments for _ in segment.text]


def _encode(
    texts: list[str], tokenizer: Tokenizer
) -> list[tuple[list[int], list[tuple[int, int]]]]:
    if not texts:
        return []
    # Not cut here: windows are. "verbose" would warn of more tokens than the encoder takes.
    given = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    return list(zip(given["input_ids"], given["offset_mapping"], strict=True))


def _numbered(
    encoded: Sequence[_Numbers],
    runs: Sequence[Run],
    added: Mapping[str, int],
) -> Iterator[list[Token]]:
    names = {number: name for name, number in added.items()}
    word = 0
    for run, (numbers, places) in zip(runs, encoded, strict=True):
        text, orders, tokens = run.text, order_at(run.segments), []
        word, end = word + 1, 0
        for number, (start, stop) in zip(numbers, places, strict=True):
            further = _further(names.get(number, ""), added)
            word += bool(further) or text[end:start].isspace()
            order = next((one for one in orders[start:stop] if one is not None), None)
            tokens += [
                Token(one, run.weight, word, order, whole=bool(further))
                for one in (number, *further)
            ]
            word += bool(further)
            end = stop
        yield tokens


def _further(name: str, added: Mapping[str, int]) -> list[int]:
    """The further vectors of an embedding: ``name_1``, ``name_2``, as diffusers numbers them."""
    vectors: list[int] = []
    while name and f"{name}_{len(vectors) + 1}" in added:
        vectors.append(added[f"{name}_{len(vectors) + 1}"])
    return vectors


def _with_embeddings(run: Run, added: Mapping[str, int]) -> tuple[Run, list[str]]:
    """The run with the names of embeddings as their tokens, and the names that are not loaded."""
    missing: list[str] = []

    def token_of(found: re.Match[str]) -> str:
        name = _ENDING.sub("", found["name"])
        if name not in added:
            missing.append(name)
        return name

    def loaded(segment: Segment) -> Segment:
        if segment.network and segment.text not in added:
            missing.append(segment.text)
        return Segment(_EMBEDDING.sub(token_of, segment.text), segment.order)

    return Run(run.weight, [loaded(segment) for segment in run.segments]), missing
