"""One watched folder, in a thread of its own: a share that stalls holds up no other folder."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event

import watchfiles

from remarque.actions.happenings import FileGone, Happening, Trouble
from remarque.engines.folder_listing import (
    Standing,
    is_thumbnail,
    is_wanted,
    list_pictures,
    standing_of,
)
from remarque.engines.folder_settling import Patience, Settling
from remarque.model.times import Clock

_STEP_MS, _GROUP_MS, _WAIT_MS = 50, 200, 250
_SCAN_SHARE = 20  # a look over everything may take at most one part in so many of the time

_log = logging.getLogger(__name__)

Identity = tuple[int, int]
Tell = Callable[[Happening], None]


class RootWatch:
    """Watches one folder and tells what happens. ``known`` is what was dealt with before.

    ``beat_at`` is the last sign of life (monotonic seconds); ``caught_up`` is set once everything
    from before has been told.
    """

    def __init__(
        self, root: Path, known: Mapping[Path, Standing], tell: Tell, clock: Clock
    ) -> None:
        self.root = root
        self.beat_at = time.monotonic()
        self.caught_up = False
        self._known = dict(known)
        self._there: set[Path] = set()  # known files that were seen to be there, under this root
        self._tell = tell
        self._clock = clock
        self._began_ns = 0
        self._identity: Identity | None = None
        self._is_first_look = True
        self._patience = Patience()
        self._settling = Settling(self._patience)

    def run(self, stop: Event, patience: Patience) -> None:
        """Watch until ``stop``; a folder that goes away is waited for."""
        self._patience, self._settling = patience, Settling(patience)
        lost = False
        while not stop.is_set():
            identity = self._look_up()
            if identity is None:
                if not lost:
                    self._tell(self._lost("it is not there"))
                lost = self.caught_up = True
                self.beat()
                stop.wait(patience.poll / 2)
                continue
            lost = False
            self._take_up(identity)
            self._follow(stop)

    def _take_up(self, identity: Identity) -> None:
        """Another folder in the same place (an unmounted disk) says nothing of our files."""
        if identity != self._identity:
            self._there.clear()
        self._identity = identity
        self._is_first_look = True
        self._began_ns = int(self._clock.now().timestamp() * 1e9)

    def _follow(self, stop: Event) -> None:
        """See what happens while the folder stays the same one."""
        next_scan, reported = 0.0, True
        for changes in self._changes(stop):
            if changes is None:
                reported = False
            self.beat()
            if self._look_up() != self._identity:
                return
            self._take_in(changes or set())
            if time.monotonic() >= next_scan:
                took = self._scan()
                pause = self._patience.rescan if reported else self._patience.poll
                next_scan = time.monotonic() + max(pause, took * _SCAN_SHARE)
            for happening in self._whole_now():
                self._tell(happening)
            self.caught_up = self.caught_up or not (self._settling or self._is_first_look)

    def beat(self) -> None:
        """Give a sign of life."""
        self.beat_at = time.monotonic()

    def _changes(self, stop: Event) -> Iterator[set[Path] | None]:
        """Paths that changed, an empty set every so often; None where nothing is reported."""
        try:
            watching = watchfiles.watch(
                self.root,
                watch_filter=None,
                debounce=_GROUP_MS,
                step=_STEP_MS,
                rust_timeout=_WAIT_MS,
                yield_on_timeout=True,
                stop_event=stop,
                raise_interrupt=False,
                ignore_permission_denied=True,
            )
            for changes in watching:
                yield {Path(path) for _, path in changes}
        except (OSError, RuntimeError) as error:
            # The system has no watches left, or this file system reports nothing.
            _log.warning("changes in %s are not reported, looking instead: %s", self.root, error)
        while not stop.wait(_WAIT_MS / 1000):
            yield None

    def _take_in(self, changed: set[Path]) -> None:
        for path in sorted(changed):
            if self._is_hidden(path):
                continue
            try:
                self._look_at(path)
            except OSError as error:
                _log.warning("%s cannot be looked at: %s", path, error)

    def _look_at(self, path: Path) -> None:
        if path.is_dir():
            # Files made at once in a new folder are not reported: they are looked for.
            if not path.is_symlink():
                self._compare(list_pictures(path, self.beat), path)
            return
        standing = standing_of(path) if is_wanted(path) else None
        if standing is not None and not is_thumbnail(path):
            self._compare_one(path, standing)
        elif standing is None:
            self._missed(path)

    def _scan(self) -> float:
        """Look over everything; the seconds it took."""
        began = time.monotonic()
        try:
            found = list_pictures(self.root, self.beat)
        except OSError as error:
            _log.warning("%s cannot be listed: %s", self.root, error)
            return time.monotonic() - began
        # A folder in which nothing is what it was may be the empty place of a disk.
        if not self._there and any(path in self._known for path in found):
            self._there.update(path for path in self._known if self.root in path.parents)
        self._compare(found, self.root)
        self._is_first_look = False
        return time.monotonic() - began

    def _compare(self, found: Mapping[Path, Standing], below: Path) -> None:
        for path, standing in found.items():
            self._compare_one(path, standing)
        gone = [path for path in self._there if path not in found and below in path.parents]
        for path in sorted(gone):
            self._missed(path)

    def _compare_one(self, path: Path, standing: Standing) -> None:
        if self._known.get(path) == standing:
            self._there.add(path)
            self._settling.drop(path)
            return
        late = self._is_first_look and standing.modified_ns < self._began_ns
        self._settling.watch(path, standing, caught_up=late)

    def _missed(self, path: Path) -> None:
        """A file is not there; if it is the path of a folder, everything below it is not."""
        self._settling.drop(path)
        gone = [path] if path in self._there else []
        if not is_wanted(path):
            start = str(path) + os.sep
            gone = [one for one in self._there if str(one).startswith(start)]
        for one in sorted(gone):
            if standing_of(one) is None and self._look_up() == self._identity:
                self._there.discard(one)
                self._known.pop(one, None)
                self._tell(FileGone(one))

    def _whole_now(self) -> Iterator[Happening]:
        for path, standing, happening in self._settling.finished():
            self.beat()
            self._known[path] = standing
            self._there.add(path)
            yield happening

    def _is_hidden(self, path: Path) -> bool:
        """Whether a part of the path below the root is hidden, or a link to a folder."""
        try:
            below = path.relative_to(self.root).parts
        except ValueError:
            return True
        if any(part.startswith((".", "~")) for part in below):
            return True
        folder = self.root
        for part in below[:-1]:
            folder /= part
            if folder.is_symlink():
                return True
        return False

    def _look_up(self) -> Identity | None:
        try:
            found = os.stat(self.root)  # noqa: PTH116 - the identity, without a Path's detours
        except OSError:
            return None
        return (found.st_dev, found.st_ino)

    def _lost(self, why: str) -> Trouble:
        return Trouble(
            f"Pictures saved in the folder “{self.root.name}” are not recorded for now.",
            f"The folder cannot be watched: {why}.",
            lasting=True,
        )
