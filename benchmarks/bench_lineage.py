"""Telling a work of 10,000 takes, comparing large pictures, and what the index of takes holds."""

import io
import os
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import TypeVar

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does, before numpy

import numpy as np
from PIL import Image

from derivations import texture
from lineage import descent, take
from remarque.actions.lineage_index import TakeIndex
from remarque.fingerprints.searching import judge_described
from remarque.model.entry import Entry, StoredEntry
from remarque.model.history import Body, Take, body_as_json, kind_of
from remarque.model.lineage import lineage_of
from remarque.model.recipe import Recipe
from remarque.model.steps import steps_of
from remarque.model.tally import tally_of
from remarque.pictures.decoding import decode
from remarque.pictures.edited_region import find_edited
from remarque.pictures.keypoints import describe
from remarque.pictures.scaling import Pixels
from table import Row

TAKES = 10_000
INDEXED = 20_000
SIDE_PX = 4096
Result = TypeVar("Result")


def measure() -> Iterator[Row]:
    """The rows of this table, measured now."""
    takes = [take(number, "0" * 16) for number in range(TAKES)]
    descents = [descent(takes, number) for number in range(1, TAKES) if number % 5 == 0]
    what = f"{TAKES:,} takes, every fifth with a parent"
    yield timed("graph", lambda: lineage_of(takes, descents), what)
    yield timed("all steps, words repeated", lambda: steps_of(takes, descents), what)
    various = [with_other_words(one, number) for number, one in enumerate(takes)]
    worst = "no two prompts alike: nothing can be remembered"
    yield timed("all steps, worst", lambda: steps_of(various, descents), worst)
    yield timed("the last 30 steps", lambda: steps_of(takes, descents, last=30), what)
    yield timed("tally", lambda: tally_of(takes, [], [], []), what)
    yield from compare_large()
    yield index_size()


def timed(what: str, run: Callable[[], object], remark: str = "") -> Row:
    """One run in seconds."""
    start = time.perf_counter()
    run()
    return Row(what, time.perf_counter() - start, "s", remark)


def with_other_words(one: Take, number: int) -> Take:
    """The same take with words no other has."""
    recipe: Recipe = one.recipe
    prompt = f"subject {number}, {recipe.prompt}, light {number % 97}"
    fields = {name: getattr(one, name) for name in ("take", "work", "picture", "generator")}
    changed = Recipe(prompt=prompt, seed=recipe.seed, steps=recipe.steps, cfg=recipe.cfg)
    return Take(**fields, recipe=changed, manner=one.manner, metadata=one.metadata)


def compare_large() -> Iterator[Row]:
    """One child beside one parent, both 4096², decoded, aligned and searched for the edit."""
    pixels = texture(SIDE_PX, SIDE_PX, 1)
    grain = np.random.default_rng(1).integers(0, 12, pixels.shape, dtype=np.uint8)
    pixels = np.minimum(pixels, 243) + grain
    edited = pixels.copy()
    edited[1000:1800, 1200:2200] = (200, 30, 40)
    parent = written(pixels, "PNG", compress_level=1)
    for name, child in (
        ("JPEG 80", written(edited, "JPEG", quality=80)),
        ("PNG", written(edited, "PNG", compress_level=1)),
    ):
        row = timed("one comparison", lambda some=child: compared(some, parent), f"4096², {name}")
        yield row


def written(pixels: Pixels, kind: str, **options: int) -> bytes:
    """The bytes of the file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def compared(child: bytes, parent: bytes) -> None:
    """Everything done with one candidate."""
    own, other = decode(child).pixels, decode(parent).pixels
    judgement = judge_described(describe(own), describe(other))
    if judgement.alignment is not None:
        find_edited(own, other, judgement.alignment)


def index_size() -> Row:
    """What the index of takes holds, for 100,000 of them."""
    takes = [take(number, f"{number // 400:016x}") for number in range(INDEXED)]
    bodies: list[Body] = [*takes]
    bodies += [descent(takes, number) for number in range(5, INDEXED, 5)]
    stored = [entry_of(body, number) for number, body in enumerate(bodies)]
    index = TakeIndex()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for one in stored:
        index._add(one)  # noqa: SLF001 - a vault of 100,000 signed entries takes minutes to write
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    for_all = held / INDEXED * 100_000 / 1e6
    remark = f"measured on {INDEXED:,}; fingerprints (0.03 KB each) and pictures not counted"
    return Row("index of 100,000 takes", for_all, "MB", remark)


def entry_of(body: Body, number: int) -> StoredEntry:
    """The body in an entry as the ledger gives it back."""
    entry = Entry(kind_of(body), "2026-01-05T09:00:00Z", "0" * 64, None, body_as_json(body), ())
    return StoredEntry(number, b"", b"", entry)


if __name__ == "__main__":
    for found in measure():
        print(*found.cells(), sep=" | ", flush=True)
