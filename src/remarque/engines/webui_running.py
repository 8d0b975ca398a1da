"""One request to a web UI followed to its end: progress, previews, stopping, no hanging."""

import asyncio
import base64
import binascii
import contextlib
import secrets
import time
from dataclasses import dataclass, field

import numpy as np

from remarque.actions.orders import Listening
from remarque.engines.webui_asking import WebuiAsking
from remarque.engines.webui_request import Request
from remarque.errors import (
    Cancelled,
    InputError,
    MakingFailed,
    OutsideError,
    ProgramUnavailable,
    RemarqueError,
)
from remarque.model.canonical import Json
from remarque.pictures.decoding import Limits, decode
from remarque.progress import Step

_POLL_SECONDS = 0.25
_PREVIEW_LIMITS = Limits(bytes=16 << 20, pixels=4096 * 4096)
_LARGEST_PREVIEW = 24 * 1024 * 1024
_NO_PICTURE = b""


@dataclass
class Running:
    """Runs one request; ``patience`` is how long nothing may move, in seconds."""

    asking: WebuiAsking
    listening: Listening
    patience: float
    task: str = field(default_factory=lambda: f"task(remarque-{secrets.token_hex(8)})")
    _seen: tuple[object, ...] = ()
    _step: tuple[int, int] = (0, 0)
    _queued: bool = False

    async def answer(self, request: Request) -> dict[str, Json]:
        """Ask for the picture and wait for it.

        Raises:
            Cancelled: It was stopped; the program was interrupted where it was at this picture.
            MakingFailed, OutOfMemory: It failed, or nothing moved for too long.
            ProgramUnavailable: The program went away or answers nonsense.
        """
        body = request.body | {"force_task_id": self.task}
        making = asyncio.create_task(self.asking.make(request.path, body))
        try:
            return await self._followed(making)
        except BaseException:
            if not making.done():
                with contextlib.suppress(OutsideError):
                    await self._interrupt()
            making.cancel()
            with contextlib.suppress(asyncio.CancelledError, RemarqueError):
                await making
            raise

    async def _followed(self, making: "asyncio.Task[dict[str, Json]]") -> dict[str, Json]:
        moved = time.monotonic()
        while True:
            await asyncio.wait({making}, timeout=_POLL_SECONDS)
            if making.done():
                return making.result()
            if self.listening.stop.is_set():
                raise self._stopped()
            before = self._seen
            await self._look()
            if self._seen != before:
                moved = time.monotonic()
            if time.monotonic() - moved > self.patience:
                raise MakingFailed(
                    f"nothing moved in the web UI for {self.patience:g} s",
                    hint="Look at its own window for the reason, then try again.",
                )

    def _stopped(self) -> Cancelled:
        if self._queued:
            return Cancelled(
                "stopped; the web UI still has the picture in its queue, which cannot be undone"
            )
        return Cancelled("stopped; the web UI was interrupted as well")

    async def _look(self) -> None:
        """Ask how far it is; another person's picture before ours is no progress of ours."""
        active = await self._is_ours()
        wants = self.listening.preview is not None and active is not False
        said = await self.asking.get(
            "/sdapi/v1/progress", skip_current_image="false" if wants else "true"
        )
        state = said.get("state") if isinstance(said, dict) else None
        if not isinstance(state, dict):
            return
        now = tuple(state.get(name) for name in ("job_no", "sampling_step", "sampling_steps"))
        changed = (active, *now) != self._seen
        self._seen = (active, *now)
        if active is False or not changed:
            return
        match now:
            case (_, int(done), int(total)) if 0 < done <= total:
                self._step = (done, total)
                self.listening.progress(Step("making", done, total))
                self._show(said.get("current_image"))

    async def _is_ours(self) -> bool | None:
        """Whether the program is at our picture; None where it does not tell."""
        try:
            said = await self.asking.post(
                "/internal/progress", {"id_task": self.task, "live_preview": False}
            )
        except ProgramUnavailable:
            return None
        match said:
            case {"active": bool(active), "queued": bool(queued)}:
                self._queued = queued and not active
                return True if active else False if queued else None
            case _:
                return None

    async def _interrupt(self) -> None:
        """Stop the picture under way, unless it is another person's."""
        if await self._is_ours() is not False:
            await self.asking.post("/sdapi/v1/interrupt", {})

    def _show(self, encoded: Json) -> None:
        preview, (done, total) = self.listening.preview, self._step
        if preview is None or done % max(1, self.listening.preview_every):
            return
        content = picture_bytes(encoded) if _is_small(encoded) else _NO_PICTURE
        with contextlib.suppress(InputError):
            pixels = decode(content, limits=_PREVIEW_LIMITS).pixels[:, :, :3]
            preview(done, total, np.ascontiguousarray(pixels))


def picture_bytes(encoded: Json) -> bytes:
    """The bytes of a picture in Base64, with or without ``data:`` before it; empty for nonsense."""
    text = encoded if isinstance(encoded, str) else ""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return _NO_PICTURE


def _is_small(encoded: Json) -> bool:
    return isinstance(encoded, str) and len(encoded) <= _LARGEST_PREVIEW
