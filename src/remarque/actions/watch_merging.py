"""Several sources as one stream; each has a thread, so that none waits for another."""

import logging
import queue
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import TypeAlias

from remarque.actions.happenings import Happening, PictureSource, Trouble
from remarque.actions.watch_results import Gallery
from remarque.model.witness import Observer

_WAIT_SECONDS = 0.25
_MOST_WAITING = 64  # happenings of a running program carry whole pictures
_LEAVING_SECONDS = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """A source has ended."""


@dataclass(frozen=True, slots=True)
class Starred:
    """The file names that are favourites in a gallery now."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened, by which source (its place in the list)."""

    source: int
    observer: Observer
    what: Happening | Starred | Ended


_Queue: TypeAlias = "queue.Queue[Told]"


def merged(
    sources: Sequence[PictureSource],
    galleries: Sequence[Gallery],
    stop: Event,
    gallery_seconds: float,
) -> Iterator[Told | None]:
    """Everything all sources tell, and None at least four times a second; ends with them."""
    told: _Queue = queue.Queue(_MOST_WAITING)
    threads = [
        Thread(target=_pump, args=(number, source, told, stop), daemon=True)
        for number, source in enumerate(sources)
    ]
    threads += [
        Thread(target=_look_into, args=(gallery, told, stop, gallery_seconds), daemon=True)
        for gallery in galleries
    ]
    for thread in threads:
        thread.start()
    left = len(sources)
    leave_at: float | None = None
    while left:
        if stop.is_set():
            leave_at = leave_at or time.monotonic() + _LEAVING_SECONDS
            if time.monotonic() >= leave_at:
                return  # a source that hangs in a dead share ends with the program
        try:
            item = told.get(timeout=_WAIT_SECONDS)
        except queue.Empty:
            yield None
            continue
        if isinstance(item.what, Ended):
            left -= 1
        else:
            yield item


def observer_of(source: PictureSource) -> Observer:
    """Who sees what this source tells: an address is a server's, anything else folders'."""
    is_server = source.name.startswith(("http://", "https://"))
    return Observer.COMFYUI_SERVER if is_server else Observer.FOLDER


def _pump(number: int, source: PictureSource, told: _Queue, stop: Event) -> None:
    observer = observer_of(source)
    try:
        for happening in source.happenings(stop):
            told.put(Told(number, observer, happening))
    except Exception:  # noqa: BLE001  it goes on record, and must not end the other sources
        _log.exception("a source of pictures failed")
        trouble = Trouble(
            "Pictures of one source are no longer recorded.",
            "The source failed with an unexpected error; it is in the log.",
            lasting=True,
        )
        told.put(Told(number, observer, trouble))
    told.put(Told(number, observer, Ended()))


def _look_into(gallery: Gallery, told: _Queue, stop: Event, seconds: float) -> None:
    last: frozenset[str] = frozenset()
    while not stop.is_set():
        names = gallery()
        if names != last:
            told.put(Told(-1, Observer.FOLDER, Starred(names)))
            last = names
        stop.wait(seconds)
