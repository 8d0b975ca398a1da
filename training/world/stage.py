"""What every family of subjects is given: the scene, the surface, the horizon and a die."""

from dataclasses import dataclass

import numpy as np

from training.world.canvas import SIDE, Canvas, Colour
from training.world.palette import lit
from training.world.scene import Scene

_CENTRES = {"left": (44.0, 72.0), "middle": (114.0, 142.0), "right": (184.0, 212.0)}


@dataclass(frozen=True, slots=True)
class Stage:
    """One picture under way. `horizon` is the row where sky and ground meet."""

    scene: Scene
    canvas: Canvas
    rng: np.random.Generator
    horizon: float

    def between(self, low: float, high: float) -> float:
        """Throw the die: a number between `low` and `high`."""
        return float(self.rng.uniform(low, high))

    def column(self, side: str) -> float:
        """Choose a column, in pixels, that anyone would call this side of the picture."""
        return self.between(*_CENTRES[side])

    def light(self, colour: Colour) -> Colour:
        """Return the colour as the hour of the scene shows it."""
        return lit(colour, self.scene.time)

    def spread(self, count: int, margin: float, jitter: float) -> list[float]:
        """Place `count` columns evenly between the margins, each moved by a share of its room."""
        room = (SIDE - 2 * margin) / count
        return [
            margin + room * (index + 0.5 + self.between(-jitter, jitter)) for index in range(count)
        ]
