"""Work handed to a running ComfyUI: queueing, withdrawing, uploading, asking what it knows.

Source of the routes: ``server.py`` and ``execution.py`` of ComfyUI 0.3.64 (commit a125cd8).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from remarque.engines.comfyui_address import Address
from remarque.engines.comfyui_answers import Answers
from remarque.engines.comfyui_history import Run, run_from_history
from remarque.engines.comfyui_queue_refusals import refusal_of
from remarque.errors import ProgramUnavailable
from remarque.model.canonical import Json

_LARGEST_ANSWER = 32 * 1024 * 1024
_LONGEST_ID = 200
_LOCKED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over; ``cached`` are the nodes whose results were remembered, not made."""

    run: Run
    cached: frozenset[str]


class ComfyQueue(Answers):
    """One ComfyUI's queue; every failure of the server itself is ``ProgramUnavailable``."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._place = address

    def queue(self, graph: Mapping[str, Json], client: str) -> tuple[str, tuple[str, ...]]:
        """Queue a graph for a websocket client; its id, and sentences on parts left out.

        Raises:
            ModelMissing: The graph names a model file the server does not have.
            MakingFailed: The server refuses the graph.
            ProgramUnavailable: The server cannot be reached or answers nonsense.
        """
        asked = {"prompt": dict(graph), "client_id": client}
        status, said = self._posted("/prompt", asked)
        if status != HTTPStatus.OK and isinstance(said, dict) and "node_errors" in said:
            raise refusal_of(said, self.options)
        match said:
            case {"prompt_id": str(run)} if status == HTTPStatus.OK and 0 < len(run) <= _LONGEST_ID:
                return run, _left_out(said.get("node_errors"))
        raise self._refused("/prompt", f"answered a queued graph with HTTP status {status} alone")

    def upload(self, name: str, content: bytes) -> str:
        """Put a picture into ComfyUI's input folder; the name it has there."""
        files = {"image": (name, content, "application/octet-stream")}
        status, said = self._posted("/upload/image", {"type": "input"}, files)
        match said:
            case {"name": str(given), **more} if status == HTTPStatus.OK and given:
                folder = more.get("subfolder")
                return f"{folder}/{given}" if isinstance(folder, str) and folder else given
        raise self._refused("/upload/image", f"did not take a picture (HTTP status {status})")

    def withdraw(self, run: str) -> None:
        """Take a run out of the queue, or stop it where it is the one being executed."""
        self._posted("/queue", {"delete": [run]})
        # Versions before 2025-08 stop whatever runs; nobody else's run may be stopped.
        if run in self.places()[0]:
            self._posted("/interrupt", {"prompt_id": run})

    def forget_results(self) -> bool:
        """Make the server drop what it remembers of earlier runs; False where it cannot."""
        status, _ = self._posted("/free", {"unload_models": False, "free_memory": True})
        return status == HTTPStatus.OK

    def places(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The ids of runs under way and of those that wait."""
        said = self.json("/queue")
        return _ids(said.get("queue_running")), _ids(said.get("queue_pending"))

    def finished(self, run: str) -> Ended | None:
        """What the history has of a run; None where it has nothing yet."""
        item = self.json(f"/history/{quote(run, safe='')}").get(run)
        found = run_from_history(run, item) if item is not None else None
        return None if found is None else Ended(found, _cached(item.get("status")))

    def options(self, kind: str, name: str) -> tuple[str, ...]:
        """The values one input of a kind of node may have; empty where that is not told."""
        said = self.json(f"/object_info/{quote(kind, safe='')}").get(kind)
        inputs = said.get("input") if isinstance(said, dict) else None
        for group in inputs.values() if isinstance(inputs, dict) else ():
            found = group.get(name) if isinstance(group, dict) else None
            match found:
                case [list() as listed, *_] | ["COMBO", {"options": list() as listed}, *_]:
                    return tuple(value for value in listed if isinstance(value, str))
        return ()

    def _posted(
        self, path: str, fields: Json, files: Mapping[str, Any] | None = None
    ) -> tuple[int, Json]:
        """Status and JSON of an answer; None for anything that is no JSON."""
        sent: dict[str, Any] = {"json": fields} if files is None else {"data": fields}
        try:
            with self._client.stream("POST", self._place.web + path, files=files, **sent) as answer:
                body = self._body(answer, path, _LARGEST_ANSWER)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise self._refused(path, f"cannot be asked: {reason}") from error
        if body is None:
            raise self._refused(path, f"sent more than {_LARGEST_ANSWER:,} bytes")
        if answer.status_code in _LOCKED:
            raise self._refused(path, f"answered with HTTP status {answer.status_code}")
        return answer.status_code, _parsed(body)

    # typing.override comes with Python 3.12, hence the remark to mypy
    def _refused(self, path: str, what: str) -> ProgramUnavailable:  # type: ignore[explicit-override]
        locked = any(what.endswith(str(int(status))) for status in _LOCKED)
        hint = (
            "Give its name and password in the address: http://NAME:PASSWORD@HOST:PORT"
            if locked
            else "Is ComfyUI running at this address?"
        )
        return ProgramUnavailable(f"{self._place.web}{path} {what}", hint=hint)


def _parsed(body: bytes) -> Json:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _ids(listed: Json) -> tuple[str, ...]:
    """The second place of a queue item is its id."""
    items = listed if isinstance(listed, list) else []
    return tuple(str(item[1]) for item in items if isinstance(item, list) and len(item) > 1)


def _cached(status: Json) -> frozenset[str]:
    messages = status.get("messages") if isinstance(status, dict) else None
    for message in messages if isinstance(messages, list) else ():
        match message:
            case ["execution_cached", {"nodes": list() as nodes}]:
                return frozenset(str(node) for node in nodes)
    return frozenset()


def _left_out(errors: Json) -> tuple[str, ...]:
    if not isinstance(errors, dict) or not errors:
        return ()
    nodes = ", ".join(sorted(str(key)[:40] for key in errors)[:8])
    return (f"ComfyUI left out the parts of the graph that need node {nodes}.",)
