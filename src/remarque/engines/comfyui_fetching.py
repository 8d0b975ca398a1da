"""Fetch one picture of a run from a ComfyUI server and say what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from remarque.actions.happenings import RunSeen, Trouble
from remarque.engines.comfyui_answers import Answered, Answers
from remarque.engines.comfyui_history import Run, Shown
from remarque.engines.comfyui_runs import Beside, Surroundings, seen_of
from remarque.errors import InputError, OutsideError
from remarque.model.times import Clock

_MOST_TRIES = 3
_SHOWN_OF_ID = 40
_LARGEST_INPUT = 64 * 1024 * 1024
_KINDS = ("input", "output", "temp")
_CLOCK_STEP = timedelta(seconds=2)  # file times on the web have whole seconds


@dataclass
class Fetching:
    """Fetches pictures while a server answers without a break; ``tries`` counts failures.

    They are counted over breaks too, so that one broken answer is not asked for for ever.
    """

    answers: Answers
    around: Surroundings
    clock: Clock | None
    tries: dict[tuple[str, tuple[str, str, str]], int]

    def picture(self, run: Run, shown: Shown, *, late: bool) -> RunSeen | Trouble:
        """The picture, or why it cannot be had. ``late``: the run ended out of sight.

        Raises:
            OutsideError: The server cannot be reached; the picture may be had later.
        """
        tried = (run.id, shown.key)
        try:
            file = self.answers.file(shown.filename, shown.subfolder, shown.kind)
            happening = self._seen(run, shown, file, late=late)
        except InputError as error:
            happening = _lost(run, shown, error.message)
        except OutsideError as error:
            self.tries[tried] = self.tries.get(tried, 0) + 1
            if self.tries[tried] < _MOST_TRIES:
                raise
            happening = _lost(run, shown, error.message)
        self.tries.pop(tried, None)
        return happening

    def _seen(
        self, run: Run, shown: Shown, file: Answered | None, *, late: bool
    ) -> RunSeen | Trouble:
        if file is None:
            return _lost(run, shown, "the server no longer has the file")
        came = self._came(run, file)
        if came is None:
            return _lost(run, shown, "the server does not say when it was made")
        beside = Beside(load=lambda name: self._input(run, name), caught_up=late)
        return RunSeen(seen_of(run, shown, (file.content, came), self.around, beside))

    def _came(self, run: Run, file: Answered) -> datetime | None:
        """When the file came into being: its own time, else the end of the run."""
        came = file.modified or run.finished or file.sent
        if came is not None and self.clock is not None:
            return min(came, self.clock.now())
        return came

    def _input(self, run: Run, name: str) -> bytes | None:
        """A picture that went in, unless it was written anew since the run began."""
        filename, subfolder, kind = _place_of(name)
        try:
            file = self.answers.file(filename, subfolder, kind)
        except InputError:
            return None
        if file is None or len(file.content) > _LARGEST_INPUT:
            return None
        if run.started is None or file.modified is None:
            return None
        return file.content if file.modified <= run.started + _CLOCK_STEP else None


def _place_of(name: str) -> tuple[str, str, str]:
    """File, subfolder and folder of a name like ``clipspace/mask.png [input]``.

    As ``folder_paths.annotated_filepath`` in ComfyUI reads it.
    """
    kind = next((kind for kind in _KINDS if name.endswith(f"[{kind}]")), "")
    plain = name.removesuffix(f"[{kind}]").rstrip() if kind else name
    subfolder, _, filename = plain.replace("\\", "/").rpartition("/")
    return filename, subfolder, kind or "input"


def _lost(run: Run, shown: Shown, because: str) -> Trouble:
    """A loss that no other is worded like: ComfyUI gives the same name again after a deletion."""
    what = "saved picture" if shown.kind == "output" else "preview"
    where = "/".join(part for part in (shown.subfolder, shown.filename) if part)
    why = f"{because[:1].upper()}{because[1:]} (run {run.id[:_SHOWN_OF_ID]})."
    return Trouble(f"The {what} {where} was not recorded.", why)
