"""Colours of the drawn world and how the hour changes them."""

import numpy as np

from training.world.canvas import Colour

LOCAL: dict[str, Colour] = {
    "red": (204.0, 56.0, 48.0),
    "orange": (236.0, 134.0, 44.0),
    "yellow": (246.0, 206.0, 72.0),
    "green": (66.0, 142.0, 82.0),
    "blue": (56.0, 100.0, 186.0),
    "purple": (132.0, 80.0, 164.0),
    "pink": (242.0, 150.0, 180.0),
    "white": (246.0, 242.0, 234.0),
    "grey": (130.0, 132.0, 138.0),
}

# From the top of the sky to the horizon, three stops; two moods for every hour.
SKIES: dict[str, tuple[tuple[Colour, Colour, Colour], ...]] = {
    "day": (
        ((86.0, 158.0, 214.0), (146.0, 200.0, 232.0), (226.0, 238.0, 236.0)),
        ((98.0, 180.0, 204.0), (164.0, 216.0, 218.0), (244.0, 238.0, 214.0)),
    ),
    "sunset": (
        ((92.0, 70.0, 140.0), (220.0, 112.0, 112.0), (254.0, 196.0, 110.0)),
        ((122.0, 78.0, 128.0), (240.0, 136.0, 92.0), (255.0, 216.0, 142.0)),
    ),
    "night": (
        ((12.0, 18.0, 52.0), (28.0, 44.0, 94.0), (66.0, 92.0, 142.0)),
        ((16.0, 22.0, 48.0), (26.0, 56.0, 92.0), (56.0, 110.0, 136.0)),
    ),
}

# Far and near colour of the ground by daylight.
GROUNDS: dict[str, tuple[Colour, Colour]] = {
    "sea": ((112.0, 182.0, 204.0), (24.0, 92.0, 142.0)),
    "meadow": ((166.0, 204.0, 112.0), (72.0, 140.0, 66.0)),
    "desert": ((242.0, 212.0, 150.0), (206.0, 150.0, 84.0)),
    "snow": ((250.0, 252.0, 254.0), (204.0, 218.0, 236.0)),
}

HAZE: dict[str, Colour] = {
    "day": (222.0, 234.0, 238.0),
    "sunset": (252.0, 186.0, 130.0),
    "night": (62.0, 84.0, 132.0),
}

_LIGHTS: dict[str, tuple[Colour, Colour]] = {
    "day": ((1.0, 1.0, 1.0), (0.0, 0.0, 0.0)),
    "sunset": ((0.96, 0.85, 0.83), (12.0, 3.0, 3.0)),
    "night": ((0.56, 0.58, 0.70), (4.0, 8.0, 22.0)),
}


def lit(colour: Colour, time: str) -> Colour:
    """Return a local colour as it looks at this hour."""
    gain, lift = _LIGHTS[time]
    tinted = np.clip([c * g + a for c, g, a in zip(colour, gain, lift, strict=True)], 0.0, 255.0)
    return (float(tinted[0]), float(tinted[1]), float(tinted[2]))
