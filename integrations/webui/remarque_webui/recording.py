"""The recorder behind the web UI's callbacks. Nothing here raises into the web UI, or waits."""

import functools
import threading
import time
from pathlib import Path

from remarque_webui.handing import Handing
from remarque_webui.inbox_writing import InboxWriter, inbox_place, time_text
from remarque_webui.inputs import input_pictures
from remarque_webui.models import files_in_use
from remarque_webui.program import program_name
from remarque_webui.runs import WebuiRun, executed_text, index_now, seeds_of
from remarque_webui.telling import EARLY, GRID, UNFINISHED, UNSAVED, Told, handed_over, name_of

OBSERVER = "web UI extension"

_LARGEST_FILE_BYTES = 1 << 28
_RUN = "remarque_run"
_EXTRAS = ("extras", "postprocessing")


def quietly(method):
    """Whatever goes wrong in a callback becomes a gap in the record, and ends there."""

    @functools.wraps(method)
    def call(self, *given):
        try:
            if self.enabled:
                method(self, *given)
        except Exception as error:  # noqa: BLE001  the generation goes on all the same
            self.miss(1, f"It met {type(error).__name__}: {error}."[:300])

    return call


class WebuiRecorder:
    """Takes what the web UI tells; ``shared`` is the web UI's module of that name."""

    def __init__(self, shared):
        self._shared = shared
        self._writers = {}
        self._handing = Handing(self._writer)
        self._unfinished = None
        self._extras = threading.local()
        self._said_lost = 0

    @property
    def enabled(self):
        """Whether the settings page says so."""
        return bool(self._option("remarque_enabled", default=True))

    @quietly
    def run_begins(self, p):
        """Called before anything is made; a run that broke off before is dealt with first."""
        self._finish_early()
        run = WebuiRun(started=time_text(time.time()))
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
    def extras_begin(self, image):
        """Called for each picture of the extras tab, before anything is done to it."""
        self._extras.image = image.copy()

    @quietly
    def picture_saved(self, params):
        """Called after a picture was saved; the web UI may have saved it under another name."""
        p, image = params.p, params.image
        path = Path(getattr(image, "already_saved_as", None) or params.filename)
        grid = _is_grid(path, p)
        if grid and not self._option("remarque_grids", default=True):
            return
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            self.miss(1, f"{path.name} is larger than may be recorded.")
            return
        run, index = self._run_of(p), None if grid else index_now(p)
        self._submit(
            Told(
                run=run,
                name=name_of(path),
                came=time.time(),
                image=None,
                infotext=_text_in(params.pnginfo),
                executed=executed_text(p),
                environment=seeds_of(p, index),
                remarks=[*([GRID] if grid else []), *self._state()],
                content=path.read_bytes(),
                path=path.absolute(),
                inputs=run.inputs or self._extras_input(params),
            ),
            p,
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
        self._say_under_the_pictures(run, processed)

    def unload(self):
        """Called when the scripts are reloaded: what waits is handed over first."""
        self._finish_early()
        self._handing.close()

    def miss(self, count, because):
        """Say that pictures are missing from the record; never raises."""
        self._handing.lose(count, because)

    def flush(self, timeout_s=30.0):
        """Wait until all that was told is handed over."""
        return self._handing.flush(timeout_s)

    def _submit_unsaved(self, p, processed, number):
        image, first = processed.images[number], processed.index_of_first_image
        grid, index = number < first, number - first
        if grid and not self._option("remarque_grids", default=True):
            return
        texts = processed.infotexts
        run = self._run_of(p)
        plain = _has_plain_numbers(p, processed)
        text = texts[number] if number < len(texts) and plain else None
        self._submit(
            Told(
                run=run,
                name=f"{run.id[:8]}-{'grid' if grid else index + 1}.png",
                came=time.time(),
                image=image.copy(),
                infotext=image.info.get("parameters") or text,
                executed=executed_text(p),
                environment=seeds_of(p, index if plain and not grid else None),
                remarks=[UNSAVED, *([GRID] if grid else []), *self._state()],
                inputs=run.inputs,
            ),
            p,
        )

    @quietly
    def _finish_early(self):
        """A run that never came to its end (an error, a cancelled job): its pictures were made."""
        unfinished, self._unfinished = self._unfinished, None
        if unfinished is None or not self._option("remarque_unsaved", default=True):
            return
        p, run = unfinished
        if run.expected > run.made:
            self.miss(run.expected - run.made, "They were decoded and never finished.")
        for index, image in sorted(run.open_pictures.items()):
            self._submit(
                Told(
                    run=run,
                    name=f"{run.id[:8]}-{index + 1}.png",
                    came=time.time(),
                    image=image,
                    infotext=None,
                    executed=executed_text(p),
                    environment=seeds_of(p, index),
                    remarks=[UNSAVED, EARLY],
                    inputs=run.inputs,
                ),
                p,
            )
        run.open_pictures.clear()

    def _submit(self, told, p):
        run = told.run
        if not run.models:
            run.models = files_in_use(self._shared, p)
        told.work = self._work()
        held = len(told.content or b"") + sum(_size_of(image) for _, image in told.inputs)
        held += _size_of(told.image) if told.image is not None else 0
        run.told += 1
        self._handing.submit(functools.partial(handed_over, told), held)

    def _run_of(self, p):
        run = getattr(p, _RUN, None)
        if run is None:  # saved by hand, or upscaled: no run of the sampler
            run = WebuiRun(started=time_text(time.time()))
            if p is not None:
                setattr(p, _RUN, run)
        if not run.inputs_taken and p is not None:
            run.inputs, run.inputs_taken = input_pictures(p), True
        return run

    def _extras_input(self, params):
        """What went into the extras tab, where this picture came out of it."""
        image = getattr(self._extras, "image", None)
        told = params.pnginfo or {}
        if params.p is not None or image is None or not any(key in told for key in _EXTRAS):
            return []
        return [("init", image)]

    def _writer(self):
        named = str(self._option("remarque_inbox", default="") or "")
        if named not in self._writers:
            place = inbox_place(named)
            self._writers[named] = InboxWriter(place, OBSERVER, program_name())
        return self._writers[named]

    def _work(self):
        return str(self._option("remarque_work", default="") or "").strip()[:300] or None

    def _option(self, name, *, default):
        return self._shared.opts.data.get(name, default)

    def _state(self):
        state = getattr(self._shared, "state", None)
        stopped = getattr(state, "interrupted", False) or getattr(state, "skipped", False)
        return [UNFINISHED] if stopped else []

    def _say_under_the_pictures(self, run, processed):
        """One line under the pictures, so that it is seen whether this works; no infotext."""
        lost, self._said_lost = self._handing.lost - self._said_lost, self._handing.lost
        said = []
        if lost:
            said.append(f"Remarque: {lost} pictures are not recorded. {self._handing.problem}")
        if self._option("remarque_line", default=True):
            if self._writer().is_read():
                said.append(f"Remarque: {run.told} pictures handed over; a watch records them.")
            else:
                said.append(
                    f"Remarque: {run.told} pictures handed over, and nobody reads the inbox. Start "
                    "“remarque watch”: pictures made before it runs count as imported."
                )
        processed.comments = "".join([processed.comments or "", *(f"{one}\n" for one in said)])


def _size_of(image):
    return image.width * image.height * len(image.getbands())


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
