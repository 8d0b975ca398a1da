"""A whole watch in a thread, and a source that follows a script."""

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Self

from remarque.actions.happenings import FileWhole, Quiet
from remarque.actions.watch_results import CaughtUp, Rhythm, TakeWatched, WatchWishes
from remarque.actions.watching import watch
from remarque.actions.works import history_of, open_work
from remarque.wiring.clock import SystemClock
from remarque.wiring.watch_sources import prepare_sources
from stand_ins.watched import wait_until

SOON = Rhythm(debounce=1.0, retry=0.3, gallery=0.2)


class Watching:
    """A watch in a thread, until the ``with`` ends."""

    def __init__(self, vault, places, favourites=(), *, existing=False, sources=None, **wishes):
        prepared = prepare_sources(
            vault, list(map(str, places)), favourites, existing=existing, inbox=False
        )
        self.left_alone = prepared.left_alone
        self.work = open_work(vault, "A")[0]
        self.vault = vault
        self.told: list = []
        self.error: BaseException | None = None
        self._stop = Event()
        wished = WatchWishes(
            **{"work": self.work, "favourites": tuple(favourites), "rhythm": SOON}
            | {"galleries": prepared.galleries, "turn": prepared.turn}
            | wishes
        )
        self._going = watch(
            vault, sources or prepared.sources, wished, self._stop, known=prepared.known
        )
        self._thread = Thread(target=self._gather, daemon=True)

    def _gather(self) -> None:
        try:
            self.told.extend(self._going)
        except Exception as error:  # noqa: BLE001 - the test that waits for it says what it was
            self.error = error

    def of(self, kind: type) -> list:
        return [told for told in list(self.told) if isinstance(told, kind)]

    def new(self) -> list[str]:
        return [told.take.picture.name for told in self.of(TakeWatched) if told.new]

    def wait(self, met: Callable[[], object]) -> None:
        wait_until(lambda: met() or self.error)
        assert self.error is None, self.error

    def history(self):
        return history_of(self.vault, self.work)

    def __enter__(self) -> Self:
        self._thread.start()
        self.wait(lambda: self.of(CaughtUp))
        return self

    def __exit__(self, *_trace: object) -> None:
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert self.error is None, self.error


class Scripted:
    """A source that tells what it was given."""

    def __init__(self, *happenings, name="a folder"):
        self._happenings, self._name = happenings, name

    @property
    def name(self):
        return self._name

    def happenings(self, _stop):
        for happening in self._happenings:
            if isinstance(happening, Exception):
                raise happening
            yield happening
        yield Quiet(caught_up=True)


def run(vault, *happenings, name="a folder", **wishes):
    work = open_work(vault, "A")[0]
    wished = WatchWishes(**{"work": work, "rhythm": SOON} | wishes)
    told = list(watch(vault, [Scripted(*happenings, name=name)], wished, Event()))
    return told, history_of(vault, work)


def whole(path: Path) -> FileWhole:
    stat = path.stat()
    return FileWhole(path, SystemClock().now(), stat.st_size, stat.st_mtime_ns)
