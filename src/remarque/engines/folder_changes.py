"""What the system reports of changes below a folder, as long as it reports anything."""

import logging
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import watchfiles

from remarque.actions.placements import readable

_STEP_MS, _GROUP_MS, _WAIT_MS = 50, 200, 250

_MOST_FAILURES = 5

_log = logging.getLogger(__name__)


def changes_in(root: Path, stop: Event) -> Iterator[set[Path] | None]:
    """Paths that changed, an empty set every so often; None where nothing is reported.

    A file whose name is no text cannot be reported: the folder itself is told in its place, and
    its reader looks over everything. It ends with ``stop``, or when the folder is deleted.
    """
    failures = 0
    while failures < _MOST_FAILURES:
        try:
            for changes in _reported(root, stop):
                changed = {Path(path) for _, path in changes}
                # What happened until the reporting had begun anew was not reported either.
                yield changed | {root} if failures else changed
                failures = 0
                if (watchfiles.Change.deleted, str(root)) in changes:
                    return  # what is made in its place is another folder, and not watched yet
        except (OSError, RuntimeError, UnicodeError) as error:
            failures += 1
            _log.info("changes in %s were not reported: %s", readable(root), readable(error))
            yield {root}
        else:
            return
    # The system has no watches left, this file system reports nothing, or the folder's own name
    # is no text.
    _log.warning("changes in %s are not reported; it is looked over instead", readable(root))
    while not stop.wait(_WAIT_MS / 1000):
        yield None


def _reported(root: Path, stop: Event) -> Iterator[set[tuple[watchfiles.Change, str]]]:
    return watchfiles.watch(
        root,
        watch_filter=None,
        debounce=_GROUP_MS,
        step=_STEP_MS,
        rust_timeout=_WAIT_MS,
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=False,
        ignore_permission_denied=True,
    )
