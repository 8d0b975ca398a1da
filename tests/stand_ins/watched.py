"""Pictures, sources and waiting for tests of the watch. Waits are generous: machines are busy."""

import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Self

import numpy as np
from PIL import Image, PngImagePlugin

from remarque.actions.happenings import Happening, Quiet
from remarque.engines.folders import FolderTree
from remarque.wiring.clock import SystemClock

PATIENCE_SECONDS = 60.0


def picture(number: int, *, text: str = "", suffix: str = "PNG") -> bytes:
    """A small picture that differs for every number."""
    pixels = np.random.default_rng(number).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    into = io.BytesIO()
    words = PngImagePlugin.PngInfo()
    if text:
        words.add_text("parameters", text)
    extra = {"pnginfo": words} if suffix == "PNG" else {}
    Image.fromarray(pixels).save(into, suffix, **extra)
    return into.getvalue()


def rated_picture(number: int, rating: int) -> bytes:
    """The same pixels as ``picture(number)``, with a rating in XMP."""
    pixels = np.random.default_rng(number).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    words = PngImagePlugin.PngInfo()
    words.add_itxt("XML:com.adobe.xmp", rating_packet(rating))
    into = io.BytesIO()
    Image.fromarray(pixels).save(into, "PNG", pnginfo=words)
    return into.getvalue()


def rating_packet(rating: object) -> str:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'xmp:Rating="{rating}"/></rdf:RDF></x:xmpmeta>'
    )


def age(path: Path, seconds: float) -> None:
    """Make a file look as if it was written some time ago."""
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def wait_until(met: Callable[[], object]) -> None:
    """Wait until something is so; fails only when it has not been for a minute."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not met():
        assert time.monotonic() < end, "waited for a minute in vain"
        time.sleep(0.02)


class Listening:
    """What a tree of folders tells, gathered in a thread until the ``with`` ends."""

    def __init__(self, source: FolderTree) -> None:
        self.told: list[Happening] = []
        self.quiet = 0
        self.caught_up = False
        self._stop = Event()
        self._thread = Thread(target=self._gather, args=(source,), daemon=True)

    def _gather(self, source: FolderTree) -> None:
        for happening in source.happenings(self._stop):
            if isinstance(happening, Quiet):
                self.quiet += 1
                self.caught_up = self.caught_up or happening.caught_up
            else:
                self.told.append(happening)

    def of(self, kind: type) -> list:
        return [happening for happening in self.told if isinstance(happening, kind)]

    def names(self, kind: type) -> list[str]:
        return [happening.path.name for happening in self.of(kind)]

    def wait_for_quiet(self) -> None:
        """Wait until nothing has been told for two looks in a row."""
        so_far = self.quiet
        wait_until(lambda: self.quiet >= so_far + 3)

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: self.caught_up)
        return self

    def __exit__(self, *_trace: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()


def listening(folders: object, known: object = None, **options: object) -> Listening:
    return Listening(FolderTree(folders, known or {}, SystemClock(), **options))
