"""What ComfyUI tells the client that queued a run, by websocket.

Source of the messages: ``server.py``, ``protocol.py``, ``execution.py`` and ``main.py`` of ComfyUI
0.3.64. Where no websocket can be had, a run is followed by the history alone.
"""

import contextlib
import json
import secrets
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from websockets.exceptions import ConnectionClosed, WebSocketException

from remarque.engines.comfyui_address import Address
from remarque.engines.comfyui_socket import open_socket
from remarque.model.canonical import Json

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

_LARGEST_MESSAGE = 32 * 1024 * 1024


class RunSocket:
    """The websocket of one run, under a client id of its own."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: ClientConnection | None = None
        self._open = contextlib.ExitStack()
        self.client = f"remarque-{secrets.token_hex(12)}"

    def __enter__(self) -> Self:
        self._socket = open_socket(
            self._address, self.client, self._open, largest_bytes=_LARGEST_MESSAGE
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

    def next(self, seconds: float) -> Json | bytes | None:
        """The next message, a JSON object or the bytes of one; None where none came in time."""
        if self._socket is None:
            time.sleep(seconds)
            return None
        try:
            message = self._socket.recv(timeout=seconds)
        except TimeoutError:
            return None
        except (ConnectionClosed, OSError):
            self._socket = None  # the history still tells how the run ends
            return None
        if isinstance(message, bytes):
            return message
        try:
            return json.loads(message)
        except (ValueError, RecursionError):
            return None
