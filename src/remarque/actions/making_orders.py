"""From wishes to orders: one order a picture, each with all that determines it.

Begun from a take (``again``), an order is that take's recipe with the wishes laid over it, so that
a work can grow by one change at a time.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from remarque.actions.choosing import find_take
from remarque.actions.making_checks import check_seeds, check_wishes
from remarque.actions.making_inputs import with_inputs
from remarque.actions.making_loras import LORA, Loras, combine_loras
from remarque.actions.making_names import recorded_name, wish_of
from remarque.actions.making_sampling import sampling_of
from remarque.actions.making_wishes import MINIATURE, RANDOM_SEED, MakeWishes
from remarque.actions.orders import Machine, ModelWish, Order
from remarque.actions.ports import Vault
from remarque.actions.rerun_orders import order_of
from remarque.errors import UsageError
from remarque.model.history import Take
from remarque.model.prompts import Syntax
from remarque.model.recipe import Pass, Recipe, Setting

CHECKPOINT, VAE, EMBEDDING = "checkpoint", "vae", "embedding"
EMBEDDINGS_SETTING = "embeddings"

Value = TypeVar("Value")

_USUAL_SYNTAX: Syntax = "automatic1111"
_OF_THE_MODEL = frozenset({CHECKPOINT, "unet", "text_encoder", "other"})
_HIRES = "hires"
_DRAWN_BELOW = 2**32
"""Seeds that are drawn fit every program; larger ones can be named."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be made: one order a picture.

    ``work`` is the work of the take begun from, ``begun`` that take.
    ``assumed`` says what the take begun from lacks, and what of it cannot be carried out here;
    ``miniature`` says that no model was named, so that the small one is used.
    """

    base: Order
    first_seed: int
    count: int
    work: str | None = None
    assumed: tuple[str, ...] = ()
    miniature: bool = False
    begun: Take | None = None

    def on(self, machine: Machine) -> "Planned":
        """The same, to be made on this machine."""
        return replace(self, base=replace(self.base, machine=machine))

    def orders(self) -> Iterator[Order]:
        """The orders in turn, seeds counting up."""
        for seed in range(self.first_seed, self.first_seed + self.count):
            yield replace(self.base, recipe=replace(self.base.recipe, seed=seed))


@dataclass(frozen=True, slots=True)
class _Begun:
    """Where the wishes are laid over: an empty order, or that of a take."""

    order: Order
    take: Take | None = None
    assumed: tuple[str, ...] = ()


def plan(vault: Vault, wishes: MakeWishes) -> Planned:
    """Check the wishes and gather what they need: the take begun from, and source pictures.

    Raises:
        UsageError: A wish that cannot be followed.
        NotFound, Ambiguous: No such take or picture, or several.
        PictureUnreadable, PictureTooLarge, PictureGone, PictureDamaged, PlaceUnusable: A source
            picture cannot be used.
    """
    check_wishes(wishes)
    begun = _begun(vault, wishes)
    named = wishes.model is not None or wishes.other_program or begun.order.recipe.model is not None
    if not named:
        wishes = replace(wishes, model=MINIATURE)
    order = with_inputs(vault, _with_words(begun.order, wishes), wishes)
    seed = _first_seed(wishes, begun.order.recipe)
    check_seeds(seed, wishes.count)
    return Planned(
        order,
        seed,
        wishes.count,
        begun.take.work if begun.take is not None else None,
        begun.assumed,
        miniature=not named,
        begun=begun.take,
    )


def _begun(vault: Vault, wishes: MakeWishes) -> _Begun:
    machine = wishes.machine or Machine()
    if wishes.again is None:
        syntax = wishes.syntax or _USUAL_SYNTAX
        return _Begun(Order(Recipe(), (), syntax, machine=machine))
    _, take = find_take(vault, wishes.again)
    found = order_of(vault, take.body)
    # What a program ran would be run again as it was, and no change of ours would reach it.
    order = replace(found.order, executed=None, machine=machine, maps=False)
    if order.recipe.prompt is None and wishes.prompt is None:
        raise UsageError(
            f"take {take.body.take} has no prompt on record to begin from",
            hint="Say the prompt as well: remarque make PROMPT --again TAKE",
        )
    return _Begun(order, take.body, (*found.missing, *found.assumed))


def _first_seed(wishes: MakeWishes, begun: Recipe) -> int:
    seed = wishes.seed if wishes.seed is not None else begun.seed
    return seed if seed is not None and seed != RANDOM_SEED else secrets.randbelow(_DRAWN_BELOW)


def _with_words(begun: Order, wishes: MakeWishes) -> Order:
    """Words, settings and models; the pictures that go in come after."""
    old = begun.recipe
    syntax = wishes.syntax or begun.syntax
    prompt = old.prompt or "" if wishes.prompt is None else wishes.prompt
    files = tuple(wish for wish in begun.models if wish.role == LORA)
    loras = combine_loras(Loras(old.loras, files), old.prompt or "", prompt, syntax, wishes.loras)
    recipe = replace(
        _with_settings(old, wishes),
        prompt=prompt,
        negative_prompt=old.negative_prompt if wishes.negative is None else wishes.negative,
        loras=loras.uses,
        settings=_settings(old, wishes),
    )
    return replace(begun, recipe=recipe, syntax=syntax, models=_models(begun, wishes, loras))


def _with_settings(old: Recipe, wishes: MakeWishes) -> Recipe:
    sampler, schedule = sampling_of(wishes, old)
    recipe = replace(
        old,
        steps=_or(wishes.steps, old.steps),
        cfg=_or(wishes.cfg, old.cfg),
        sampler=sampler,
        scheduler=schedule,
        clip_skip=_or(wishes.clip_skip, old.clip_skip),
        generated_size=_or(wishes.size, old.generated_size),
        passes=_passes(old, wishes),
    )
    if wishes.size is not None or wishes.hires is not None or wishes.outpaint is not None:
        recipe = replace(recipe, final_size=None)  # it follows from the others
    if wishes.model is not None:
        recipe = replace(recipe, model=recorded_name(wishes.model), model_hash=None)
    if wishes.vae is not None:
        recipe = replace(recipe, vae=recorded_name(wishes.vae))
    return recipe


def _passes(old: Recipe, wishes: MakeWishes) -> tuple[Pass, ...]:
    if wishes.hires is None:
        return old.passes
    others = tuple(one for one in old.passes if one.role != _HIRES)
    if wishes.hires.factor == 1:
        return others
    hires = Pass(
        _HIRES,
        upscale=wishes.hires.factor,
        denoise=wishes.hires.strength,
        steps=wishes.hires.steps,
    )
    return (hires, *others)


def _settings(old: Recipe, wishes: MakeWishes) -> tuple[Setting, ...]:
    if not wishes.embeddings:
        return old.settings
    kept = tuple(one for one in old.settings if one.name != EMBEDDINGS_SETTING)
    names = ", ".join(map(recorded_name, wishes.embeddings))
    return (*kept, Setting(EMBEDDINGS_SETTING, names))


def _models(begun: Order, wishes: MakeWishes, loras: Loras) -> tuple[ModelWish, ...]:
    """The files of the take begun from, those named now in their place."""
    models = [wish for wish in begun.models if wish.role != LORA]
    if wishes.model is not None:
        models = [wish for wish in models if wish.role not in _OF_THE_MODEL]
        models.insert(0, wish_of(CHECKPOINT, wishes.model))
    if wishes.vae is not None:
        models = [wish for wish in models if wish.role != VAE] + [wish_of(VAE, wishes.vae)]
    if wishes.embeddings:
        models = [wish for wish in models if wish.role != EMBEDDING]
        models += [wish_of(EMBEDDING, place) for place in wishes.embeddings]
    return (*models, *loras.models)


def _or(new: Value | None, old: Value | None) -> Value | None:
    return old if new is None else new
