"""Import of 1,000 pictures, beside what it cannot be faster than: decoding and writing them."""

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from remarque.actions.finding_files import in_order_of_making
from remarque.actions.importing import ImportWishes, import_pictures
from remarque.actions.works import open_work
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault
from table import Row

PICTURES = 1_000
SIDE_PX = 768
PASSPHRASE = "benchmark only"
INFOTEXT = (
    "a lighthouse in fog, (soft light:1.2), film grain\nNegative prompt: text, watermark\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: {seed}, Size: 768x768, Model: example"
)


def measure() -> Iterator[Row]:
    """The rows of this table, measured now."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs"
        draw_pictures(outputs, PICTURES)
        files = in_order_of_making(outputs.iterdir())
        megabytes = sum(file.stat().st_size for file in files) / 1e6
        what = f"{PICTURES:,} PNG of {SIDE_PX}² px, {megabytes:,.0f} MB"
        yield _decode_only(files, what)
        yield _copy_only(files, Path(folder) / "copies")
        yield _import(files, Path(folder) / "linked", ImportWishes(), "reflink or hard link")
        yield _import(files, Path(folder) / "copied", ImportWishes(copy_always=True), "--copy")
        yield _import(files, Path(folder) / "linked", ImportWishes(), "the same again: all known")


def draw_pictures(folder: Path, count: int, side_px: int = SIDE_PX) -> None:
    """Smooth random pictures with an A1111 text each, as PNG files."""
    folder.mkdir(parents=True)
    chance = np.random.default_rng(7)
    for number in range(count):
        small = chance.integers(0, 256, (24, 24, 3), dtype=np.uint8)
        picture = Image.fromarray(small).resize((side_px, side_px), Image.Resampling.BICUBIC)
        text = PngInfo()
        text.add_text("parameters", INFOTEXT.format(seed=number))
        picture.save(folder / f"{number:05}.png", pnginfo=text, compress_level=1)


def _decode_only(files: list[Path], what: str) -> Row:
    def decode(file: Path) -> None:
        with Image.open(file) as picture:
            picture.load()

    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(decode, files))
    return Row("floor: Pillow decodes them, all cores", time.perf_counter() - start, "s", what)


def _copy_only(files: list[Path], folder: Path) -> Row:
    folder.mkdir()
    start = time.perf_counter()
    for file in files:
        with (folder / file.name).open("wb") as copy:
            copy.write(file.read_bytes())
            copy.flush()
            os.fsync(copy.fileno())
    return Row("floor: copies with fsync, one after another", time.perf_counter() - start, "s")


def _import(files: list[Path], place: Path, wishes: ImportWishes, remark: str) -> Row:
    if not place.exists():
        make_vault(place, Founding("Benchmark", PASSPHRASE))
    start = time.perf_counter()
    with open_vault(place, passphrase=PASSPHRASE) as vault:
        work, _ = open_work(vault, "Benchmark")
        new = sum(imported.new for imported in import_pictures(vault, files, work, wishes))
    return Row("remarque import", time.perf_counter() - start, "s", f"{remark}; {new:,} new")
