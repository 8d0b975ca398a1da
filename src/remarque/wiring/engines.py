"""Build the engine a person asks for, with the folders and permissions it may use."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from remarque.actions.orders import Engine, Machine, Memory, Speed
from remarque.errors import PlaceUnusable, UsageError
from remarque.model.times import Clock

MODELS_VARIABLE = "REMARQUE_MODELS"

_AUTO, _CPU = "auto", "cpu"
_ADDRESSES = {"comfyui": "http://127.0.0.1:8188", "a1111": "http://127.0.0.1:7860"}


class EngineKind(StrEnum):
    """DIFFUSERS runs in this process; the others are programs that are running already."""

    DIFFUSERS = "diffusers"
    COMFYUI = "comfyui"
    A1111 = "a1111"


@dataclass(frozen=True, slots=True)
class EngineWishes:
    """Which engine, and what it may use.

    ``address`` is that of the running program, empty for its usual one on this machine. The rest
    is for diffusers: ``folders`` are searched for models before those of REMARQUE_MODELS,
    ``config`` is the folder of small files a single-file checkpoint needs, ``unsafe_pickle``
    allows files that can run code of their own, ``hub`` allows the network.
    """

    kind: EngineKind = EngineKind.DIFFUSERS
    address: str = ""
    folders: tuple[Path, ...] = ()
    config: Path | None = None
    unsafe_pickle: bool = False
    hub: bool = True


def build_engine(clock: Clock, wishes: EngineWishes | None = None) -> Engine:
    """The engine with nothing loaded yet; close it when done.

    Raises:
        UsageError: An address that is none, or one for the engine that runs in this process.
        PlaceUnusable: A folder of models or of configuration is not there.
    """
    wishes = wishes or EngineWishes()
    if wishes.kind is EngineKind.DIFFUSERS:
        return _diffusers(clock, wishes)
    address = wishes.address or _ADDRESSES[wishes.kind]
    if wishes.kind is EngineKind.COMFYUI:
        from remarque.engines.comfyui_engine import ComfyEngine

        return ComfyEngine(address, clock)
    from remarque.engines.webui_engine import WebuiEngine

    return WebuiEngine(address, clock)


def model_folders(given: Iterable[Path] = ()) -> tuple[Path, ...]:
    """The folders given, then those REMARQUE_MODELS lists (parted as in PATH), each once.

    Raises:
        PlaceUnusable: One of the folders given is no folder. One of the variable that is not
            there now (a disk that is not mounted) is passed over.
    """
    named = [folder.expanduser().absolute() for folder in given]
    for folder in named:
        if not folder.is_dir():
            raise PlaceUnusable(
                f"{folder} is no folder that could hold models",
                hint="Name folders that are there, with --models or in REMARQUE_MODELS.",
            )
    listed = os.environ.get(MODELS_VARIABLE, "").split(os.pathsep)
    usual = [Path(text).expanduser().absolute() for text in listed if text.strip()]
    return tuple(dict.fromkeys([*named, *(folder for folder in usual if folder.is_dir())]))


def fitting_machine(
    device: str = _AUTO, speed: Speed | None = None, memory: Memory = Memory.PLENTY
) -> Machine:
    """The machine to run on. Left open, the speed is EXACT on a processor, else BALANCED.

    On a processor exactness costs little time, and only it gives the same bits in every process.
    """
    if speed is None:
        on_cpu = device == _CPU or (device == _AUTO and not _has_accelerator())
        speed = Speed.EXACT if on_cpu else Speed.BALANCED
    return Machine(device, speed, memory)


def _diffusers(clock: Clock, wishes: EngineWishes) -> Engine:
    from remarque.engines.model_files import ModelFiles
    from remarque.engines.stable_diffusion.engine import DiffusersEngine
    from remarque.engines.stable_diffusion.loading import Loader, Permissions
    from remarque.engines.stable_diffusion.shelf import Shelf

    if wishes.address:
        raise UsageError(
            f"the engine diffusers runs in this process and has no address {wishes.address}",
            hint="Say --engine comfyui or --engine a1111 with an address.",
        )
    config = wishes.config.expanduser().absolute() if wishes.config is not None else None
    if config is not None and not config.is_dir():
        raise PlaceUnusable(f"{config} is no folder with a model's configuration")
    files = ModelFiles()
    shelf = Shelf(model_folders(wishes.folders), files)
    permissions = Permissions(unsafe_pickle=wishes.unsafe_pickle, hub=wishes.hub, config=config)
    return DiffusersEngine(Loader(shelf, files, permissions), clock)


def _has_accelerator() -> bool:
    try:
        import torch
    except ImportError:
        return False  # the engine says what is missing
    return bool(torch.cuda.is_available() or torch.backends.mps.is_available())
