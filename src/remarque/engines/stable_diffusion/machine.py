"""Where a run takes place: device, number type, and the switches of the whole process.

Threads, TF32 and cuDNN's choices belong to the process and change pixels, so the runs of all
engines of a process take turns: each finds the switches as it needs them and puts them back.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Any

from remarque.actions.orders import Machine, Memory, Speed
from remarque.engines.stable_diffusion.families import Family
from remarque.errors import Cancelled, LibraryMissing, UsageError

STOPPED = "The making was stopped; this picture is not there."
NOT_COMPILED = "Compiling is for CUDA devices; this ran uncompiled."
NOT_WAITING = "Parts wait in the machine's memory on CUDA devices only; this ran as memory tight."

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")
_LOOK_S = 0.1
_WIDE_NUMBERS = frozenset({Family.SD3, Family.FLUX})  # their numbers run beyond those of float16

_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class Place:
    """A device of this machine and how it is to be used; ``remarks`` say what it cannot do."""

    device: str
    speed: Speed
    memory: Memory
    remarks: tuple[str, ...] = ()

    @property
    def is_cuda(self) -> bool:
        """Whether it is a device that torch addresses as CUDA (ROCm too)."""
        return self.device.startswith("cuda")

    @property
    def loads_on(self) -> str:
        """Where models are put: in the machine's memory where they wait for their turn."""
        return "cpu" if self.memory is Memory.SCARCE else self.device

    def dtype(self, family: Family | None) -> Any:  # noqa: ANN401  torch's number types
        """The number type of a family's weights here; of an unknown one the commonest."""
        import torch

        if self.device == "cpu" or self.speed is Speed.EXACT:
            return torch.float32
        return torch.bfloat16 if family in _WIDE_NUMBERS else torch.float16


def place_for(machine: Machine) -> Place:
    """The place an order asks for.

    Raises:
        UsageError: There is no such device here.
        LibraryMissing: torch is not installed.
    """
    device = _device(machine.device.strip().lower())
    speed, memory, remarks = machine.speed, machine.memory, []
    if not device.startswith("cuda"):
        remarks += [NOT_COMPILED] if speed is Speed.FAST else []
        remarks += [NOT_WAITING] if memory is Memory.SCARCE else []
        memory = Memory.TIGHT if memory is Memory.SCARCE else memory
    return Place(device, speed, memory, tuple(remarks))


@contextmanager
def turn_at(place: Place, stop: Event) -> Iterator[None]:
    """Wait for this run's turn; while it lasts the switches of the process are as it needs them.

    Raises:
        Cancelled: ``stop`` was set while others had their turn.
    """
    while not _turn.acquire(timeout=_LOOK_S):
        if stop.is_set():
            raise Cancelled(STOPPED)
    try:
        with _switched(place):
            yield
    finally:
        _turn.release()


def make_room(place: Place) -> None:
    """Give memory that nothing uses any more back to the device."""
    import gc

    import torch

    gc.collect()
    if place.is_cuda:
        torch.cuda.empty_cache()
    elif place.device == "mps":
        torch.mps.empty_cache()


def _device(asked: str) -> str:
    torch = _torch()
    if not _DEVICE.fullmatch(asked):
        raise UsageError(f"{asked[:40]!r} is no device; say auto, cpu, cuda, cuda:1 or mps")
    cuda, metal = torch.cuda.is_available(), torch.backends.mps.is_available()
    if asked == "auto":
        return "cuda" if cuda else "mps" if metal else "cpu"
    number = int(asked.partition(":")[2] or 0)
    if asked.startswith("cuda") and (not cuda or number >= torch.cuda.device_count()):
        raise UsageError(f"this machine has no device {asked}; say auto or cpu")
    if asked == "mps" and not metal:
        raise UsageError("this machine has no Apple Metal device; say auto or cpu")
    return asked


@contextmanager
def _switched(place: Place) -> Iterator[None]:
    torch = _torch()
    if place.speed is not Speed.EXACT:
        yield
        return
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = (torch.get_num_threads(), cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32)
    exact_before = matmul.allow_tf32
    try:
        torch.set_num_threads(1 if place.device == "cpu" else before[0])
        cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32 = True, False, False
        matmul.allow_tf32 = False
        yield
    finally:
        torch.set_num_threads(before[0])
        cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32 = before[1:]
        matmul.allow_tf32 = exact_before


def _torch() -> Any:  # noqa: ANN401  its switches are only partly typed
    try:
        import torch
    except ImportError as error:
        raise LibraryMissing("making pictures here needs torch, which is not installed") from error
    return torch
