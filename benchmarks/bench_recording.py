"""What recording costs a diffusers run: the same calls with and without, in turns, in one process.

A tiny pipeline is an unfair judge: its steps take milliseconds, and what recording does in the
program's own thread is the same for a step of a second. So the cost is given in milliseconds a
call, and in percent of this pipeline's call and of calls that take as long as real ones.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from remarque.engines.diffusers_calls import Arguments, Ending, leave, listen
from remarque.engines.diffusers_recording import Outlet, PipelineRecorder
from remarque.wiring.clock import SystemClock
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.recorder_diffusers import recording
from stand_ins import tiny_pipelines as tiny
from stand_ins.tiny_pipelines import torch
from table import Row

ROUNDS = 12
RECORDED = 4
CALL = {"num_inference_steps": 10, "height": 64, "width": 64}
REAL_CALLS_S = (1.0, 5.0, 30.0)


class Stopwatch:
    """The diffusers recorder, with the seconds it spends in the program's own thread."""

    def __init__(self, pipe: object, *, latents: bool) -> None:
        self.seconds: list[float] = []
        outlet = Outlet(submit=lambda _making, _holds: None, note_gap=print)
        self._pipe = pipe
        self._recorder = PipelineRecorder(outlet, SystemClock(), latents=latents)

    def begin(
        self, pipe: object, function: Callable[..., object], arguments: Arguments
    ) -> tuple[Arguments, Ending]:
        """Pass on to the recorder, and time both ends of the call."""
        began = time.perf_counter()
        arguments, ending = self._recorder._begin(pipe, function, arguments)  # noqa: SLF001
        spent = time.perf_counter() - began

        def end(result: object, error: BaseException | None) -> None:
            again = time.perf_counter()
            ending(result, error)
            self.seconds.append(spent + time.perf_counter() - again)

        return arguments, end


def timed(pipe: Callable[..., object], seed: int) -> float:
    """Seconds of one call."""
    generator = torch.Generator("cpu").manual_seed(seed)
    began = time.perf_counter()
    pipe("a cat on a wall", generator=generator, **CALL)
    return time.perf_counter() - began


def in_own_thread(pipe: Callable[..., object], *, latents: bool) -> tuple[float, float]:
    """Median seconds of a plain call, and of what recording adds in the program's own thread."""
    watch, plain = Stopwatch(pipe, latents=latents), []
    for number in range(ROUNDS):
        plain.append(timed(pipe, number))
        listen(pipe, watch.begin)
        timed(pipe, number)
        leave(watch.begin)
    return statistics.median(plain), statistics.median(watch.seconds)


def with_a_vault(pipe: Callable[..., object], vault: Path) -> tuple[float, float]:
    """Median seconds of a call while the recorder's thread works beside it, and until all is in."""
    calls, whole = [], []
    for number in range(RECORDED):
        began = time.perf_counter()
        with recording(pipe, work="Overhead", vault=vault):
            calls.append(timed(pipe, 1000 + number))
        whole.append(time.perf_counter() - began)
    return statistics.median(calls), statistics.median(whole)


def measure() -> Iterator[Row]:
    """The rows of this table, measured now."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # threads that wait for each other would measure the machine's load
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.environ.setdefault("XDG_CACHE_HOME", folder)
            yield from _rows(Path(folder))
    finally:
        torch.set_num_threads(threads)


def _rows(folder: Path) -> Iterator[Row]:
    pipe = tiny.stable_diffusion(folder)
    timed(pipe, 0)
    for latents in (False, True):
        what = "with latent digests" if latents else "as by default"
        plain, cost = in_own_thread(pipe, latents=latents)
        yield Row(f"plain call of a tiny pipeline ({what})", plain * 1e3, "ms", f"torch, {CALL}")
        yield Row("recording adds in the program's own thread", cost * 1e3, "ms", what)
        shares = ", ".join(f"{cost / s:.2%} of a call of {s:.0f} s" for s in REAL_CALLS_S)
        yield Row("that is, of this call", 100 * cost / plain, "%", shares)
    place = folder / "vault"
    make_vault(place, Founding("Bench", "a passphrase"))
    call, whole = with_a_vault(pipe, place)
    yield Row("a call while the recorder's thread works beside it", call * 1e3, "ms")
    yield Row("from the call's start until its take is on disk", whole, "s")
