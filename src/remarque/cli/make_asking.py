"""What was typed after ``remarque make``, and what it means."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from remarque.cli.make_options import engine_wishes_from, machine_from
from remarque.cli.make_words import read_control, read_hires, read_lora, read_outpaint, read_size

if TYPE_CHECKING:
    from remarque.actions.making_wishes import MakeWishes
    from remarque.actions.orders import Machine
    from remarque.model.prompts import Syntax
    from remarque.wiring.engines import EngineWishes

_HERE = "diffusers"


@dataclass(frozen=True, slots=True)
class Asked:
    """Every option of the verb, as typed. The names are those of its parameters."""

    prompt: str | None
    work: str | None
    intent: str | None
    negative: str | None
    seed: int | None
    count: int
    steps: int | None
    cfg: float | None
    sampler: str | None
    schedule: str | None
    size: str | None
    clip_skip: int | None
    model: str | None
    vae: str | None
    lora: list[str] | None
    embedding: list[str] | None
    control: list[str] | None
    source: str | None
    strength: float | None
    mask: str | None
    outpaint: str | None
    hires: str | None
    syntax: "Syntax | None"
    again: str | None
    engine: str
    address: str
    device: str
    speed: str | None
    memory: str
    models: list[Path] | None
    config: Path | None
    unsafe_pickle: bool
    offline: bool
    preview: str | None
    out: Path | None
    force: bool
    vault: Path | None
    no_timestamp: bool
    quiet: bool
    json: bool

    def wishes(self) -> "MakeWishes":
        """What is to be made.

        Raises:
            UsageError: Something typed cannot be read.
        """
        from remarque.actions.making_wishes import MakeWishes

        return MakeWishes(
            prompt=self.prompt,
            negative=self.negative,
            seed=self.seed,
            count=self.count,
            steps=self.steps,
            cfg=self.cfg,
            sampler=self.sampler,
            schedule=self.schedule,
            size=read_size(self.size) if self.size is not None else None,
            clip_skip=self.clip_skip,
            model=self.model,
            other_program=self.engine != _HERE,
            vae=self.vae,
            loras=tuple(map(read_lora, self.lora or ())),
            embeddings=tuple(self.embedding or ()),
            controls=tuple(map(read_control, self.control or ())),
            source=self.source,
            strength=self.strength,
            mask=self.mask,
            outpaint=read_outpaint(self.outpaint) if self.outpaint is not None else None,
            hires=read_hires(self.hires) if self.hires is not None else None,
            syntax=self.syntax,
            again=self.again,
        )

    def machine(self) -> "Machine":
        """Where it is to run. Looking for devices loads torch, so it is asked for late."""
        return machine_from(self.device, self.speed, self.memory)

    def engine_wishes(self) -> "EngineWishes":
        """Which engine makes it, and what it may use."""
        return engine_wishes_from(
            self.engine,
            self.address,
            self.models,
            self.config,
            unsafe_pickle=self.unsafe_pickle,
            offline=self.offline,
        )
