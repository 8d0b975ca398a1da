"""A stand-in for the Hugging Face hub on this machine: one repository out of a folder.

Speaks as much of the hub's protocol as fetching a public model takes: what a repository holds at
a revision, and its files by HEAD and GET with commit, entity tag and length.
"""

import contextlib
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REVISIONS = {"main", COMMIT}


class HubServer:
    """``asked`` lists method and path of every question, in order."""

    def __init__(self, repository, folder):
        self.repository = repository
        self.folder = Path(folder)
        self.asked = []
        self.address = ""

    def names(self):
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.folder).as_posix() for path in files)

    def answer(self, path):
        """Status, headers and body for a path without its query."""
        start = f"/api/models/{self.repository}"
        if path in {start, *(f"{start}/revision/{one}" for one in REVISIONS)}:
            return self._repository()
        for one in REVISIONS:
            if path.startswith(f"{start}/tree/{one}"):
                return self._tree()
            if path.startswith(f"/{self.repository}/resolve/{one}/"):
                return self._file(path.split(f"/resolve/{one}/", 1)[1])
        return 404, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "not found"}, b""

    def _repository(self):
        siblings = [{"rfilename": name} for name in self.names()]
        told = {"id": self.repository, "modelId": self.repository, "sha": COMMIT, "private": False,
                "downloads": 0, "likes": 0, "tags": [], "siblings": siblings}  # fmt: skip
        return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()

    def _tree(self):
        rows = [
            {"type": "file", "path": name, "size": (self.folder / name).stat().st_size, "oid": "0"}
            for name in self.names()
        ]
        return 200, {"Content-Type": "application/json"}, json.dumps(rows).encode()

    def _file(self, name):
        if name not in self.names():
            return 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, b""
        body = (self.folder / name).read_bytes()
        tag = hashlib.sha256(body).hexdigest()
        return 200, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}, body


@contextlib.contextmanager
def hub_of(repository, folder):
    """The server, running until the end of the block."""
    hub = HubServer(repository, folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self._send(self.command == "GET")

        do_HEAD = do_GET  # noqa: N815  the server's own name for it

        def _send(self, with_body):
            path = unquote(urlsplit(self.path).path)
            hub.asked.append(f"{self.command} {path}")
            status, headers, body = hub.answer(path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
