"""The finish of each style, laid over the painted scene."""

import cv2
import numpy as np

from training.world.canvas import SIDE, Plane, cloud_noise
from training.world.stage import Stage


def _grain(stage: Stage, strength: float) -> Plane:
    """Return fine paper grain; `strength` is its spread in steps of 255."""
    noise = stage.rng.standard_normal((SIDE, SIDE), dtype=np.float32)
    return np.asarray(noise * np.float32(strength), np.float32)[..., None]


def _poster(stage: Stage, pixels: Plane) -> Plane:
    """Flat inks: a cream edge and nothing else."""
    inks = pixels * 0.97 + np.float32((248.0, 236.0, 208.0)) * 0.03
    inks += 2.0 * cloud_noise(stage.rng, 10)[..., None] + _grain(stage, 1.0)
    edge = 9
    paper = np.full_like(inks, np.float32((247.0, 238.0, 216.0)))
    paper[edge:-edge, edge:-edge] = inks[edge:-edge, edge:-edge]
    return paper


def _woodblock(stage: Stage, pixels: Plane) -> Plane:
    """Ink on warm paper with the grain of the block running across, in a dark frame."""
    streaks = cloud_noise(stage.rng, 3, 64)
    rings = 3.2 * np.sin(2.4 * cloud_noise(stage.rng, 2, 7) + 1.5 * streaks)
    print_ = pixels * 0.9 + np.float32((238.0, 222.0, 184.0)) * 0.1 + rings[..., None]
    print_ += _grain(stage, 1.0)
    framed = np.full_like(print_, np.float32((240.0, 230.0, 206.0)))
    framed[5:-5, 5:-5] = (34.0, 30.0, 40.0)
    framed[7:-7, 7:-7] = print_[7:-7, 7:-7]
    return framed


def _watercolour(stage: Stage, pixels: Plane) -> Plane:
    """Wet edges, pigment gathered at the rims of washes, white paper left all round."""
    soft = cv2.GaussianBlur(pixels, (0, 0), 1.5)
    pooled = soft + 0.35 * (soft - cv2.GaussianBlur(soft, (0, 0), 7))
    # dark washes hide their blotches; at night the same brush would look like smoke
    blotch = 0.45 if stage.scene.time == "night" else 1.0
    uneven = 0.07 * cloud_noise(stage.rng, 7) + 0.03 * cloud_noise(stage.rng, 18)
    pigment = 0.88 + blotch * uneven
    wash = 255 - (255 - pooled) * pigment[..., None] + _grain(stage, 1.4)
    across = np.arange(SIDE, dtype=np.float32)
    rim = np.minimum(np.minimum(across, across[::-1])[:, None], np.minimum(across, across[::-1]))
    inside = np.clip((rim - 11 + 2.6 * cloud_noise(stage.rng, 11)) / 3.5, 0, 1)[..., None]
    paper = np.float32((252.0, 249.0, 241.0))
    return np.asarray(paper + (wash - paper) * inside, np.float32)


def _ink(stage: Stage, pixels: Plane) -> Plane:
    """Grey washes on warm paper with a breath of colour, mist at the horizon, a red seal."""
    soft = cv2.GaussianBlur(pixels, (0, 0), 0.9)
    grey = soft @ np.float32((0.3, 0.55, 0.15))
    rows = np.arange(SIDE, dtype=np.float32)
    mist = np.exp(-(((rows - stage.horizon) / 13) ** 2))[:, None] * (
        0.42 + 0.18 * cloud_noise(stage.rng, 4, 3)
    )
    bright = 205.0 if stage.scene.time != "night" else 120.0
    grey += (bright - grey) * np.clip(mist, 0, 0.8) + 6 * cloud_noise(stage.rng, 9)
    tone = np.clip((grey - 16) * 1.1, 0, 255)[..., None] / 255
    paper, black = np.float32((242.0, 235.0, 218.0)), np.float32((28.0, 28.0, 34.0))
    wash = 0.86 * (black + (paper - black) * tone) + 0.14 * soft + _grain(stage, 1.2)
    wash[222:244, 226:244] = (188.0, 46.0, 38.0)
    wash[226:240, 230:232] = wash[226:240, 238:240] = (238.0, 222.0, 202.0)
    wash[226:228, 230:240] = wash[233:235, 230:240] = (238.0, 222.0, 202.0)
    return np.asarray(wash, np.float32)


_SOFTENING = 0.7  # pixels
_FINISHES = {"poster": _poster, "woodblock": _woodblock, "watercolour": _watercolour, "ink": _ink}


def finish(stage: Stage) -> Plane:
    """Return the canvas in the finish of the scene's style, out of focus where asked."""
    picture = _FINISHES[stage.scene.style](stage, stage.canvas.pixels)
    # no printed or painted edge is as hard as a polygon's
    picture = cv2.GaussianBlur(picture, (0, 0), _SOFTENING)
    if stage.scene.soft:
        picture = cv2.GaussianBlur(picture, (0, 0), stage.between(4.5, 7.0))
    return np.clip(picture, 0, 255)
