"""What a row of the table of samplers and schedules holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Options: TypeAlias = Mapping[str, bool | int | float | str]


class Alike(StrEnum):
    """What is known of a sampler here and the one another program calls by that name.

    Equal pictures are promised by none: noise, rounding and the first and last level of noise
    may differ between programs even where the algorithm is the same.
    """

    SAME = "same algorithm"
    NAMED = "named alike, not shown equal"
    NONE = "no counterpart"


@dataclass(frozen=True, slots=True)
class Sampler:
    """A sampler.

    ``name`` as AUTOMATIC1111 and Forge write it (ComfyUI's or diffusers' where they have none),
    ``diffusers`` the class, empty for none, with ``options`` for it, ``needs`` the libraries
    besides, ``automatic`` the schedule AUTOMATIC1111 takes by itself, ``note`` how it differs.
    """

    name: str
    comfyui: str = ""
    invokeai: str = ""
    diffusers: str = ""
    options: Options = field(default_factory=dict)
    alike: Alike = Alike.SAME
    needs: tuple[str, ...] = ()
    automatic: str = ""
    also: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the levels of noise are spread over the steps; fields as in ``Sampler``."""

    name: str
    comfyui: str = ""
    options: Options = field(default_factory=dict)
    alike: Alike = Alike.SAME
    needs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    note: str = ""
