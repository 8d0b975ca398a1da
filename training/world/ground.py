"""Grounds: sea with light on it, meadow with flowers, dunes, snow."""

import numpy as np

from training.world.canvas import SIDE, Colour, Point, cloud_noise, ellipse, mix, stroke
from training.world.palette import GROUNDS, LOCAL, SKIES
from training.world.stage import Stage

_SWELL = {"sea": 0.0, "meadow": 5.0, "desert": 8.0, "snow": 6.0}
_LIGHT: dict[str, Colour] = {
    "day": (255.0, 244.0, 190.0),
    "sunset": (255.0, 178.0, 104.0),
    "night": (226.0, 230.0, 220.0),
}


def paint_ground(stage: Stage) -> None:
    """Paint the ground from the horizon to the lower edge."""
    setting = stage.scene.setting
    far, near = (stage.light(colour) for colour in GROUNDS[setting])
    if setting == "sea":
        far = mix(far, SKIES[stage.scene.time][0][2], 0.5)
    depth = np.clip(
        (np.arange(SIDE, dtype=np.float32) - stage.horizon) / (SIDE - stage.horizon), 0, 1
    )
    if stage.scene.style == "poster":
        depth = np.floor(depth * 4) / 3.4
    ramp = np.float32(far) + (np.float32(near) - np.float32(far)) * np.clip(depth, 0, 1)[:, None]
    uneven = 4 * cloud_noise(stage.rng, 5, 12)
    field = np.asarray(ramp[:, None, :] + uneven[..., None], np.float32)
    stage.canvas.shape(_edge(stage, stage.horizon, _SWELL[setting]), field)
    if setting == "sea":
        _waves(stage, far)
    else:
        _fold(stage, near)


def _edge(stage: Stage, row: float, swell: float) -> list[Point]:
    phase, length = stage.between(0, 6.28), stage.between(26, 44)
    columns = np.linspace(-4, SIDE + 4, 40)
    line = [(float(x), row + swell * float(np.sin(x / length + phase))) for x in columns]
    return [(-6.0, SIDE + 6.0), *line, (SIDE + 6.0, SIDE + 6.0)]


def _fold(stage: Stage, near: Colour) -> None:
    """Lay one nearer hill over the ground, so that land has depth."""
    row = stage.horizon + (SIDE - stage.horizon) * stage.between(0.3, 0.5)
    shade = mix(near, (255.0, 255.0, 240.0), 0.16)
    shade = mix(
        shade, stage.light((40.0, 60.0, 90.0)), 0.12 if stage.scene.setting == "snow" else 0
    )
    depth = np.clip((np.arange(SIDE, dtype=np.float32) - row) / (SIDE - row), 0, 1)[:, None]
    ramp = np.float32(shade) + (np.float32(near) - np.float32(shade)) * depth
    uneven = 5 * cloud_noise(stage.rng, 6, 10)
    field = np.asarray(ramp[:, None, :] + uneven[..., None], np.float32)
    stage.canvas.shape(_edge(stage, row, _SWELL[stage.scene.setting] * 1.3), field)


def _waves(stage: Stage, far: Colour) -> None:
    crest = mix(far, (255.0, 255.0, 255.0), 0.35)
    for _ in range(11):
        depth = stage.between(0.05, 0.98)
        row = stage.horizon + depth * (SIDE - stage.horizon)
        column, half = stage.between(0, SIDE), (8 + 18 * depth) * stage.between(0.8, 1.2)
        points = [
            (column - half, row),
            (column - 0.4 * half, row - 1.6 - depth),
            (column + 0.4 * half, row - 1.6 - depth),
            (column + half, row),
        ]
        stage.canvas.paint(stroke(points, 1 + 1.6 * depth), crest, 0.7)


def paint_light_path(stage: Stage, column: float) -> None:
    """Lay the path of the sun or moon on the water."""
    colour = _LIGHT[stage.scene.time]
    row, step = stage.horizon + 3, 4.0
    while row < SIDE - 6:
        depth = (row - stage.horizon) / (SIDE - stage.horizon)
        half = (6 + 22 * depth) * stage.between(0.55, 1.15)
        shift = stage.between(-3, 3) * (1 + 2 * depth)
        mask = ellipse((column + shift, row), (half, 1.2 + 1.5 * depth))
        stage.canvas.paint(mask, colour, 0.8 - 0.35 * depth)
        row += step
        step *= 1.16


def paint_mirrored(stage: Stage) -> None:
    """Let what stands at the horizon lie on the water, darker and broken by ripples."""
    horizon = int(stage.horizon)
    height = min(SIDE - horizon, horizon, 46)
    above = stage.canvas.pixels[horizon - height : horizon][::-1]
    fade = np.linspace(0.5, 0.0, height, dtype=np.float32)[:, None, None]
    below = stage.canvas.pixels[horizon : horizon + height]
    below += (above * 0.9 - below) * fade


def paint_flowers(stage: Stage) -> None:
    """Scatter flowers over the foreground, larger towards the viewer."""
    scene = stage.scene
    colour = stage.light(LOCAL[scene.flowers or "red"])
    heart = stage.light(LOCAL["yellow"] if scene.flowers != "yellow" else (150.0, 90.0, 40.0))
    top = max(stage.horizon + 44, 186.0)
    masks = []
    rows = sorted(stage.between(top, 250) for _ in range(20))
    for index, row in enumerate(rows):
        column = (index * 0.618 % 1.0) * 244 + stage.between(-5, 17)
        size = 4.2 + 3.4 * (row - top) / (SIDE - top)
        stem = [(column, row), (column + stage.between(-2, 2), row + 2.2 * size)]
        stage.canvas.paint(stroke(stem, 2), stage.light((50.0, 104.0, 52.0)))
        petals = ellipse((column, row), (size, size * 0.86))
        stage.canvas.paint(petals, colour)
        stage.canvas.paint(ellipse((column, row), (size * 0.34, size * 0.3)), heart)
        masks.append(petals)
    stage.canvas.mark("flowers", *masks)
