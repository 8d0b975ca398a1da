"""Watch sources of pictures and record every picture while it comes into being.

A watch never ends because something failed, and never holds up the program that makes the
pictures: it only reads what that program has finished.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from remarque.actions.happenings import PictureSource, Quiet
from remarque.actions.ports import Vault, WatchedFile
from remarque.actions.watch_files import FileMemory
from remarque.actions.watch_merging import Ended, Told, merged
from remarque.actions.watch_recording import WatchRecorder
from remarque.actions.watch_results import (
    CaughtUp,
    GapNoticed,
    SelectionNoticed,
    TakeWatched,
    Watched,
    WatchWishes,
)
from remarque.actions.watch_sittings import Sittings
from remarque.model.times import format_time
from remarque.progress import Progress, Step, be_silent

_FULL_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is known of a folder as a watch of it begins.

    ``known`` are the files dealt with before; ``is_first`` whether it was never watched, and then
    ``left_alone`` is how many files lay in it already and are not recorded.
    """

    known: tuple[WatchedFile, ...]
    is_first: bool
    left_alone: int = 0


def begin_watching(
    vault: Vault, folder: Path, there: Mapping[Path, tuple[int, int]], *, existing: bool = False
) -> Beginning:
    """Say what of a folder is dealt with already, before a watch of it begins.

    ``there`` are its files with size (bytes) and time of change (ns). The first time they count
    as dealt with, because nobody saw them come; with ``existing`` the watch imports them.

    Raises:
        DiskFull, VaultBusy: The folder still counts as never watched.
    """
    known = tuple(vault.watching.files(folder))
    if folder in vault.watching.folders():
        if existing:
            known = tuple(file for file in known if file.picture is not None)
        return Beginning(known, is_first=False)
    taken_in = {file.path for file in known}  # a folder above it may have been watched
    if not existing:
        fresh = [
            WatchedFile(path, size, modified)
            for path, (size, modified) in there.items()
            if path not in taken_in
        ]
        known = (*known, *fresh)
    vault.watching.begin(folder, format_time(vault.clock.now()), known)
    return Beginning(known, is_first=True, left_alone=len(known) - len(taken_in))


def watch(
    vault: Vault,
    sources: Sequence[PictureSource],
    wishes: WatchWishes,
    stop: Event,
    progress: Progress = be_silent,
    *,
    known: Iterable[WatchedFile] = (),
) -> Iterator[Watched]:
    """Record what the sources tell until ``stop`` is set; ``known`` is from ``begin_watching``.

    A disk that is full, a vault that is busy, an authority that is dead: what fails is tried
    again, and what is lost becomes a gap of the record. At the end the sitting is closed.
    """
    recorder = WatchRecorder(vault, wishes, FileMemory(vault, known, wishes.favourites))
    sittings = Sittings(vault, wishes.rhythm, stamp=wishes.stamp, turn=wishes.turn)
    catching_up = set(range(len(sources)))
    entries = 0
    for told in merged(sources, wishes.galleries, stop, wishes.rhythm.gallery):
        while recorder.is_full and not stop.wait(_FULL_PAUSE_SECONDS):
            yield from recorder.due()
        for watched in (*_entered(recorder, told), *recorder.due(idle=told is None)):
            if _is_entry(watched):
                sittings.count()
                entries += 1
                progress(Step("watch", entries, 0, "recorded"))
            yield watched
        if told is not None and told.source in catching_up and _has_caught_up(told):
            catching_up.discard(told.source)
            if not catching_up:
                yield CaughtUp(recorder.caught_up)
        yield from sittings.due()
    for watched in recorder.finish():
        if _is_entry(watched):
            sittings.count()
        yield watched
    yield from sittings.finish()


def _entered(recorder: WatchRecorder, told: Told | None) -> Iterator[Watched]:
    if told is not None and not isinstance(told.what, Quiet | Ended):
        yield from recorder.take(told.what, told.observer)


def _has_caught_up(told: Told) -> bool:
    return isinstance(told.what, Quiet) and told.what.caught_up


def _is_entry(watched: Watched) -> bool:
    if isinstance(watched, TakeWatched):
        return watched.new
    return isinstance(watched, SelectionNoticed) or (
        isinstance(watched, GapNoticed) and watched.entered
    )
