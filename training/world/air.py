"""What floats and flies: clouds and birds."""

import numpy as np

from training.world.canvas import SIDE, Colour, Mask, Point, ellipse, mix, polygon
from training.world.palette import HAZE
from training.world.stage import Stage

_CLOUDS: dict[str, Colour] = {
    "day": (254.0, 254.0, 252.0),
    "sunset": (255.0, 218.0, 196.0),
    "night": (96.0, 110.0, 156.0),
}


_ROOM = 4.0  # pixels between things in the sky


def _apart(stage: Stage, taken: list[tuple[Point, float]], size: float, rows: Point) -> Point:
    """Find a place in the sky away from what is there already (the best of a dozen tries)."""
    best, best_gap = (SIDE / 2, rows[0]), -np.inf
    for _ in range(12):
        spot = (stage.between(size + 4, SIDE - size - 4), stage.between(*rows))
        gaps = [np.hypot(spot[0] - p[0], 1.6 * (spot[1] - p[1])) - r - size for p, r in taken]
        gap = min(gaps, default=1.0)
        if gap > best_gap:
            best, best_gap = spot, gap
        if gap > _ROOM:
            break
    taken.append((best, size))
    return best


def paint_clouds(stage: Stage, taken: list[tuple[Point, float]]) -> None:
    """Paint two or three clouds with a bright top and a shaded base."""
    white = _CLOUDS[stage.scene.time]
    base = mix(white, HAZE[stage.scene.time], 0.75)
    masks = []
    for _ in range(int(stage.rng.integers(2, 4))):
        width = stage.between(26, 40)
        place = _apart(stage, taken, width, (26.0, max(40.0, min(84.0, stage.horizon - 60))))
        masks.append(_cloud(stage, place, width, (white, base)))
    stage.canvas.mark("clouds", *masks)


def _cloud(stage: Stage, place: Point, width: float, paints: tuple[Colour, Colour]) -> Mask:
    column, row = place
    puffs = [(-0.62, 0.0, 0.30), (-0.2, -0.16, 0.42), (0.26, -0.1, 0.36), (0.66, 0.04, 0.26)]
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for across, down, size in puffs:
        reach = size * width * stage.between(0.88, 1.12)
        spot = (column + across * width, row + down * width)
        mask = np.maximum(mask, ellipse(spot, (reach, reach * 0.82)))
    floor = round(row + 0.2 * width)
    mask[floor:] = 0
    fade = np.clip((np.arange(SIDE, dtype=np.float32) - (row - 0.3 * width)) / (0.5 * width), 0, 1)
    top, base = np.float32(paints[0]), np.float32(paints[1])
    field = np.broadcast_to((top + (base - top) * fade[:, None])[:, None, :], (SIDE, SIDE, 3))
    if stage.canvas.outline:
        ring = np.maximum(
            np.roll(mask, -1, 0), np.maximum(np.roll(mask, 1, 1), np.roll(mask, -1, 1))
        )
        ring = np.maximum(ring, np.roll(mask, 1, 0))
        stage.canvas.paint(ring, stage.canvas.ink)
    stage.canvas.paint(mask, np.ascontiguousarray(field, np.float32))
    return mask


def paint_birds(stage: Stage, taken: list[tuple[Point, float]]) -> None:
    """Paint gulls with spread wings, at least thirty pixels wide."""
    night = stage.scene.time == "night"
    colour = (232.0, 234.0, 240.0) if night else (44.0, 40.0, 50.0)
    for _ in range(stage.scene.birds):
        half = stage.between(16, 20)
        rows = (24.0, max(40.0, min(100.0, stage.horizon - 34)))
        column, row = _apart(stage, taken, half, rows)
        lift, tip = stage.between(0.5, 0.75) * half, stage.between(0.0, 0.25) * half
        points = [
            (column - half, row - tip),
            (column - 0.5 * half, row - lift),
            (column, row - 1),
            (column + 0.5 * half, row - lift),
            (column + half, row - tip),
            (column + 0.46 * half, row - lift + 5.5),
            (column + 2, row + 5.5),
            (column - 2, row + 5.5),
            (column - 0.46 * half, row - lift + 5.5),
        ]
        mask = polygon(points)
        stage.canvas.paint(mask, colour)
        stage.canvas.mark("bird", mask)
