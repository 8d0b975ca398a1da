"""The options of every verb that runs an engine (make, rerun, explain), each spelled once.

The words are repeated here as literals: the rooms that define them load OpenCV, and a command line
should start without it. A test holds the two together.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remarque.actions.orders import Machine
    from remarque.wiring.engines import EngineWishes

EngineOption = Annotated[
    Literal["diffusers", "comfyui", "a1111"],
    typer.Option(
        "--engine", help="diffusers (in this process), or a running comfyui or a1111 (Forge)."
    ),
]
AddressOption = Annotated[
    str, typer.Option("--address", help="Where that program listens (default: on this machine).")
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")]
SpeedOption = Annotated[
    Literal["exact", "balanced", "fast"] | None,
    typer.Option(
        "--speed",
        help="exact (the default on a processor: the same bits every time), balanced or fast.",
    ),
]
MemoryOption = Annotated[
    Literal["plenty", "tight", "scarce"],
    typer.Option("--memory", help="plenty; tight or scarce where a model does not fit."),
]
AgainMemoryOption = Annotated[
    Literal["plenty", "tight", "scarce"] | None,
    typer.Option("--memory", help="plenty, tight or scarce (default: as it was made)."),
]
ModelsOption = Annotated[
    list[Path] | None,
    typer.Option("--models", help="A folder to look for models in (repeat); or REMARQUE_MODELS."),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="The folder of small files that a single-file checkpoint needs."),
]
PickleOption = Annotated[
    bool, typer.Option("--unsafe-pickle", help="Load model files that can run code of their own.")
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Fetch no model from the network.")]


def machine_from(device: str, speed: str | None, memory: str) -> "Machine":
    """Where to run, from the words of the options."""
    from remarque.actions.orders import Memory, Speed
    from remarque.wiring.engines import fitting_machine

    return fitting_machine(device, Speed(speed) if speed else None, Memory(memory))


def engine_wishes_from(
    engine: str,
    address: str,
    models: "Sequence[Path] | None",
    config: Path | None,
    *,
    unsafe_pickle: bool,
    offline: bool,
) -> "EngineWishes":
    """Which engine, from the words of the options."""
    from remarque.wiring.engines import EngineKind, EngineWishes

    return EngineWishes(
        kind=EngineKind(engine),
        address=address,
        folders=tuple(models or ()),
        config=config,
        unsafe_pickle=unsafe_pickle,
        hub=not offline,
    )
