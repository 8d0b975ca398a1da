"""Start recording: look on at the queue, hand every picture to the recorder, and go on."""

import logging
from dataclasses import dataclass, field

import execution
import server

from remarque.engines.comfyui_history import Run
from remarque.engines.comfyui_hooks import Hooks, InputValues
from remarque.engines.comfyui_inside import Inside, work_named
from remarque.model.witness import Observer
from remarque.wiring.recorder import Recorder

from .marking import Marking  # noqa: TID252  ComfyUI loads the package by its path
from .orders import Order, take_orders  # noqa: TID252
from .program import this_program  # noqa: TID252

log = logging.getLogger("remarque.comfyui")

_HOME = "remarque_recording"


@dataclass
class Recording:
    """One ComfyUI process being recorded."""

    inside: Inside
    recorder: Recorder
    marking: Marking
    orders: list[Order] = field(default_factory=list)
    told: int = 0

    def run_ended(self, run: Run, values: InputValues) -> None:
        """Hand over a run's pictures; in the executing thread, so nothing here may take time."""
        work = work_named(run)
        for making in self.inside.makings(run, values):
            self.recorder.submit(making, work=work)
        orders = self.orders[:]
        self.orders.clear()
        for order in orders:
            self.marking.add(order, work)
        self.say_problems()

    def failed(self, reason: str) -> None:
        """Something went wrong while looking on."""
        self.recorder.note_gap("A run of ComfyUI is not in the record.", f"{reason[:300]}.")
        self.say_problems()

    def say_problems(self) -> None:
        """One line on ComfyUI's console for all that went wrong since the last one."""
        problems = self.recorder.problems
        if len(problems) > self.told:
            self.told = len(problems)
            log.warning(
                "Remarque could not record something: %s (all of it: %s)",
                problems[-1],
                self.recorder.log_path,
            )


def start() -> Recording:
    """Record from now on; called again, it gives the recording that is under way."""
    instance = server.PromptServer.instance
    if not hasattr(instance, _HOME):
        recorder = Recorder(work=None, observer=Observer.COMFYUI_NODE)
        made = Recording(Inside(this_program()), recorder, Marking(recorder))
        Hooks(made.run_ended, made.failed).attach(instance.prompt_queue, execution)
        take_orders(made.orders.append)
        setattr(instance, _HOME, made)
        log.info("Remarque records what is made here.")
    return getattr(instance, _HOME)
