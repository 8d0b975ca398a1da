"""The address of a ComfyUI server, as the artist typed it."""

import base64
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from remarque.errors import UsageError

_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server answers. ``authorization`` is the header's value; it is never shown."""

    web: str
    socket: str
    authorization: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The headers every question carries."""
        # Packed answers are not asked for: they are what a bomb would come in.
        plain = {"accept-encoding": "identity"}
        return plain | ({"authorization": self.authorization} if self.authorization else {})


def address_of(url: str) -> Address:
    """Take an address apart: ``http://127.0.0.1:8188``, ``https://name:secret@host/path``.

    A name and password in it are sent as basic authorization, and only to this address.

    Raises:
        UsageError: It is no http or https address with a host.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refused(url) from error
    fits = parts.scheme in {"http", "https"} and host and len(url) <= _LONGEST
    if not fits or parts.query or parts.fragment or any(ord(sign) <= ord(" ") for sign in host):
        raise _refused(url)
    shown = f"[{host}]" if ":" in host else host
    place = f"{shown}{f':{port}' if port is not None else ''}{parts.path.rstrip('/')}"
    socket = "wss" if parts.scheme == "https" else "ws"
    return Address(f"{parts.scheme}://{place}", f"{socket}://{place}", _basic(parts))


def _basic(parts: SplitResult) -> str:
    if parts.username is None:
        return ""
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(secret.encode('utf-8', 'replace')).decode('ascii')}"


def _refused(url: str) -> UsageError:
    # What stands before the @ may be a password.
    shown = url.rpartition("@")[2][:100]
    return UsageError(
        f"{shown!r} is no address of a ComfyUI server",
        hint="Give it as the browser shows it, for example http://127.0.0.1:8188",
    )
