"""The CLIP text encoders of SDXL and SD3, side by side."""

from typing import TYPE_CHECKING

from remarque.engines.stable_diffusion.embedding_clip import ClipEncoder, Layer
from remarque.engines.stable_diffusion.embedding_pair import Pair, Wanted, device_of
from remarque.engines.stable_diffusion.embedding_parts import Pipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from remarque.engines.stable_diffusion.windows import Window

_BEFORE_LAST = 2
_SKIPPED = (
    "Clip skip was carried out on both encoders, as Forge and ComfyUI do; "
    "AUTOMATIC1111 leaves it out for this family unless told otherwise."
)


class Clips:
    """The encoders of a pipeline (the refiner of SDXL has one) and the layers they stop at."""

    def __init__(self, pipe: Pipe, wanted: Wanted) -> None:
        device = device_of(pipe)
        both = [(pipe.tokenizer, pipe.text_encoder), (pipe.tokenizer_2, pipe.text_encoder_2)]
        self.encoders = [ClipEncoder(words, one, device) for words, one in both if one is not None]
        self._wanted = wanted
        self._layer = _layer(wanted)

    @property
    def length(self) -> int:
        """Tokens of a window with start and end."""
        return self.encoders[0].length

    def encode_prompt(self, pairs: "Sequence[Pair]") -> "tuple[torch.Tensor, list[torch.Tensor]]":
        """The prompt's vectors beside each other, and the pooled one of each encoder."""
        return self._encode([pair.prompt for pair in pairs], self._layer)

    def encode_negative(self, pairs: "Sequence[Pair]") -> "tuple[torch.Tensor, list[torch.Tensor]]":
        """The same for the words to keep out, for which diffusers skips no layers."""
        layer = _layer_by_itself() if self._wanted.plain else self._layer
        return self._encode([pair.negative for pair in pairs], layer)

    def remarks(self) -> tuple[str, ...]:
        """What is said where clip skip does more than the family does by itself."""
        more = self._layer.place > _BEFORE_LAST and not self._wanted.plain
        return (_SKIPPED,) if more else ()

    def _encode(
        self, windows: "list[tuple[Window, ...]]", layer: Layer
    ) -> "tuple[torch.Tensor, list[torch.Tensor]]":
        import torch

        both = [
            encoder.encode(own, layer, self._wanted.weighting)
            for encoder, own in zip(self.encoders, windows, strict=True)
        ]
        pooled = [vector for _, vector in both if vector is not None]
        return torch.cat([hidden for hidden, _ in both], dim=-1), pooled


def _layer_by_itself() -> Layer:
    return Layer(_BEFORE_LAST, normed=False)


def _layer(wanted: Wanted) -> Layer:
    """The layer before the last for clip skip 1 and 2, an earlier one beyond, never normed."""
    skip = wanted.clip_skip
    if skip is None:
        return _layer_by_itself()
    place = skip + _BEFORE_LAST if wanted.plain else skip
    return Layer(max(place, _BEFORE_LAST), normed=False)
