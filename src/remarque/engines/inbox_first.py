"""Lets the inbox speak first of a file that a folder watch sees as well.

A program that hands over knows more of a picture than its file says (true seeds, model files). The
folder watch is often quicker, and the first account of a picture is the one that stays.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Protocol

from remarque.actions.happenings import FileGone, FileWhole, Happening, PictureSource, Quiet

LONGEST_WAIT_S = 300.0
"""A large model file takes its time to be digested; after this the file is recorded by itself."""


class Held(Protocol):
    """What is asked whether it still has something to say of a file."""

    def holds(self, path: Path) -> bool:
        """Whether it will tell of the file at this path."""


class InboxFirst:
    """``actions.happenings.PictureSource``: another source, each file kept back while it must."""

    def __init__(
        self, source: PictureSource, inbox: Held, longest_s: float = LONGEST_WAIT_S
    ) -> None:
        self._source = source
        self._inbox = inbox
        self._longest_s = longest_s
        self._kept: dict[Path, tuple[FileWhole, float]] = {}

    @property
    def name(self) -> str:
        """That of the source."""
        return self._source.name

    def happenings(self, stop: Event) -> Iterator[Happening]:
        """Everything the source tells."""
        for happening in self._source.happenings(stop):
            yield from self._due()
            if isinstance(happening, FileWhole) and self._inbox.holds(happening.path):
                self._kept[happening.path] = happening, time.monotonic() + self._longest_s
                continue
            if isinstance(happening, FileGone) and happening.path in self._kept:
                yield self._kept.pop(happening.path)[0]
            # What is kept back has not been told: the source has not caught up yet.
            yield Quiet() if isinstance(happening, Quiet) and self._kept else happening
        for kept, _ in self._kept.values():
            yield kept

    def _due(self) -> Iterator[FileWhole]:
        for path, (happening, until) in list(self._kept.items()):
            if time.monotonic() >= until or not self._inbox.holds(path):
                del self._kept[path]
                yield happening
