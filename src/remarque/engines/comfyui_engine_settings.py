"""Sampler and schedule of a recipe in ComfyUI's spelling."""

from collections.abc import Sequence

from remarque.engines.comfyui_queue import ComfyQueue
from remarque.errors import UsageError
from remarque.model.samplers import SAMPLERS, SCHEDULES, find_sampler, find_schedule, near_names

_DEFAULT_SAMPLER, _DEFAULT_SCHEDULER = "euler", "normal"
_SHOWN = 60


def sampling_names(
    sampler: str | None, scheduler: str | None, queue: ComfyQueue
) -> tuple[str, str, tuple[str, ...]]:
    """Sampler and schedule as the server names them, and sentences on what was assumed.

    Raises:
        UsageError: The server has no such sampler or schedule.
        ProgramUnavailable: The server cannot be reached.
    """
    said: list[str] = []
    if sampler is None:
        said.append(f"The recipe names no sampler; {_DEFAULT_SAMPLER} was taken.")
        sampler = _DEFAULT_SAMPLER
    samplers = queue.options("KSampler", "sampler_name")
    schedulers = queue.options("KSampler", "scheduler")
    name, schedule = (sampler, scheduler) if sampler in samplers else _mapped(sampler, scheduler)
    if schedule is None:
        said.append(f"The recipe names no schedule; {_DEFAULT_SCHEDULER} was taken.")
        schedule = _DEFAULT_SCHEDULER
    if schedule not in schedulers:
        row = find_schedule(schedule)
        schedule = row.comfyui if row is not None and row.comfyui else schedule
    _refuse_absent("sampler", name, samplers)
    _refuse_absent("schedule", schedule, schedulers)
    if name != sampler:
        said.append(
            f"The sampler {sampler[:_SHOWN]!r} is {name!r} in ComfyUI; they are named alike, not "
            "shown to be equal."
        )
    return name, schedule, tuple(said)


def _mapped(sampler: str, scheduler: str | None) -> tuple[str, str | None]:
    """ComfyUI's names for those of another program."""
    found = find_sampler(sampler, scheduler)
    if found is None or not found.sampler.comfyui:
        near = ", ".join((*near_names(sampler, SAMPLERS), *near_names(scheduler or "", SCHEDULES)))
        raise UsageError(
            f"the sampler {sampler[:_SHOWN]!r} with the schedule {(scheduler or '')[:_SHOWN]!r} "
            "has no name in ComfyUI",
            hint=f"Near it are: {near}." if near else "Name another with --sampler.",
        )
    return found.sampler.comfyui, found.schedule.comfyui if found.schedule else None


def _refuse_absent(what: str, name: str, known: Sequence[str]) -> None:
    if known and name not in known:
        raise UsageError(
            f"ComfyUI has no {what} {name[:_SHOWN]!r}", hint=f"It has: {', '.join(known[:20])}."
        )
