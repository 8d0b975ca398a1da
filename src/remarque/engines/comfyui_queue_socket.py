"""What ComfyUI tells the client that queued a run, by websocket.

Source of the messages: ``server.py``, ``protocol.py``, ``execution.py`` and ``main.py`` of ComfyUI
0.3.64. Where no websocket can be had, a run is followed by the history alone.
"""

import contextlib
import json
import logging
import secrets
import time
from types import TracebackType
from typing import Self

from websockets.exceptions import ConnectionClosed, InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect

from remarque.engines.comfyui_address import Address
from remarque.model.canonical import Json

_OPEN_SECONDS = 5.0
_LARGEST_MESSAGE = 32 * 1024 * 1024

_silent = logging.getLogger("remarque.engines.comfyui_queue_socket")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


class RunSocket:
    """The websocket of one run, under a client id of its own."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: ClientConnection | None = None
        self._open = contextlib.ExitStack()
        self.client = f"remarque-{secrets.token_hex(12)}"

    def __enter__(self) -> Self:
        authorization = self._address.authorization
        with contextlib.suppress(OSError, TimeoutError, WebSocketException, InvalidURI, ValueError):
            connecting = connect(
                f"{self._address.socket}/ws?clientId={self.client}",
                additional_headers={"Authorization": authorization} if authorization else None,
                compression=None,
                proxy=None,
                open_timeout=_OPEN_SECONDS,
                close_timeout=1,
                max_size=_LARGEST_MESSAGE,
                logger=_silent,
            )
            self._socket = self._open.enter_context(connecting)
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
