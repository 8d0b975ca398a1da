"""The sky: its colours, the sun and the moon, stars."""

import numpy as np

from training.world.canvas import SIDE, Colour, Plane, Point, cloud_noise, ellipse, mix, polygon
from training.world.palette import SKIES
from training.world.stage import Stage

_ORBS: dict[str, Colour] = {
    "day": (255.0, 226.0, 96.0),
    "sunset": (240.0, 72.0, 50.0),
    "night": (250.0, 246.0, 218.0),
}
_GLOWS: dict[str, Colour] = {
    "day": (255.0, 246.0, 206.0),
    "sunset": (255.0, 206.0, 112.0),
    "night": (132.0, 152.0, 196.0),
}


def paint_sky(stage: Stage, orb: Point | None) -> None:
    """Cover the canvas with sky; posters get flat bands, in rings where a sun or moon stands."""
    stops = SKIES[stage.scene.time][int(stage.rng.integers(2))]
    height = np.linspace(0, SIDE / stage.horizon, SIDE, dtype=np.float32)[:, None]
    depth = np.clip(height + 0.02 * cloud_noise(stage.rng, 4), 0, 1)
    if stage.scene.style == "poster":
        depth = _banded(depth, orb)
    elif stage.scene.style == "woodblock":
        # bokashi: a dark wiped band on top, then paper-bright air
        depth = np.clip(depth * 2.4, 0, 1) * 0.72 + 0.28 * depth
    stage.canvas.pixels[:] = _ramp(stops, depth)


def _banded(depth: Plane, orb: Point | None) -> Plane:
    if orb is not None:
        rows = np.arange(SIDE, dtype=np.float32)[:, None] - np.float32(orb[1])
        columns = np.arange(SIDE, dtype=np.float32)[None, :] - np.float32(orb[0])
        depth = 0.35 * depth + 0.65 * np.clip(1 - np.hypot(rows, columns) / 230, 0, 1)
    levels = depth * 5
    step = np.floor(levels)
    # a seam two pixels wide instead of a stair, so that bands have clean edges
    seam = np.clip((levels - step - 0.94) / 0.06, 0, 1)
    return np.asarray(np.clip((step + seam) / 5, 0, 1), np.float32)


def _ramp(stops: tuple[Colour, Colour, Colour], depth: Plane) -> Plane:
    first, second, third = (np.float32(stop) for stop in stops)
    low = np.clip(depth * 2, 0, 1)[..., None]
    high = np.clip(depth * 2 - 1, 0, 1)[..., None]
    return np.asarray(first + (second - first) * low + (third - second) * high, np.float32)


def place_orb(stage: Stage) -> tuple[Point, float] | None:
    """Decide where the sun or moon stands and how large it is, in pixels."""
    if stage.scene.orb is None:
        return None
    radius = stage.between(21, 28) if stage.scene.time == "sunset" else stage.between(18, 24)
    lowest = min(stage.horizon - radius - 22, 92.0 if stage.scene.time == "sunset" else 62.0)
    return (
        stage.column(stage.scene.orb),
        stage.between(radius + 12, max(lowest, radius + 14)),
    ), radius


def paint_orb(stage: Stage, centre: Point, radius: float) -> None:
    """Paint the sun or the moon with its glow."""
    time = stage.scene.time
    if stage.scene.style != "poster":
        stage.canvas.glow(centre, radius * 2.4, _GLOWS[time], 0.55)
    mask = stage.canvas.disc(centre, (radius, radius), _ORBS[time])
    if time == "night":
        shade = mix(_ORBS["night"], (200.0, 204.0, 206.0), 0.6)
        for across, down, size in ((-0.3, -0.2, 0.26), (0.28, 0.3, 0.2), (0.2, -0.42, 0.13)):
            spot = (centre[0] + across * radius, centre[1] + down * radius)
            stage.canvas.paint(ellipse(spot, (size * radius, size * radius)), shade)
    stage.canvas.mark("moon" if time == "night" else "sun", mask)


def paint_stars(stage: Stage) -> None:
    """Scatter four-pointed stars, large enough to be seen at this size."""
    masks = []
    for _ in range(int(stage.rng.integers(12, 20))):
        column, row = stage.between(8, 248), stage.between(8, max(60.0, stage.horizon - 34))
        size = stage.between(2.6, 5.2)
        points = []
        for index in range(8):
            reach = size if index % 2 == 0 else size * 0.36
            turn = index * np.pi / 4
            points.append((column + reach * np.cos(turn), row + reach * np.sin(turn)))
        masks.append(polygon(points))
        stage.canvas.paint(masks[-1], (242.0, 240.0, 224.0))
    stage.canvas.mark("stars", *masks)
