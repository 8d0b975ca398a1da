"""ComfyUI's websocket, used as a bell: it rings each time the server's queue changes."""

import contextlib
import json
import secrets
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from websockets.exceptions import ConnectionClosed, WebSocketException

from remarque.engines.comfyui_address import Address
from remarque.engines.comfyui_socket import open_socket

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

_POLL_SECONDS = 2.0
_LARGEST_MESSAGE = 8 * 1024 * 1024
_MOST_AT_ONCE = 1000


class Bell:
    """Rings when something may have happened.

    Where no websocket can be had (a proxy that forbids it) it rings every two seconds instead.
    ``queued`` is how many runs the server last said it has queued or under way.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: ClientConnection | None = None
        self._open = contextlib.ExitStack()
        self._rang = time.monotonic()
        self.lost = False
        self.queued = 0

    def __enter__(self) -> Self:
        client = f"remarque-{secrets.token_hex(8)}"
        self._socket = open_socket(
            self._address, client, self._open, largest_bytes=_LARGEST_MESSAGE
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError, WebSocketException):
            self._open.close()

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; whether it rang. ``lost`` is set where the server hung up."""
        if self._socket is None:
            time.sleep(seconds)
            rings = time.monotonic() - self._rang >= _POLL_SECONDS
            self._rang = time.monotonic() if rings else self._rang
            return rings
        rang, timeout = False, seconds
        try:
            for _ in range(_MOST_AT_ONCE):
                rang |= self._takes(self._socket.recv(timeout=timeout))
                timeout = 0
        except TimeoutError:
            pass
        except (ConnectionClosed, OSError):
            self.lost = rang = True
        return rang

    def _takes(self, message: str | bytes) -> bool:
        """Whether a message says that the queue changed; step previews come as bytes."""
        if isinstance(message, bytes):
            return False
        try:
            said = json.loads(message)
        except (ValueError, RecursionError):
            return False
        match said:
            case {"type": "status", "data": {"status": {"exec_info": {"queue_remaining": int(n)}}}}:
                self.queued = n
                return True
            case {"type": "status" | "execution_interrupted" | "execution_success"}:
                return True
            case _:
                return False
