"""What a person asks to be made: words, settings, models and source pictures, before any checks."""

from dataclasses import dataclass

from remarque.actions.orders import Machine
from remarque.model.prompts import Syntax
from remarque.model.recipe import Size

MINIATURE = "miniature"
"""The small model that ships with Remarque; made with where no other is named."""

RANDOM_SEED = -1


@dataclass(frozen=True, slots=True)
class LoraWish:
    """A LoRA by name, path or hub id. Weight 0 takes it away."""

    place: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class ControlWish:
    """A ControlNet by name, path or hub id, and the picture that guides it."""

    model: str
    picture: str
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class HiresWish:
    """A second pass, ``factor`` times as large. Factor 1 takes it away.

    ``strength`` (0 to 1) is how much is painted anew, ``steps`` how many steps; None leaves it to
    the engine.
    """

    factor: float
    strength: float | None = None
    steps: int | None = None


@dataclass(frozen=True, slots=True)
class Outpaint:
    """How many pixels the picture grows on each side."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class MakeWishes:
    """What is to be made. None and empty leave a thing as the take ``again`` has it, else open.

    ``again`` is a take (id, digest, file name) whose recipe is begun from; ``prompt`` may be left
    out only then. Pictures (``source``, ``mask``, those of ``controls``) are files, take ids or
    digests of the vault. ``count`` pictures have the seeds ``seed``, ``seed + 1`` and so on; seed
    -1 draws a new one, and so does None where ``again`` has none. ``model``, ``vae``, ``loras``
    and ``embeddings`` are names, paths or hub ids; without a model it is the miniature; where
    ``other_program`` makes the picture, which does not have it, none is put in. Without a
    ``machine`` it is the device at hand, exact on a processor.
    """

    prompt: str | None = None
    negative: str | None = None
    seed: int | None = None
    count: int = 1
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    schedule: str | None = None
    size: Size | None = None
    clip_skip: int | None = None
    model: str | None = None
    other_program: bool = False
    vae: str | None = None
    loras: tuple[LoraWish, ...] = ()
    embeddings: tuple[str, ...] = ()
    controls: tuple[ControlWish, ...] = ()
    source: str | None = None
    strength: float | None = None
    mask: str | None = None
    outpaint: Outpaint | None = None
    hires: HiresWish | None = None
    syntax: Syntax | None = None
    again: str | None = None
    machine: Machine | None = None
