"""Captions: what one might call a scene, in tags or a sentence, long or short."""

from dataclasses import dataclass

import numpy as np

from training.world.scene import Scene, chance, pick

STYLE_WORDS = {
    "poster": ("flat poster", "poster", "poster art"),
    "woodblock": ("woodblock print", "woodblock", "ukiyo-e"),
    "watercolour": ("watercolour", "watercolor", "watercolour painting"),
    "ink": ("ink wash", "ink wash painting", "ink painting"),
}
TIME_WORDS = {
    "day": ("day", "daytime", "at noon", "daylight"),
    "sunset": ("sunset", "at sunset", "dusk", "evening"),
    "night": ("night", "at night", "midnight", "moonlit night"),
}
SETTING_WORDS = {
    "sea": ("sea", "ocean", "the sea", "water"),
    "meadow": ("meadow", "green field", "grass", "grassland"),
    "desert": ("desert", "sand dunes", "sand"),
    "snow": ("snow", "snowy field", "winter"),
}
TREE_WORDS = {
    "pine": ("pine tree", "pine"),
    "cherry": ("cherry tree", "cherry blossom tree", "pink tree"),
    "autumn": ("autumn tree", "orange tree", "maple tree"),
    "round": ("tree", "green tree"),
}
SIDE_WORDS = {
    "left": ("on the left", "on the left", "at left"),
    "middle": ("in the middle", "in the middle", "in the centre"),
    "right": ("on the right", "on the right", "at right"),
}
_SYNONYMS = {"red": "crimson", "yellow": "golden", "purple": "violet", "grey": "gray"}
_NUMBERS = {1: ("a", "a", "one", "", "a single"), 2: ("two", "2"), 3: ("three", "3")}
_BAD = ("blurry", "low quality", "blurry, low quality", "out of focus", "bad quality")
_GOOD = ("sharp", "high quality", "best quality", "masterpiece", "detailed")
_SUBJECTS = ("mountain", "boat", "house", "tree", "flowers", "birds")
_SIDE_SHARE = 0.8  # of the captions that name a thing with a side


def _colour(rng: np.random.Generator, name: str) -> str:
    return _SYNONYMS[name] if name in _SYNONYMS and chance(rng, 0.25) else name


def _counted(rng: np.random.Generator, count: int, words: str) -> str:
    plural = words if count == 1 else words + "s"
    return f"{pick(rng, _NUMBERS[count])} {plural}".strip()


def _placed(rng: np.random.Generator, words: str, side: str | None) -> str:
    if side is None or not chance(rng, _SIDE_SHARE):
        return words
    return f"{words} {pick(rng, SIDE_WORDS[side])}"


def _orb_phrase(scene: Scene, rng: np.random.Generator) -> str:
    kinds: tuple[str, ...] = ("sun", "the sun", "bright sun")
    if scene.time == "night":
        kinds = ("moon", "the moon", "full moon")
    elif scene.time == "sunset":
        kinds = ("sun", "the sun", "red sun")
    return _placed(rng, pick(rng, kinds), scene.orb)


def _boat_phrase(scene: Scene, rng: np.random.Generator, sails_share: float) -> str:
    kind, colour = pick(rng, ("boat", "boat", "sailboat")), _colour(rng, scene.sail or "white")
    if chance(rng, 0.3):
        words = _counted(rng, scene.boats, f"{colour} {kind}")
    elif chance(rng, sails_share):
        sails = f" with a {colour} sail" if scene.boats == 1 else f" with {colour} sails"
        words = _counted(rng, scene.boats, kind) + sails
    else:
        words = _counted(rng, scene.boats, kind)
    return _placed(rng, words, scene.boat_side)


def _mountain_phrase(scene: Scene, rng: np.random.Generator) -> str:
    kind = pick(rng, ("mountain", "mountain", "peak"))
    if chance(rng, 0.9):
        kind = f"{_colour(rng, scene.mountain or 'grey')} {kind}"
    if scene.mountains > 1 and chance(rng, 0.1):
        return kind + "s"
    return _counted(rng, scene.mountains, kind)


def _house_phrase(scene: Scene, rng: np.random.Generator) -> str:
    kind = pick(rng, ("house", "house", "cottage"))
    if chance(rng, 0.92):
        kind = f"{_colour(rng, scene.house or 'white')} {kind}"
    article = "a " if chance(rng, 0.7) else ""
    return _placed(rng, article + kind, scene.house_side)


def _bird_phrase(scene: Scene, rng: np.random.Generator) -> str:
    if scene.birds > 1 and chance(rng, 0.4):
        return pick(rng, ("birds", "flying birds", "gulls"))
    return _counted(rng, scene.birds, pick(rng, ("bird", "bird", "gull")))


@dataclass(frozen=True, slots=True)
class Manner:
    """How captions are written, in shares.

    `short` name three things at most; of the longer ones `full` name everything, and in the others
    every phrase is left out with probability 0.3; `sails` of the boats not called by their colour
    have sails in it.
    """

    short: float
    full: float
    sails: float


USUAL = Manner(short=0.2, full=0.6, sails=0.7)
TERSE = Manner(short=0.5, full=0.3, sails=0.7)


def phrases(scene: Scene, rng: np.random.Generator, manner: Manner = USUAL) -> dict[str, str]:
    """Name everything in the scene, one phrase for each thing."""
    named = {
        "style": pick(rng, STYLE_WORDS[scene.style]),
        "time": pick(rng, TIME_WORDS[scene.time]),
        "setting": pick(rng, SETTING_WORDS[scene.setting]),
    }
    if scene.orb:
        named["orb"] = _orb_phrase(scene, rng)
    if scene.clouds:
        named["clouds"] = pick(rng, ("clouds", "cloudy", "white clouds"))
    if scene.stars:
        named["stars"] = pick(rng, ("stars", "starry sky", "starry night"))
    if scene.mountain:
        named["mountain"] = _mountain_phrase(scene, rng)
    if scene.boats:
        named["boat"] = _boat_phrase(scene, rng, manner.sails)
    if scene.house:
        named["house"] = _house_phrase(scene, rng)
    if scene.tree:
        named["tree"] = _counted(rng, scene.trees, pick(rng, TREE_WORDS[scene.tree]))
    if scene.flowers:
        kind = pick(rng, ("flowers", "flowers", "blossoms"))
        named["flowers"] = f"{_colour(rng, scene.flowers)} {kind}"
    if scene.birds:
        named["birds"] = _bird_phrase(scene, rng)
    return named


def caption(scene: Scene, rng: np.random.Generator, manner: Manner = USUAL) -> str:
    """Return one caption of the scene, in tags or a sentence."""
    named = phrases(scene, rng, manner)
    keys = list(named)
    if chance(rng, manner.short):
        kept = rng.permutation(len(keys))[: int(rng.integers(1, 4))]
        keys = [keys[int(index)] for index in sorted(kept)]
    elif chance(rng, 1 - manner.full):
        keys = [key for key in keys if not chance(rng, 0.3)]
    if scene.soft:
        named["quality"] = pick(rng, _BAD)
        keys.append("quality")
    elif chance(rng, 0.12):
        named["quality"] = pick(rng, _GOOD)
        keys.append("quality")
    chosen = {key: named[key] for key in keys}
    return _tags(chosen, rng) if chance(rng, 0.6) else _sentence(chosen, rng)


def _tags(named: dict[str, str], rng: np.random.Generator) -> str:
    keys = list(named)
    if chance(rng, 0.8):
        keys = [keys[int(index)] for index in rng.permutation(len(keys))]
    return pick(rng, (", ", ", ", " ")).join(named[key] for key in keys)


def _sentence(named: dict[str, str], rng: np.random.Generator) -> str:
    subjects = [key for key in _SUBJECTS if key in named]
    subjects = [subjects[int(index)] for index in rng.permutation(len(subjects))]
    body = pick(rng, (" and ", ", ")).join(named[key] for key in subjects)
    if "setting" in named:
        place = named["setting"].removeprefix("the ")
        link = pick(rng, ("by the", "in the", "and the"))
        body = f"{body} {link} {place}" if body else f"the {place}"
    if "time" in named:
        body += f" {named['time']}"
    for key in ("orb", "clouds", "stars"):
        if key in named:
            body += pick(rng, (" with ", ", ", " under ")) + named[key]
    if "quality" in named:
        body += f", {named['quality']}"
    if "style" not in named:
        return body.strip(" ,")
    opening = pick(rng, ("a ", "")) + named["style"]
    return f"{opening} of {body.strip()}" if body else opening
