"""Houses: walls in the asked colour, a dark roof, two windows that shine at night, a door."""

import numpy as np

from training.world.canvas import Mask, ellipse, mix
from training.world.palette import LOCAL
from training.world.stage import Stage


def paint_house(stage: Stage, column: float) -> None:
    """Paint the scene's house with its middle at `column`."""
    row = stage.between(stage.horizon + 30, min(stage.horizon + 58, 228.0))
    half, height = stage.between(26, 31), stage.between(30, 36)
    shadow = ellipse((column + 4, row), (half * 1.2, 5))
    stage.canvas.paint(shadow, stage.light((34.0, 44.0, 60.0)), 0.32)
    wall = stage.light(LOCAL[stage.scene.house or "white"])
    body = [
        (column - half, row),
        (column + half, row),
        (column + half, row - height),
        (column - half, row - height),
    ]
    walls = stage.canvas.shape(body, wall)
    side = [(column + half * 0.45, row), body[1], body[2], (column + half * 0.45, row - height)]
    stage.canvas.shape(side, mix(wall, (24.0, 20.0, 50.0), 0.2))
    roof = _roof(stage, column, row - height, half)
    _openings(stage, column, row, half)
    stage.canvas.mark("house", np.maximum(walls, roof))


def _roof(stage: Stage, column: float, eaves: float, half: float) -> Mask:
    ridge = eaves - stage.between(20, 26)
    points = [
        (column - half - 7, eaves + 2),
        (column + half + 7, eaves + 2),
        (column + half * 0.42, ridge),
        (column - half * 0.42, ridge),
    ]
    if stage.scene.setting == "snow":
        mask = stage.canvas.shape(points, stage.light((250.0, 250.0, 252.0)))
        band = [points[0], points[1], (points[1][0] - 4, eaves - 5), (points[0][0] + 4, eaves - 5)]
        stage.canvas.shape(band, stage.light((96.0, 62.0, 58.0)))
        return mask
    return stage.canvas.shape(points, stage.light((96.0, 62.0, 58.0)))


def _openings(stage: Stage, column: float, row: float, half: float) -> None:
    dark = (64.0, 74.0, 96.0)
    pane = (255.0, 222.0, 122.0) if stage.scene.time != "day" else stage.light(dark)
    for across in (-0.62, 0.16):
        x, y = column + across * half, row - 15
        corners = [(x - 5, y), (x + 5, y), (x + 5, y - 10), (x - 5, y - 10)]
        stage.canvas.shape(corners, pane)
    x = column - 0.22 * half
    stage.canvas.shape(
        [(x - 4.5, row), (x + 4.5, row), (x + 4.5, row - 16), (x - 4.5, row - 16)],
        stage.light((84.0, 54.0, 46.0)),
    )
