"""LoRAs named as wishes, in the prompt (``<lora:name:0.8>``), or by the take begun from: each once.

A LoRA that stands in the prompt stays there as the author typed it, and is in the recipe as well.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from remarque.actions.making_names import recorded_name, wish_of
from remarque.actions.making_wishes import LoraWish
from remarque.actions.orders import ModelWish
from remarque.errors import UsageError
from remarque.intake.automatic1111.networks import loras_of
from remarque.model.prompts import Syntax
from remarque.model.recipe import LoraUse

LORA = "lora"
_WITH_TAGS = frozenset({"automatic1111", "comfyui", "swarmui"})
_FULL = 1.0


@dataclass(frozen=True, slots=True)
class Loras:
    """What the recipe holds, and the files it takes."""

    uses: tuple[LoraUse, ...]
    models: tuple[ModelWish, ...]


def combine_loras(
    before: Loras, old_prompt: str, prompt: str, syntax: Syntax, wishes: Iterable[LoraWish]
) -> Loras:
    """The LoRAs of the take begun from, changed by the new prompt's tags and by the wishes.

    A tag that is gone from the prompt takes its LoRA away; weight 0 as a wish does so too.

    Raises:
        UsageError: A tag's weight is no number, or one LoRA is named with two weights.
    """
    uses = {use.name: use for use in before.uses}
    files = {wish.name: wish for wish in before.models}
    for gone in _tags(old_prompt, syntax).keys() - _tags(prompt, syntax).keys():
        uses.pop(gone, None)
    tags = _tags(prompt, syntax)
    for name, tag in tags.items():
        known = uses.get(name)
        uses[name] = tag if known is None else replace(tag, hash=known.hash)
        files.setdefault(name, ModelWish(LORA, name))
    for wish in wishes:
        name = recorded_name(wish.place)
        _check_once(name, wish, tags)
        if wish.weight == 0:
            uses.pop(name, None)
            continue
        if name not in tags:
            uses[name] = LoraUse(name, wish.weight, wish.weight)
        files[name] = wish_of(LORA, wish.place)
    return Loras(tuple(uses.values()), tuple(files[name] for name in uses if name in files))


def _tags(prompt: str, syntax: Syntax) -> dict[str, LoraUse]:
    """The LoRAs a prompt names; without a weight it is the full one, as in AUTOMATIC1111."""
    if syntax not in _WITH_TAGS:
        return {}
    found = {}
    for use in loras_of(prompt, {}):
        if use.weight is None and f":{use.name}>" not in prompt:
            raise UsageError(
                f"the weight of <lora:{use.name}:…> in the prompt is no number",
                hint=f"Write it as <lora:{use.name}:0.8>.",
            )
        found[use.name] = replace(use, weight=_FULL) if use.weight is None else use
    return found


def _check_once(name: str, wish: LoraWish, tags: dict[str, LoraUse]) -> None:
    if name in tags and tags[name].weight != wish.weight:
        raise UsageError(
            f"the LoRA {name} has the weight {tags[name].weight:g} in the prompt and "
            f"{wish.weight:g} beside it",
            hint="Name its weight in one place only.",
        )
