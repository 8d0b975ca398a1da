"""Which runs and pictures of a ComfyUI server were told already, and which were not yet."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from remarque.engines.comfyui_answers import Answers
from remarque.engines.comfyui_history import Run, Shown, run_from_history
from remarque.model.canonical import Json

_PAGE = 8  # runs in one answer; a run may be a megabyte
_MOST_PAGES = 2000  # ComfyUI keeps 10,000 runs
_MOST_KEPT = 50_000


class Told:
    """Memory of one watch. Runs are known by their id, pictures by run and file.

    ``recorded`` are the names of the picture files an earlier watch has recorded, by run.
    """

    def __init__(self, recorded: Mapping[str, AbstractSet[str]] | None = None) -> None:
        self._recorded = recorded or {}
        self._recorded_names = frozenset[str]().union(*self._recorded.values())
        self._runs: dict[str, None] = {}
        self._files: dict[tuple[str, str, str], str] = {}
        self.recognised = False

    def unseen(self, answers: Answers) -> Iterator[Run]:
        """Finished runs that were not told yet, oldest first.

        ``recognised`` then says whether the history held any run that was told.

        Raises:
            OutsideError: The server cannot be reached, or gives something else.
        """
        newest = answers.json("/history", max_items=_PAGE)
        self.recognised = any(key in self._runs for key in newest)
        if self.recognised or len(newest) < _PAGE:
            yield from self._unseen_in(newest)
            return
        for page in range(_MOST_PAGES):
            items = answers.json("/history", max_items=_PAGE, offset=page * _PAGE)
            self.recognised |= any(key in self._runs for key in items)
            fresh = list(self._unseen_in(items))
            # A server that does not know ``offset`` gives the same page again.
            if len(items) < _PAGE or (page and not fresh and not self.recognised):
                yield from fresh
                break
            yield from fresh

    def has_told(self, run: Run, shown: Shown) -> bool:
        """Whether a picture was told: of this run, or of the run that really made it."""
        told_by = self._files.get(shown.key)
        if told_by is not None and (shown.earlier or told_by == run.id):
            return True
        namesakes = sum(other.name == shown.name for other in run.pictures)
        return namesakes == 1 and shown.name in self._recorded.get(run.id, ())

    def may_have_told(self, shown: Shown) -> bool:
        """Whether a picture shown again may be one an earlier watch recorded from its own run."""
        return shown.earlier and shown.name in self._recorded_names

    def note_picture(self, run: Run, shown: Shown) -> None:
        """Remember a picture. A later run that reuses the file's name made another picture."""
        self._files[shown.key] = run.id
        _forget_oldest(self._files)

    def note_run(self, run_id: str) -> None:
        """Remember that all pictures of a run were told."""
        self._runs[run_id] = None
        _forget_oldest(self._runs)

    def _unseen_in(self, items: Json) -> Iterator[Run]:
        for run_id, item in items.items():
            if run_id in self._runs:
                continue
            run = run_from_history(run_id, item)
            if run is not None:
                yield run


def _forget_oldest(kept: dict[Any, Any]) -> None:
    while len(kept) > _MOST_KEPT:
        kept.pop(next(iter(kept)))
