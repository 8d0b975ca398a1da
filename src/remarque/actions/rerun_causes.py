"""The environment then and now, line by line, and why a picture made again may differ."""

from collections.abc import Iterable, Iterator, Mapping

from remarque.actions.rerun_gaps import generators_in
from remarque.actions.rerun_models import is_proven, other_files
from remarque.actions.rerun_samplers import scheduler_in, told_in
from remarque.actions.witnessing import Seen
from remarque.model.canonical import Json
from remarque.model.history import Take
from remarque.model.reruns import EnvironmentLine
from remarque.model.witness import Witness

_MOST_OPTIONS = 6
NOT_RECORDED = "The record holds no environment: that of the first run is not known."

_CAUSES: tuple[tuple[str, str], ...] = (
    ("runs on", "It ran on another kind of device: {then}, now {now}."),
    ("device", "It ran on another device: {then}, now {now}."),
    ("torch", "Another version of torch computed it: {then}, now {now}."),
    ("diffusers", "Another version of diffusers ran it: {then}, now {now}."),
    ("transformers", "Another version of transformers read the words: {then}, now {now}."),
    ("torch threads", "It ran on another number of threads: {then}, now {now}."),
    ("CPU capability", "The processor computed with other instructions: {then}, now {now}."),
    ("oneDNN", "oneDNN was switched otherwise: {then}, now {now}."),
    ("speed", "It was made at the speed “{then}”, now at “{now}”."),
    ("memory", "It was made with the memory setting “{then}”, now with “{now}”."),
    ("number type", "It was computed in {then}, now in {now}."),
    ("attention", "Attention was computed by {then}, now by {now}."),
    ("TF32", "TF32 was switched otherwise: {then}, now {now}."),
)
"""By how far each usually moves a picture, the furthest first."""


def environment_lines(
    witness: Witness | None, now: Mapping[str, str]
) -> tuple[EnvironmentLine, ...]:
    """Every fact of either side, those on record first in the order they were recorded."""
    settings = witness.environment if witness is not None else ()
    then = {one.name: one.value for one in settings}
    names = dict.fromkeys([*then, *now])
    return tuple(EnvironmentLine(name, then.get(name), now.get(name)) for name in names)


def causes_of(
    take: Take, then: bytes | None, seen: Seen, engine: str, lines: Iterable[EnvironmentLine]
) -> tuple[str, ...]:
    """Sentences on why the two pictures may differ, the likeliest first.

    Args:
        take: The take as recorded.
        then: What its program ran, where that is on record.
        seen: How its picture was made now.
        engine: The name of the engine that made it.
        lines: The environment then and now.
    """
    lines = tuple(lines)
    return (
        *_models(take, seen.witness),
        *_programs(take, engine),
        *_calls(take, told_in(then)),
        *_sampler_options(scheduler_in(then), scheduler_in(seen.executed)),
        *_remarks(take, seen.witness),
        *_environment(lines),
        *([] if any(one.recorded is not None for one in lines) else [NOT_RECORDED]),
    )


def _models(take: Take, seen: Witness) -> Iterator[str]:
    recorded = take.witness.models if take.witness is not None else ()
    yield from other_files(recorded, seen.models)
    if not is_proven(take):
        named = f" “{take.recipe.model}”" if take.recipe.model else ""
        yield (
            f"The record names the model{named} without its whole digest: it cannot be shown that "
            "the same file was used."
        )
    elif not any(one.digest for one in seen.models):
        yield "The program that ran it does not tell digests: the model is the same by name alone."


def _programs(take: Take, engine: str) -> Iterator[str]:
    made_by = take.witness.program if take.witness is not None else None
    program = made_by or take.generator
    if program and program != engine:
        yield f"Another program made it: {program}, now {engine}."


def _calls(take: Take, told: Mapping[str, Json]) -> Iterator[str]:
    """What a recorded call of a pipeline did otherwise than an order of one picture does."""
    sizes = {one.value for one in take.recipe.settings if one.name == "num_images_per_prompt"}
    if len(generators_in(told)) > 1 or sizes - {"1"}:
        yield "It was made in a batch, now alone: the arithmetic runs in another order."
    if "Inpaint" in str(told.get("pipeline", "")):
        yield (
            "The pipeline on record drew the whole picture anew; here what lies outside the mask "
            "is kept as it was."
        )


def _sampler_options(then: Mapping[str, Json], now: Mapping[str, Json]) -> Iterator[str]:
    """The options of the sampler that are on record and are others now."""
    if not then or not now:
        return
    if then.get("class") != now.get("class"):
        yield f"Another sampler class ran: {then.get('class')}, now {now.get('class')}."
        return
    before, after = _options(then), _options(now)
    others = [
        f"{name} ({before[name]}, now {after[name]})"
        for name in before
        if name in after and before[name] != after[name]
    ]
    if others:
        yield f"The sampler had other options: {', '.join(others[:_MOST_OPTIONS])}."


def _options(scheduler: Mapping[str, Json]) -> Mapping[str, Json]:
    config = scheduler.get("config")
    told = config if isinstance(config, dict) else {}
    return {name: value for name, value in told.items() if not name.startswith("_")}


def _remarks(take: Take, seen: Witness) -> Iterator[str]:
    """What the engine says of this run and was not said of the first."""
    known = take.witness.remarks if take.witness is not None else ()
    yield from (one for one in seen.remarks if one not in known)


def _environment(lines: tuple[EnvironmentLine, ...]) -> Iterator[str]:
    by_name = {one.name: one for one in lines}
    for name, sentence in _CAUSES:
        line = by_name.get(name)
        if line is None or line.recorded is None or line.now is None or line.same:
            continue
        yield sentence.format(then=line.recorded, now=line.now)
