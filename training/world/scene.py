"""What a picture of the drawn world may contain, and how scenes are chosen."""

from dataclasses import dataclass, replace

import numpy as np

STYLES = ("poster", "woodblock", "watercolour", "ink")
TIMES = ("day", "sunset", "night")
SETTINGS = ("sea", "meadow", "desert", "snow")
SIDES = ("left", "middle", "right")
MOUNTAINS = ("red", "blue", "green", "purple", "grey", "orange")
SAILS = ("white", "red", "yellow", "blue")
HOUSES = ("red", "white", "blue", "yellow")
FLOWERS = ("red", "yellow", "purple", "white", "pink")
TREES = ("pine", "cherry", "autumn", "round")


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture before it is drawn. None or 0 means the thing is not there.

    `orb` is the side on which the sun (at night the moon) stands; `soft` asks for a picture
    out of focus, captioned as such; `seed` decides everything the other fields leave open.
    """

    style: str
    time: str
    setting: str
    mountain: str | None
    mountains: int
    orb: str | None
    clouds: bool
    stars: bool
    birds: int
    boats: int
    sail: str | None
    boat_side: str | None
    house: str | None
    house_side: str | None
    tree: str | None
    trees: int
    flowers: str | None
    soft: bool
    seed: int


def pick(rng: np.random.Generator, values: tuple[str, ...]) -> str:
    """Choose one of `values`, all equally likely."""
    return values[int(rng.integers(len(values)))]


def chance(rng: np.random.Generator, share: float) -> bool:
    """Throw the die: true in this share of all throws."""
    return bool(rng.random() < share)


def weighted(rng: np.random.Generator, weights: tuple[int, ...]) -> int:
    """Choose an index with the given whole-number weights."""
    steps = np.cumsum(weights)
    return int(np.searchsorted(steps, rng.integers(int(steps[-1])), side="right"))


def sample_scene(rng: np.random.Generator) -> Scene:
    """Choose a scene at random from everything the world can show."""
    setting = SETTINGS[weighted(rng, (5, 4, 2, 2))]
    time = TIMES[weighted(rng, (4, 3, 3))]
    has_mountain = chance(rng, 0.62)
    scene = Scene(
        style=pick(rng, STYLES),
        time=time,
        setting=setting,
        mountain=pick(rng, MOUNTAINS) if has_mountain else None,
        mountains=1 + weighted(rng, (5, 3, 2)) if has_mountain else 0,
        orb=pick(rng, SIDES) if chance(rng, 0.7) else None,
        clouds=chance(rng, 0.3),
        stars=time == "night" and chance(rng, 0.6),
        birds=1 + weighted(rng, (1, 1, 1)) if chance(rng, 0.25) else 0,
        boats=0,
        sail=None,
        boat_side=None,
        house=None,
        house_side=None,
        tree=None,
        trees=0,
        flowers=None,
        soft=chance(rng, 0.04),
        seed=int(rng.integers(1 << 40)),
    )
    return _with_boats(scene, rng) if setting == "sea" else _with_land(scene, rng)


def _with_boats(scene: Scene, rng: np.random.Generator) -> Scene:
    boats = weighted(rng, (4, 5, 2, 2))
    if not boats:
        return scene
    return replace(
        scene,
        boats=boats,
        sail=pick(rng, SAILS),
        boat_side=pick(rng, SIDES) if boats == 1 else None,
    )


def _with_land(scene: Scene, rng: np.random.Generator) -> Scene:
    has_house, has_tree = chance(rng, 0.5), chance(rng, 0.6)
    blooms = scene.setting == "meadow" and chance(rng, 0.5)
    return replace(
        scene,
        house=pick(rng, HOUSES) if has_house else None,
        house_side=pick(rng, SIDES) if has_house else None,
        tree=pick(rng, TREES) if has_tree else None,
        trees=1 + weighted(rng, (5, 3, 2)) if has_tree else 0,
        flowers=pick(rng, FLOWERS) if blooms else None,
    )


def is_held_out(scene: Scene) -> bool:
    """Tell whether the scene's combination of attributes is kept from all training.

    About one combination of style, time, setting and mountain colour in eleven is kept back, so
    that what the miniature makes of them shows that it combines and does not recall.
    """
    mountain = MOUNTAINS.index(scene.mountain) + 1 if scene.mountain else 0
    score = (
        7 * STYLES.index(scene.style)
        + 5 * TIMES.index(scene.time)
        + 3 * SETTINGS.index(scene.setting)
        + mountain
    )
    return score % 11 == 0


def sample_scenes(rng: np.random.Generator, count: int, *, held_out: bool) -> list[Scene]:
    """Choose `count` scenes, either all held out from training or all open to it."""
    scenes: list[Scene] = []
    while len(scenes) < count:
        scene = sample_scene(rng)
        if is_held_out(scene) == held_out:
            scenes.append(scene)
    return scenes
