"""A prompt through a T5 text encoder, as SD3 and FLUX have it: no windows, no weights."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remarque.engines.stable_diffusion.embedding_parts import TextEncoder, Tokenizer
from remarque.engines.stable_diffusion.embedding_reading import Reading
from remarque.engines.stable_diffusion.embedding_tokens import order_at

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors along the sequence, the phrase at each place, and what was left out."""

    hidden: "torch.Tensor"
    orders: tuple[int | None, ...]
    remarks: tuple[str, ...] = ()


def encode_t5(
    reading: Reading,
    tokenizer: Tokenizer,
    encoder: TextEncoder,
    length: int,
    device: "torch.device",
) -> Encoded:
    """Encode the prompt without its notation; tokens beyond ``length`` are left out and counted."""
    import torch

    text = reading.text
    given = tokenizer(
        text,
        padding="max_length",
        max_length=length,
        truncation=True,
        return_tensors="pt",
        return_offsets_mapping=True,
    )
    with torch.no_grad():
        hidden = encoder(given.input_ids.to(device))[0]
    orders = order_at(tuple(reading.segments()))
    places = given["offset_mapping"][0].tolist()
    return Encoded(
        hidden.to(encoder.dtype),
        tuple(
            next((one for one in orders[start:stop] if one is not None), None)
            for start, stop in places
        ),
        _left_out(len(tokenizer(text, verbose=False).input_ids) - length, length),
    )


def _left_out(beyond: int, length: int) -> tuple[str, ...]:
    if beyond <= 0:
        return ()
    return (f"{beyond} tokens beyond the {length} that the T5 encoder takes were left out.",)
