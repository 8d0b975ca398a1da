"""Windows of tokens through one CLIP text encoder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remarque.engines.stable_diffusion.embedding_parts import EncoderOutput, TextEncoder, Tokenizer
from remarque.engines.stable_diffusion.weighting import Weighting, interpolate, restore_mean
from remarque.engines.stable_diffusion.windows import Window
from remarque.errors import UsageError

if TYPE_CHECKING:
    import torch

_LONGEST = 1000  # tokenizers without a limit name an absurd one


@dataclass(frozen=True, slots=True)
class Layer:
    """Which layer's output is taken: ``place`` 1 is the last, 2 the one before.

    ``normed`` passes an earlier layer through the last normalisation, as SD 1 needs it and
    SDXL does not.
    """

    place: int = 1
    normed: bool = True


@dataclass(slots=True)
class ClipEncoder:
    """A tokenizer with its text encoder, on one device."""

    tokenizer: Tokenizer
    encoder: TextEncoder
    device: "torch.device"
    _empty: dict[Layer, "torch.Tensor"] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Tokens of a window with start and end."""
        allowed = int(self.tokenizer.model_max_length)
        most = int(self.encoder.config.max_position_embeddings)
        return min(allowed, most) if allowed < _LONGEST else most

    @property
    def room(self) -> int:
        """Tokens of a window without start and end."""
        return self.length - 2

    def encode(
        self, windows: Sequence[Window], layer: Layer, weighting: Weighting
    ) -> tuple["torch.Tensor", "torch.Tensor | None"]:
        """The vectors of all windows along the sequence, and the pooled vector of the first.

        Raises:
            UsageError: The encoder has no such layer.
        """
        import torch

        outputs = [self._run(window) for window in windows]
        hidden = [
            self._weighted(self._at(output, layer), window, layer, weighting)
            for output, window in zip(outputs, windows, strict=True)
        ]
        return torch.cat(hidden, dim=1), _pooled(outputs[0])

    def _weighted(
        self, hidden: "torch.Tensor", window: Window, layer: Layer, weighting: Weighting
    ) -> "torch.Tensor":
        if all(token.weight == 1.0 for token in window):
            return hidden
        inside = [token.weight for token in window]
        weights = [1.0, *inside, *[1.0] * (self.length - 1 - len(inside))]
        if weighting is Weighting.RESTORED:
            return restore_mean(hidden, weights)
        if layer not in self._empty:
            self._empty[layer] = self._at(self._run(()), layer)
        return interpolate(hidden, self._empty[layer], weights)

    def _run(self, window: Window) -> EncoderOutput:
        import torch

        numbers = [self.tokenizer.bos_token_id, *(token.number for token in window)]
        numbers.append(self.tokenizer.eos_token_id)
        filling = self.length - len(numbers)
        mask = [1] * len(numbers) + [0] * filling
        numbers += [self.tokenizer.pad_token_id] * filling
        more = {}
        if getattr(self.encoder.config, "use_attention_mask", False):
            more["attention_mask"] = torch.tensor([mask], device=self.device)
        with torch.no_grad():
            given = torch.tensor([numbers], device=self.device)
            return self.encoder(given, output_hidden_states=True, **more)

    def _at(self, output: EncoderOutput, layer: Layer) -> "torch.Tensor":
        layers = int(self.encoder.config.num_hidden_layers)
        if layer.place > layers:
            raise UsageError(
                f"Clip skip leaves no layer: the text encoder has {layers}.",
                hint="Use a smaller clip skip.",
            )
        if layer.normed and layer.place <= 1:
            last: torch.Tensor = output.last_hidden_state
            return last
        hidden: torch.Tensor = output.hidden_states[-layer.place]
        return self._norm(hidden) if layer.normed else hidden

    def _norm(self, hidden: "torch.Tensor") -> "torch.Tensor":
        # transformers 5 has the layers on the model itself, earlier ones in "text_model".
        inner: TextEncoder = getattr(self.encoder, "text_model", self.encoder)
        normed: torch.Tensor = inner.final_layer_norm(hidden)
        return normed


def _pooled(output: EncoderOutput) -> "torch.Tensor | None":
    """The projected vector where the encoder has one, else the vector of the end token."""
    projected = getattr(output, "text_embeds", None)
    return projected if projected is not None else getattr(output, "pooler_output", None)
