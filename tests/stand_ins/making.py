"""Pictures entered one after another as a recorder would, for tests of lineage and grouping."""

import io
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from remarque.actions.ports import Vault
from remarque.actions.witnessing import Seen, record_seen
from remarque.actions.works import open_work
from remarque.model.history import Take
from remarque.model.recipe import Reading, Recipe
from remarque.model.witness import Observer, Witness
from stand_ins.memory_vault import MORNING

PROMPT = "a galaxy in a glass bottle on a kitchen table, evening light"


def png(pixels: np.ndarray, **texts: str) -> bytes:
    """A PNG with these text chunks."""
    chunks, written = PngInfo(), io.BytesIO()
    for key, text in texts.items():
        chunks.add_text(key, text)
    Image.fromarray(pixels).save(written, "PNG", pnginfo=chunks)
    return written.getvalue()


def saved(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    """The pixels in another format, without metadata."""
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, kind, **options)
    return written.getvalue()


def scene(seed: int = 1, size: tuple[int, int] = (384, 512)) -> np.ndarray:
    """A picture with structure everywhere: smooth noise of several sizes, (rows, columns, 3)."""
    source = np.random.default_rng(seed)
    total = np.zeros((*size, 3))
    for cell in (96, 32, 12):
        coarse = source.uniform(0, 255, (size[0] // cell + 2, size[1] // cell + 2, 3))
        grown = Image.fromarray(coarse.astype(np.uint8)).resize(
            size[::-1], Image.Resampling.BICUBIC
        )
        total += np.asarray(grown, dtype=float)
    low, high = total.min(), total.max()
    return ((total - low) / (high - low) * 255).astype(np.uint8)


@dataclass
class Making:
    """A vault and a clock of pictures: each one comes a minute after the one before."""

    vault: Vault
    work: str = ""
    came: datetime = MORNING
    pause: timedelta = timedelta(minutes=1)
    count: int = 0
    takes: list[Take] = field(default_factory=list)

    def seen(
        self, content: bytes, recipe: Recipe | None = None, name: str = "", **more: object
    ) -> Seen:
        """A picture as a recorder hands it over."""
        self.count += 1
        self.came += self.pause
        generator = more.pop("generator", "AUTOMATIC1111")
        reading = None if recipe is None else Reading(generator, recipe)
        return Seen(
            content=content,
            name=name or f"picture-{self.count:05}.png",
            came=self.came,
            witness=Witness(Observer.FOLDER, **more),
            reading=reading,
        )

    def enter(
        self, content: bytes, recipe: Recipe | None = None, name: str = "", **more: object
    ) -> Take:
        """Record it as the next take of the work."""
        if not self.work:
            self.work = open_work(self.vault, "A work")[0]
        take = record_seen(self.vault, self.work, self.seen(content, recipe, name, **more)).take
        self.takes.append(take)
        return take


def text_to_image(seed: int, prompt: str = PROMPT, **more: object) -> Recipe:
    """A recipe in which nothing but words went in."""
    return Recipe(prompt=prompt, seed=seed, steps=20, cfg=7.0, sampler="Euler a", **more)
