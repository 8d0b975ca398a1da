"""ComfyUI's websocket, used as a bell: it rings each time the server's queue changes."""

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

_OPEN_SECONDS = 5.0
_POLL_SECONDS = 2.0
_LARGEST_MESSAGE = 8 * 1024 * 1024
_MOST_AT_ONCE = 1000

_silent = logging.getLogger("remarque.engines.comfyui_bell")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


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
        # An own client id: a connection under the artist's id would take their messages away.
        url = f"{self._address.socket}/ws?clientId=remarque-{secrets.token_hex(8)}"
        authorization = self._address.authorization
        with contextlib.suppress(OSError, TimeoutError, WebSocketException, InvalidURI, ValueError):
            connecting = connect(
                url,
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
