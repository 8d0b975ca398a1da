"""Pictures made by an AUTOMATIC1111 web UI or Forge that is already running, at our request."""

import asyncio
import secrets
from collections.abc import Mapping
from types import MappingProxyType

from remarque.actions.orders import Listening, Machine, Made, Order
from remarque.engines.comfyui_engine_names import one_line
from remarque.engines.webui_answer import Around, differences, program_name, seen_from, told_by
from remarque.engines.webui_asking import WebuiAsking, webui_address
from remarque.engines.webui_environment import ask_environment
from remarque.engines.webui_models import ask_models, checkpoint_for, plain_loras
from remarque.engines.webui_request import request_of
from remarque.engines.webui_running import Running
from remarque.errors import ModelMissing
from remarque.intake.automatic1111.family import generator_of
from remarque.model.times import Clock

PATIENCE_SECONDS = 900.0
"""How long nothing may move in the other program before a run is given up."""


class WebuiEngine:
    """A running web UI as an engine, by its interface for other programs (``--api``)."""

    def __init__(self, address: str, clock: Clock, *, patience: float = PATIENCE_SECONDS) -> None:
        """Take the address; nothing is asked yet.

        Raises:
            UsageError: It is no http or https address.
        """
        self._address = webui_address(address)
        self._clock = clock
        self._patience = patience
        self._facts: Mapping[str, str] | None = None
        self._name = "web UI"

    @property
    def name(self) -> str:
        """The program, with its version once it has told it."""
        return self._name

    def make(self, order: Order, listening: Listening) -> Made:
        """Make one picture; see ``actions.orders.Engine``.

        Raises:
            Cancelled: It was stopped.
            ModelMissing, ModelChanged: The web UI has no such model, or another of that name.
            MakingFailed, OutOfMemory: It refused the request or could not finish it.
            UsageError: The recipe asks for what its interface cannot do.
            ProgramUnavailable: It cannot be reached, answers nonsense, or wants ``--api``.
        """
        if order.recipe.model is None and not order.models:
            raise ModelMissing("no model is named for the web UI", hint="Name one with --model.")
        return asyncio.run(self._make(order, listening))

    def environment(self) -> Mapping[str, str]:
        """Start-up flags, settings and versions that change pixels.

        Raises:
            ProgramUnavailable: The program cannot be reached or answers nonsense.
        """
        return asyncio.run(self._environment())

    def close(self) -> None:
        """Nothing is held between two pictures."""

    async def _environment(self) -> Mapping[str, str]:
        async with WebuiAsking(self._address) as asking:
            return await self._known_facts(asking)

    async def _known_facts(self, asking: WebuiAsking) -> Mapping[str, str]:
        """Asked once: the system's part takes seconds, and none of it changes while it runs."""
        if self._facts is None:
            self._facts = MappingProxyType(await ask_environment(asking))
            version = one_line(self._facts.get("version"))
            if version:
                self._name = f"{generator_of({'Version': version})} {version}"
        return self._facts

    async def _make(self, order: Order, listening: Listening) -> Made:
        async with WebuiAsking(self._address) as asking:
            has = await ask_models(asking)
            facts = await self._known_facts(asking)
            title, checkpoint, listed = checkpoint_for(order, has)
            request = request_of(order, has, title)
            started = self._clock.now()
            running = Running(asking, listening, self._patience)
            told = told_by(await running.answer(request))
        around = Around(
            started=started,
            finished=self._clock.now(),
            models=(checkpoint, *plain_loras(order.recipe, request.loras)),
            facts=facts,
            run=secrets.token_hex(8),
        )
        said = differences(told, order, checkpoint, listed)
        self._name = program_name(told)
        seen = seen_from(told, request, order, around)
        return Made(seen, (), (*said, *request.assumed, *_not_carried(order)))


def _not_carried(order: Order) -> tuple[str, ...]:
    found = []
    if order.machine != Machine():
        found.append("Device, speed and memory are the web UI's own settings; ours were not used.")
    if order.maps:
        found.append("The web UI does not tell the attention to each phrase; there are no maps.")
    return tuple(found)
