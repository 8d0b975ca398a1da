"""The inbox as a source of pictures: what programs that cannot import Remarque hand over.

Each hand-over is told once, and leaves the inbox only when its take is in the ledger: a watch that
is killed in between tells it again, and the ledger knows the picture then. Nothing is thrown away
unsaid: what cannot be read is put aside with a sentence, and is a gap of the record.
"""

import contextlib
import logging
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread

from remarque.actions.happenings import Happening, Quiet, RunSeen, Trouble
from remarque.engines.inbox_folder import InboxFolder
from remarque.engines.inbox_format import HandOver, parse_lost
from remarque.engines.inbox_opening import Opening
from remarque.engines.model_files import ModelFiles
from remarque.errors import InputError, PictureGone, PlaceUnusable, RemarqueError, StoreError
from remarque.model.digests import Digest
from remarque.model.history import Take
from remarque.model.times import Clock, format_time
from remarque.model.witness import Observer

_PAUSE_S = 0.2
_QUIET_S = 0.5
_AWAY_PAUSE_S = 2.0
_BEAT_S = 5.0
_CLEAR_S = 60.0
_LISTED_S = 0.1
_LAST_LOOK_S = 3.0
_LEAVING_S = 5.0
_MOST_TOLD = 32
_KNOWN_BEFORE_S = 10.0
_STUCK_S = 60.0
_LARGEST_LOST_BYTES = 1 << 16

_log = logging.getLogger(__name__)

TakesOf = Callable[[Digest], Sequence[Take]]
"""The takes of a picture that are in the ledger now."""

_HANDED_OVER = (Observer.WEBUI_EXTENSION, Observer.COMFYUI_NODE, Observer.DIFFUSERS)


@dataclass(frozen=True, slots=True)
class _Told:
    """A hand-over that was told and is not in the ledger yet. ``at`` is of the timer, seconds."""

    name: str
    hand_over: HandOver
    at: float
    was_known: bool

    @property
    def picture(self) -> Digest:
        return Digest(f"sha256:{self.hand_over.picture.sha256}")


class Inbox:
    """``actions.happenings.PictureSource`` over one inbox; of several watches one reads it."""

    def __init__(
        self, place: Path, clock: Clock, takes_of: TakesOf, models: ModelFiles | None = None
    ) -> None:
        self._folder = InboxFolder(place)
        self._clock = clock
        self._takes_of = takes_of
        self._opening = Opening(self._folder, clock, models or ModelFiles())
        self._told: dict[str, _Told] = {}
        self._paths: dict[str, Path | None] = {}
        self._gate = Lock()
        self._reads = self._caught_up = False
        self._recorded_at = self._beat_at = self._cleared_at = self._listed_at = -_CLEAR_S
        self._lost_told: set[str] = set()

    @property
    def name(self) -> str:
        """The folder, for people."""
        return str(self._folder.place)

    def holds(self, path: Path) -> bool:
        """Whether a hand-over that is still to be recorded tells of the file at this path."""
        if not self._reads:
            return False
        if time.monotonic() - self._listed_at > _LISTED_S:
            with contextlib.suppress(PlaceUnusable):
                self._list()
        with self._gate:
            return path in self._paths.values()

    def happenings(self, stop: Event) -> Iterator[Happening]:
        """Everything that is handed over, until ``stop`` is set; see ``PictureSource``."""
        self._opening.began = self._clock.now()
        told: queue.Queue[Happening | Exception] = queue.Queue(1)
        thread = Thread(target=self._run, args=(stop, told), name="inbox", daemon=True)
        thread.start()
        leave_at = float("inf")
        while thread.is_alive() or not told.empty():
            self._beat()
            if stop.is_set():
                leave_at = min(leave_at, time.monotonic() + _LEAVING_S)
                if time.monotonic() >= leave_at:
                    return  # a model file is being digested: it is told again by the next watch
            try:
                item = told.get(timeout=_QUIET_S)
            except queue.Empty:
                yield Quiet(caught_up=self._caught_up)
                continue
            if isinstance(item, Exception):
                raise item
            yield item

    def _run(self, stop: Event, told: "queue.Queue[Happening | Exception]") -> None:
        try:
            for happening in self._reading(stop):
                if not _put(told, happening, stop):
                    return  # nothing is let go of that was not told
            self._look_a_last_time()
        except Exception as error:  # noqa: BLE001  raised again where the source is read
            told.put(error)
        finally:
            self._reads = False
            self._folder.leave()

    def _reading(self, stop: Event) -> Iterator[Happening]:
        problem = ""
        while not stop.is_set():
            try:
                self._folder.prepare()
                self._reads = self._folder.take_lock()
                if self._reads:
                    yield from self._round(stop)
                problem = ""
            except PlaceUnusable as error:
                self._reads = False
                if error.message != problem:
                    problem = error.message
                    yield _unread(error)
            self._caught_up = True
            stop.wait(_PAUSE_S if self._reads else _AWAY_PAUSE_S)

    def _round(self, stop: Event) -> Iterator[Happening]:
        """Look once over everything; what is new is told."""
        if time.monotonic() - self._cleared_at > _CLEAR_S:
            self._cleared_at = time.monotonic()
            yield from self._unfinished()
        yield from self._settled()
        for name in self._list():
            while len(self._told) >= _MOST_TOLD and not stop.wait(_PAUSE_S):
                yield from self._settled()
            if stop.is_set():
                return
            if name not in self._told:
                yield from self._deal(name)
        yield from self._lost()

    def _beat(self) -> None:
        """Show the writers that somebody reads, also while a large model file is digested."""
        if self._reads and time.monotonic() - self._beat_at > _BEAT_S:
            self._folder.beat()
            self._beat_at = time.monotonic()

    def _deal(self, name: str) -> Iterator[Happening]:
        try:
            hand_over, seen = self._opening.open(name)
            told = _Told(name, hand_over, time.monotonic(), was_known=False)
            told = _Told(name, hand_over, told.at, was_known=bool(self._takes_of(told.picture)))
        except (InputError, PlaceUnusable, PictureGone) as error:
            yield from self._refused(name, f"{error.message[:1].upper()}{error.message[1:]}.")
        except StoreError as error:  # the vault does not answer: it is tried again
            _log.warning("the hand-over %s waits: %s", name, error.message)
        else:
            self._told[name] = told
            yield RunSeen(seen)

    def _settled(self) -> Iterator[Trouble]:
        """Let go of what is in the ledger by now."""
        for told in list(self._told.values()):
            try:
                takes = self._takes_of(told.picture)
            except RemarqueError:
                return
            age = time.monotonic() - told.at
            if takes and (not told.was_known or age > _KNOWN_BEFORE_S):
                if not any(_is_account(take) for take in takes):
                    yield _known_from_elsewhere(told)
                self._let_go(told)
            elif not takes and age > _STUCK_S and self._recorded_at > told.at:
                # Later ones were recorded: whoever records has said why this one was not.
                self._forget(told.name)
                self._folder.refuse(told.name, "It could not be recorded; the watch said why.")

    def _let_go(self, told: _Told) -> None:
        self._recorded_at = max(self._recorded_at, told.at)
        self._forget(told.name)
        self._folder.remove(told.name)

    def _forget(self, name: str) -> None:
        self._told.pop(name, None)

    def _refused(self, name: str, sentence: str) -> Iterator[Trouble]:
        """Told first: better said twice, by a watch that is killed in between, than never."""
        yield Trouble(
            f"The picture handed over as {name} was not recorded.",
            sentence,
            observer=Observer.INBOX,
        )
        self._folder.refuse(name, sentence)

    def _lost(self) -> Iterator[Trouble]:
        """What programs could not hand over; a file goes a round later, when it is on record."""
        for name in self._folder.lost():
            if name in self._lost_told:
                self._lost_told.discard(name)
                self._folder.remove(name)
                continue
            try:
                lost = parse_lost(self._folder.read(name, _LARGEST_LOST_BYTES))
            except (InputError, PlaceUnusable, PictureGone) as error:
                yield from self._refused(name, f"{error.message}.")
                continue
            self._lost_told.add(name)
            who = lost.program or lost.observer
            yield Trouble(
                f"{lost.count} pictures that {who} made from {lost.since} on are not recorded.",
                lost.because,
                observer=Observer.INBOX,
            )

    def _unfinished(self) -> Iterator[Trouble]:
        count = self._folder.clear_away()
        if count:
            yield Trouble(
                f"{count} pictures were being handed over before {format_time(self._clock.now())} "
                "and are not recorded.",
                "The program was ended while it handed them over.",
                observer=Observer.INBOX,
            )

    def _list(self) -> list[str]:
        """Names of what waits; where the files lie that it tells of is noted, once for each."""
        with self._gate:
            names = self._folder.hand_overs()
            known = self._paths
            self._paths = {
                name: known[name] if name in known else self._opening.path_in(name)
                for name in names
            }
            self._listed_at = time.monotonic()
            return names

    def _look_a_last_time(self) -> None:
        """Whoever records may be a moment behind; what is not let go now is told again later."""
        until = time.monotonic() + _LAST_LOOK_S
        while self._told and time.monotonic() < until:
            try:
                for _ in self._settled():
                    pass
            except PlaceUnusable:
                return
            time.sleep(_PAUSE_S)


def _put(told: "queue.Queue[Happening | Exception]", item: Happening, stop: Event) -> bool:
    """Wait until it is taken; False where the watch is over and nobody takes it any more."""
    leave_at = float("inf")
    while True:
        try:
            told.put(item, timeout=_PAUSE_S)
        except queue.Full:
            if stop.is_set():
                leave_at = min(leave_at, time.monotonic() + _LEAVING_S)
            if time.monotonic() >= leave_at:
                return False
        else:
            return True


def _is_account(take: Take) -> bool:
    return take.witness is not None and take.witness.observer in _HANDED_OVER


def _known_from_elsewhere(told: _Told) -> Trouble:
    who = told.hand_over.program or told.hand_over.observer
    return Trouble(
        f"What {who} told of the making of “{told.hand_over.picture.name}” ({told.name}) is not "
        "in the record.",
        "The picture had been recorded from its file before it was handed over.",
        observer=Observer.INBOX,
    )


def _unread(error: PlaceUnusable) -> Trouble:
    return Trouble(
        "What programs hand over to the inbox is not recorded for now.",
        f"{error.message[:1].upper()}{error.message[1:]}.",
        lasting=True,
        observer=Observer.INBOX,
    )
