"""Ctrl-C while something goes on for long: what is under way is dropped, what is done is kept."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType


@contextmanager
def stopping() -> Iterator[Event]:
    """An event that Ctrl-C and a service manager's stop set; a second Ctrl-C breaks off."""
    stop = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    wanted = [signal.SIGINT, signal.SIGTERM] if current_thread() is main_thread() else []
    before = {number: signal.signal(number, ask) for number in wanted}
    try:
        yield stop
    finally:
        stop.set()
        for number, handler in before.items():
            signal.signal(number, handler)
