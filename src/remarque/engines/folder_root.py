"""One watched folder, in a thread of its own: a share that stalls holds up no other folder."""

import logging
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event

from remarque.actions.happenings import FileGone, Happening, Trouble
from remarque.actions.placements import readable
from remarque.engines.folder_changes import changes_in
from remarque.engines.folder_listing import (
    Listed,
    Standing,
    is_thumbnail,
    is_wanted,
    leads_elsewhere,
    look_over,
    standing_of,
)
from remarque.engines.folder_settling import Patience, Settling
from remarque.model.times import Clock

_SCAN_SHARE = 20  # a look over everything may take at most one part in so many of the time

_log = logging.getLogger(__name__)

Identity = tuple[int, int]
Tell = Callable[[Happening], None]


class RootWatch:
    """Watches one folder and tells what happens. ``known`` is what was dealt with before.

    ``roots`` are all folders that are watched: a link may lead from one into another.
    ``beat_at`` is the last sign of life (monotonic seconds); ``caught_up`` is set once everything
    from before has been told.
    """

    def __init__(
        self,
        root: Path,
        roots: Sequence[Path],
        known: Mapping[Path, Standing],
        tell: Tell,
        clock: Clock,
    ) -> None:
        self.root = root
        self._roots = tuple(roots)
        self.beat_at = time.monotonic()
        self.caught_up = False
        self._known = dict(known)
        self._there: set[Path] = set()  # known files that were seen to be there, under this root
        self._tell = tell
        self._clock = clock
        self._began_ns = 0
        self._identity: Identity | None = None
        self._is_first_look = True
        self._refused: set[Path] = set()
        self._patience = Patience()
        self._settling = Settling(self._patience)

    def run(self, stop: Event, patience: Patience) -> None:
        """Watch until ``stop``; a folder that goes away is waited for, a failure gone over."""
        self._patience, self._settling = patience, Settling(patience)
        lost = False
        while not stop.is_set():
            identity = self._look_up()
            if identity is None:
                if not lost:
                    self._tell(_lost(self.root, "it is not there, or is no folder"))
                lost = self.caught_up = True
                self.beat()
                stop.wait(patience.poll / 2)
                continue
            lost = False
            self._take_up(identity)
            try:
                self._follow(stop)
            except Exception:  # noqa: BLE001  it goes on record, and the folder is watched on
                _log.exception("the watch of %s failed and begins anew", readable(self.root))
                self._tell(_lost(self.root, "an unexpected error, which is in the log"))
                stop.wait(patience.poll)

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
        for changes in changes_in(self.root, stop):
            if changes is None and reported:
                reported, next_scan = False, 0.0
            self.beat()
            if self._look_up() != self._identity:
                return
            if changes and self.root in changes:
                next_scan = 0.0  # what changed below it could not be told
            else:
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

    def _take_in(self, changed: set[Path]) -> None:
        for path in sorted(changed):
            self.beat()
            if self._is_hidden(path):
                continue
            try:
                self._look_at(path)
            except OSError as error:
                _log.warning("%s cannot be looked at: %s", readable(path), readable(error))

    def _look_at(self, path: Path) -> None:
        if path.is_dir():
            # Files made at once in a new folder are not reported: they are looked for.
            if not path.is_symlink():
                self._compare(look_over(path, self._roots, self.beat), path)
            return
        standing = standing_of(path) if is_wanted(path) else None
        if standing is not None and not is_thumbnail(path):
            if not leads_elsewhere(path, self._roots):
                self._compare_one(path, standing)
        elif standing is None:
            self._missed(path)

    def _scan(self) -> float:
        """Look over everything; the seconds it took."""
        began = time.monotonic()
        try:
            found = look_over(self.root, self._roots, self.beat)
        except OSError as error:
            self._say_refused(self.root, (error.strerror or "the system refuses it").lower())
            self.caught_up = True
            return time.monotonic() - began
        # A folder in which nothing is what it was may be the empty place of a disk.
        if not self._there and any(path in self._known for path in found.pictures):
            self._there.update(path for path in self._known if self.root in path.parents)
        self._compare(found, self.root)
        self._is_first_look = False
        return time.monotonic() - began

    def _compare(self, found: Listed, below: Path) -> None:
        for path, standing in found.pictures.items():
            self._compare_one(path, standing)
        there = found.pictures
        gone = [path for path in self._there if path not in there and below in path.parents]
        for path in sorted(gone):
            self._missed(path)
        looked_at = {path for path in self._refused if path == below or below in path.parents}
        self._refused -= looked_at - found.refused.keys()
        for path, why in sorted(found.refused.items()):
            self._say_refused(path, why)

    def _say_refused(self, folder: Path, why: str) -> None:
        """Say of a folder that it cannot be read, once until it can."""
        if folder not in self._refused:
            self._refused.add(folder)
            self._tell(_lost(folder, f"it cannot be read ({why})"))

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
            if _is_gone(one) and self._look_up() == self._identity:
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
        return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


def _is_gone(path: Path) -> bool:
    """Whether there is no file; what the system refuses to say is no absence."""
    try:
        return standing_of(path) is None
    except OSError:
        return False


def _lost(folder: Path, why: str) -> Trouble:
    return Trouble(
        f"Pictures saved in the folder “{folder.name}” are not recorded for now.",
        f"The folder cannot be watched: {why}.",
        lasting=True,
    )
