"""What one attention layer compares: places of the picture with words, by model family.

UNets (SD 1.x, 2.x, SDXL) have cross attention to the words alone. The transformers of SD 3 and
FLUX attend to picture and words jointly; there the words' part of the joint softmax is the map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Layer:
    """Queries and keys of one layer for the batch's last item, in 32 bits.

    ``query`` is (heads, places, channels), ``key`` (heads, keys, channels); the words are
    ``words`` keys from ``first_word`` on; ``bias`` is added to the scores.
    """

    query: torch.Tensor
    key: torch.Tensor
    scale: float
    first_word: int
    words: int
    bias: torch.Tensor | None = None


def read_layer(
    module: Any,  # noqa: ANN401
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Layer | None:
    """The layer as it was called; None where it looks at no words."""
    picture = args[0] if args else kwargs.get("hidden_states")
    words = args[1] if len(args) > 1 else kwargs.get("encoder_hidden_states")
    if isinstance(words, tuple):
        words = words[0]  # an IP-Adapter hands its picture along behind the words
    if picture is None or words is None or picture.ndim != 3 or words.ndim != 3:  # noqa: PLR2004
        return None
    picture, words = picture[-1:], words[-1:]
    if getattr(module, "add_k_proj", None) is None:
        mask = args[2] if len(args) > 2 else kwargs.get("attention_mask")  # noqa: PLR2004
        return _cross(module, picture, words, mask)
    joint, rotary = _joint(module, picture, words), kwargs.get("image_rotary_emb")
    return _sd3(*joint) if rotary is None else _flux(*joint, rotary)


def grid_of(
    denoiser: Any,  # noqa: ANN401
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> tuple[int, int] | None:
    """Height and width of the places at full resolution, in this call of the denoiser."""
    ids = kwargs.get("img_ids")
    if ids is not None:
        rows, columns = (int(ids[..., axis].max()) + 1 for axis in (1, 2))
        return rows, columns
    latents = args[0] if args else kwargs.get("sample", kwargs.get("hidden_states"))
    if latents is None or latents.ndim != 4:  # noqa: PLR2004
        return None
    patch = int(getattr(denoiser.config, "patch_size", None) or 1)
    return latents.shape[-2] // patch, latents.shape[-1] // patch


def _cross(module: Any, picture: Any, words: Any, mask: Any) -> Layer:  # noqa: ANN401
    if module.norm_cross:
        words = module.norm_encoder_hidden_states(words)
    query, key = _headed(module, module.to_q(picture)), _headed(module, module.to_k(words))
    if module.norm_q is not None:
        query = module.norm_q(query)
    if module.norm_k is not None:
        key = module.norm_k(key)
    bias = mask[-1].float() if mask is not None and mask.ndim == 3 else None  # noqa: PLR2004
    return Layer(query.float(), key.float(), float(module.scale), 0, key.shape[1], bias)


def _sd3(query: Any, key: Any, word_key: Any) -> Layer:  # noqa: ANN401
    import torch

    joint = torch.cat([key, word_key], dim=1).float()
    scale = query.shape[-1] ** -0.5
    return Layer(query.float(), joint, scale, key.shape[1], word_key.shape[1])


def _flux(query: Any, key: Any, word_key: Any, rotary: Any) -> Layer:  # noqa: ANN401
    """FLUX puts the words first and turns queries and keys by their place."""
    import torch
    from diffusers.models.embeddings import apply_rotary_emb

    count = word_key.shape[1]
    cosine, sine = rotary
    places: Any = (cosine[count:], sine[count:])
    turned = apply_rotary_emb(query[None], places)[0]
    joint = apply_rotary_emb(torch.cat([word_key, key], dim=1)[None], rotary)[0]
    return Layer(turned.float(), joint.float(), query.shape[-1] ** -0.5, 0, count)


def _joint(module: Any, picture: Any, words: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401
    """Query and key of the picture and key of the words, of a joint attention layer."""
    query, key = _headed(module, module.to_q(picture)), _headed(module, module.to_k(picture))
    word_key = _headed(module, module.add_k_proj(words))
    if module.norm_q is not None:
        query = module.norm_q(query)
    if module.norm_k is not None:
        key = module.norm_k(key)
    if module.norm_added_k is not None:
        word_key = module.norm_added_k(word_key)
    return query, key, word_key


def _headed(module: Any, projected: Any) -> Any:  # noqa: ANN401
    """(1, places, channels) as (heads, places, channels of one head)."""
    _, places, channels = projected.shape
    return projected[0].view(places, module.heads, channels // module.heads).transpose(0, 1)
