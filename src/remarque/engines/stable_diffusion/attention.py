"""Word maps: where the model looked for each phrase while it made a picture.

For the phrase's tokens the attention weights ``softmax(QKᵀ·scale)`` from every place of the
picture to the words are averaged over heads, layers and steps (Hertz et al. 2022, "Prompt-to-
Prompt"; Tang et al. 2022, "What the DAAM"). The weights are worked out a second time beside the
model from what goes into each attention layer, so that the picture is bit for bit the one made
without maps: hooks only listen, processors are never exchanged. A word's attention shows where
the model took that word into account, which is not yet what the word caused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import cv2
import numpy as np

from remarque.actions.orders import AttentionMap
from remarque.engines.stable_diffusion.attention_layers import Layer, grid_of, read_layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    import torch
    from numpy.typing import NDArray

    from remarque.engines.stable_diffusion.embedding import PhraseTokens

MOST_PHRASES = 256
"""More phrases than that are not mapped: the sums would grow beyond a hundred megabytes."""
_MOST_SCORES = 2**22
"""So many attention weights are held at once: 16 MiB in 32 bits."""

_Grid = tuple[int, int]


class AttentionRecorder:
    """Listens to the attention of one pipeline call, as a context manager around it.

    The last item of each batch is taken, which is the half under the prompt where guidance runs
    both. Image-to-image runs, slicing, LoRAs and half precision are listened to alike.
    """

    def __init__(self, pipe: Any, phrases: Sequence[PhraseTokens]) -> None:  # noqa: ANN401
        """Take the pipeline and where each phrase's tokens stand in its prompt embeddings."""
        self._denoiser = getattr(pipe, "unet", None) or getattr(pipe, "transformer", None)
        self._given = len(phrases)
        self._phrases = [phrase for phrase in phrases if phrase.places][:MOST_PHRASES]
        self._handles: list[Any] = []
        self._grid: _Grid | None = None
        self._moment: object = None
        self._sums: dict[_Grid, NDArray[np.float32]] = {}
        self._counts: dict[_Grid, int] = {}

    def __enter__(self) -> Self:
        if self._denoiser is not None and self._phrases:
            listen = self._denoiser.register_forward_pre_hook(self._begin, with_kwargs=True)
            self._handles.append(listen)
            for module in _attention_of(self._denoiser):
                self._handles.append(module.register_forward_hook(self._look, with_kwargs=True))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def maps(self) -> tuple[AttentionMap, ...]:
        """One map a phrase, of the largest grid the model worked on; none where nothing was heard.

        Weights are the mean share of attention the phrase got at each place, between 0 and 1.
        """
        if not self._sums:
            return ()
        height, width = max(self._sums, key=lambda grid: grid[0] * grid[1])
        total = np.zeros((len(self._phrases), height, width), np.float32)
        for grid, sums in self._sums.items():
            for place, one in enumerate(sums):
                enlarged = cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR)
                total[place] += enlarged if grid != (height, width) else one
        total /= sum(self._counts.values())
        return tuple(
            AttentionMap(phrase.text, phrase.order, weights)
            for phrase, weights in zip(self._phrases, total, strict=True)
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences on what has no map and why."""
        return tuple(self._say())

    def _say(self) -> Iterator[str]:
        if not self._sums and self._phrases:
            yield "this model has no cross attention that can be listened to, so there are no maps"
        elif len(self._phrases) < self._given:
            missing = self._given - len(self._phrases)
            yield f"{missing} phrases have no map: without tokens of their own, or too many"

    def _begin(self, denoiser: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:  # noqa: ANN401
        """Before each step: the size of what is worked on, and whether it is the prompt's turn."""
        self._grid = grid_of(denoiser, args, kwargs)
        if "img_ids" in kwargs:
            # FLUX runs prompt and negative prompt one after the other at the same moment.
            moment = float(kwargs["timestep"].flatten()[0])
            self._grid = None if moment == self._moment else self._grid
            self._moment = moment

    def _look(
        self,
        module: Any,  # noqa: ANN401
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        _output: object,
    ) -> None:
        import torch

        if self._grid is None:
            return
        with torch.no_grad():
            layer = read_layer(module, args, kwargs)
            grid = _grid_with(self._grid, layer.query.shape[1]) if layer is not None else None
            if layer is not None and grid is not None:
                self._add(grid, self._shares(layer))

    def _shares(self, layer: Layer) -> torch.Tensor:
        """Attention of each place to each phrase, averaged over heads: (places, phrases)."""
        import torch

        heads, _, _ = layer.query.shape
        belongs = self._belongs(layer)
        rows = max(1, _MOST_SCORES // (heads * layer.key.shape[1]))
        found = []
        for part in torch.split(layer.query, rows, dim=1):
            scores = torch.matmul(part, layer.key.transpose(1, 2)) * layer.scale
            if layer.bias is not None:
                scores = scores + layer.bias
            found.append((scores.softmax(dim=-1) @ belongs).mean(dim=0))
        return torch.cat(found)

    def _belongs(self, layer: Layer) -> torch.Tensor:
        """Which key belongs to which phrase, as ones: (keys, phrases)."""
        import torch

        belongs = torch.zeros(layer.key.shape[1], len(self._phrases))
        for number, phrase in enumerate(self._phrases):
            for place in phrase.places:
                if place < layer.words:
                    belongs[layer.first_word + place, number] = 1.0
        return belongs.to(layer.key.device)

    def _add(self, grid: _Grid, shares: torch.Tensor) -> None:
        one = shares.t().reshape(len(self._phrases), *grid).float().cpu().numpy()
        if grid in self._sums:
            self._sums[grid] += one
        else:
            self._sums[grid] = one.copy()
        self._counts[grid] = self._counts.get(grid, 0) + 1


def _attention_of(denoiser: Any) -> list[Any]:  # noqa: ANN401
    """Every attention layer, cross or not; those without words tell so when they are called."""
    from diffusers.models.attention_processor import Attention
    from diffusers.models.transformers.transformer_flux import FluxAttention

    return [one for one in denoiser.modules() if isinstance(one, Attention | FluxAttention)]


def _grid_with(largest: _Grid, places: int) -> _Grid | None:
    """The grid of so many places: the largest one, halved (and rounded up) as often as needed."""
    height, width = largest
    while height * width > places:
        height, width = (height + 1) // 2, (width + 1) // 2
        if (height, width) == (1, 1):
            break
    return (height, width) if height * width == places else None
