"""Samplers and noise schedules by the names artists know.

Every program spells them in its own way; ``samplers_table`` holds them side by side with the
diffusers class of each. Names are compared without regard to case, blanks and signs, and a name
that fuses both ("DPM++ 2M Karras", ``dpmpp_2m_k``) is taken apart.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from remarque.model.sampler_rows import Alike, Options, Sampler, Schedule
from remarque.model.samplers_table import SAMPLERS, SCHEDULES

__all__ = [
    "SAMPLERS",
    "SCHEDULES",
    "Alike",
    "Options",
    "Sampler",
    "SamplerFound",
    "Schedule",
    "find_sampler",
    "find_schedule",
    "near_names",
]

_LONGEST_NAME = 100
_NO_LETTER = re.compile(r"[^a-z0-9]+")
_NEAR = 3
_CLASS = re.compile(r"[A-Za-z0-9]+Scheduler\Z")


@dataclass(frozen=True, slots=True)
class SamplerFound:
    """A sampler by one of its names, with the schedule asked for.

    ``by_class`` says that the name was that of a diffusers class, which tells the class and
    nothing of its options: those of the model hold.
    """

    sampler: Sampler
    schedule: Schedule | None = None
    by_class: bool = False

    @property
    def options(self) -> Options:
        """What the class is configured with: the sampler's options, then the schedule's."""
        own = {} if self.by_class else self.sampler.options
        return {**own, **(self.schedule.options if self.schedule else {})}

    @property
    def needs(self) -> tuple[str, ...]:
        """Libraries it runs with, besides diffusers."""
        more = self.schedule.needs if self.schedule else ()
        return tuple(dict.fromkeys((*self.sampler.needs, *more)))


def find_sampler(name: str, schedule: str | None = None) -> SamplerFound | None:
    """The sampler of this name; None where it, or the schedule, is in no row of the table.

    Args:
        name: In the spelling of any program, a schedule may be fused to it.
        schedule: The schedule where it is told apart; it wins over one in the name. "Automatic"
            is the schedule AUTOMATIC1111 gives the sampler by itself.
    """
    found = _find(name)
    if found is None or not (schedule or "").strip():
        return found
    if _key(schedule or "") == "automatic":
        by_itself = find_schedule(found.sampler.automatic) or found.schedule
        return SamplerFound(found.sampler, by_itself, found.by_class)
    told = find_schedule(schedule or "")
    return SamplerFound(found.sampler, told, found.by_class) if told else None


def find_schedule(name: str) -> Schedule | None:
    """The noise schedule of this name, None for one in no row of the table."""
    return None if len(name) > _LONGEST_NAME else _schedules().get(_key(name))


def near_names(name: str, rows: Iterable[Sampler] | Iterable[Schedule]) -> tuple[str, ...]:
    """The names in the table that are spelt most like this one, nearest first; at most three."""
    by_key = {_key(spelling): row.name for row in rows for spelling in _spellings(row)}
    keys = difflib.get_close_matches(_key(name[:_LONGEST_NAME]), by_key, n=2 * _NEAR, cutoff=0.5)
    return tuple(dict.fromkeys(by_key[key] for key in keys))[:_NEAR]


def _find(name: str) -> SamplerFound | None:
    if len(name) > _LONGEST_NAME:
        return None
    if _CLASS.fullmatch(name.strip()):
        of_class = (row for row in SAMPLERS if row.diffusers == name.strip())
        row = next(of_class, None)
        return SamplerFound(row, by_class=True) if row else None
    key, samplers = _key(name), _samplers()
    if key in samplers:
        return SamplerFound(samplers[key])
    return next(_parted(name, key, samplers), None)


def _parted(name: str, key: str, samplers: Mapping[str, Sampler]) -> Iterator[SamplerFound]:
    """The ways to take a fused name apart.

    InvokeAI writes ``_k`` for Karras, and so do AUTOMATIC1111's short names, as ``_ka``.
    """
    endings = dict(_schedules())
    for short in ("k", "ka"):
        if name.strip().lower().endswith(f"_{short}"):
            endings[short] = endings["karras"]
    for ending, schedule in endings.items():
        sampler = samplers.get(key.removesuffix(ending)) if key.endswith(ending) else None
        if sampler is not None:
            yield SamplerFound(sampler, schedule)


@cache
def _samplers() -> Mapping[str, Sampler]:
    return {_key(spelling): row for row in reversed(SAMPLERS) for spelling in _spellings(row)}


@cache
def _schedules() -> Mapping[str, Schedule]:
    return {_key(spelling): row for row in reversed(SCHEDULES) for spelling in _spellings(row)}


def _spellings(row: Sampler | Schedule) -> tuple[str, ...]:
    more = (row.invokeai,) if isinstance(row, Sampler) else ()
    return tuple(one for one in (row.name, row.comfyui, *more, *row.also) if one)


def _key(name: str) -> str:
    """What is left of a name when programs' habits are taken off."""
    plain = name.strip().lower().removeprefix("k_").replace("++", "pp").removesuffix("_gpu")
    return _NO_LETTER.sub("", plain.replace("ancestral", "a"))
