"""The runs an explanation is made of: each one kept at once, none made twice, no more than asked.

A run is remembered by everything that decides on its pixels: recipe, syntax, digests of the model
files, engine, environment and machine. Another model file or another torch is another run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from remarque.actions.explaining_maps import KeptMaps, keep_maps, kept_maps
from remarque.actions.orders import Engine, Listening, Made, ModelWish, Order
from remarque.actions.ports import Vault
from remarque.actions.rerun_recording import keep_picture
from remarque.errors import Cancelled
from remarque.model.canonical import Json, encode_canonical, json_from_value
from remarque.model.digests import Digest, digest_of
from remarque.model.recipe import Recipe
from remarque.model.witness import ModelFile

_FORM = "run_v1"


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: its picture, and the maps where they were asked for."""

    picture: Digest
    maps: KeptMaps | None = None


@dataclass(slots=True)
class Runs:
    """Makes pictures through an engine, or finds those made before.

    ``base`` is the order of the take itself; ``at_most`` bounds the attempts made now, ``tried``,
    of which ``made`` gave a picture.
    """

    vault: Vault
    engine: Engine
    base: Order
    at_most: int
    listening: Listening
    made: int = 0
    reused: int = 0
    tried: int = 0
    assumed: tuple[str, ...] = ()
    _environment: Mapping[str, str] = field(default_factory=dict)
    _pinned: dict[tuple[str, str], Digest] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._environment = dict(self.engine.environment())
        for wish in self.base.models:
            if wish.digest is not None:
                self._pinned[wish.role, wish.name] = wish.digest

    @property
    def can_reuse(self) -> bool:
        """Whether every model file is known by its digest: without it nothing is remembered."""
        return all((wish.role, wish.name) in self._pinned for wish in self.base.models)

    @property
    def spent(self) -> bool:
        """Whether no more pictures may be made."""
        return self.tried >= self.at_most

    def take_itself(self) -> Ran:
        """The take made again, with maps where the engine has any. Counted as a run.

        Raises:
            As ``Engine.make``.
        """
        order = replace(self.base, maps=True)
        key = self._key(order)
        picture = self._known(key)
        maps = kept_maps(self.vault, key) if key is not None else None
        if picture is not None and maps is not None:
            self.reused += 1
            return Ran(picture, maps)
        made = self._make(order)
        self.assumed = made.assumed
        self._pin(made.seen.witness.models)
        key, picture = self._key(order), keep_picture(self.vault, made.seen.content)
        maps = keep_maps(self.vault, key, made.maps, picture)
        self._note(key, picture)
        return Ran(picture, maps)

    def with_recipe(self, recipe: Recipe) -> Ran | None:
        """The picture of another recipe, all else equal; None where the budget is spent.

        Raises:
            As ``Engine.make``.
        """
        order = self._order_of(recipe)
        key = self._key(order)
        known = self._known(key)
        if known is not None:
            self.reused += 1
            return Ran(known)
        if self.spent:
            return None
        made = self._make(order)
        picture = keep_picture(self.vault, made.seen.content)
        self._note(key, picture)
        return Ran(picture)

    def _order_of(self, recipe: Recipe) -> Order:
        """The base order with another recipe, and nothing loaded that it no longer names."""
        used = {source.digest for source in recipe.sources}
        gone = _names_in(self.base.recipe) - _names_in(recipe)
        return replace(
            self.base,
            recipe=recipe,
            models=_without(self.base.models, gone),
            pictures={name: one for name, one in self.base.pictures.items() if name in used},
        )

    def _make(self, order: Order) -> Made:
        if self.listening.stop.is_set():
            raise Cancelled("stopped before the next picture")
        self.tried += 1
        made = self.engine.make(order, self.listening)
        self.made += 1
        return made

    def _pin(self, models: Sequence[ModelFile]) -> None:
        """Take over which files were used where the order does not say."""
        for model in models:
            if model.digest is not None:
                self._pinned.setdefault((model.role, model.name), model.digest)

    def _known(self, key: Digest | None) -> Digest | None:
        picture = self.vault.runs.picture_of(key) if key is not None else None
        return picture if picture is not None and self.vault.pictures.holds(picture) else None

    def _note(self, key: Digest | None, picture: Digest) -> None:
        if key is not None:
            self.vault.runs.note(key, picture)

    def _key(self, order: Order) -> Digest | None:
        """What decides on the pixels, as one digest; None where a model file is not known."""
        wished = [(wish.role, wish.name) for wish in order.models]
        if any(wish not in self._pinned for wish in wished):
            return None
        told: Json = {
            "form": _FORM,
            "engine": self.engine.name,
            "environment": dict(self._environment),
            "recipe": json_from_value(order.recipe),
            "syntax": order.syntax,
            "models": sorted([*wish, self._pinned[wish]] for wish in wished),
            "machine": json_from_value(order.machine),
        }
        return digest_of(encode_canonical(told))


def _names_in(recipe: Recipe) -> set[tuple[str, str]]:
    """The model files a recipe names besides its checkpoint, as (role, name)."""
    loras = {("lora", lora.name) for lora in recipe.loras}
    controls = {("control", one.model) for one in recipe.sources if one.model is not None}
    return loras | controls


def _without(models: Sequence[ModelWish], gone: set[tuple[str, str]]) -> tuple[ModelWish, ...]:
    return tuple(wish for wish in models if (wish.role, wish.name) not in gone)
