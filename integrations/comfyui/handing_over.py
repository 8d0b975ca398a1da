"""Without Remarque in ComfyUI's Python: every picture goes to the inbox, for ``remarque watch``."""

import functools
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import execution
import server

from . import facts, found  # noqa: TID252  ComfyUI loads the package by its path
from .handing import Handing  # noqa: TID252
from .inbox_writing import PICTURE, InboxWriter, inbox_place, time_text  # noqa: TID252
from .looking_on import LookingOn, Values  # noqa: TID252

OBSERVER = "ComfyUI node"
WORK_NODES = ("RemarqueWork", "RemarqueSaveMarkedCopy")

_HOME = "remarque_recording"
_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".bmp", ".tif", ".tiff")
_MOST_REMEMBERED = 20_000
_TELLING = ("execution_start", "execution_cached", "execution_success", "execution_error",
            "execution_interrupted")  # fmt: skip
_TOLD_OF_EACH = ("timestamp", "nodes", "exception_message")


@dataclass
class Run:
    """A run that is over, in the form of ComfyUI's own history."""

    id: str
    history: dict[str, Any]
    values: Values
    cached: set[str] = field(default_factory=set)
    started: float = 0.0


class HandingOver:
    """Hands over what each run made, each picture once."""

    def __init__(self) -> None:
        writer = InboxWriter(inbox_place(), OBSERVER, facts.program_name())
        self.handing = Handing(lambda: writer)
        self._made_by: dict[tuple[str, str, str], str] = {}
        self._gate = threading.Lock()

    def run_ended(self, item: Any, result: Any, status: Any, values: Values) -> None:  # noqa: ANN401
        """Called in the executing thread: only what is at hand is noted here."""
        run = _run_of(item, result, status, values)
        for node, picture in _pictures(run.history["outputs"]):
            key = picture["type"], picture["subfolder"], picture["filename"]
            with self._gate:
                maker = self._made_by.get(key)
                if maker is not None and (node in run.cached or maker == run.id):
                    continue  # ComfyUI only shows again what was made before
                self._made_by[key] = run.id
                while len(self._made_by) > _MOST_REMEMBERED:
                    self._made_by.pop(next(iter(self._made_by)))
            self.handing.submit(functools.partial(_told, run, key))

    def failed(self, because: str) -> None:
        """Something went wrong while looking on; the pictures of a run may be missing."""
        self.handing.lose(1, because)


def start() -> HandingOver:
    """Hand over from now on; called again, it gives what is under way."""
    instance = server.PromptServer.instance
    if not hasattr(instance, _HOME):
        made = HandingOver()
        LookingOn(made.run_ended, made.failed).attach(instance.prompt_queue, execution)
        setattr(instance, _HOME, made)
    return getattr(instance, _HOME)


def _told(run: Run, key: tuple[str, str, str]) -> tuple[dict[str, Any], dict[str, bytes]]:
    kind, subfolder, filename = key
    path, content, came = found.picture(kind, subfolder, filename)
    prompt = run.history["prompt"][2]
    sources, files = found.inputs(prompt, run.started)
    said = {
        "run": run.id,
        "saved": kind == "output",
        "came": time_text(came),
        "work": _work_in(prompt),
        "picture": {"name": filename[-300:], "path": str(path) if kind == "output" else None},
        "comfyui": {
            "history": found.plain(run.history),
            "shown": {"filename": filename, "subfolder": subfolder, "kind": kind},
            "values": [[*where, found.plain(value)] for where, value in run.values.items()],
        },
        "models": found.models(prompt),
        "sources": sources,
        "environment": [list(pair) for pair in facts.environment()][:500],
    }
    return said, {PICTURE: content, **files}


def _run_of(item: Any, result: Any, status: Any, values: Values) -> Run:  # noqa: ANN401
    messages = [
        [name, {key: said[key] for key in _TOLD_OF_EACH if key in said}]
        for name, said in getattr(status, "messages", None) or ()
        if name in _TELLING
    ]
    said_of = dict(messages)
    history = {
        "prompt": [0, str(item[1]), item[2]],
        "outputs": result.get("outputs"),
        "meta": result.get("meta"),
        "status": {"messages": messages},
    }
    started = said_of.get("execution_start", {}).get("timestamp", 0) / 1000 or time.time()
    cached = {str(node) for node in said_of.get("execution_cached", {}).get("nodes", ())}
    return Run(str(item[1]), history, values, cached, started)


def _pictures(outputs: Any) -> Iterator[tuple[str, dict[str, str]]]:  # noqa: ANN401
    """Picture files in what nodes gave the interface, as ComfyUI's history names them."""
    for node, output in outputs.items() if isinstance(outputs, Mapping) else ():
        for shown in output.values() if isinstance(output, Mapping) else ():
            for file in shown if isinstance(shown, (list, tuple)) else ():
                if not isinstance(file, Mapping):
                    continue
                name, kind = file.get("filename"), file.get("type", "output")
                if not isinstance(name, str) or kind not in {"output", "temp"}:
                    continue
                if name.casefold().endswith(_ENDINGS):
                    subfolder = str(file.get("subfolder") or "")
                    yield str(node), {"filename": name, "subfolder": subfolder, "type": kind}


def _work_in(prompt: Mapping[str, Any]) -> str | None:
    for node in prompt.values():
        if isinstance(node, Mapping) and node.get("class_type") in WORK_NODES:
            name = (node.get("inputs") or {}).get("work")
            if isinstance(name, str) and name.strip():
                return name.strip()[:300]
    return None
