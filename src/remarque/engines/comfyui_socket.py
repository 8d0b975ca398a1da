"""A websocket to a ComfyUI server, under a client id of its own."""

import contextlib
import logging

from websockets.exceptions import InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect

from remarque.engines.comfyui_address import Address

_OPEN_SECONDS = 5.0

_silent = logging.getLogger("remarque.engines.comfyui_socket")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


def open_socket(
    address: Address, client: str, held: contextlib.ExitStack, *, largest_bytes: int
) -> ClientConnection | None:
    """A connection that ``held`` closes, or None where no websocket can be had.

    A connection under the artist's own client id would take their messages away.
    """
    authorization = address.authorization
    with contextlib.suppress(OSError, TimeoutError, WebSocketException, InvalidURI, ValueError):
        connecting = connect(
            f"{address.socket}/ws?clientId={client}",
            additional_headers={"Authorization": authorization} if authorization else None,
            compression=None,
            proxy=None,
            open_timeout=_OPEN_SECONDS,
            close_timeout=1,
            max_size=largest_bytes,
            logger=_silent,
        )
        return held.enter_context(connecting)
    return None
