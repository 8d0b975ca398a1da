"""One queued run of a ComfyUI followed to its end: progress, previews, stopping, no hanging."""

import contextlib
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from remarque.actions.orders import Listening
from remarque.engines.comfyui_engine_names import one_line
from remarque.engines.comfyui_history import Outcome, Run
from remarque.engines.comfyui_queue import ComfyQueue, Ended
from remarque.engines.comfyui_queue_socket import RunSocket
from remarque.errors import (
    Cancelled,
    InputError,
    MakingError,
    MakingFailed,
    OutOfMemory,
    OutsideError,
    ProgramUnavailable,
)
from remarque.model.canonical import Json
from remarque.pictures.decoding import Limits, decode
from remarque.progress import Step

_LISTEN_SECONDS = 0.2
_ASK_SECONDS = 0.5
_MOST_UNKNOWN = 6
_PREVIEW_LIMITS = Limits(bytes=16 << 20, pixels=4096 * 4096)
# BinaryEventTypes of protocol.py; both are followed by a 4-byte number before the picture's bytes.
_PREVIEW_IMAGE, _PREVIEW_WITH_METADATA = 1, 4
_MOST_METADATA = 100_000


@dataclass
class Following:
    """Follows runs on one server; ``patience`` is how long nothing may move, in seconds."""

    queue: ComfyQueue
    socket: RunSocket
    listening: Listening
    patience: float
    _seen: tuple[object, ...] = ()
    _moved: float = 0.0
    _ended: bool = False
    _step: tuple[int, int] = field(default=(0, 0))

    def until_done(self, run: str) -> Ended:
        """Wait for the end of a run and give what the history has of it.

        Raises:
            Cancelled: It was stopped; the run is withdrawn.
            MakingFailed, OutOfMemory: It failed, or nothing moved for too long.
            ProgramUnavailable: The server went away, or no longer knows the run.
        """
        try:
            found = self._followed(run)
        except BaseException:
            # A run nobody waits for any more must not go on; that it cannot be withdrawn is
            # no better reason than the one that ended the waiting.
            with contextlib.suppress(OutsideError):
                self.queue.withdraw(run)
            raise
        problem = _problem(found.run)
        if problem is not None:
            raise problem
        return found

    def _followed(self, run: str) -> Ended:
        self._moved, asked, unknown = time.monotonic(), time.monotonic(), 0
        self._ended, self._seen = False, ()
        while True:
            if self.listening.stop.is_set():
                raise Cancelled("stopped; ComfyUI was told to stop as well")
            self._take(self.socket.next(_LISTEN_SECONDS), run)
            if not self._ended and time.monotonic() - asked < _ASK_SECONDS:
                continue
            found, asked = self.queue.finished(run), time.monotonic()
            if found is not None:
                return found
            unknown = 0 if self._in_line(run) else unknown + 1
            if unknown >= _MOST_UNKNOWN:
                raise ProgramUnavailable(
                    "ComfyUI no longer knows the run: it was started anew, or its queue was cleared"
                )
            if time.monotonic() - self._moved > self.patience:
                raise MakingFailed(
                    f"nothing moved in ComfyUI for {self.patience:g} s",
                    hint="Look at its own window for the reason, then try again.",
                )

    def _in_line(self, run: str) -> bool:
        """Whether the server still has the run; another place in the line is a movement."""
        self._ended = False
        running, waiting = self.queue.places()
        if run in waiting:
            self._move("waiting", running, waiting.index(run))
        elif run in running:
            self._move("running", self._step)
        return run in running or run in waiting

    def _move(self, *now: object) -> None:
        if now != self._seen:
            self._seen, self._moved = now, time.monotonic()

    def _take(self, message: Json | bytes | None, run: str) -> None:
        if isinstance(message, bytes):
            self._show(message)
            return
        match message:
            case {"type": str(kind), "data": {"prompt_id": told, **said}} if told == run:
                self._note(kind, said)

    def _note(self, kind: str, said: Json) -> None:
        match kind, said:
            case "progress", {"value": int(done), "max": int(total)} if 0 <= done <= total:
                self._step = (done, total)
                self._move(said.get("node"), done, total)
                self.listening.progress(Step("making", done, total))
            case "executing", {"node": None}:
                self._ended = True
            case "executing", {"node": str(node)}:
                self._move("executing", node)
            case "execution_success" | "execution_error" | "execution_interrupted", _:
                self._ended = True

    def _show(self, message: bytes) -> None:
        """Hand on a preview, a picture of the step told just before; a broken one is left out."""
        done, total = self._step
        preview = self.listening.preview
        if preview is None or not total or done % max(1, self.listening.preview_every):
            return
        pixels = _preview(message)
        if pixels is not None:
            preview(max(1, done), total, pixels)


def _preview(message: bytes) -> NDArray[np.uint8] | None:
    kind, second = int.from_bytes(message[:4]), int.from_bytes(message[4:8])
    if kind == _PREVIEW_IMAGE:
        content = message[8:]
    elif kind == _PREVIEW_WITH_METADATA and second <= _MOST_METADATA:
        content = message[8 + second :]
    else:
        return None
    try:
        return np.ascontiguousarray(decode(content, limits=_PREVIEW_LIMITS).pixels[:, :, :3])
    except InputError:
        return None


def _problem(run: Run) -> MakingError | Cancelled | None:
    if run.outcome is Outcome.FAILED:
        reason = one_line(run.reason) or "it gives no reason"
        if "out of memory" in reason.casefold() or "allocat" in reason.casefold():
            return OutOfMemory(f"ComfyUI ran out of memory: {reason}")
        return MakingFailed(f"ComfyUI could not finish the run: {reason}")
    if run.outcome is Outcome.INTERRUPTED:
        return Cancelled("the run was stopped in ComfyUI itself")
    return None
