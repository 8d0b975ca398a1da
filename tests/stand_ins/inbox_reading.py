"""A watch of the inbox in a thread, and hand-overs as a program writes them."""

import time
from pathlib import Path
from threading import Event, Thread
from typing import Self

from remarque.actions.watch_results import CaughtUp, GapNoticed, Rhythm, TakeWatched, WatchWishes
from remarque.actions.watching import watch
from remarque.actions.works import histories
from remarque.engines.inbox_folder import InboxFolder
from remarque.engines.inbox_writing import InboxWriter, time_text
from remarque.wiring.inbox_source import choose_work, inbox_of
from remarque.wiring.vaults import open_vault
from stand_ins.watched import picture, wait_until


class InboxReading:
    """A watch of the inbox alone, until the ``with`` ends; REMARQUE_INBOX says where it lies."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.told: list = []
        self.error: BaseException | None = None
        self._stop = Event()
        self._thread = Thread(target=self._gather, daemon=True)

    def _gather(self) -> None:
        wishes = WatchWishes(choose_work=choose_work, stamp=False, rhythm=Rhythm(retry=0.3))
        try:
            with open_vault(self._place, passphrase="a passphrase") as vault:
                self.told.extend(watch(vault, [inbox_of(vault)], wishes, self._stop))
        except Exception as error:  # noqa: BLE001 - the test that waits for it says what it was
            self.error = error

    def of(self, kind: type) -> list:
        return [told for told in list(self.told) if isinstance(told, kind)]

    @property
    def gaps(self) -> list[str]:
        return [f"{one.gap.missing} {one.gap.because}" for one in self.of(GapNoticed)]

    @property
    def new(self) -> list:
        return [told.take for told in self.of(TakeWatched) if told.new]

    def wait(self, met) -> None:
        wait_until(lambda: met() or self.error)
        assert self.error is None, self.error

    def __enter__(self) -> Self:
        self._thread.start()
        self.wait(lambda: self.of(CaughtUp))
        return self

    def __exit__(self, *_trace: object) -> None:
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert self.error is None, self.error


def empty(inbox: Path) -> bool:
    """Whether nothing waits in an inbox."""
    folder = InboxFolder(inbox)
    return not inbox.is_dir() or not (folder.hand_overs() or folder.lost())


def read_all(place: Path, inbox: Path) -> list[str]:
    """Take everything that waits into the vault; the gaps that were noticed."""
    with InboxReading(place) as reading:
        reading.wait(lambda: empty(inbox))
    return reading.gaps


def all_takes(place: Path) -> list:
    with open_vault(place) as vault:
        return [take.body for history in histories(vault) for take in history.takes]


def writer_at(inbox: Path) -> InboxWriter:
    return InboxWriter(inbox, "web UI extension", "Stable Diffusion web UI v1.10.1")


def said(number: int, **more) -> dict:
    """What a program tells of picture ``number``, as small as the form allows."""
    return {
        "run": "r1", "saved": False, "came": time_text(time.time()),
        "picture": {"name": f"{number}.png", "path": None},
    } | more  # fmt: skip


def hand_over(inbox: Path, number: int, **more) -> None:
    text = f"a cat\nSteps: 4, Sampler: Euler a, CFG scale: 7, Seed: {number}, Size: 24x24"
    assert writer_at(inbox).hand_over(said(number, **more), {"picture": picture(number, text=text)})
