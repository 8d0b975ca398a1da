"""From the saved file to the entry on disk: how long a watch takes, beside 10,000 existing files.

A program writes a picture of 1024² px every half second; what is measured is the time from the
end of its writing to the moment the entry is on disk and the watch says so.
"""

import io
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from threading import Event, Thread

import numpy as np
from PIL import Image

from remarque.actions.watch_results import CaughtUp, TakeWatched, WatchWishes
from remarque.actions.watching import watch
from remarque.actions.works import open_work
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault
from remarque.wiring.watch_sources import prepare_sources
from table import Row

EXISTING, PICTURES, SIDE_PX = 10_000, 30, 1024
PAUSE_SECONDS = 0.5
PASSPHRASE = "benchmark only"


def measure() -> Iterator[Row]:
    """The rows of this table, measured now."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs"
        _fill(outputs)
        make_vault(Path(folder) / "vault", Founding("Benchmark", PASSPHRASE))
        started, seconds = _watch(Path(folder) / "vault", outputs)
    what = f"{PICTURES} PNG of {SIDE_PX}² px, {EXISTING:,} files lie there already"
    yield Row("watch: from start to watching", started, "s", f"{EXISTING:,} files known")
    yield Row("watch: saved file to entry, median", median(seconds), "s", what)
    yield Row("watch: saved file to entry, longest", max(seconds), "s", what)


def _fill(outputs: Path) -> None:
    content = _picture(0, side_px=64)
    for day in range(100):
        (outputs / f"{day:03}").mkdir(parents=True)
        for number in range(EXISTING // 100):
            (outputs / f"{day:03}" / f"{number:03}.png").write_bytes(content)


def _picture(number: int, side_px: int = SIDE_PX) -> bytes:
    small = np.random.default_rng(number).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    into = io.BytesIO()
    picture = Image.fromarray(small).resize((side_px, side_px), Image.Resampling.BICUBIC)
    picture.save(into, "PNG", compress_level=1)
    return into.getvalue()


def _watch(place: Path, outputs: Path) -> tuple[float, list[float]]:
    """Seconds until it watched, and from file to entry for each picture."""
    stop, watching = Event(), Event()
    saved: dict[str, float] = {}
    seconds: list[float] = []
    writer = Thread(target=_write, args=(outputs, saved, watching))
    writer.start()
    with open_vault(place, passphrase=PASSPHRASE) as vault:
        began = time.perf_counter()
        started = 0.0
        prepared = prepare_sources(vault, [str(outputs)], [], inbox=False)
        wishes = WatchWishes(work=open_work(vault, "Benchmark")[0], turn=prepared.turn)
        for told in watch(vault, prepared.sources, wishes, stop, known=prepared.known):
            if isinstance(told, CaughtUp):
                started = time.perf_counter() - began
                watching.set()
            elif isinstance(told, TakeWatched) and told.new:
                seconds.append(time.perf_counter() - saved[told.take.picture.name])
                if len(seconds) == PICTURES:
                    stop.set()
    writer.join()
    return started, seconds


def _write(outputs: Path, saved: dict[str, float], watching: Event) -> None:
    watching.wait()
    for number in range(1, PICTURES + 1):
        content = _picture(number)
        name = f"new-{number:02}.png"
        with (outputs / "050" / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            saved[name] = time.perf_counter()
        time.sleep(PAUSE_SECONDS)
