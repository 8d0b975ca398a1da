"""ComfyUI's account of a finished run, as ``/history`` and ``PromptQueue.task_done`` tell it.

Source of the form: ``execution.PromptQueue.task_done`` and ``PromptExecutor`` in ComfyUI.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from remarque.engines.comfyui_prompts import Place
from remarque.model.canonical import Json

TICK = timedelta(milliseconds=1)
"""ComfyUI rounds its times down to this; a file is later than a run's start by at least so much."""

_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".bmp", ".tif", ".tiff")
_MOST_PICTURES = 4096
_LONGEST_NAME = 1024
_MOST_NODES = 20_000


class Outcome(StrEnum):
    """How a run ended."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture file of a run. ``kind``: ``output`` (saved) or ``temp`` (a preview).

    ``earlier`` is True where the node did not run this time: ComfyUI shows again what an earlier
    run made.
    """

    place: Place
    filename: str
    subfolder: str
    kind: str
    earlier: bool = False

    @property
    def name(self) -> str:
        """The file's name without folders."""
        return self.filename.replace("\\", "/").rpartition("/")[2]

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the file on the server."""
        return self.kind, self.subfolder, self.filename


@dataclass(frozen=True, slots=True)
class Run:
    """One executed prompt and the pictures that came of it. Times are ComfyUI's own clock."""

    id: str
    prompt: Mapping[str, Json]
    pictures: tuple[Shown, ...]
    started: datetime | None
    finished: datetime | None
    outcome: Outcome
    reason: str = ""


def run_from_history(run_id: str, item: Json) -> Run | None:
    """Read one item of ``/history``; None where it is something else."""
    if not isinstance(item, dict):
        return None
    queued = item.get("prompt")
    prompt = queued[2] if isinstance(queued, list | tuple) and len(queued) > 2 else None  # noqa: PLR2004
    if not isinstance(prompt, dict) or len(prompt) > _MOST_NODES:
        return None
    notes = dict(_notes(item.get("status")))
    cached = notes.get("execution_cached", {}).get("nodes")
    earlier = {str(node) for node in cached} if isinstance(cached, list) else set()
    return Run(
        id=run_id,
        prompt={str(key): node for key, node in prompt.items()},
        pictures=tuple(_pictures(item, earlier)),
        started=_time(notes.get("execution_start")),
        finished=_time(next((notes[name] for name in _OUTCOMES if name in notes), None)),
        outcome=next((end for name, end in _OUTCOMES.items() if name in notes), Outcome.UNKNOWN),
        reason=str(notes.get("execution_error", {}).get("exception_message", "")).strip()[:200],
    )


_OUTCOMES = {
    "execution_error": Outcome.FAILED,
    "execution_interrupted": Outcome.INTERRUPTED,
    "execution_success": Outcome.DONE,
}


def _notes(status: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    """The messages of a run by their names."""
    messages = status.get("messages") if isinstance(status, dict) else None
    for message in messages if isinstance(messages, list | tuple) else ():
        match message:
            case [str() as name, dict() as said]:
                yield name, said


def _pictures(item: Mapping[str, Json], earlier: set[str]) -> Iterator[Shown]:
    outputs = item.get("outputs")
    told = 0
    for node, output in outputs.items() if isinstance(outputs, dict) else ():
        files = list(_files(output))
        real = _real_node(item.get("meta"), str(node))
        for index, (filename, subfolder, kind) in enumerate(files, start=1):
            if told >= _MOST_PICTURES:
                return
            told += 1
            place = Place(real, index, len(files))
            yield Shown(place, filename, subfolder, kind, str(node) in earlier)


def _files(output: Json) -> Iterator[tuple[str, str, str]]:
    """Picture files in what a node gave the interface; other nodes' keys are like ``images``."""
    for shown in output.values() if isinstance(output, dict) else ():
        for file in shown if isinstance(shown, list | tuple) else ():
            if not isinstance(file, dict):
                continue
            name, kind = file.get("filename"), file.get("type", "output")
            subfolder = file.get("subfolder") or ""
            if not isinstance(name, str) or not isinstance(subfolder, str):
                continue
            fits = len(name) <= _LONGEST_NAME and len(subfolder) <= _LONGEST_NAME
            known = isinstance(kind, str) and kind in {"output", "temp"}
            if fits and known and name.casefold().endswith(_ENDINGS):
                yield name, subfolder, kind


def _real_node(meta: Json, node: str) -> str:
    """The node of the prompt that an expanded node stands for."""
    of_node = meta.get(node) if isinstance(meta, dict) else None
    real = of_node.get("real_node_id") if isinstance(of_node, dict) else None
    return real if isinstance(real, str) else node


def _time(said: Mapping[str, Json] | None) -> datetime | None:
    """The moment of a message: milliseconds since 1970."""
    stamp = said.get("timestamp") if said is not None else None
    if not isinstance(stamp, int | float) or isinstance(stamp, bool):
        return None
    try:
        return datetime.fromtimestamp(stamp / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
