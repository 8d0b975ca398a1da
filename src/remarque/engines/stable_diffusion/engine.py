"""The engine that makes pictures in this process, through diffusers.

The libraries are imported with the first picture, not before.
"""

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from remarque.actions.orders import Listening, Made, ModelWish, Order
from remarque.engines import diffusers_facts
from remarque.engines.stable_diffusion.engine_passes import Prepared, prepared, run_passes
from remarque.engines.stable_diffusion.loading_guards import quietly, require_libraries
from remarque.engines.stable_diffusion.machine import STOPPED, Place, place_for, turn_at
from remarque.engines.stable_diffusion.outcome import (
    Finished,
    Span,
    program_name,
    surroundings,
    told,
)
from remarque.engines.stable_diffusion.outcome_failures import explained
from remarque.engines.stable_diffusion.passes_checks import check_recipe
from remarque.engines.stable_diffusion.sources import check_roles
from remarque.errors import Cancelled, LibraryMissing, OutOfMemory
from remarque.model.times import Clock
from remarque.progress import Step

if TYPE_CHECKING:
    from remarque.engines.stable_diffusion.families import Family
    from remarque.engines.stable_diffusion.loading import Loaded, Loader


class DiffusersEngine:
    """Makes pictures from recipes, one at a time; keeps the loader's models between them.

    Engines in several threads of a process take turns, see ``machine``.
    """

    def __init__(self, loader: "Loader", clock: Clock) -> None:
        self._loader = loader
        self._clock = clock
        self._families: dict[tuple[ModelWish, ...], Family] = {}
        self._environment: dict[str, str] = {}

    @property
    def name(self) -> str:
        """Remarque and diffusers, with their versions."""
        return program_name()

    def make(self, order: Order, listening: Listening) -> Made:
        """Make one picture, as ``actions.orders.Engine`` promises.

        Raises:
            Cancelled: ``stop`` was set; nothing came of this order.
            ModelMissing, ModelRefused, ModelDamaged, ModelChanged: A model file cannot be used.
            LibraryMissing: The libraries of the extra ``make`` are not installed.
            OutOfMemory: The device has too little; it was freed, and smaller orders may follow.
            MakingFailed: The run gave no usable picture.
            UsageError: The recipe asks for what this engine does not know.
        """
        check_recipe(order.recipe)
        check_roles(order.recipe)
        require_libraries()
        place = place_for(order.machine)
        with turn_at(place, listening.stop):
            try:
                with explained(place), quietly():
                    return self._made(order, place, listening)
            except OutOfMemory:
                self._loader.close()  # loads anew when asked again
                raise

    def environment(self) -> Mapping[str, str]:
        """The facts of the last picture's witness; before there is one, those of the process."""
        if self._environment:
            return dict(self._environment)
        try:
            return {one.name: one.value for one in diffusers_facts.environment()}
        except ImportError as error:
            raise LibraryMissing("making pictures needs torch, which is not installed") from error

    def close(self) -> None:
        """Let go of the models."""
        self._loader.close()

    def _made(self, order: Order, place: Place, listening: Listening) -> Made:
        started = self._clock.now()
        listening.progress(Step("loading", 0, 1, "making.loading", "model"))
        loaded = self._loaded(order, place)
        if listening.stop.is_set():
            raise Cancelled(STOPPED)
        listening.progress(Step("loading", 1, 1, "making.loading", "model"))
        found: Prepared = prepared(order, loaded, place, listening)
        ran = run_passes(found)
        environment = surroundings(ran[0], place)
        self._environment = {one.name: one.value for one in environment}
        said = [*place.remarks, *loaded.remarks, *(said for one in ran for said in one.remarks)]
        span = Span(secrets.token_hex(8), started, self._clock.now())
        finished = Finished(
            recipe=found.plan.recipe,
            span=span,
            models=loaded.models,
            environment=environment,
            ran=ran,
            remarks=tuple(dict.fromkeys(said)),
        )
        assumed = (*finished.remarks, *found.plan.assumed, *ran[0].unmapped)
        return Made(told(order, finished), ran[0].maps, assumed)

    def _loaded(self, order: Order, place: Place) -> "Loaded":
        """The model in the number type its family needs, which is known once it is there."""
        dtype = place.dtype(self._families.get(order.models))
        loaded = self._loader.load(order, dtype, place.loads_on)
        self._families[order.models] = loaded.family
        if place.dtype(loaded.family) == dtype:
            return loaded
        return self._loader.load(order, place.dtype(loaded.family), place.loads_on)
