"""Stacks of drawn scenes on disk: pictures as plain arrays, scenes as JSON beside them."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from training.plan import Run
from training.world.canvas import SIDE
from training.world.drawing import Drawing, draw
from training.world.scene import Scene, sample_scenes

Pictures = NDArray[np.uint8]

_THINGS = 32  # rows and columns of the emphasis
_LARGE, _MOST = 0.08, 4.0
_AROUND = np.ones((3, 3), np.uint8)


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
    things = np.empty((size, _THINGS, _THINGS), np.uint8)
    for index, scene in enumerate(scenes):
        drawing = draw(scene)
        pictures[index], things[index] = drawing.picture, emphasis(drawing)
    notes = target.with_name(target.name.replace("pictures", "scenes")).with_suffix(".json")
    notes.write_text(json.dumps([asdict(scene) for scene in scenes]), encoding="utf-8")
    np.save(target.with_name(target.name.replace("pictures", "things")), things)
    # the picture file is written last and moved into place: its presence means a whole chunk
    half = target.with_suffix(".part.npy")
    np.save(half, pictures)
    half.rename(target)


def emphasis(drawing: Drawing) -> NDArray[np.uint8]:
    """Return where small things stand, 32x32, and how much they should count beside their ground.

    A thing's weight is `_LARGE` over the share of the picture it fills, at most `_MOST`, in
    steps of a sixtieth: a bird weighs as much as a mountain though it has few pixels.
    """
    total = np.zeros((_THINGS, _THINGS), np.float32)
    for masks in drawing.truth.values():
        for mask in masks:
            part = cv2.resize(mask, (_THINGS, _THINGS), interpolation=cv2.INTER_AREA)
            weight = min(_MOST, _LARGE * 255 / max(float(mask.mean()), 1e-3))
            total = np.maximum(total, cv2.dilate(part, _AROUND).astype(np.float32) / 255 * weight)
    return np.rint(total * 60).astype(np.uint8)


def open_things(folder: Path) -> NDArray[np.float32]:
    """Load the emphasis of every picture of the stack, in the order of its scenes."""
    files = sorted(folder.glob("things_???.npy"))
    return np.concatenate([np.load(file) for file in files]).astype(np.float32) / 60


def half_size(picture: Pictures) -> Pictures:
    """Return a picture at half its size, as averages of four pixels."""
    size = (picture.shape[1] // 2, picture.shape[0] // 2)
    return cast("Pictures", cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


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
