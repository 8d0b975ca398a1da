"""Stacks of drawn scenes on disk: pictures as plain arrays, scenes as JSON beside them."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.plan import Run
from training.world.canvas import SIDE
from training.world.drawing import draw
from training.world.scene import Scene, sample_scenes

Pictures = NDArray[np.uint8]


def draw_stack(folder: Path, seed: int, chunks: range, size: int) -> None:
    """Draw `size` training scenes for every chunk number not yet on disk.

    The scenes of a chunk depend on the seed and the chunk's number alone, so that two processes
    can share the work and a stopped run goes on where it was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in chunks:
        target = folder / f"pictures_{number:03d}.npy"
        if not target.exists():
            _draw_chunk(target, np.random.default_rng((seed, number)), size)


def draw_share(rank: int, run: Run) -> None:
    """Draw the share of one process (`rank`) of a run's scenes.

    It stands here because a started process does not find what `__main__` defines.
    """
    draw_stack(run.stack, run.seed, range(rank, run.plan.chunks, run.processes), run.plan.chunk)


def _draw_chunk(target: Path, rng: np.random.Generator, size: int) -> None:
    scenes = sample_scenes(rng, size, held_out=False)
    pictures = np.empty((size, SIDE, SIDE, 3), np.uint8)
    for index, scene in enumerate(scenes):
        pictures[index] = draw(scene).picture
    notes = target.with_name(target.name.replace("pictures", "scenes")).with_suffix(".json")
    notes.write_text(json.dumps([asdict(scene) for scene in scenes]), encoding="utf-8")
    # the picture file is written last and moved into place: its presence means a whole chunk
    half = target.with_suffix(".part.npy")
    np.save(half, pictures)
    half.rename(target)


def open_stack(folder: Path) -> tuple[list[Pictures], list[Scene]]:
    """Open every chunk in the folder: pictures mapped from disk, and the scenes in order."""
    files = sorted(folder.glob("pictures_???.npy"))
    scenes: list[Scene] = []
    for file in files:
        notes = folder / file.name.replace("pictures", "scenes").replace(".npy", ".json")
        scenes += [Scene(**entry) for entry in json.loads(notes.read_text(encoding="utf-8"))]
    return [np.load(file, mmap_mode="r") for file in files], scenes


def pictures_at(stack: list[Pictures], indices: NDArray[np.int64]) -> Pictures:
    """Return the pictures with the given running numbers."""
    return np.stack([stack[i // len(stack[0])][i % len(stack[0])] for i in indices.tolist()])
