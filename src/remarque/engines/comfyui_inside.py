"""What is recorded from inside a ComfyUI process, with its own folders at hand."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from remarque.actions.witnessing import Seen
from remarque.engines.comfyui_history import TICK, Run, Shown
from remarque.engines.comfyui_hooks import InputValues
from remarque.engines.comfyui_models import ModelShelf, model_files
from remarque.engines.comfyui_prompts import part_behind
from remarque.engines.comfyui_runs import Beside, Surroundings, seen_of
from remarque.engines.comfyui_told import Told
from remarque.errors import PictureGone, PictureTooLarge, PlaceUnusable

Making = Callable[[], Seen]

WORK_NODES = ("RemarqueWork", "RemarqueSaveMarkedCopy")
"""Nodes of our package whose ``work`` input names the work of a run."""

_LARGEST_PICTURE = 512 * 1024 * 1024
_LARGEST_INPUT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Program:
    """What the running ComfyUI offers, from its own ``folder_paths``.

    ``folder`` gives the folder of ``output`` or ``temp``, ``input_path`` the file of a name as
    LoadImage has it. ``surroundings`` may take long and is asked in the recorder's thread.
    """

    folder: Callable[[str], str | None]
    input_path: Callable[[str], str]
    shelf: ModelShelf
    surroundings: Callable[[], Surroundings]


class Inside:
    """Turns an ended run into pictures to be recorded, each made when its turn comes."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._told = Told()

    def makings(self, run: Run, values: InputValues) -> list[Making]:
        """One function for each picture that is new; cheap, for the executing thread."""
        found: list[Making] = []
        for shown in run.pictures:
            if not self._told.has_told(run, shown):
                self._told.note_picture(run, shown)
                found.append(functools.partial(self._make, run, shown, values))
        return found

    def _make(self, run: Run, shown: Shown, values: InputValues) -> Seen:
        """Read the file and everything beside it; takes time.

        Raises:
            PictureGone, PictureTooLarge, PictureUnreadable, PlaceUnusable: See each.
        """
        path = self._path_of(shown)
        content = _read(path, _LARGEST_PICTURE)
        part = part_behind(run.prompt, shown.place.node)
        models, remarks = model_files(part, self._program.shelf, run.started)
        beside = Beside(
            load=functools.partial(self._input, run.started),
            models=models,
            values=values,
            # A preview's file is ComfyUI's to delete.
            path=path if shown.kind == "output" else None,
            remarks=remarks,
        )
        return seen_of(run, shown, (content, _written(path)), self._program.surroundings(), beside)

    def _path_of(self, shown: Shown) -> Path:
        root = self._program.folder(shown.kind)
        path = Path(root or "", shown.subfolder, shown.filename)
        if root is None or not path.resolve().is_relative_to(Path(root).resolve()):
            raise PlaceUnusable(f"the picture {shown.filename!r} lies outside ComfyUI's folders")
        return path

    def _input(self, started: datetime | None, name: str) -> bytes | None:
        """A picture that went in, unless it was written anew since the run began."""
        try:
            path = Path(self._program.input_path(name))
            if started is None or _written(path) >= started + TICK:
                return None
            return _read(path, _LARGEST_INPUT)
        except (OSError, ValueError, PictureGone, PictureTooLarge):
            return None


def work_named(run: Run) -> str | None:
    """The work a node of our package names in the run; None where none does."""
    for node in run.prompt.values():
        if isinstance(node, dict) and node.get("class_type") in WORK_NODES:
            inputs = node.get("inputs")
            name = inputs.get("work") if isinstance(inputs, dict) else None
            if isinstance(name, str) and name.strip():
                return name.strip()
    return None


def _read(path: Path, most: int) -> bytes:
    try:
        if path.stat().st_size > most:
            raise PictureTooLarge(f"{path.name} has more than {most:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise PictureGone(f"{path.name} was gone before it could be recorded") from error


def _written(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise PictureGone(f"{path.name} was gone before it could be recorded") from error
