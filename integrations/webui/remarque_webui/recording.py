"""The recorder behind the web UI's callbacks. Nothing here raises into the web UI, or waits."""

import functools
import threading
from pathlib import Path

from remarque.model.times import format_time
from remarque.model.witness import Observer
from remarque.wiring.clock import SystemClock
from remarque.wiring.recorder import Recorder
from remarque_webui.models import Described, files_in_use
from remarque_webui.runs import (
    WebuiRun,
    executed_bytes,
    index_now,
    input_pictures,
    seeds_of,
)
from remarque_webui.telling import EARLY, GRID, UNFINISHED, UNSAVED, Told, seen_of

_LARGEST_FILE_BYTES = 1 << 28
_RUN = "remarque_run"


def quietly(method):
    """Whatever goes wrong in a callback becomes a gap in the record, and ends there."""

    @functools.wraps(method)
    def call(self, *given):
        try:
            if self.enabled:
                method(self, *given)
        except Exception as error:  # noqa: BLE001  the generation goes on all the same
            self.miss(f"It met {type(error).__name__}: {error}.")

    return call


class WebuiRecorder:
    """Takes what the web UI tells; ``shared`` is the web UI's module of that name."""

    def __init__(self, shared):
        self._shared = shared
        self._clock = SystemClock()
        self._described = Described()
        self._recorders = {}
        self._gate = threading.Lock()
        self._program = None
        self._unfinished = None
        self._told_problems = 0

    @property
    def enabled(self):
        """Whether the settings page says so."""
        return bool(self._option("remarque_enabled", default=True))

    @quietly
    def app_started(self, _demo, _app):
        """Called once the web UI is up; what an earlier session left is brought into the vault."""
        self._recorder()

    @quietly
    def run_begins(self, p):
        """Called before anything is made; a run that broke off before is dealt with first."""
        self._finish_early()
        run = WebuiRun(started=format_time(self._clock.now()))
        setattr(p, _RUN, run)
        self._unfinished = (p, run)

    @quietly
    def batch_decoded(self, p, count):
        """Called when a batch has become pictures, before they are finished one by one."""
        self._run_of(p).expected += count

    @quietly
    def picture_made(self, p, image, index):
        """Called for every picture; kept until it is saved or handed out."""
        run = self._run_of(p)
        run.made += 1
        run.open_pictures[index] = image.copy()

    @quietly
    def picture_saved(self, params):
        """Called after a picture was saved; the web UI may have saved it under another name."""
        p, image = params.p, params.image
        path = Path(getattr(image, "already_saved_as", None) or params.filename)
        grid = _is_grid(path, p)
        if grid and not self._option("remarque_grids", default=True):
            return
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            self.miss(f"{path.name} is larger than may be recorded.")
            return
        run, index = self._run_of(p), None if grid else index_now(p)
        self._submit(
            Told(
                run=run,
                name=path.name,
                came=self._clock.now(),
                image=None,
                infotext=_text_in(params.pnginfo),
                executed=executed_bytes(p),
                seeds=seeds_of(p, index),
                remarks=(*((GRID,) if grid else ()), *self._state()),
                content=path.read_bytes(),
                path=path.absolute(),
            )
        )
        run.open_pictures.pop(index, None)
        run.saved.add(index)

    @quietly
    def run_ended(self, p, processed):
        """Called with everything the web UI shows; what was never saved is recorded from here."""
        run = self._run_of(p)
        if self._option("remarque_unsaved", default=True):
            for number, image in enumerate(processed.images):
                # Where an extension saved another picture in its place, only the number tells.
                by_number = _has_plain_numbers(p, processed)
                known = by_number and number - processed.index_of_first_image in run.saved
                if not known and getattr(image, "already_saved_as", None) is None:
                    self._submit_unsaved(p, processed, number)
        run.open_pictures.clear()
        self._unfinished = None
        self._say_problems(processed)

    def unload(self):
        """Called when the scripts are reloaded: what waits is written in the background."""
        self._finish_early()
        with self._gate:
            for recorder in self._recorders.values():
                recorder.retire()
            self._recorders.clear()

    def miss(self, because):
        """Say that something is missing from the record; never raises."""
        try:
            self._recorder().note_gap("What the web UI just made is not in the record.", because)
        except Exception:  # noqa: BLE001  not even the settings can be read: there is no place left
            return

    def flush(self, timeout_s=30.0):
        """Wait until all that was told is recorded."""
        return all(one.flush(timeout_s) for one in list(self._recorders.values()))

    def _submit_unsaved(self, p, processed, number):
        image, first = processed.images[number], processed.index_of_first_image
        grid, index = number < first, number - first
        if grid and not self._option("remarque_grids", default=True):
            return
        texts = processed.infotexts
        run = self._run_of(p)
        plain = _has_plain_numbers(p, processed)
        self._submit(
            Told(
                run=run,
                name=f"{run.id[:8]}-{'grid' if grid else index + 1}.png",
                came=self._clock.now(),
                image=image.copy(),
                infotext=image.info.get("parameters")
                or (texts[number] if number < len(texts) and plain else None),
                executed=executed_bytes(p),
                seeds=seeds_of(p, index if plain and not grid else None),
                remarks=(UNSAVED, *((GRID,) if grid else ()), *self._state()),
            )
        )

    @quietly
    def _finish_early(self):
        """A run that never came to its end (an error, a cancelled job): its pictures were made."""
        unfinished, self._unfinished = self._unfinished, None
        if unfinished is None or not self._option("remarque_unsaved", default=True):
            return
        p, run = unfinished
        if run.expected > run.made:
            self.miss(f"{run.expected - run.made} decoded pictures were never finished.")
        for index, image in sorted(run.open_pictures.items()):
            self._submit(
                Told(
                    run=run,
                    name=f"{run.id[:8]}-{index + 1}.png",
                    came=self._clock.now(),
                    image=image,
                    infotext=None,
                    executed=executed_bytes(p),
                    seeds=seeds_of(p, index),
                    remarks=(UNSAVED, EARLY),
                )
            )
        run.open_pictures.clear()

    def _submit(self, told):
        run = told.run
        if not run.models:
            run.models = files_in_use(self._shared)
        held = len(told.content or b"")
        if told.image is not None:
            held += told.image.width * told.image.height * len(told.image.getbands())
        making = functools.partial(self._seen, told)
        self._recorder().submit(making, work=self._work(), holds_bytes=held)

    def _seen(self, told):
        return seen_of(told, self._described, self._program_name())

    def _run_of(self, p):
        run = getattr(p, _RUN, None)
        if run is None:  # saved by hand, or upscaled: no run of the sampler
            run = WebuiRun(started=format_time(self._clock.now()))
            if p is not None:
                setattr(p, _RUN, run)
        if not run.inputs_taken and p is not None:
            run.inputs, run.inputs_taken = input_pictures(p), True
        return run

    def _recorder(self):
        named = str(self._option("remarque_vault", default="") or "").strip()
        with self._gate:
            if named not in self._recorders:
                place = Path(named) if named else None
                observer = Observer.WEBUI_EXTENSION
                self._recorders[named] = Recorder(place, work=self._work(), observer=observer)
            return self._recorders[named]

    def _work(self):
        return str(self._option("remarque_work", default="") or "").strip() or None

    def _option(self, name, *, default):
        return self._shared.opts.data.get(name, default)

    def _state(self):
        state = getattr(self._shared, "state", None)
        stopped = getattr(state, "interrupted", False) or getattr(state, "skipped", False)
        return (UNFINISHED,) if stopped else ()

    def _say_problems(self, processed):
        """New problems stand under the pictures, once; they are no part of the infotext."""
        problems = [one for recorder in self._recorders.values() for one in recorder.problems]
        fresh, self._told_problems = problems[self._told_problems :], len(problems)
        if fresh:
            said = f"Remarque: {len(fresh)} things are missing from the record. {fresh[-1]}"
            processed.comments = f"{processed.comments or ''}{said}\n"

    def _program_name(self):
        if self._program is None:
            try:
                from modules import launch_utils

                tag = str(launch_utils.git_tag())
            except Exception:  # noqa: BLE001  forks keep their version in other places
                tag = ""
            self._program = f"Stable Diffusion web UI {tag}".strip()
        return self._program


def _has_plain_numbers(p, processed):
    """Whether picture and seed go together by number: masks shown between them would break that."""
    pictures = len(processed.images) - processed.index_of_first_image
    return pictures == len(getattr(p, "all_seeds", None) or ())


def _is_grid(path, p):
    """Whether a saved file is a grid; scripts name theirs after themselves (``xyz_grid-…``)."""
    grids = getattr(p, "outpath_grids", None)
    inside = bool(grids) and path.absolute().is_relative_to(Path(grids).absolute())
    return inside and "grid" in path.name.lower()


def _text_in(pnginfo):
    text = (pnginfo or {}).get("parameters")
    return text if isinstance(text, str) else None
