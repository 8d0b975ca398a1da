"""How long work tells where it is: values handed to a callback, never printed here."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a long operation.

    ``done`` of ``total`` items; ``total`` is 0 while unknown. ``message_id`` is stable for
    programs, ``text`` is for people.
    """

    operation: str
    done: int
    total: int
    message_id: str = ""
    text: str = ""


class Progress(Protocol):
    """Receives steps. To cancel, raise ``errors.Cancelled`` from the call."""

    def __call__(self, step: Step, /) -> None:
        """Take one step."""


def be_silent(_step: Step) -> None:
    """The progress of somebody who does not want to know."""
