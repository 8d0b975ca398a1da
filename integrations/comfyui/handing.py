"""A thread that hands over to the inbox: whoever made a picture goes on at once.

The same file is in each extension; Python 3.10 and its standard library are enough for it.
"""

import atexit
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remarque.engines.inbox_writing import InboxWriter

MOST_WAITING = 256
MOST_WAITING_BYTES = 512 << 20
FULL = "The inbox is full: start “remarque watch”, which empties it."
TOO_MANY = "More pictures came at once than could be handed over."
ENDED = "The program ended before they were handed over."

Making = Callable[[], "tuple[Mapping[str, Any], Mapping[str, bytes]]"]
"""What is told of a picture and its files, made when its turn comes."""

_IDLE_S = 5.0
_END_S = 10.0
_LONGEST_REASON = 300


class Handing:
    """Hands over in its own thread. Nothing here raises into the program, and nothing waits.

    ``writer`` gives the writer for the inbox that is set at that moment. ``handed`` and ``lost``
    count pictures; ``problem`` is why the last one was lost, a sentence.
    """

    def __init__(self, writer: "Callable[[], InboxWriter]") -> None:
        self._writer = writer
        self._waiting: deque[tuple[Making, int]] = deque()
        self._bytes = 0
        self._busy = self._ended = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self.handed = self.lost = 0
        self.problem = ""
        atexit.register(self.close)

    def submit(self, making: Making, holds_bytes: int = 0) -> None:
        """Hand over one picture when its turn comes; returns at once."""
        with self._changed:
            full = self._bytes > 0 and self._bytes + holds_bytes > MOST_WAITING_BYTES
            if self._ended or full or len(self._waiting) >= MOST_WAITING:
                self._lose(1, ENDED if self._ended else TOO_MANY)
                return
            self._waiting.append((making, holds_bytes))
            self._bytes += holds_bytes
            self._start()
            self._changed.notify_all()

    def lose(self, count: int, because: str) -> None:
        """So many pictures cannot be handed over; the record will say so."""
        with self._changed:
            self._lose(count, because)
            self._start()
            self._changed.notify_all()

    def flush(self, timeout_s: float = 30.0) -> bool:
        """Wait until everything is handed over; False where the time ran out."""
        until = time.monotonic() + timeout_s
        with self._changed:
            while self._waiting or self._busy:
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return True

    def close(self) -> None:
        """Hand over what waits, then say what could not be; called at the program's end too."""
        atexit.unregister(self.close)
        self.flush(_END_S)
        with self._changed:
            self._ended = True
            if self._waiting:
                self._lose(len(self._waiting), ENDED)
                self._waiting.clear()
            self._changed.notify_all()
        with contextlib.suppress(Exception):
            self._writer().tell_lost(now=True)

    def _lose(self, count: int, because: str) -> None:
        self.lost += count
        self.problem = because
        with contextlib.suppress(Exception):
            self._writer().lose(count, because)
            if self._ended:  # no thread is left to write it down
                self._writer().tell_lost(now=True)

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="remarque inbox", daemon=True)
            with contextlib.suppress(RuntimeError):  # the interpreter is ending
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and not self._ended:
                    self._changed.wait(_IDLE_S)
                if self._ended:
                    return
                item = self._waiting.popleft() if self._waiting else None
                self._busy = item is not None
            try:
                if item is not None:
                    self._hand_over(item[0])
                self._writer().tell_lost()
            except Exception as error:  # noqa: BLE001  the thread must live on for the next one
                self.problem = _sentence(error)
            finally:
                with self._changed:
                    self._busy = False
                    self._bytes -= item[1] if item is not None else 0
                    self._changed.notify_all()

    def _hand_over(self, making: Making) -> None:
        try:
            done, because = self._writer().hand_over(*making()), FULL
        except Exception as error:  # noqa: BLE001  whatever a program's objects raise ends here
            done, because = False, _sentence(error)
        with self._changed:
            if done:
                self.handed += 1
            else:
                self._lose(1, because)


def _sentence(error: Exception) -> str:
    return f"It met {type(error).__name__}: {error}"[:_LONGEST_REASON].rstrip(". ") + "."
