"""Mountains with a lit and a shaded flank and a cap of snow, and the far ridge behind them."""

import numpy as np

from training.world.canvas import SIDE, Colour, Plane, Point, cloud_noise, mix, polygon
from training.world.palette import HAZE, LOCAL
from training.world.stage import Stage

_WIDTHS = {1: (74.0, 108.0), 2: (56.0, 74.0), 3: (40.0, 50.0)}
_HEIGHTS = {1: (80.0, 124.0), 2: (62.0, 96.0), 3: (50.0, 82.0)}


def paint_ridge(stage: Stage) -> None:
    """Paint a low blue distance along the horizon."""
    haze = mix(HAZE[stage.scene.time], stage.light((108.0, 132.0, 160.0)), 0.55)
    columns = np.linspace(0, SIDE, 17)
    crest = [(float(x), stage.horizon - stage.between(4, 16)) for x in columns]
    points = [(-4.0, stage.horizon + 6), *crest, (SIDE + 4.0, stage.horizon + 6)]
    stage.canvas.paint(polygon(points), haze, 0.75)


def paint_mountains(stage: Stage, orb: tuple[Point, float] | None) -> None:
    """Paint the scene's mountains, the tallest behind, leaving the sun or moon in sight."""
    count = stage.scene.mountains
    columns = [stage.between(70, 186)] if count == 1 else stage.spread(count, 8.0, 0.14)
    peaks = []
    for column in columns:
        height = min(stage.between(*_HEIGHTS[count]), stage.horizon - 16)
        half = stage.between(*_WIDTHS[count])
        if orb is not None and abs(orb[0][0] - column) < half + orb[1]:
            height = min(height, max(46.0, stage.horizon - orb[0][1] - 0.4 * orb[1]))
        peaks.append((height, column, half))
    for height, column, half in sorted(peaks, reverse=True):
        _mountain(stage, (column, stage.horizon - height), half)


def _flank(stage: Stage, peak: Point, half: float, sign: float) -> list[Point]:
    """Return the slope from just under the peak to the foot on one side."""
    height = stage.horizon - peak[1]
    steps = (0.16, 0.34, 0.52, 0.72, 0.88)
    slope = []
    for step in steps:
        out = half * step**1.12 + stage.between(-0.025, 0.025) * half
        slope.append((peak[0] + sign * out, peak[1] + height * step))
    return [*slope, (peak[0] + sign * half, stage.horizon + 6)]


def _mountain(stage: Stage, peak: Point, half: float) -> None:
    scene, height = stage.scene, stage.horizon - peak[1]
    colour = mix(LOCAL[scene.mountain or "grey"], (255.0, 255.0, 255.0), stage.between(0, 0.08))
    colour = stage.light(colour)
    left, right = _flank(stage, peak, half, -1), _flank(stage, peak, half, 1)
    body = stage.canvas.shape([*reversed(left), peak, *right], _misty(stage, colour, peak[1]))
    dark = _misty(stage, mix(colour, (20.0, 16.0, 44.0), 0.3), peak[1])
    lean = stage.between(-0.1, 0.16)
    spine = [
        (peak[0] + lean * half + 0.1 * half, stage.horizon + 6),
        (peak[0] + (lean + 0.07) * half, peak[1] + 0.7 * height),
        (peak[0] + (lean - 0.09) * half, peak[1] + 0.45 * height),
        (peak[0] + 0.05 * half, peak[1] + 0.22 * height),
    ]
    stage.canvas.paint(np.minimum(polygon([peak, *right, *spine]), body), dark)
    _cap(stage, peak, half, height)
    stage.canvas.mark("mountain", body)


def _cap(stage: Stage, peak: Point, half: float, height: float) -> None:
    depth = stage.between(0.2, 0.3)
    edge = depth**1.12 * half * 0.94
    snow = stage.light((252.0, 252.0, 254.0))
    points = [
        peak,
        (peak[0] + edge, peak[1] + depth * height),
        (peak[0] + 0.5 * edge, peak[1] + 0.76 * depth * height),
        (peak[0] + 0.1 * edge, peak[1] + 1.12 * depth * height),
        (peak[0] - 0.36 * edge, peak[1] + 0.74 * depth * height),
        (peak[0] - edge, peak[1] + depth * height),
    ]
    stage.canvas.shape(points, snow)


def _misty(stage: Stage, colour: Colour, top: float) -> Plane:
    """Return the flank's colour, paler towards the foot and a little uneven."""
    rows = np.arange(SIDE, dtype=np.float32)
    foot = np.clip((rows - top) / max(1.0, stage.horizon - top), 0, 1) ** 2 * 0.34
    haze = np.float32(HAZE[stage.scene.time])
    ramp = np.float32(colour) + (haze - np.float32(colour)) * foot[:, None]
    uneven = 5 * cloud_noise(stage.rng, 9)
    return np.asarray(ramp[:, None, :] + uneven[..., None], np.float32)
