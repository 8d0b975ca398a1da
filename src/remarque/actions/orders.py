"""What an engine is asked to make, how it is listened to, and the engine itself as a port.

Three engines exist: diffusers in this process, a running ComfyUI, a running AUTOMATIC1111 or
Forge (``remarque.engines``). One order is one picture: pictures made in one batch are not bit for
bit those made one by one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from remarque.actions.witnessing import Seen
from remarque.model.digests import Digest
from remarque.model.prompts import Syntax
from remarque.model.recipe import Recipe
from remarque.progress import Progress, be_silent

Preview: TypeAlias = Callable[[int, int, NDArray[np.uint8]], None]
"""Is told the step (from 1), how many there are, and the picture so far: (H, W, 3), RGB, 8 bits."""


class Speed(StrEnum):
    """EXACT: full precision, on one thread of the processor, the same bits in every process.

    BALANCED: half precision where the device is made for it. FAST: compiled as well.
    """

    EXACT = "exact"
    BALANCED = "balanced"
    FAST = "fast"


class Memory(StrEnum):
    """PLENTY: everything on the device. TIGHT: sliced attention and decoding in tiles.

    SCARCE: besides, the parts wait in the machine's memory until they are needed.
    """

    PLENTY = "plenty"
    TIGHT = "tight"
    SCARCE = "scarce"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how to run. ``device``: auto, cpu, cuda, cuda:1, mps."""

    device: str = "auto"
    speed: Speed = Speed.BALANCED
    memory: Memory = Memory.PLENTY


@dataclass(frozen=True, slots=True)
class ModelWish:
    """One model file an order uses.

    ``role`` as in ModelFile; ``name`` as it stands in the recipe; ``place`` a path or a hub id as
    the person gave it, empty to look for it by name and digest where models are kept; ``digest``
    what the file must be, where a record says so.
    """

    role: str
    name: str
    place: str = ""
    digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One picture to be made.

    ``recipe`` is all that determines it, in Remarque's words: sources by digest with their bytes
    in ``pictures``; passes, LoRAs and controls as a recipe names them. ``syntax`` is how its
    prompts are read. ``executed`` are the bytes of what a program ran (a graph, a call), where a
    take is made again. ``maps`` asks for the attention to each phrase.
    """

    recipe: Recipe
    models: tuple[ModelWish, ...]
    syntax: Syntax = "automatic1111"
    pictures: Mapping[Digest, bytes] = field(default_factory=dict)
    machine: Machine = Machine()
    executed: bytes | None = None
    maps: bool = False


@dataclass(frozen=True, slots=True)
class Listening:
    """How a making is followed. ``stop`` is looked at after every step."""

    progress: Progress = be_silent
    preview: Preview | None = None
    preview_every: int = 1
    stop: Event = field(default_factory=Event)


@dataclass(frozen=True, slots=True)
class AttentionMap:
    """Attention to one phrase: ``weights`` is float32 (H, W) of any size, larger is stronger."""

    phrase: str
    order: int
    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Made:
    """What came out: the picture as it was seen, and what was asked for besides.

    ``assumed`` are sentences on what the order left open and how it was filled.
    """

    seen: Seen
    maps: tuple[AttentionMap, ...] = ()
    assumed: tuple[str, ...] = ()


class Engine(Protocol):
    """Something that makes pictures from recipes."""

    @property
    def name(self) -> str:
        """The program with its version, for people and for the record."""

    def make(self, order: Order, listening: Listening) -> Made:
        """Make one picture; the same order gives the same picture where the engine can.

        Raises:
            Cancelled: ``stop`` was set; nothing came of this order.
            ModelMissing, ModelRefused, ModelDamaged, ModelChanged: A model file cannot be used.
            LibraryMissing: The libraries of the extra ``make`` are not installed.
            OutOfMemory: The device has too little; the message names smaller settings.
            MakingFailed: The run gave no usable picture (undefined numbers, refused settings).
            UsageError: The recipe asks for what this engine does not know.
            ProgramUnavailable: The other program cannot be reached or answers nonsense.
        """

    def environment(self) -> Mapping[str, str]:
        """The facts that can change pixels, by name, as a take's witness has them."""

    def close(self) -> None:
        """Let go of models and connections. Closing twice is fine."""
