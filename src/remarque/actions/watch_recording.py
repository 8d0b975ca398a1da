"""Make entries of what a watch sees; what fails is tried again, and what is lost is on record."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from remarque.actions.finding_files import read_file
from remarque.actions.happenings import FileGone, FileWhole, RunSeen, Trouble
from remarque.actions.inferring import infer_selections
from remarque.actions.placements import readable
from remarque.actions.ports import Vault
from remarque.actions.watch_files import SIDECAR_SUFFIX, FileMemory
from remarque.actions.watch_merging import Starred
from remarque.actions.watch_results import (
    GapNoticed,
    Postponed,
    SelectionNoticed,
    TakeWatched,
    Watched,
    WatchWishes,
)
from remarque.actions.witnessing import Seen, gap_now, record_gap, record_seen
from remarque.errors import InputError, RemarqueError, UsageError
from remarque.model.digests import digest_of
from remarque.model.entry import Kind
from remarque.model.history import Take, body_of
from remarque.model.witness import Gap, Observer, Witness

OLD_AFTER = timedelta(minutes=10)
_SAME_TROUBLE_SECONDS = 3600.0
_MOST_TRIES_GONE = 3
_IDLE_SECONDS = 0.2
_LAST_SECONDS = 30.0
_LONGEST_PAUSE_SECONDS = 60.0
_MOST_BYTES_WAITING = 256 << 20

_log = logging.getLogger(__name__)

Item = FileWhole | FileGone | RunSeen | Trouble | Starred


@dataclass(slots=True)
class _Retry:
    """Something whose entry failed. ``due`` is of the timer, in seconds."""

    item: Item
    observer: Observer
    due: float
    tries: int = 1


class WatchRecorder:
    """Turns happenings into entries. No failure leaves it: it is postponed, or becomes a gap."""

    def __init__(
        self,
        vault: Vault,
        wishes: WatchWishes,
        memory: FileMemory,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vault, self._wishes, self._memory, self._timer = vault, wishes, memory, timer
        self._retries: list[_Retry] = []
        self._troubles: dict[tuple[str, str], float] = {}
        self._on_record: set[tuple[str, str]] | None = None
        self._touched_at = 0.0
        self._untraced: deque[Take] = deque()
        self.caught_up = 0

    @property
    def is_full(self) -> bool:
        """Whether pictures that only memory holds wait to be entered, and no more should come.

        Their source keeps them so long: a server its files, a folder its own.
        """
        waiting = (retry.item for retry in self._retries)
        held = sum(len(one.seen.content) for one in waiting if isinstance(one, RunSeen))
        return held >= _MOST_BYTES_WAITING

    def take(self, item: Item, observer: Observer) -> Iterator[Watched]:
        """Deal with one happening."""
        yield from self._try(_Retry(item, observer, 0.0, tries=0))

    def due(self, *, idle: bool = False) -> Iterator[Watched]:
        """Try again what failed, and judge what was done to files once that is over.

        When ``idle``, parents are looked for: comparing pictures takes time, and the next picture
        must not wait for it.
        """
        if idle:
            self._trace_for(_IDLE_SECONDS)
        now = self._timer()
        ready = [retry for retry in self._retries if retry.due <= now]
        self._retries = [retry for retry in self._retries if retry.due > now]
        for retry in ready:
            yield from self._try(retry)
        settled = now - self._touched_at >= self._wishes.rhythm.debounce
        if settled and self._memory.places.is_touched:
            yield from self._infer()

    def finish(self) -> Iterator[Watched]:
        """Try everything once more, then judge; what still fails is a gap."""
        last, self._retries = self._retries, []
        for retry in last:
            yield from self._try(retry)
        self._trace_for(_LAST_SECONDS)
        left, self._retries = self._retries, []
        for retry in left:
            path = _path_of(retry.item)
            what = f"The picture “{path.name}”" if path is not None else "Something seen"
            yield self._gap(f"{what} was not recorded.", "The watch ended first.", retry.observer)
        if self._memory.places.is_touched:
            yield from self._infer()

    def _try(self, retry: _Retry) -> Iterator[Watched]:
        touches = self._memory.places.touches
        try:
            yield from self._deal(retry.item, retry.observer)
        except InputError as error:
            yield self._refused(retry, error)
        except (RemarqueError, OSError) as error:
            yield from self._postpone(retry, error)
        if self._memory.places.touches != touches:
            self._touched_at = self._timer()

    def _deal(self, item: Item, observer: Observer) -> Iterator[Watched]:
        if isinstance(item, FileWhole):
            yield from self._file(item)
        elif isinstance(item, FileGone):
            self._memory.forget(item.path)
        elif isinstance(item, RunSeen):
            yield self._run(item.seen)
        elif isinstance(item, Starred):
            self._memory.places.star(item.names)
        elif self._is_news(item):
            yield self._gap(item.missing, item.because, item.observer or observer)

    def _file(self, whole: FileWhole) -> Iterator[Watched]:
        if self._memory.is_settled(whole):
            return
        if whole.path.suffix.lower() == SIDECAR_SUFFIX:
            self._memory.read_sidecar(whole)
            return
        content = read_file(whole.path)
        digest = digest_of(content)
        if self._memory.is_rewritten(whole, digest, content):
            return
        take = self._memory.recognised(whole, digest, self._wishes.work)
        if take is not None:
            yield TakeWatched(whole.path, take, new=False, caught_up=whole.caught_up)
        elif not self._memory.is_none_of_ours(whole, digest):
            watched = self._record(self._seen(whole, content), whole.path)
            self._memory.learn(whole, digest, content)
            yield watched

    def _run(self, seen: Seen) -> Watched:
        watched = self._record(seen, seen.path)
        if seen.path is not None:
            self._memory.learn_elsewhere(seen.path, watched.take.picture.digest)
        return watched

    def _record(self, seen: Seen, path: Path | None) -> TakeWatched:
        """Enter a take; on return it is on disk. Its parents follow when there is time."""
        with self._wishes.turn():
            work = self._wishes.work or self._chosen_work(seen)
            # The vault keeps bytes of its own: many scripts save every picture over the last one.
            kept = replace(seen, path=None, name=readable(seen.name))
            witnessed = record_seen(self._vault, work, kept)
        if witnessed.new:
            self._untraced.append(witnessed.take)
        late = seen.witness.caught_up
        self.caught_up += late and witnessed.new
        seconds = None if late else self._since(seen.came)
        return TakeWatched(path, witnessed.take, witnessed.new, late, seconds, witnessed.warning)

    def _chosen_work(self, seen: Seen) -> str:
        if self._wishes.choose_work is None:
            raise UsageError("a watch needs the work its pictures belong to: --work or --auto")
        return self._wishes.choose_work(self._vault, seen)

    def _trace_for(self, seconds: float) -> None:
        """Look for parents as long as there is time; an import of the folder finds the rest."""
        until = self._timer() + seconds
        while self._untraced and self._timer() < until:
            self._trace(self._untraced.popleft())

    def _trace(self, take: Take) -> None:
        """Record the parents; a take whose parents cannot be found is still a take."""
        if self._wishes.infer_lineage is None:
            return
        try:
            self._wishes.infer_lineage(self._vault, take)
        except RemarqueError as error:
            _log.warning("no parents of %s: %s", take.picture.name, error.message)

    def _seen(self, whole: FileWhole, content: bytes) -> Seen:
        """A file that is older than a few minutes was not seen coming: it was moved here."""
        remarks: tuple[str, ...] = ()
        late = whole.caught_up
        if not late and self._vault.clock.now() - whole.written > OLD_AFTER:
            late = True
            remarks = ("The file was older than 10 minutes when it came into the folder.",)
        witness = Witness(Observer.FOLDER, caught_up=late, remarks=remarks)
        return Seen(content, whole.path.name, whole.written, witness, path=whole.path)

    def _since(self, came: datetime) -> float:
        return round(max((self._vault.clock.now() - came).total_seconds(), 0.0), 3)

    def _refused(self, retry: _Retry, error: InputError) -> Watched:
        """What will never be a take is missing from the record, and that is recorded."""
        if isinstance(retry.item, FileWhole):
            self._memory.remember(retry.item)
        path = _path_of(retry.item)
        name = f"The picture “{path.name}”" if path is not None else "A picture"
        missing = f"{name} was not recorded."
        return self._gap(missing, f"It cannot be read: {error.message}.", retry.observer, path)

    def _postpone(self, retry: _Retry, error: RemarqueError | OSError) -> Iterator[Watched]:
        because = error.message if isinstance(error, RemarqueError) else str(error)
        path = _path_of(retry.item)
        log = _log.info if retry.tries else _log.warning
        log("not recorded yet: %s: %s", readable(path), readable(because))
        gone = path is not None and isinstance(retry.item, FileWhole) and not path.exists()
        if gone and retry.tries + 1 >= _MOST_TRIES_GONE:
            missing = f"The picture “{path.name if path else ''}” was not recorded."
            yield self._gap(missing, "It was gone before it could be read.", retry.observer, path)
            return
        pause = min(self._wishes.rhythm.retry * 2**retry.tries, _LONGEST_PAUSE_SECONDS)
        due = self._timer() + pause
        self._retries.append(_Retry(retry.item, retry.observer, due, retry.tries + 1))
        if retry.tries == 0:
            yield Postponed(path, because)

    def _is_news(self, trouble: Trouble) -> bool:
        """Whether to enter a trouble: not within the hour, and one lost picture only once."""
        key, now = (trouble.missing, trouble.because), self._timer()
        if not trouble.lasting and key in self._known_gaps():
            return False
        told = self._troubles.get(key)
        if told is not None and now - told < _SAME_TROUBLE_SECONDS:
            return False
        self._troubles[key] = now
        return True

    def _known_gaps(self) -> set[tuple[str, str]]:
        """The gaps on record when this watch first needs them: a restart meets the same losses."""
        if self._on_record is None:
            noted = self._vault.ledger.entries(kinds=[Kind.GAP_NOTED])
            bodies = [body for body in map(body_of, noted) if isinstance(body, Gap)]
            self._on_record = {(gap.missing, gap.because) for gap in bodies}
        return self._on_record

    def _gap(
        self, missing: str, because: str, observer: Observer, path: Path | None = None
    ) -> Watched:
        said = readable(missing), readable(because)
        gap = gap_now(self._vault, observer, *said, work=self._wishes.work)
        try:
            with self._wishes.turn():
                record_gap(self._vault, gap)
        except (RemarqueError, OSError) as error:
            _log.warning("not even the gap could be recorded: %s (%s)", said[0], readable(error))
            return GapNoticed(gap, path, entered=False)
        return GapNoticed(gap, path)

    def _infer(self) -> Iterator[Watched]:
        doings = self._memory.places.take_doings()
        try:
            with self._wishes.turn():
                found = infer_selections(
                    self._vault, doings, self._memory.places, self._wishes.favourites
                )
        except (RemarqueError, OSError) as error:
            _log.warning("what was done to the files was not judged: %s", readable(error))
            return
        yield from (SelectionNoticed(one) for one in found)


def _path_of(item: Item) -> Path | None:
    if isinstance(item, FileWhole | FileGone):
        return item.path
    return item.seen.path if isinstance(item, RunSeen) else None
