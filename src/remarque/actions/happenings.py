"""What a source of pictures tells whoever watches it, and the source itself as a port.

Three sources exist: a tree of folders, a ComfyUI server, the inbox (``remarque.engines``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Protocol, TypeAlias

from remarque.actions.witnessing import Seen
from remarque.model.witness import Observer


@dataclass(frozen=True, slots=True)
class FileWhole:
    """A picture file is whole: new, or written anew. ``caught_up``: it lay there before."""

    path: Path
    written: datetime
    size_bytes: int
    modified_ns: int
    caught_up: bool = False


@dataclass(frozen=True, slots=True)
class FileGone:
    """A file that was whole before is no longer there (deleted, or moved away)."""

    path: Path


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A running program told of a picture itself."""

    seen: Seen


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something could not be seen: ``missing`` and ``because`` are sentences for the record.

    ``lasting`` is True where the source is no longer seen at all until it comes back; ``observer``
    is who saw it, where the source itself does not tell.
    """

    missing: str
    because: str
    lasting: bool = False
    observer: Observer | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing happened for a while; ``caught_up`` once everything from before has been told."""

    caught_up: bool = False


Happening: TypeAlias = FileWhole | FileGone | RunSeen | Trouble | Quiet


class PictureSource(Protocol):
    """Something that pictures come from while it is watched."""

    @property
    def name(self) -> str:
        """The folder or address, for people."""

    def happenings(self, stop: Event) -> Iterator[Happening]:
        """Everything that happens, in order, until ``stop`` is set.

        Yields ``Quiet`` at least once a second when nothing else happens, and never raises for
        what can come back by itself (a vanished folder, a server that restarts): that is Trouble.
        """
