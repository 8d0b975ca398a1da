"""Both prompts of one call, and their windows brought to one number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remarque.engines.stable_diffusion.embedding_clip import ClipEncoder
from remarque.engines.stable_diffusion.embedding_parts import Pipe
from remarque.engines.stable_diffusion.embedding_reading import Reading
from remarque.engines.stable_diffusion.embedding_tokens import comma_of, tokenize
from remarque.engines.stable_diffusion.weighting import Weighting, weighting_of
from remarque.engines.stable_diffusion.windows import Keeping, Window, cut
from remarque.model.prompts import Syntax

if TYPE_CHECKING:
    import torch

_KEEPING = {"comfyui": Keeping.WORDS, "swarmui": Keeping.WORDS, "plain": Keeping.NOTHING}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be embedded: both prompts as read, their syntax, and clip skip as written."""

    prompt: Reading
    negative: Reading
    syntax: Syntax
    clip_skip: int | None

    @property
    def weighting(self) -> Weighting:
        """How the weights act."""
        return weighting_of(self.syntax)

    @property
    def plain(self) -> bool:
        """Whether diffusers itself read the words, which cuts them after one window."""
        return self.syntax == "plain"


@dataclass(frozen=True, slots=True)
class Drafted:
    """What one family gives: arguments, the phrase at each place of the sequence, remarks."""

    arguments: Mapping[str, Any]
    orders: tuple[int | None, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """The windows of both prompts for one encoder."""

    prompt: tuple[Window, ...]
    negative: tuple[Window, ...]

    def padded(self, count: int) -> "Pair":
        """Both with this many windows, filled with empty ones."""
        return Pair(
            self.prompt + ((),) * (count - len(self.prompt)),
            self.negative + ((),) * (count - len(self.negative)),
        )

    @property
    def longest(self) -> int:
        """Windows of the longer prompt."""
        return max(len(self.prompt), len(self.negative))


def device_of(pipe: Pipe) -> "torch.device":
    """Where the pipeline computes, also while its parts wait elsewhere."""
    device: torch.device = pipe._execution_device  # noqa: SLF001  # it has no public name
    return device


def pairs_of(
    wanted: Wanted, encoders: Sequence[ClipEncoder]
) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    """The windows of every encoder, of one number for all, and remarks."""
    remarks: list[str] = []
    pairs = [
        Pair(
            _windows(wanted.prompt, wanted, encoder, remarks),
            _windows(wanted.negative, wanted, encoder, remarks),
        )
        for encoder in encoders
    ]
    count = max(pair.longest for pair in pairs)
    return tuple(pair.padded(count) for pair in pairs), tuple(remarks)


def orders_of(windows: Sequence[Window], length: int) -> tuple[int | None, ...]:
    """The phrase at each place of the windows' sequence, start, end and padding included."""
    orders: list[int | None] = []
    for window in windows:
        inside = [token.order for token in window]
        orders += [None, *inside, *[None] * (length - 1 - len(inside))]
    return tuple(orders)


def phrase_places(orders: Sequence[int | None]) -> dict[int, tuple[int, ...]]:
    """The places of each phrase."""
    places: dict[int, list[int]] = {}
    for place, order in enumerate(orders):
        if order is not None:
            places.setdefault(order, []).append(place)
    return {order: tuple(found) for order, found in places.items()}


def _windows(
    reading: Reading, wanted: Wanted, encoder: ClipEncoder, remarks: list[str]
) -> tuple[Window, ...]:
    stretches, missing = tokenize(reading, encoder.tokenizer)
    remarks += missing
    keeping = _KEEPING.get(wanted.syntax, Keeping.COMMAS)
    windows = cut(stretches, encoder.room, keeping, comma_of(encoder.tokenizer))
    if wanted.plain and len(windows) > 1:
        beyond = sum(map(len, windows[1:]))
        remarks.append(
            f"{beyond} tokens beyond the first {encoder.room} were left out, as diffusers does."
        )
        return windows[:1]
    return windows
