"""From a run of ComfyUI and the bytes of one of its pictures to what is recorded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from remarque.actions.witnessing import Seen
from remarque.engines.comfyui_history import Outcome, Run, Shown
from remarque.engines.comfyui_prompts import (
    contradiction_with_file,
    executed_bytes,
    reading_of,
    with_values,
)
from remarque.model.canonical import Json
from remarque.model.digests import digest_of
from remarque.model.recipe import Reading, Setting, SourceUse
from remarque.model.times import format_time
from remarque.model.witness import ModelFile, Observer, Witness

LoadInput = Callable[[str], bytes | None]
"""The bytes of a picture that went in, by the name in the prompt; None where they are not had."""

_MOST_INPUTS = 16


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for all pictures of a running program."""

    observer: Observer
    program: str
    environment: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """What was found beside one picture.

    ``values`` are what linked inputs held when their nodes ran, by node id and input name.
    ``path`` is where the file lies, if it lies here and stays.
    """

    load: LoadInput
    models: tuple[ModelFile, ...] = ()
    values: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    caught_up: bool = False
    path: Path | None = None
    remarks: tuple[str, ...] = ()


def seen_of(
    run: Run, shown: Shown, file: tuple[bytes, datetime], around: Surroundings, beside: Beside
) -> Seen:
    """The picture as it was seen; ``file`` are its bytes and when it came into being.

    Raises:
        PictureUnreadable: The bytes are no picture of a known format.
    """
    content, came = file
    contradiction = contradiction_with_file(run.prompt, content)
    prompt, computed = with_values(run.prompt, beside.values)
    reading, inputs = _with_digests(reading_of(prompt, shown.place), beside.load)
    recipe = replace(reading.recipe, settings=(*reading.recipe.settings, *computed))
    executed = executed_bytes(run.prompt)
    remarks = [*_remarks(run, shown), *_missing(inputs), *beside.remarks]
    if executed is None:
        remarks.append("The executed prompt has no canonical JSON form and was not kept as such.")
    return Seen(
        content=content,
        name=shown.name,
        came=came,
        witness=Witness(
            observer=around.observer,
            program=around.program,
            run=run.id,
            saved=shown.kind == "output",
            caught_up=beside.caught_up or shown.earlier,
            started=_told(run.started),
            finished=_told(run.finished),
            models=beside.models,
            environment=around.environment,
            remarks=tuple(remarks),
        ),
        path=beside.path,
        reading=replace(
            reading, recipe=recipe, contradictions=(contradiction,) if contradiction else ()
        ),
        executed=executed,
        sources=tuple(dict.fromkeys(kept for kept in inputs.values() if kept is not None)),
    )


def _remarks(run: Run, shown: Shown) -> list[str]:
    """What must be known about the picture beside its recipe."""
    found = []
    if shown.earlier:
        found.append(
            "ComfyUI showed this picture again without running its nodes; it came into being in "
            "an earlier run, which was not seen."
        )
    if shown.place.of > 1:
        found.append(
            f"Picture {shown.place.index} of {shown.place.of} of node {shown.place.node}; a seed "
            "in the recipe is that of the whole batch."
        )
    if run.outcome is Outcome.FAILED:
        found.append(f"The run failed after this picture was made: {run.reason or 'no reason'}.")
    if run.outcome is Outcome.INTERRUPTED:
        found.append("The run was interrupted after this picture was made.")
    return found


def _with_digests(reading: Reading, load: LoadInput) -> tuple[Reading, dict[str, bytes | None]]:
    """The reading with digests of the pictures that went in, and their bytes by name."""
    kept: dict[str, bytes | None] = {}
    uses: list[SourceUse] = []
    for use in reading.recipe.sources:
        if use.name is not None and use.name not in kept and len(kept) < _MOST_INPUTS:
            kept[use.name] = load(use.name)
        content = kept.get(use.name or "")
        uses.append(use if content is None else replace(use, digest=digest_of(content)))
    return replace(reading, recipe=replace(reading.recipe, sources=tuple(uses))), kept


def _missing(inputs: Mapping[str, bytes | None]) -> list[str]:
    return [
        f"The picture {name!r} that went in was not kept: it is not there, or was changed since."
        for name, content in inputs.items()
        if content is None
    ]


def _told(moment: datetime | None) -> str:
    return format_time(moment) if moment is not None else ""
