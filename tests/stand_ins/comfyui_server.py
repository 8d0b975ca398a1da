"""A stand-in for a running ComfyUI: its HTTP routes and websocket messages on a local port.

Written from ComfyUI 0.3.64 (``server.py``, ``execution.py``, ``nodes.py``). It executes nothing:
noise of the right seed stands for a picture, but the PNG files are real and carry ``prompt`` and
``workflow`` as ``nodes.SaveImage`` writes them. What ComfyUI tells only the client that queued a
prompt is told only to that one here too.
"""

import hashlib
import json
import time
import uuid
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from threading import Thread
from typing import Self
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response
from websockets.sync.server import serve

STATS = {
    "system": {
        "os": "posix",
        "ram_total": 1,
        "comfyui_version": "0.3.64",
        "python_version": "3.11.7 (main, Dec  8 2023)\n[GCC 12.2.0]",
        "pytorch_version": "2.13.0+cpu",
        "embedded_python": False,
        "argv": [
            "/home/somebody/ComfyUI/main.py",
            "--cpu",
            "--force-fp16",
            "--output-directory=/x",
        ],
    },
    "devices": [{"name": "cuda:0 Stand-in RTX", "type": "cuda", "index": 0}],
}


class Interrupted(Exception):
    """``comfy.model_management.InterruptProcessingException``."""


def write_picture(path: Path, seed: int, index: int, texts: dict[str, object]) -> None:
    """A real PNG file with the chunks of ``nodes.SaveImage.save_images``."""
    drawn = np.random.default_rng([seed % 2**32, seed >> 32, index])
    metadata = PngInfo()
    for key, value in texts.items():
        metadata.add_text(key, json.dumps(value))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(drawn.integers(0, 255, (24, 32, 3), dtype=np.uint8)).save(
        path, pnginfo=metadata, compress_level=4
    )


def first_value(prompt: dict, name: str, default: int) -> int:
    """The first input of this name in a prompt."""
    found = (node["inputs"][name] for node in prompt.values() if name in node["inputs"])
    return next((value for value in found if isinstance(value, int)), default)


@dataclass
class ComfyStandIn:
    """One server. ``faults`` maps a path to html, half, stall, huge, redirect, packed or error."""

    folder: Path
    port: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    required: str = ""  # an Authorization header, where a proxy asks for one
    sockets_refused: bool = False
    history: dict[str, dict] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    remaining: int = 0

    def __post_init__(self) -> None:
        self._sockets: dict[str, object] = {}
        self._cache: dict[str, dict] = {}
        self._numbers: dict[str, int] = {}
        self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        self._server = serve(
            self._socket, "127.0.0.1", self.port, process_request=self._request, compression=None
        )
        self.port = self._server.socket.getsockname()[1]
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        """The process ends: sockets break, nothing answers."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            for socket in list(self._sockets.values()):
                socket.close()
            self._sockets.clear()

    def restart(self) -> None:
        """A new process on the same port: history, cache and queue are gone."""
        self.stop()
        self.history, self._cache, self.remaining = {}, {}, 0
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_told: object) -> None:
        self.stop()

    # --- execution.PromptExecutor and PromptQueue ---

    def run(self, prompt: dict, *, client_id: str | None = None) -> str:
        """Queue and execute one prompt, as POST /prompt does. Returns its id."""
        run_id = str(uuid.uuid4())
        self.remaining += 1
        self._status()  # put
        self._status()  # get
        messages: list[list] = []
        item = {"client_id": client_id} if client_id else {}
        item["extra_pnginfo"] = {"workflow": {"nodes": [], "version": 0.4}}
        outputs, meta, success = {}, {}, True

        def note(name: str, **said: object) -> None:
            said |= {"prompt_id": run_id, "timestamp": int(time.time() * 1000)}
            messages.append([name, said])
            if client_id is not None:
                self._send(name, said, client_id)

        note("execution_start")
        cached = [
            key for key, node in prompt.items() if self._signature(prompt, key) in self._cache
        ]
        note("execution_cached", nodes=cached)
        try:
            for key, node in prompt.items():
                shown = self._execute(prompt, key, node, item["extra_pnginfo"])
                if shown is not None:
                    outputs[key] = shown
                    meta[key] = {"node_id": key, "real_node_id": key}
                    if client_id is not None:
                        said = {"node": key, "output": shown, "prompt_id": run_id}
                        self._send("executed", said, client_id)
            note("execution_success")
        except Interrupted:
            success = False
            note("execution_interrupted", node_id="1", executed=[])
        except RuntimeError as error:
            success = False
            note("execution_error", node_id="1", exception_message=str(error))
        status = {"status_str": "success" if success else "error", "completed": success}
        self.history[run_id] = {
            "prompt": [len(self.history), run_id, prompt, item, list(outputs)],
            "outputs": outputs,
            "status": status | {"messages": messages},
            "meta": meta,
        }
        self.remaining -= 1
        self._status()  # task_done
        return run_id

    def _execute(self, prompt: dict, key: str, node: dict, extra: dict) -> dict | None:
        kind = node["class_type"]
        signature = self._signature(prompt, key)
        if signature in self._cache:
            return self._cache[signature]
        if kind == "Fails":
            raise RuntimeError("out of memory")
        if kind == "Interrupts":
            raise Interrupted
        if kind not in {"SaveImage", "PreviewImage"}:
            return None
        saved = kind == "SaveImage"
        prefix = node["inputs"].get("filename_prefix", "ComfyUI") if saved else "ComfyUI_temp_abcde"
        texts = {"prompt": prompt, **extra}
        shown = {"images": self._save(prefix, prompt, texts, "output" if saved else "temp")}
        self._cache[signature] = shown
        return shown

    def _save(self, prefix: str, prompt: dict, texts: dict, kind: str) -> list[dict]:
        subfolder, _, stem = prefix.rpartition("/")
        found = []
        for index in range(first_value(prompt, "batch_size", 1)):
            number = self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
            name = f"{stem}_{number:05}_.png"
            path = self.folder / kind / subfolder / name
            write_picture(path, first_value(prompt, "seed", 0), index, texts)
            found.append({"filename": name, "subfolder": subfolder, "type": kind})
        return found

    def _signature(self, prompt: dict, key: str) -> str:
        behind, waiting = {}, [key]
        while waiting:
            found = waiting.pop()
            if found in behind or found not in prompt:
                continue
            behind[found] = prompt[found]
            waiting += [v[0] for v in prompt[found]["inputs"].values() if isinstance(v, list)]
        return hashlib.sha256(json.dumps(behind, sort_keys=True).encode()).hexdigest()

    # --- server.PromptServer ---

    def _status(self) -> None:
        """``queue_updated``: to everybody."""
        said = {"status": {"exec_info": {"queue_remaining": self.remaining}}}
        for client in list(self._sockets):
            self._send("status", said, client)

    def _send(self, name: str, said: dict, client: str) -> None:
        socket = self._sockets.get(client)
        if socket is not None:
            try:
                socket.send(json.dumps({"type": name, "data": said}))
            except ConnectionClosed:
                self._sockets.pop(client, None)

    def preview_to_everybody(self) -> None:
        """A binary step preview (``BinaryEventTypes.PREVIEW_IMAGE``)."""
        for socket in list(self._sockets.values()):
            socket.send(b"\x00\x00\x00\x01\x00\x00\x00\x01\xff\xd8\xff")

    def hang_up(self) -> None:
        """Break every websocket, as a proxy does; the server itself goes on."""
        for socket in list(self._sockets.values()):
            socket.close()

    @property
    def listeners(self) -> list[str]:
        return list(self._sockets)

    def _socket(self, socket) -> None:
        client = parse_qs(urlsplit(socket.request.path).query).get("clientId", [uuid.uuid4().hex])[
            0
        ]
        self._sockets[client] = socket
        said = {"status": {"exec_info": {"queue_remaining": self.remaining}}, "sid": client}
        self._send("status", said, client)
        try:
            for _ in socket:
                pass
        except ConnectionClosed:
            pass
        self._sockets.pop(client, None)

    def _request(self, _connection, request) -> Response | None:
        parts = urlsplit(request.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if self.required and request.headers.get("Authorization") != self.required:
            return answer(b"who are you?", 401, "text/plain")
        if parts.path == "/ws":
            return answer(b"no", 403, "text/plain") if self.sockets_refused else None
        self.asked.append(request.path)
        fault = self.faults.get(parts.path)
        return faulty(fault) if fault is not None else self._routed(parts.path, query)

    def _routed(self, path: str, query: dict[str, str]) -> Response:
        if path == "/history":
            return as_json(self._history(query))
        if path.startswith("/history/"):
            run_id = path.rpartition("/")[2]
            return as_json({run_id: self.history[run_id]} if run_id in self.history else {})
        if path == "/system_stats":
            return as_json(STATS)
        if path == "/prompt":
            return as_json({"exec_info": {"queue_remaining": self.remaining}})
        return self._view(query) if path == "/view" else answer(b"", 404, "text/plain")

    def _history(self, query: dict[str, str]) -> dict:
        """``PromptQueue.get_history``."""
        most = int(query["max_items"]) if "max_items" in query else None
        offset = int(query.get("offset", -1))
        if offset < 0 and most is not None:
            offset = len(self.history) - most
        kept = [item for i, item in enumerate(self.history.items()) if i >= offset]
        return dict(kept[:most])

    def _view(self, query: dict[str, str]) -> Response:
        folder = self.folder / query.get("type", "output") / query.get("subfolder", "")
        path = folder / Path(query["filename"]).name
        if not path.is_file():
            return answer(b"", 404, "text/plain")
        modified = formatdate(path.stat().st_mtime, usegmt=True)
        return answer(path.read_bytes(), 200, "image/png", {"Last-Modified": modified})


def as_json(value: object) -> Response:
    return answer(json.dumps(value).encode(), 200, "application/json; charset=utf-8")


def answer(
    body: bytes, status: int, content_type: str, more: dict[str, str] | None = None
) -> Response:
    headers = {
        "Date": formatdate(usegmt=True),
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "Connection": "close",
    } | (more or {})
    return Response(status, "said", Headers(headers), body)


def faulty(fault: str) -> Response:
    if fault == "redirect":
        return answer(b"", 302, "text/plain", {"Location": "http://127.0.0.1:1/elsewhere"})
    if fault == "half":
        return answer(b'{"half', 200, "image/png", {"Content-Length": "5000"})
    if fault == "packed":
        return answer(b"\x1f\x8b", 200, "image/png", {"Content-Encoding": "gzip"})
    if fault == "stall":
        time.sleep(7)
    if fault == "huge":
        return answer(b"[" + b" " * (33 << 20) + b"]", 200, "application/json")
    if fault == "broken":
        return answer(b"no picture at all", 200, "image/png")
    return answer(b"<html>log in</html>", 500 if fault == "error" else 200, "text/html")
