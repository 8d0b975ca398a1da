"""Draws a scene: the picture, and the truth about where everything in it stands."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.world.air import paint_birds, paint_clouds
from training.world.boats import paint_boats
from training.world.canvas import SIDE, Canvas, Mask
from training.world.ground import paint_flowers, paint_ground, paint_light_path, paint_mirrored
from training.world.houses import paint_house
from training.world.mountains import paint_mountains, paint_ridge
from training.world.scene import Scene, chance
from training.world.sky import paint_orb, paint_sky, paint_stars, place_orb
from training.world.stage import Stage
from training.world.styles import finish
from training.world.trees import paint_trees, place_trees

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn scene: 256x256x3 pixels and, by name, one mask (0 to 255) per thing shown.

    A mask tells where the thing was painted; something nearer may cover part of it.
    """

    picture: Picture
    truth: dict[str, list[Mask]]


def draw(scene: Scene) -> Drawing:
    """Draw a scene. The same scene always gives the same pixels."""
    rng = np.random.default_rng(scene.seed)
    canvas = Canvas(outline=2.0 if scene.style == "woodblock" else 0.0)
    horizon = float(rng.uniform(0.45, 0.70)) * SIDE
    stage = Stage(scene, canvas, rng, horizon)
    orb = place_orb(stage)
    _sky(stage, orb)
    _land(stage, orb)
    return Drawing(np.rint(finish(stage)).astype(np.uint8), canvas.truth)


def _sky(stage: Stage, orb: tuple[tuple[float, float], float] | None) -> None:
    paint_sky(stage, orb[0] if orb else None)
    if stage.scene.stars:
        paint_stars(stage)
    taken = [orb] if orb else []
    if orb:
        paint_orb(stage, *orb)
    if stage.scene.clouds:
        paint_clouds(stage, taken)
    if chance(stage.rng, 0.5):
        paint_ridge(stage)
    if stage.scene.mountains:
        paint_mountains(stage, orb)
    if stage.scene.birds:
        paint_birds(stage, taken)


def _land(stage: Stage, orb: tuple[tuple[float, float], float] | None) -> None:
    scene = stage.scene
    paint_ground(stage)
    if scene.setting == "sea":
        if scene.style in {"watercolour", "ink"}:
            paint_mirrored(stage)
        if orb:
            paint_light_path(stage, orb[0][0])
        paint_boats(stage) if scene.boats else None
    house = stage.column(scene.house_side) if scene.house_side else None
    if scene.trees:
        paint_trees(stage, place_trees(stage, house))
    if house is not None:
        paint_house(stage, house)
    if scene.flowers:
        paint_flowers(stage)
