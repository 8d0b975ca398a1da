"""HTTP with every method, and websockets, on one local port: what stand-ins for servers speak.

``websockets`` serves GET alone, so the handshake and the frames (RFC 6455) are written here.
"""

import base64
import contextlib
import hashlib
import json
import struct
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Self
from urllib.parse import parse_qs, urlsplit

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True)
class Answer:
    body: bytes
    status: int = 200
    content_type: str = "text/plain"
    length: int | None = None


def json_answer(value: object, status: int = 200) -> Answer:
    return Answer(json.dumps(value).encode(), status, "application/json")


def multipart(body: bytes, content_type: str) -> tuple[str, bytes]:
    """Name and bytes of the one file of a form."""
    whole = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    part = next(part for part in whole.get_payload() if part.get_filename())
    return part.get_filename(), part.get_payload(decode=True)


@dataclass
class SpeakingServer:
    """A server; ``faults`` maps a path to html, half, status, types, huge or endless."""

    port: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    required: str = ""
    sockets_refused: bool = False
    sockets: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """Start what works behind the answers."""

    def end(self) -> None:
        """End it."""

    def __enter__(self) -> Self:
        self._lock = Lock()
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", self.port), type("Handler", (Handler,), {"speaks": self})
        )
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.begin()
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_told: object) -> None:
        self.hang_up()
        self.end()
        self.go_away()

    def go_away(self) -> None:
        """Answer nothing any more, as a process that ended."""
        self.hang_up()
        self._server.shutdown()
        self._server.server_close()

    def hang_up(self) -> None:
        for connection in list(self.sockets.values()):
            with contextlib.suppress(OSError):
                connection.shutdown(2)

    def tell(self, client: str, said: object) -> None:
        """One message to one client: bytes as a binary frame, anything else as JSON text."""
        connection = self.sockets.get(client)
        if connection is None:
            return
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        kind = 0x82 if isinstance(said, bytes) else 0x81
        size = (
            bytes([len(body)])
            if len(body) < 126
            else b"\x7e" + struct.pack(">H", len(body))
            if len(body) < 2**16
            else b"\x7f" + struct.pack(">Q", len(body))
        )
        with self._lock, contextlib.suppress(OSError):
            connection.sendall(bytes([kind]) + size + body)


def _faulty(fault: str) -> Answer:
    if fault == "half":
        return Answer(b'{"half', 200, "application/json", 5000)
    if fault == "types":
        return json_answer([1, "two", None])
    if fault == "broken":
        return Answer(b"no picture at all", 200, "image/png")
    if fault == "locked":
        return json_answer({"detail": "Incorrect username or password"}, 401)
    if fault == "absent":
        return json_answer({"detail": "Not Found"}, 404)
    return Answer(b"<html>log in</html>", 500 if fault == "status" else 200, "text/html")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    speaks: SpeakingServer

    def log_message(self, *_told):
        return

    def do_GET(self):
        parts = urlsplit(self.path)
        if parts.path == "/ws" and not self.speaks.sockets_refused:
            self._socket(parse_qs(parts.query)["clientId"][0])
            return
        asked = parse_qs(parts.query, keep_blank_values=True)
        query = {key: values[0] for key, values in asked.items()}
        self._answered(parts.path, lambda: self.speaks.get(parts.path, query))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Content-Type", "")
        self._answered(self.path, lambda: self.speaks.post(self.path, body, kind))

    def _answered(self, path, usual):
        self.speaks.asked.append(path)
        fault = self.speaks.faults.get(path)
        if self.speaks.required and self.headers.get("Authorization") != self.speaks.required:
            fault = "locked"
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if fault in {"endless", "huge"}:
                self._endless()
            else:
                self._send(_faulty(fault) if fault else usual())

    def _send(self, answer):
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(answer.length or len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)
        self.close_connection = True

    def _endless(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        for _ in range(600):
            self.wfile.write(b" " * (1 << 20))
        self.close_connection = True

    def _socket(self, client):
        key = self.headers["Sec-WebSocket-Key"]
        accept = base64.b64encode(hashlib.sha1((key + _MAGIC).encode()).digest()).decode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept)
        self.end_headers()
        self.wfile.flush()
        self.speaks.sockets[client] = self.connection
        self.speaks.tell(client, {"type": "status", "data": {"sid": client}})
        with contextlib.suppress(OSError):
            # The first thing a client of ours says is its goodbye, which is answered.
            if self.connection.recv(4096):
                self.connection.sendall(b"\x88\x00")
        self.speaks.sockets.pop(client, None)
        self.close_connection = True
