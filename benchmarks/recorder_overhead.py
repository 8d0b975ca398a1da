"""What recording costs a diffusers run: the same calls with and without, in turns, in one process.

A tiny pipeline is an unfair judge: its steps take milliseconds, and what recording does in the
program's own thread is the same for a step of a second. So the cost is given in milliseconds a
call, and in percent of this pipeline's call and of calls that take as long as real ones.
Run: python benchmarks/recorder_overhead.py
"""

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
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


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)  # threads that wait for each other would measure the machine's load
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, ", end="")
    print(f"torch {torch.__version__} with {torch.get_num_threads()} threads, load ", end="")
    print(f"{os.getloadavg()[0]:.1f}; calls of {CALL}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        place = Path(folder) / "vault"
        make_vault(place, Founding("Bench", "a passphrase"))
        pipe = tiny.stable_diffusion(Path(folder))
        timed(pipe, 0)
        for latents in (False, True):
            plain, cost = in_own_thread(pipe, latents=latents)
            print(
                f"latents {'on ' if latents else 'off'}: plain call {plain * 1e3:.1f} ms; ", end=""
            )
            print(f"recording adds {cost * 1e3:.1f} ms before and after it: {cost / plain:.1%}")
            shares = (f"{cost / seconds:.2%} of {seconds:.0f} s" for seconds in REAL_CALLS_S)
            print(f"    for calls as long as real ones: {', '.join(shares)}")
        call, whole = with_a_vault(pipe, place)
        print(f"with a vault: call {call * 1e3:.1f} ms, until the take is on disk {whole:.2f} s")


if __name__ == "__main__":
    main()
