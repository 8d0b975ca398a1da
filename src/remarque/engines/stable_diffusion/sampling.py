"""A sampler by its name, set on a pipeline.

The model keeps its own noise levels and what it predicts: the new scheduler is made from the
old one's configuration. Models that match flows keep their scheduler, whatever the name says.
"""

import inspect
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from remarque.engines.diffusers_facts import schedule_name, scheduler_class
from remarque.engines.stable_diffusion.embedding_parts import Pipe
from remarque.errors import LibraryMissing, UsageError
from remarque.model.samplers import (
    SAMPLERS,
    SCHEDULES,
    Alike,
    Sampler,
    SamplerFound,
    Schedule,
    find_sampler,
    find_schedule,
    near_names,
)

Scheduler: TypeAlias = Any
SchedulerClass: TypeAlias = Any

_FLOW = "FlowMatch"
_FLOW_EULER = "FlowMatchEulerDiscreteScheduler"
_SPREADS = (
    "use_karras_sigmas",
    "use_exponential_sigmas",
    "use_beta_sigmas",
    "use_lu_lambdas",
)  # only one may be on


def set_sampler(pipe: Pipe, name: str | None, schedule: str | None) -> tuple[str, ...]:
    """Give the pipeline the sampler and schedule of these names; None leaves the model's own.

    Returns:
        Sentences on what is not as the name says.

    Raises:
        UsageError: No such name, or nothing in diffusers answers to it.
        LibraryMissing: It runs on a library that is not installed.
    """
    own = _OWN.get(pipe.scheduler, pipe.scheduler)
    if name == type(own).__name__:  # what a recorded diffusers call says of the model's own
        name = None
    if not name and not schedule:
        _put(pipe, own, type(own), {})
        return ()
    found = _found(name, schedule) if name else None
    spread = found.schedule if found else _schedule(schedule or "")
    _check(spread)
    if type(own).__name__.startswith(_FLOW):
        return _keep_flow(pipe, own, found, spread)
    _check(found.sampler if found else None)
    kind = _class_of(found, own)
    options = {**_reset(found), **(found.options if found else spread.options if spread else {})}
    taken, left = _split(kind, options)
    _put(pipe, own, kind, taken)
    return (*_said(found, spread), *_not_taken(kind.__name__, spread, left))


def own_sampler(pipe: Pipe) -> tuple[str | None, str | None]:
    """Sampler and schedule the model came with, by the artists' names where the table has them.

    Only where naming them gives the very same scheduler; else its class in diffusers, which says
    nothing of its options. With None as the schedule nothing but the model's own is left.
    """
    own = _OWN.get(pipe.scheduler, pipe.scheduler)
    spread = find_schedule(schedule_name(pipe) or "")
    schedule = spread.name if spread else None
    if type(own).__name__ == _FLOW_EULER:
        return "Euler", schedule
    for row in SAMPLERS:
        found = SamplerFound(row, spread)
        if row.diffusers == type(own).__name__ and _changes_nothing(found, own):
            return row.name, schedule
    return scheduler_class(pipe), schedule_name(pipe)


def without_left_out(
    pipe: Pipe, name: str | None, schedule: str | None
) -> tuple[tuple[str | None, str | None], tuple[str, ...]]:
    """Sampler and schedule as they will run, and a sentence where that is not as asked for.

    A model that matches flows keeps its sampler: a record that named another one would be false.
    """
    own = _OWN.get(pipe.scheduler, pipe.scheduler)
    found = find_sampler(name, schedule) if name else None
    kind = type(own).__name__
    as_asked = found is None or found.by_class or _is_euler(kind, found)
    if found is None or as_asked or not kind.startswith(_FLOW):
        return (name, schedule), ()
    kept, _ = own_sampler(pipe)
    said = f"“{found.sampler.name}” was left out: this model matches flows and keeps {kept}."
    return (kept, found.schedule.name if found.schedule else None), (said,)


def _changes_nothing(found: SamplerFound, own: Scheduler) -> bool:
    """Whether the scheduler made by this name is the one there is."""
    if any(find_spec(library) is None for library in found.needs):
        return False
    taken, _ = _split(type(own), {**_reset(found), **found.options})
    return all(own.config.get(name) == value for name, value in taken.items())


def _put(pipe: Pipe, own: Scheduler, kind: SchedulerClass, options: Mapping[str, Any]) -> None:
    """A fresh scheduler from the one the model came with.

    Made from the last one it would carry that one's options along, and the picture would depend
    on which was made before.
    """
    pipe.scheduler = kind.from_config(own.config, **options)
    _OWN[pipe.scheduler] = own


_OWN: WeakKeyDictionary[Scheduler, Scheduler] = WeakKeyDictionary()
"""Schedulers set here, and the one the model came with. Pipelines of one model share theirs."""


def _found(name: str, schedule: str | None) -> SamplerFound:
    found = find_sampler(name, schedule)
    if found is not None:
        return found
    if find_sampler(name) is None:
        raise _unknown("sampler", name, near_names(name, SAMPLERS))
    raise _unknown("schedule", schedule or "", near_names(schedule or "", SCHEDULES))


def _schedule(name: str) -> Schedule | None:
    if name.strip().lower() == "automatic":
        return None
    found = find_schedule(name)
    if found is None:
        raise _unknown("schedule", name, near_names(name, SCHEDULES))
    return found


def _unknown(kind: str, name: str, near: tuple[str, ...]) -> UsageError:
    hint = f"Near spellings: {', '.join(near)}." if near else ""
    shown = name if len(name) <= _SHOWN else name[:_SHOWN] + "…"
    return UsageError(f"No {kind} is called “{shown}”.", hint=hint or _SEE)


_SHOWN = 60
_SEE = "docs/reference/samplers.md lists every name."


def _check(row: Sampler | Schedule | None) -> None:
    """Refuse what cannot run here."""
    if row is None:
        return
    if row.alike is Alike.NONE:
        raise UsageError(f"“{row.name}” has no counterpart in diffusers.", hint=_SEE)
    missing = [library for library in row.needs if find_spec(library) is None]
    if missing:
        raise LibraryMissing(
            f"“{row.name}” needs {' and '.join(missing)}, which is not installed.",
            hint=f"Install it with: pip install {' '.join(missing)}",
        )


def _class_of(found: SamplerFound | None, own: Scheduler) -> SchedulerClass:
    import diffusers

    return getattr(diffusers, found.sampler.diffusers) if found else type(own)


def _reset(found: SamplerFound | None) -> Mapping[str, bool]:
    """A schedule named in place of the model's own ends it; so does a sampler named without one.

    A diffusers class says nothing of the schedule: then the model's own goes on.
    """
    if found is not None and found.by_class and found.schedule is None:
        return {}
    return dict.fromkeys(_SPREADS, False)


def _split(kind: SchedulerClass, options: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The options this class takes, and those it does not that would have done something."""
    known = set(inspect.signature(kind.__init__).parameters)
    taken = {name: value for name, value in options.items() if name in known}
    return taken, [name for name, value in options.items() if name not in known and value]


def _said(found: SamplerFound | None, spread: Schedule | None) -> Iterable[str]:
    rows = (found.sampler if found and not found.by_class else None, spread)
    for row in rows:
        if row is not None and row.alike is Alike.NAMED:
            yield f"“{row.name}” is {row.alike}: {row.note}."


def _not_taken(kind: str, spread: Schedule | None, left: list[str]) -> Iterable[str]:
    if spread is not None and left:
        yield f"The schedule “{spread.name}” was left out: {kind} takes none of it."


def _keep_flow(
    pipe: Pipe, own: Scheduler, found: SamplerFound | None, spread: Schedule | None
) -> tuple[str, ...]:
    """Flow matching: the scheduler stays; a schedule is taken where the class has it."""
    kind = type(own)
    taken, left = _split(kind, spread.options if spread else {})
    off = _split(kind, dict.fromkeys(_SPREADS, False))[0] if taken else {}
    _put(pipe, own, kind, {**off, **taken})
    stays = (
        ()
        if _is_euler(kind.__name__, found)
        else (
            f"“{found.sampler.name if found else ''}” was left out: "
            f"this model matches flows and keeps {kind.__name__}.",
        )
    )
    return (
        *stays,
        *_said(None, spread if taken else None),
        *_not_taken(kind.__name__, spread, left),
    )


def _is_euler(kind: str, found: SamplerFound | None) -> bool:
    return found is None or (kind == _FLOW_EULER and found.sampler.name == "Euler")
