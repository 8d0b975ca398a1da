"""What an order wishes to have loaded, sorted by the part it plays.

Orders come from people (a place for each model) and from records (names, hashes and digests). A
record of diffusers names every part of a pipeline; those are checked and not loaded by themselves.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from remarque.actions.orders import ModelWish, Order
from remarque.engines.stable_diffusion.shelf_hashes import short_hash
from remarque.errors import ModelMissing
from remarque.model.recipe import LoraUse, Recipe

_PART = re.compile(
    r"(?P<model>.+?)/(?P<part>unet|transformer|vae|text_encoder(?:_\d)?)(?:/[^/]+)?\Z"
)
_NO_VAE = {"", "none", "automatic", "baked", "baked vae"}
_LORA = "lora"


@dataclass(frozen=True, slots=True)
class LoraWish:
    """A LoRA and how strongly it acts on the denoiser and on the text encoders."""

    wish: ModelWish
    weight: float = 1.0
    text_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """The models of an order. ``told`` are those a record names that are parts of others."""

    checkpoint: ModelWish
    vae: ModelWish | None = None
    loras: tuple[LoraWish, ...] = ()
    embeddings: tuple[ModelWish, ...] = ()
    controls: tuple[ModelWish, ...] = ()
    told: tuple[ModelWish, ...] = ()
    remarks: tuple[str, ...] = ()


def read_wishes(order: Order) -> Wishes:
    """Sort what an order names.

    Raises:
        ModelMissing: It names no model, or a control picture without one.
    """
    checkpoint = _checkpoint(order)
    vae = _vae(order)
    embeddings = tuple(wish for wish in order.models if wish.role == "embedding")
    loras = _loras(order)
    controls = _controls(order)
    used = {checkpoint.name, *(one.wish.name for one in loras), *(one.name for one in controls)}
    told = tuple(
        wish
        for wish in order.models
        if wish not in (*embeddings, vae) and not (wish.name in used and wish.role != "vae")
    )
    return Wishes(checkpoint, vae, loras, embeddings, controls, told, tuple(_remarks(order)))


def _checkpoint(order: Order) -> ModelWish:
    """The wish for it, else the denoiser's, else the name in the recipe."""
    recipe = order.recipe
    wishes = [wish for wish in order.models if wish.role == "checkpoint"]
    wishes += [wish for wish in order.models if wish.role == "unet" and not _PART.match(wish.name)]
    named = [wish for wish in wishes if recipe.model and wish.name == recipe.model]
    if not wishes and recipe.model is None:
        wishes = [
            ModelWish("checkpoint", part["model"])
            for wish in order.models
            if wish.role == "unet" and (part := _PART.match(wish.name))
        ]
    if named or wishes:
        return _with_hash((named or wishes)[0], recipe.model_hash)
    if recipe.model or recipe.model_hash:
        return _with_hash(ModelWish("checkpoint", recipe.model or "model"), recipe.model_hash)
    raise ModelMissing("Nothing says which model is to be used.", hint="Name one with --model.")


def _vae(order: Order) -> ModelWish | None:
    """A VAE of its own: not one that is a part of the model's folder."""
    wishes = [wish for wish in order.models if wish.role == "vae"]
    own = [wish for wish in wishes if not _PART.match(wish.name)]
    if not wishes and order.recipe.vae is not None:
        own = [ModelWish("vae", order.recipe.vae)]
    kept = [wish for wish in own if wish.place or wish.name.casefold().strip() not in _NO_VAE]
    return kept[0] if kept else None


def _loras(order: Order) -> tuple[LoraWish, ...]:
    wishes = [wish for wish in order.models if wish.role == _LORA]
    return tuple(_lora(use, wishes) for use in order.recipe.loras)


def _lora(use: LoraUse, wishes: list[ModelWish]) -> LoraWish:
    named = [wish for wish in wishes if _stem(wish.name) == _stem(use.name)]
    wish = named[0] if named else ModelWish(_LORA, use.name)
    weight = 1.0 if use.weight is None else use.weight
    text = weight if use.text_weight is None else use.text_weight
    return LoraWish(_with_hash(wish, use.hash), weight, text)


def _controls(order: Order) -> tuple[ModelWish, ...]:
    """One for each control picture, in the order the recipe has them."""
    wishes = [wish for wish in order.models if wish.role == "control"]
    found = []
    for source in order.recipe.sources:
        if source.role != "control":
            continue
        named = [
            wish for wish in wishes if source.model and _stem(wish.name) == _stem(source.model)
        ]
        wish = next(iter(named or wishes), None)
        if wish is None and source.model is None:
            raise ModelMissing("A control picture is given without the model that reads it.")
        wish = wish or ModelWish("control", source.model or "")
        wishes = [one for one in wishes if one is not wish or source.model]
        found.append(wish)
    return tuple(found)


def _remarks(order: Order) -> Iterable[str]:
    recipe = order.recipe
    uses = {_stem(use.name) for use in recipe.loras}
    for wish in order.models:
        if wish.role == _LORA and _stem(wish.name) not in uses:
            yield f"The LoRA {wish.name} is named without being used, and was not loaded."
        if wish.role == "embedding" and not _is_named(wish, recipe):
            yield f"The embedding {wish.name} stands in neither prompt."
    for use in recipe.loras:
        if use.weight is None:
            yield f"The weight of the LoRA {use.name} is not recorded; 1 was used."


def _is_named(wish: ModelWish, recipe: Recipe) -> bool:
    texts = f"{recipe.prompt or ''} {recipe.negative_prompt or ''}".casefold()
    return _stem(wish.name) in texts


def _with_hash(wish: ModelWish, told: str | None) -> ModelWish:
    """The wish with a short hash in its name, where nothing better says which file is meant."""
    if wish.place or wish.digest or not told or wish.name.endswith("]"):
        return wish
    return replace(wish, name=f"{wish.name} [{told}]") if short_hash(told) else wish


def _stem(name: str) -> str:
    """A name without folders and the ending of a model file, to compare what two places say."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].casefold()
    for ending in (".safetensors", ".pt", ".ckpt", ".bin"):
        last = last.removesuffix(ending)
    return last
