"""What was added to a pipeline's models: LoRAs with their weights, textual inversion tokens."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from remarque.engines.diffusers_calls import Pipe
from remarque.engines.diffusers_weights import Probe, WeightDigests
from remarque.model.digests import Digest
from remarque.model.recipe import LoraUse

_MOST_TOKENS = 1000
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class AdapterUse:
    """One LoRA in one part of the pipeline; ``weight`` None where its blocks have several."""

    name: str
    part: str
    weight: float | None
    probe: Probe


def adapters_in(parts: Mapping[str, Any], probes: Mapping[str, Probe]) -> list[AdapterUse]:
    """The LoRAs that act in this call, part by part."""
    found = []
    for part, module in parts.items():
        if getattr(module, "peft_config", None):
            for name, weights in _weights_in(module).items():
                weight = weights.pop() if len(weights) == 1 else None
                found.append(AdapterUse(name, part, weight, probes[part]))
    return found


def loras_of(
    uses: list[AdapterUse], digests: WeightDigests
) -> tuple[tuple[LoraUse, ...], list[str]]:
    """The LoRAs of a recipe, and sentences on what a recipe cannot say of them."""
    loras, remarks = [], []
    for name in dict.fromkeys(use.name for use in uses):
        of_model = [use for use in uses if use.name == name and not _is_encoder(use.part)]
        of_text = [use for use in uses if use.name == name and _is_encoder(use.part)]
        main = (of_model or of_text)[0]
        digest = digests.digest(main.probe, name)
        loras.append(LoraUse(name, _one_weight(of_model), _one_weight(of_text), digest))
        if any(use.weight is None for use in (*of_model, *of_text)):
            remarks.append(f"The LoRA {name} has different weights in different blocks.")
    return tuple(loras), remarks


def fused_adapters(pipe: Pipe) -> tuple[str, ...]:
    """LoRAs that were melted into the weights, as far as the pipeline remembers."""
    fused = getattr(pipe, "fused_loras", None)
    return tuple(sorted(map(str, fused))) if isinstance(fused, set | frozenset) else ()


def inversion_tokens(parts: Mapping[str, Any]) -> dict[str, Digest | None]:
    """Tokens somebody taught the text encoders, with the digest of what each stands for."""
    found: dict[str, Digest | None] = {}
    for part, tokenizer in parts.items():
        if part.startswith("tokenizer") and callable(getattr(tokenizer, "get_added_vocab", None)):
            encoder = parts.get(part.replace("tokenizer", "text_encoder"))
            special = set(getattr(tokenizer, "all_special_tokens", ()))
            added = tokenizer.get_added_vocab()
            for token in sorted(set(added) - special)[:_MOST_TOKENS]:
                found[token] = found.get(token) or _meaning_of(encoder, added[token])
    return found


def _weights_in(module: Any) -> dict[str, set[float]]:  # noqa: ANN401  a torch module
    weights: dict[str, set[float]] = {}
    for layer in _layers_in(module):
        if getattr(layer, "disable_adapters", False):
            continue
        for name in layer.active_adapters:
            if name in layer.scaling:
                weights.setdefault(name, set()).add(_weight_in(layer, name))
    return weights


def _layers_in(module: Any) -> Iterator[Any]:  # noqa: ANN401  a torch module
    from peft.tuners.tuners_utils import BaseTunerLayer

    for layer in module.modules():
        if isinstance(layer, BaseTunerLayer) and hasattr(layer, "scaling"):
            yield layer


def _weight_in(layer: Any, name: str) -> float:  # noqa: ANN401  a peft layer
    """The weight the artist gave: peft keeps it multiplied by alpha over rank."""
    rank, alpha = layer.r[name], layer.lora_alpha[name]
    by_root = getattr(layer, "use_rslora", {}).get(name, False)
    unit = alpha / (math.sqrt(rank) if by_root else rank)
    return round(layer.scaling[name] / unit, _DIGITS) if unit else 0.0


def _one_weight(uses: list[AdapterUse]) -> float | None:
    weights = {use.weight for use in uses}
    return weights.pop() if len(weights) == 1 else None


def _is_encoder(part: str) -> bool:
    return part.startswith("text_encoder")


def _meaning_of(encoder: Any, token: int) -> Digest | None:  # noqa: ANN401  a text encoder
    """SHA-256 of the token's row in the encoder's table, as 32-bit floats."""
    from remarque.model.digests import digest_of

    if encoder is None or not callable(getattr(encoder, "get_input_embeddings", None)):
        return None
    table = encoder.get_input_embeddings().weight
    if table.is_meta or not 0 <= token < table.shape[0]:
        return None
    return digest_of(table[token].detach().float().cpu().numpy().tobytes())
