"""From a run that has ended to the picture as it was seen; works in the recorder's thread."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from remarque.actions.witnessing import Seen
from remarque.engines.diffusers_adapters import loras_of
from remarque.engines.diffusers_models import describe_models
from remarque.engines.diffusers_pictures import (
    Frozen,
    describe,
    output_bytes,
    source_bytes,
    sources_in,
)
from remarque.engines.diffusers_runs import Run
from remarque.engines.diffusers_seeds import GeneratorState
from remarque.engines.diffusers_weights import WeightDigests
from remarque.engines.model_files import ModelFiles
from remarque.model.canonical import Json, encode_canonical, json_from_value
from remarque.model.digests import Digest, digest_of
from remarque.model.recipe import LoraUse, Reading, Recipe, Setting, SourceUse
from remarque.model.times import format_time
from remarque.model.witness import ModelFile, Observer, Witness

ROUNDED = "The pipeline gave numbers between 0 and 1; they are kept rounded to 8 bits."
EMBEDDED = "The words reached the model as embeddings; the prompt itself was not handed to it."
BLACKED_OUT = "The safety checker blacked this picture out."
CHANGED_LORA = "LoRAs were melted into the weights before this run: {names}."
LARGEST_SOURCE_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class Output:
    """One picture of a run: its number (from 0) of ``count``, when it came, its frozen pixels."""

    number: int
    count: int
    came: datetime
    pixels: Frozen
    blacked_out: bool = False


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all pictures of one run have in common."""

    executed: bytes
    kept: Mapping[Digest, bytes]
    loras: tuple[LoraUse, ...]
    models: tuple[ModelFile, ...]
    model_hash: str | None
    remarks: tuple[str, ...]


class Telling:
    """Makes pictures seen out of runs; keeps the digests of weights and files between them."""

    def __init__(self, digests: WeightDigests, files: ModelFiles) -> None:
        self._digests = digests
        self._files = files

    def seen(self, run: Run, output: Output) -> Seen:
        """One picture of a run, as it was seen."""
        content, rounded = output_bytes(output.pixels)
        shared = self._shared(run)
        return Seen(
            content=content,
            name=f"{run.id[:8]}-{output.number + 1}.png",
            came=output.came,
            witness=self._witness(run, output, shared, rounded=rounded),
            reading=Reading("diffusers", _recipe_of(run, output, shared)),
            executed=shared.executed,
            sources=tuple(shared.kept.values()),
        )

    def _witness(self, run: Run, output: Output, shared: _Shared, *, rounded: bool) -> Witness:
        told = [
            *run.remarks,
            *run.noise.remarks(output.number, output.count),
            *shared.remarks,
            *([ROUNDED] if rounded else ()),
            *([BLACKED_OUT] if output.blacked_out else ()),
        ]
        versions = {fact.name: fact.value for fact in run.equipment.environment}
        latents = run.latents.digests(output.number, output.count) if run.latents else ()
        return Witness(
            observer=Observer.DIFFUSERS,
            program=f"diffusers {versions.get('diffusers', '')}".strip(),
            run=run.id,
            started=run.started,
            finished=format_time(output.came),
            models=shared.models,
            environment=run.equipment.environment,
            latents=latents,
            remarks=tuple(told),
        )

    def _shared(self, run: Run) -> _Shared:
        if "shared" not in run.made:  # one thread only comes here
            run.made["shared"] = self._make_shared(run)
        found: _Shared = run.made["shared"]
        return found

    def _make_shared(self, run: Run) -> _Shared:
        equipment, kept = run.equipment, _Kept()
        loras, remarks = loras_of(list(equipment.adapters), self._digests)
        models, denoiser = [], None
        found = describe_models(equipment.probes, equipment.origins, self._digests, self._files)
        for model, said in found:
            models.append(model)
            denoiser = denoiser or (model.digest if model.role == "unet" else None)
            remarks += [said] if said else []
        models += [ModelFile("lora", one.name, Digest(one.hash)) for one in loras if one.hash]
        models += [ModelFile("embedding", name, d) for name, d in equipment.tokens.items()]
        if equipment.fused:
            remarks.append(CHANGED_LORA.format(names=", ".join(equipment.fused)))
        if run.arguments.values.get("prompt") is None and "prompt_embeds" in run.arguments.given:
            remarks.append(EMBEDDED)
        executed = encode_canonical(_executed(run, kept))
        return _Shared(executed, kept.small(), loras, tuple(models), denoiser, tuple(remarks))


class _Kept:
    """Bytes of pictures and arrays that went in, each once."""

    def __init__(self) -> None:
        self._found: dict[Digest, bytes] = {}

    def __call__(self, content: bytes) -> Digest:
        digest = digest_of(content)
        self._found[digest] = content
        return digest

    def small(self) -> dict[Digest, bytes]:
        """Those that are no larger than may be kept."""
        return {d: one for d, one in self._found.items() if len(one) <= LARGEST_SOURCE_BYTES}


def _recipe_of(run: Run, output: Output, shared: _Shared) -> Recipe:
    arguments, number, count = run.arguments, output.number, output.count
    return Recipe(
        prompt=arguments.text("prompt", number, count),
        negative_prompt=arguments.text("negative_prompt", number, count),
        seed=run.noise.seed_of(number),
        steps=arguments.steps,
        cfg=arguments.guidance,
        sampler=run.equipment.scheduler,
        scheduler=run.equipment.schedule,
        model=run.equipment.model,
        model_hash=shared.model_hash,
        clip_skip=arguments.whole("clip_skip"),
        denoise=arguments.number("strength"),
        generated_size=arguments.size,
        loras=shared.loras,
        sources=tuple(_sources_of(run, number, count)),
        settings=(Setting("pipeline", run.equipment.pipeline), *arguments.settings),
    )


def _sources_of(run: Run, number: int, count: int) -> list[SourceUse]:
    digests = run.made.setdefault("sources", {})
    found = []
    for name, role in run.arguments.roles.items():
        sources = sources_in(run.arguments.values[name])
        if len(sources) > 1 and count % len(sources) == 0:  # one for each prompt of the batch
            sources = [sources[number // (count // len(sources))]]
        for source in sources:
            digest = digests.get(id(source)) or digest_of(source_bytes(source))
            digests[id(source)] = digest
            strength = run.arguments.number("controlnet_conditioning_scale")
            found.append(
                SourceUse(role, strength=strength if role == "control" else None, digest=digest)
            )
    return found


def _executed(run: Run, kept: _Kept) -> dict[str, Json]:
    """The call as it was made, for whoever wants to make it again."""
    equipment = run.equipment
    values = {name: describe(value, kept) for name, value in run.arguments.values.items()}
    return {
        "pipeline": equipment.pipeline,
        "arguments": values,
        "given": list(run.arguments.given),
        "generators": [_generator_json(one) for one in run.noise.generators],
        "global generator": _generator_json(run.elsewhere) if run.elsewhere else None,
        "parts": dict(equipment.parts),
        "scheduler": {"class": equipment.scheduler, "config": equipment.scheduler_config},
        "adapters": [
            {"name": one.name, "part": one.part, "weight": one.weight} for one in equipment.adapters
        ],
        "melted adapters": list(equipment.fused),
        "tokens": dict(equipment.tokens),
        "environment": {one.name: one.value for one in equipment.environment},
    }


def _generator_json(one: GeneratorState) -> Any:  # noqa: ANN401  JSON
    return json_from_value(one)
