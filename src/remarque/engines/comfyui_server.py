"""A running ComfyUI watched from outside, by its own HTTP and websocket interface.

ComfyUI tells what it executes only to the client that queued the prompt; everybody else hears no
more than ``status``, each time its queue changes (``PromptServer.queue_updated``). So ``status``
is the bell, and ``/history`` is what is read when it rings.
"""

import time
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from threading import Event

from remarque.actions.happenings import Happening, Quiet, RunSeen, Trouble
from remarque.engines.comfyui_address import address_of
from remarque.engines.comfyui_answers import Answers
from remarque.engines.comfyui_bell import Bell
from remarque.engines.comfyui_environment import environment_of, program_of
from remarque.engines.comfyui_fetching import Fetching
from remarque.engines.comfyui_runs import Surroundings
from remarque.engines.comfyui_told import Told
from remarque.errors import OutsideError
from remarque.model.times import Clock, format_time
from remarque.model.witness import Observer

_QUIET_SECONDS = 0.5
_SWEEP_SECONDS = 30.0  # should a bell have been missed
_LONGEST_PAUSE_SECONDS = 30.0


class ComfyServer:
    """A ComfyUI server as a source of pictures. No node needs to be installed in it.

    ``clock`` is asked only about pictures that seem to come from the future, because the
    server's clock need not be this computer's.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock | None = None,
        recorded: Mapping[str, AbstractSet[str]] | None = None,
    ) -> None:
        """Take the address; nothing is asked yet.

        ``recorded`` are the names of the pictures on record by the id of their run: a watch that
        is started again does not ask for them, and does not miss those that were deleted since.

        Raises:
            UsageError: It is no http or https address.
        """
        self._address = address_of(url)
        self._clock = clock
        self._told = Told(recorded)
        self._tries: dict[tuple[str, tuple[str, str, str]], int] = {}
        self._in_time: set[str] = set()
        self._queued = 0
        self._in_sight = False
        self._said_lost = False

    @property
    def name(self) -> str:
        """The address, without a password."""
        return self._address.web

    def happenings(self, stop: Event) -> Iterator[Happening]:
        """Every picture of every run, saved or only shown, until ``stop`` is set."""
        pause = 0.0
        while not stop.is_set():
            try:
                with Answers(self._address) as answers, Bell(self._address) as bell:
                    for happening in self._while_connected(answers, bell, stop):
                        pause = 0.0
                        yield happening
            except OutsideError as error:
                self._in_sight = False
                if not self._said_lost:
                    self._said_lost = True
                    yield self._out_of_sight(error)
                pause = min(max(1.0, 2 * pause), _LONGEST_PAUSE_SECONDS)
                yield from _waiting(pause, stop)

    def _while_connected(self, answers: Answers, bell: Bell, stop: Event) -> Iterator[Happening]:
        """Everything until the websocket breaks.

        Raises:
            OutsideError: The server no longer answers at all.
        """
        stats = answers.json("/system_stats")
        around = Surroundings(Observer.COMFYUI_SERVER, program_of(stats), environment_of(stats))
        fetching = Fetching(answers, around, self._clock, self._tries)
        yield from self._sweep(fetching, stop)
        if not self._in_sight:
            yield from self._lost_in_restart(answers)
        self._in_sight, self._said_lost, swept = True, False, time.monotonic()
        while not (stop.is_set() or bell.lost):
            rang = bell.wait(_QUIET_SECONDS)
            self._queued = bell.queued
            if rang or time.monotonic() - swept > _SWEEP_SECONDS:
                yield from self._sweep(fetching, stop)
                swept = time.monotonic()
            yield Quiet(caught_up=True)
        stop.wait(_QUIET_SECONDS)  # a server that hangs up at once is not asked without a breath

    def _sweep(self, fetching: Fetching, stop: Event) -> Iterator[Happening]:
        """Tell every picture of every finished run that was not told yet."""
        for run in self._told.unseen(fetching.answers):
            if self._in_sight:
                self._in_time.add(run.id)  # a picture that takes several tries is not late
            for shown in run.pictures:
                if stop.is_set():
                    return
                if not self._told.has_told(run, shown):
                    happening = fetching.picture(run, shown, late=run.id not in self._in_time)
                    self._told.note_picture(run, shown)
                    if isinstance(happening, RunSeen) or not self._told.may_have_told(shown):
                        yield happening
            self._told.note_run(run.id)
            self._in_time.discard(run.id)

    def _lost_in_restart(self, answers: Answers) -> Iterator[Trouble]:
        """Say what a restart may have swallowed: ComfyUI keeps its history only in memory."""
        queued, self._queued = self._queued, 0
        if queued and not self._told.recognised and not _queue_length(answers):
            noticed = f" ({format_time(self._clock.now())})" if self._clock is not None else ""
            yield Trouble(
                f"Pictures of up to {queued} runs that ComfyUI had queued or under way are not "
                "recorded, if they were made.",
                "ComfyUI was started anew, or its history was cleared, before it could be "
                f"read{noticed}.",
            )

    def _out_of_sight(self, error: OutsideError) -> Trouble:
        return Trouble(
            f"What {self.name} makes while it is out of sight is not recorded as it happens.",
            f"{error.message[:1].upper()}{error.message[1:]}.",
            lasting=True,
        )


def _waiting(seconds: float, stop: Event) -> Iterator[Quiet]:
    until = time.monotonic() + seconds
    while not stop.wait(_QUIET_SECONDS) and time.monotonic() < until:
        yield Quiet(caught_up=False)


def _queue_length(answers: Answers) -> int:
    match answers.json("/prompt"):
        case {"exec_info": {"queue_remaining": int(remaining)}}:
            return remaining
        case _:
            return 0
