"""The demonstration's own timestamp authority, on this machine and reachable from it alone.

It stamps with the machine's own clock, so it is no outside witness: its certificate says that it
proves nothing, and a case file that rests on it says so too.
"""

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from remarque.errors import OutsideError
from remarque.ledger.issuing import Purpose, issue_leaf, new_issuer
from remarque.model.times import Clock
from remarque.outside.timestamp_tokens import TokenSigner, answer_request

DEMONSTRATION_NAME = "Remarque demonstration authority proves nothing outside the demo"

_ADDRESS = "127.0.0.1"
_LARGEST_REQUEST_BYTES = 64 * 1024
_STAMPING = Purpose(ExtendedKeyUsageOID.TIME_STAMPING, critical=True)  # RFC 3161 §2.3


class LoopbackAuthority:
    """A small RFC 3161 authority: a context manager that serves on 127.0.0.1 while it is open."""

    def __init__(self, clock: Clock) -> None:
        """Make fresh keys and certificates; nothing is served before the ``with`` block.

        Args:
            clock: Whose time is stamped.
        """
        self._clock = clock
        self._signer = _new_signer(clock)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it is served.

        Raises:
            OutsideError: It is not being served.
        """
        if self._server is None:
            raise OutsideError("the demonstration authority is not running")
        return f"http://{_ADDRESS}:{self._server.server_address[1]}/"

    @property
    def root_pem(self) -> bytes:
        """Its root certificate as PEM."""
        return self._signer.root.public_bytes(Encoding.PEM)

    def answer(self, request: bytes) -> bytes:
        """The DER response to a DER request, at the clock's present moment."""
        return answer_request(request, self._signer, self._clock.now())

    def __enter__(self) -> Self:
        try:
            self._server = _Server(self)
        except OSError as error:
            raise OutsideError(
                f"the demonstration authority cannot listen on {_ADDRESS}: {error}"
            ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._server = self._thread = None


class _Server(ThreadingHTTPServer):
    """Listens on loopback only, on a port the system chooses."""

    daemon_threads = True

    def __init__(self, authority: LoopbackAuthority) -> None:
        super().__init__((_ADDRESS, 0), _Handler)
        self.authority = authority


class _Handler(BaseHTTPRequestHandler):
    """RFC 3161 §3.4: a POST of a query, answered by a reply."""

    server: _Server
    timeout = 10

    def do_POST(self) -> None:
        """Answer one query."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return
        if int(length) > _LARGEST_REQUEST_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        answer = self.server.authority.answer(self.rfile.read(int(length)))
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    # typing.override comes with Python 3.12, hence the remark to mypy
    def log_message(self, format: str, *args: object) -> None:  # type: ignore[explicit-override]  # noqa: A002
        """Say nothing: the demonstration tells its own story."""


def _new_signer(clock: Clock) -> TokenSigner:
    issuer = new_issuer(_subject("Root of the demonstration"), clock.now())
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = issue_leaf(issuer, _subject("Timestamps"), key.public_key(), _STAMPING)
    return TokenSigner(leaf, key, issuer.certificate)


def _subject(use: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Remarque demonstration"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, use),
            x509.NameAttribute(NameOID.COMMON_NAME, DEMONSTRATION_NAME),
        ]
    )
