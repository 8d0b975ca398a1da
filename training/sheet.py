"""The contact sheet: a wall of pictures, each with the prompt that made it."""

import textwrap
from pathlib import Path

import numpy as np
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageDraw

from training.judging import make_pictures
from training.stacks import Pictures

PROMPTS = (
    "a red mountain by the sea at sunset, flat poster",
    "three blue mountains, snow, day, woodblock print",
    "a boat with a yellow sail on the left, sea, day, the sun on the right, flat poster",
    "full moon in the middle, sea, night, two boats with white sails, woodblock print",
    "watercolour of a purple mountain in the meadow, red flowers, day",
    "ink wash painting of a grey mountain by the sea, a boat",
    "a cherry tree, a white house on the right, meadow, sunset, watercolour",
    "two pine trees, a yellow house in the middle, snow, night, starry sky, flat poster",
    "three birds, green mountain, meadow, day, the sun on the left, woodblock print",
    "desert, two orange mountains, sunset, red sun in the middle, flat poster",
    "autumn tree, meadow, clouds, day, ink painting",
    "moonlit night, sea, the moon on the right, purple mountain, watercolour",
    "three boats with red sails, ocean, sunset, the sun on the left, watercolour",
    "a blue house on the left, two autumn trees, grassland, purple flowers, day, poster",
    "snowy field, night, a crimson mountain, stars, woodblock",
    "sand dunes, ink wash, full moon on the left, three peaks",
)
_TEXT, _COLUMNS = 74, 8


def write_sheet(pipeline: StableDiffusionPipeline, target: Path, seed: int) -> None:
    """Make two pictures for each prompt and write the sheet as a PNG file."""
    prompts = [prompt for prompt in PROMPTS for _ in range(2)]
    arrange(make_pictures(pipeline, prompts, seed), prompts).save(target, optimize=True)


def arrange(pictures: Pictures, prompts: list[str]) -> Image.Image:
    """Lay pictures out in rows with their prompts underneath."""
    rows = -(-len(pictures) // _COLUMNS)
    cell = pictures.shape[1]
    size = (_COLUMNS * (cell + 6) - 6, rows * (cell + _TEXT) - 6)
    wall = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(wall)
    for index, (picture, prompt) in enumerate(zip(pictures, prompts, strict=True)):
        left, top = index % _COLUMNS * (cell + 6), index // _COLUMNS * (cell + _TEXT)
        wall.paste(Image.fromarray(np.asarray(picture)), (left, top))
        lines = textwrap.wrap(prompt, cell // 6)[:5]
        pen.multiline_text((left + 2, top + cell + 2), "\n".join(lines), fill="black", spacing=2)
    return wall
