"""Trees of four kinds, tall enough to read: pine, cherry, autumn and the plain round one."""

import numpy as np

from training.world.canvas import SIDE, Colour, Mask, ellipse, mix, polygon
from training.world.stage import Stage

_LEAVES: dict[str, Colour] = {
    "pine": (38.0, 100.0, 72.0),
    "cherry": (246.0, 164.0, 194.0),
    "autumn": (222.0, 98.0, 36.0),
    "round": (84.0, 158.0, 72.0),
}
_HALF = {1: 34.0, 2: 28.0, 3: 23.0}


def place_trees(stage: Stage, house: float | None) -> list[float]:
    """Choose the columns of the trees in the room that the house leaves free."""
    count = stage.scene.trees
    half = _HALF[count]
    if house is None:
        return stage.spread(count, 6.0, 0.5 * max(0.0, 1 - 2.2 * half * count / 244))
    left, right = (6.0, house - 40), (house + 40, SIDE - 6.0)
    on_left = round(count * (left[1] - left[0]) / (left[1] - left[0] + right[1] - right[0]))
    if count == 1:
        on_left = int(left[1] - left[0] > right[1] - right[0])
    return [*_fill(stage, left, on_left, half), *_fill(stage, right, count - on_left, half)]


def _fill(stage: Stage, room: tuple[float, float], count: int, half: float) -> list[float]:
    if not count:
        return []
    each = (room[1] - room[0]) / count
    slack = max(0.0, each / 2 - half)
    return [room[0] + each * (index + 0.5) + stage.between(-slack, slack) for index in range(count)]


def paint_trees(stage: Stage, columns: list[float]) -> None:
    """Paint one tree at each column, the farther ones first."""
    half = _HALF[stage.scene.trees]
    rows = sorted(stage.between(stage.horizon + 26, min(stage.horizon + 62, 226)) for _ in columns)
    order = stage.rng.permutation(len(columns))
    for index, row in zip(order, rows, strict=True):
        tree = _pine if stage.scene.tree == "pine" else _broad
        mask = tree(stage, (columns[int(index)], row), half * stage.between(0.92, 1.06))
        stage.canvas.mark("tree", mask)


def _shadow(stage: Stage, foot: tuple[float, float], half: float) -> None:
    mask = ellipse((foot[0] + 3, foot[1] + 1), (half * 0.9, half * 0.16))
    stage.canvas.paint(mask, stage.light((34.0, 44.0, 60.0)), 0.32)


def _pine(stage: Stage, foot: tuple[float, float], half: float) -> Mask:
    column, row = foot
    _shadow(stage, foot, half * 0.8)
    width = half * 0.13
    trunk = [(column - width, row), (column + width, row)]
    trunk += [(column + width, row - half * 0.7), (column - width, row - half * 0.7)]
    union = stage.canvas.shape(trunk, stage.light((92.0, 62.0, 46.0)))
    leaf = stage.light(_LEAVES["pine"])
    for tier in range(3):
        base = row - half * (0.42 + 0.66 * tier)
        reach = half * (0.8 - 0.18 * tier)
        tiers = [(column - reach, base), (column + reach, base), (column, base - half * 1.12)]
        tone = mix(leaf, (255.0, 255.0, 220.0), 0.07 * tier)
        mask = stage.canvas.shape(tiers, tone)
        dark = polygon([(column, base), (column + reach, base), (column, base - half * 1.12)])
        stage.canvas.paint(dark, mix(tone, (10.0, 20.0, 40.0), 0.22))
        union = np.maximum(union, mask)
    return union


def _broad(stage: Stage, foot: tuple[float, float], half: float) -> Mask:
    column, row = foot
    _shadow(stage, foot, half)
    bark = stage.light((88.0, 58.0, 48.0))
    width, crown = half * 0.12, row - half * 1.55
    trunk = [
        (column - width * 1.3, row),
        (column + width * 1.3, row),
        (column + width * 0.8, crown),
        (column - width * 0.8, crown),
    ]
    union = stage.canvas.shape(trunk, bark)
    leaf = stage.light(_LEAVES[stage.scene.tree or "round"])
    puffs = [
        (-0.52, 0.16, 0.46),
        (0.52, 0.14, 0.46),
        (-0.24, -0.36, 0.48),
        (0.28, -0.34, 0.46),
        (0.0, 0.06, 0.5),
    ]
    places = [(column + x * half, crown + y * half, size * half) for x, y, size in puffs]
    if stage.canvas.outline:
        for x, y, size in places:
            ring = size + stage.canvas.outline
            stage.canvas.paint(ellipse((x, y), (ring, ring)), stage.canvas.ink)
    for x, y, size in places:
        mask = ellipse((x, y), (size, size))
        stage.canvas.paint(mask, mix(leaf, (30.0, 20.0, 50.0), 0.16 if y > crown else 0.0))
        union = np.maximum(union, mask)
    for x, y, size in places[2:4]:
        light = ellipse((x - 0.2 * size, y - 0.24 * size), (size * 0.56, size * 0.5))
        stage.canvas.paint(light, mix(leaf, (255.0, 255.0, 240.0), 0.3))
    return union
