"""What a picture costs, beside plain diffusers in the same run, and what recording adds to it.

``python benchmarks/bench_making.py --real-size`` measures models of the real size of Stable
Diffusion 1.5 and XL, with random weights, on a GPU.
"""

import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from real_size import stable_diffusion_1_5, stable_diffusion_xl
from remarque.actions.orders import Listening, Machine, Order, Speed
from remarque.actions.ports import Vault
from remarque.actions.witnessing import record_seen
from remarque.actions.works import open_work
from remarque.engines.stable_diffusion.engine import DiffusersEngine
from remarque.engines.stable_diffusion.shelf import MINIATURE
from remarque.model.recipe import Recipe, Size
from remarque.wiring.clock import SystemClock
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault
from stand_ins.engine_orders import InHand
from stand_ins.tiny_pipelines import diffusers, torch
from table import Row, markdown

ROUNDS = 7
PASSPHRASE = "a passphrase"
CALLS_S = (1.0, 5.0, 30.0)
PROMPT = "a red mountain by the sea at sunset, flat poster"
NEGATIVE = "blurry"
CFG = 3.0
PLAIN = {"guidance_scale": CFG, "negative_prompt": NEGATIVE}


class Bench:
    """One pipeline, called plainly and through the engine, in turns, with recording on disk.

    On the processor the time of this process is taken, which other work on the machine does not
    lengthen; on a GPU that of the clock. Waiting for the disk is always the clock's.
    """

    def __init__(self, pipe: Any, machine: Machine, vault: Vault, shape: tuple[int, int]) -> None:  # noqa: ANN401
        self._now = time.process_time if machine.device == "cpu" else time.perf_counter
        self._vault = vault
        self._work, _ = open_work(vault, "Bench")
        self._engine = DiffusersEngine(InHand(pipe), SystemClock())
        self._pipe, self._machine = pipe, machine
        self._side, self._steps = shape

    def plain(self, seed: int) -> float:
        """Seconds of the pipeline's own call, and of writing its picture as PNG."""
        generator = torch.Generator("cpu").manual_seed(seed)
        side, steps = self._side, self._steps
        began = self._now()
        found = self._pipe(
            PROMPT,
            num_inference_steps=steps,
            height=side,
            width=side,
            generator=generator,
            **PLAIN,
        )
        found.images[0].save(io.BytesIO(), "PNG")
        return self._now() - began

    def made(self, seed: int) -> tuple[float, float, float]:
        """Seconds of the engine's picture, and of its way into the vault: worked, and waited."""
        size = Size(self._side, self._side)
        recipe = Recipe(PROMPT, NEGATIVE, seed, self._steps, CFG, generated_size=size)
        began = self._now()
        made = self._engine.make(Order(recipe, (), machine=self._machine), Listening())
        drawn, wall = self._now(), time.perf_counter()
        record_seen(self._vault, self._work, made.seen)
        return drawn - began, self._now() - drawn, time.perf_counter() - wall

    def rows(self, what: str) -> Iterator[Row]:
        """Medians over the rounds."""
        self.plain(0), self.made(0)
        plain, made = [], []
        for number in range(1, ROUNDS + 1):
            plain.append(self.plain(number))
            made.append(self.made(number))
        drawn, kept, waited = (statistics.median(one) for one in zip(*made, strict=True))
        base = statistics.median(plain)
        how = f"{self._side} x {self._side}, {self._steps} steps, median of {ROUNDS}"
        yield Row(f"plain diffusers, {what}", base, "s a picture", how)
        yield Row("through the engine", drawn, "s a picture")
        more = statistics.median(one[0] - other for one, other in zip(made, plain, strict=True))
        yield Row("the engine adds to the plain call", 1e3 * more, "ms a picture", "paired")
        yield Row("recording it as a take", 1e3 * kept, "ms a picture")
        yield Row("until the take is on disk", 1e3 * waited, "ms a picture", "by the clock")
        shares = ", ".join(f"{(more + kept) / one:.2%} of a call of {one:.0f} s" for one in CALLS_S)
        yield Row("both, of the plain call", 100 * (more + kept) / base, "%", shares)


@contextmanager
def fresh_vault() -> Iterator[Vault]:
    """A vault on disk, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "vault"
        make_vault(place, Founding("Bench", PASSPHRASE))
        with open_vault(place, passphrase=PASSPHRASE) as vault:
            yield vault


def measure() -> Iterator[Row]:
    """The rows of this table, measured now, on one thread of the processor."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        began = time.perf_counter()
        pipe = diffusers.DiffusionPipeline.from_pretrained(
            MINIATURE, local_files_only=True, torch_dtype=torch.float32
        )
        yield Row("loading the miniature", time.perf_counter() - began, "s")
        pipe.set_progress_bar_config(disable=True)
        side = pipe.unet.config.sample_size * pipe.vae_scale_factor
        with fresh_vault() as vault:
            bench = Bench(pipe, Machine("cpu", Speed.EXACT), vault, (side, 20))
            yield from bench.rows("the miniature on one thread")
    finally:
        torch.set_num_threads(threads)


def measure_real_size() -> Iterator[Row]:
    """Models of real size with random weights, on a GPU in half precision."""
    if not torch.cuda.is_available():
        return
    models = (
        ("Stable Diffusion 1.5", stable_diffusion_1_5, 512),
        ("Stable Diffusion XL", stable_diffusion_xl, 1024),
    )
    for name, build, side in models:
        with tempfile.TemporaryDirectory() as folder, fresh_vault() as vault:
            pipe = build(Path(folder), "cuda", torch.float16)
            bench = Bench(pipe, Machine("cuda", Speed.BALANCED), vault, (side, 30))
            device = torch.cuda.get_device_name()
            yield from bench.rows(f"{name} in real size, random weights, {device}")
            del pipe, bench
        torch.cuda.empty_cache()


if __name__ == "__main__":
    if "--real-size" not in sys.argv:
        print(markdown("Making", measure()))
    elif not torch.cuda.is_available():
        print("no GPU")
    else:
        print(markdown("Making, models of real size", measure_real_size()))
