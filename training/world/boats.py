"""Sailing boats with a hull, two sails in the asked colour and their image in the water."""

import numpy as np

from training.world.canvas import SIDE, Point, mix, polygon
from training.world.palette import LOCAL
from training.world.stage import Stage

_SCALES = {1: (1.15, 1.4), 2: (0.92, 1.08), 3: (0.74, 0.86)}


def paint_boats(stage: Stage) -> None:
    """Paint the scene's boats, never one upon another."""
    count = stage.scene.boats
    if count == 1:
        columns = [stage.column(stage.scene.boat_side or "middle")]
    else:
        columns = stage.spread(count, 6.0, 0.12)
    for column in columns:
        size = stage.between(*_SCALES[count])
        low = max(stage.horizon + 22, 62 * size + 8)
        _boat(stage, (column, stage.between(low, max(low + 4, 226.0 - 10 * size))), size)


def _boat(stage: Stage, place: Point, size: float) -> None:
    column, row = place
    tilt = stage.between(-0.05, 0.05)

    def at(across: float, up: float) -> Point:
        return (column + (across + tilt * up) * size, row - up * size)

    sail = stage.light(LOCAL[stage.scene.sail or "white"])
    hull = stage.light((112.0, 66.0, 50.0))
    _image(stage, place, size, (hull, sail))
    parts = [
        stage.canvas.shape([at(-1, 4), at(1.5, 4), at(1, 62), at(-0.5, 62)], (52.0, 40.0, 40.0))
    ]
    parts.append(stage.canvas.shape([at(2.5, 60), at(10, 44), at(27, 12), at(2.5, 10)], sail))
    shade = mix(sail, (30.0, 24.0, 60.0), 0.18)
    parts.append(stage.canvas.shape([at(-2.5, 54), at(-10, 34), at(-22, 12), at(-2.5, 12)], shade))
    body = [at(-31, 8), at(31, 8), at(22, -7), at(-22, -7)]
    parts.append(stage.canvas.shape(body, hull))
    rim = polygon([at(-31, 8), at(31, 8), at(29, 4), at(-29, 4)])
    stage.canvas.paint(rim, mix(hull, (255.0, 240.0, 220.0), 0.35))
    union = parts[0]
    for part in parts[1:]:
        union = np.maximum(union, part)
    stage.canvas.mark("boat", union)


def _image(stage: Stage, place: Point, size: float, paints: tuple[tuple[float, ...], ...]) -> None:
    """Paint the boat's image: hull and sails squeezed below the waterline."""
    column, row = place
    water = row + 6 * size
    hull = [(column - 22 * size, water), (column + 22 * size, water)]
    hull += [(column + 24 * size, water + 7 * size), (column - 24 * size, water + 7 * size)]
    sail = [(column - 19 * size, water + 7 * size), (column + 22 * size, water + 7 * size)]
    sail += [(column + 2 * size, min(SIDE - 1.0, water + 28 * size))]
    for points, paint, strength in ((sail, paints[1], 0.3), (hull, paints[0], 0.45)):
        stage.canvas.paint(polygon(points), (paint[0], paint[1], paint[2]), strength)
