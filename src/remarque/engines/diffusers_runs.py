"""One call of a pipeline: what is taken down when it begins, and made into pictures seen later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remarque.engines.diffusers_adapters import (
    AdapterUse,
    adapters_in,
    fused_adapters,
    inversion_tokens,
)
from remarque.engines.diffusers_arguments import CallArguments
from remarque.engines.diffusers_calls import Pipe
from remarque.engines.diffusers_facts import (
    describe_part,
    environment,
    modules_in,
    parts_of,
    schedule_name,
    scheduler_class,
    scheduler_config,
)
from remarque.engines.diffusers_models import model_name, origins_of
from remarque.engines.diffusers_seeds import GeneratorState, Noise, global_state
from remarque.engines.diffusers_steps import StepLatents
from remarque.engines.diffusers_weights import Probe, WeightDigests
from remarque.model.canonical import Json
from remarque.model.digests import Digest
from remarque.model.recipe import Setting


@dataclass(frozen=True, slots=True)
class Equipment:
    """The pipeline as it stood before the call: parts, weights, adapters, scheduler, machine."""

    pipeline: str
    model: str | None
    parts: Mapping[str, Json]
    probes: Mapping[str, Probe]
    origins: Mapping[str, Path]
    adapters: tuple[AdapterUse, ...]
    fused: tuple[str, ...]
    tokens: Mapping[str, Digest | None]
    scheduler: str | None
    schedule: str | None
    scheduler_config: Json
    environment: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One call: an id, when it began (RFC 3339), its arguments, noise and equipment."""

    id: str
    started: str
    arguments: CallArguments
    noise: Noise
    elsewhere: GeneratorState | None
    equipment: Equipment
    latents: StepLatents | None = None
    remarks: tuple[str, ...] = ()
    made: dict[str, Any] = field(default_factory=dict)
    """What is the same for all pictures of the run, made once in the recorder's thread."""


def look_at_pipeline(pipe: Pipe, digests: WeightDigests) -> Equipment:
    """Take down what a call will use; nothing is changed, no weights are copied."""
    parts = parts_of(pipe)
    modules = modules_in(parts)
    probes = {name: digests.probe(module) for name, module in modules.items()}
    fused = fused_adapters(pipe)
    return Equipment(
        pipeline=type(pipe).__qualname__,
        model=model_name(pipe),
        parts={name: describe_part(part) for name, part in parts.items()},
        probes=probes,
        # Melted-in LoRAs make other weights than those of the files.
        origins={} if fused else origins_of(modules),
        adapters=tuple(adapters_in(modules, probes)),
        fused=fused,
        tokens=inversion_tokens(parts),
        scheduler=scheduler_class(pipe),
        schedule=schedule_name(pipe),
        scheduler_config=scheduler_config(pipe),
        environment=environment(),
    )


def noise_elsewhere(noise: Noise) -> GeneratorState | None:
    """The global generator's state, where the call was given none of its own."""
    return None if noise.generators else global_state()
