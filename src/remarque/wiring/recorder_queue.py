"""What waits to be recorded: bounded in entries and in bytes, never waited for by whoever adds.

A generation must not stand still because a disk is slow: what finds no room is counted, and the
count comes out in its turn, so that it can be noted as missing.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TypeAlias

from remarque.actions.witnessing import Seen

Making: TypeAlias = Seen | Callable[[], Seen]
"""One picture as it was seen, or what makes it out of what was seen when its turn comes."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture that waits; ``work`` is a title or an id, ``size_bytes`` what it holds."""

    making: Making
    work: str | None
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that was not recorded: two sentences for the record, and when it was noticed."""

    missing: str
    because: str
    noticed: datetime
    work: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """So many found no room since this was last told."""

    count: int


Item: TypeAlias = Picture | Missing | Refused

_NOTES_BESIDE_PICTURES = 1000


class Waiting:
    """A queue of one reader and many writers. ``most`` and ``most_bytes`` bound what it holds."""

    def __init__(self, *, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._in_hand = 0
        self._refused = 0
        self._changed = threading.Condition()
        self.ended = False

    def put(self, item: Item) -> bool:
        """Add one; False where there was no room for it, or the queue has ended."""
        size = _size_of(item)
        with self._changed:
            if self.ended:
                return False
            # One picture larger than the bound is still taken when nothing else waits.
            full = self._bytes > 0 and self._bytes + size > self._most_bytes
            if full or len(self._items) >= self._room_for(item):
                self._refused += 1
                return False
            self._items.append(item)
            self._bytes += size
            self._changed.notify_all()
            return True

    def take(self, timeout_s: float) -> Item | None:
        """The next one, to be given back to ``done``; None when nothing came, or at the end."""
        with self._changed:
            if not self._items and not self._refused and not self.ended:
                self._changed.wait(timeout_s)
            if not self._items and not self._refused:
                return None
            self._in_hand += 1
            return self._next()

    def done(self, item: Item) -> None:
        """It has been dealt with; its bytes no longer count."""
        with self._changed:
            self._in_hand -= 1
            self._bytes -= _size_of(item)
            self._changed.notify_all()

    def take_all(self) -> list[Item]:
        """Everything that still waits, out of turn: nobody will deal with it."""
        with self._changed:
            items: list[Item] = []
            while self._items or self._refused:
                items.append(self._next())
            self._bytes -= sum(map(_size_of, items))
            return items

    def wait_until_empty(self, timeout_s: float) -> bool:
        """Wait until everything has been dealt with; False where the time ran out first."""
        deadline = monotonic() + timeout_s
        with self._changed:
            while self._items or self._in_hand or self._refused:
                left = deadline - monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.2))
            return True

    def end(self) -> None:
        """Nothing more is taken in; what waits still comes out."""
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _next(self) -> Item:
        if self._refused:
            refused, self._refused = self._refused, 0
            return Refused(refused)
        return self._items.popleft()

    def _room_for(self, item: Item) -> int:
        return self._most + (0 if isinstance(item, Picture) else _NOTES_BESIDE_PICTURES)


def _size_of(item: Item) -> int:
    return item.size_bytes if isinstance(item, Picture) else 0
