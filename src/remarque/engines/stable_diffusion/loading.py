"""Models for an order: found, looked at, loaded, and described with their digests.

The last pipeline stays loaded, and of the next order only what differs is loaded anew: the takes
of a work mostly share their model. What is in memory is what the digests were taken of: a file
that changed since is loaded again, and one that changes while it is loaded is refused.
"""

import gc
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remarque.actions.orders import Order, Speed
from remarque.engines.model_files import ModelFiles
from remarque.engines.stable_diffusion.families import Family, family_of_pipe
from remarque.engines.stable_diffusion.family_configs import Places
from remarque.engines.stable_diffusion.hub import Fetching
from remarque.engines.stable_diffusion.loading_finding import Found, find_models
from remarque.engines.stable_diffusion.loading_guards import require_libraries
from remarque.engines.stable_diffusion.loading_held import Held, hold
from remarque.engines.stable_diffusion.loading_pipelines import Opening
from remarque.engines.stable_diffusion.loading_telling import compare_told, describe_models
from remarque.engines.stable_diffusion.loading_wishes import read_wishes
from remarque.engines.stable_diffusion.shelf import Shelf
from remarque.model.witness import ModelFile

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a person permits and names besides the order.

    ``hub`` permits the network; ``config`` is the folder of settings for checkpoints in one file.
    """

    unsafe_pickle: bool = False
    hub: bool = True
    config: Path | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """Models ready to run. ``controls`` stand in the order of the recipe's control pictures.

    ``models`` describes every file; ``remarks`` are sentences on what was left open or apart.
    """

    pipe: Any
    family: Family
    models: tuple[ModelFile, ...]
    controls: tuple[Any, ...] = ()
    remarks: tuple[str, ...] = ()


class Loader:
    """Loads what orders wish for; one thread at a time."""

    def __init__(self, shelf: Shelf, files: ModelFiles, permissions: Permissions) -> None:
        self._shelf = shelf
        self._files = files
        self._permissions = permissions
        self._held: Held | None = None
        self._told: tuple[object, tuple[ModelFile, ...]] | None = None

    def load(self, order: Order, dtype: "torch.dtype", device: str) -> Loaded:
        """The models of an order, of one number type on one device.

        The pipeline's scheduler is its own, made anew each time; and it is another pipeline where
        memory or compiling are asked for otherwise, for those leave their traces in one.

        Raises:
            ModelMissing, ModelRefused, ModelDamaged, ModelChanged: A model cannot be used.
            LibraryMissing: torch, diffusers, transformers or peft are not installed.
            OutOfMemory: A model does not fit; nothing is held afterwards.
        """
        require_libraries()
        permitted, machine = self._permissions, order.machine
        fetching = Fetching(permitted.hub, permitted.unsafe_pickle)
        wishes = read_wishes(order)
        found = find_models(wishes, self._shelf, fetching, self._files)
        traces = (machine.memory, machine.speed is Speed.FAST)
        opening = Opening(dtype, device, permitted.unsafe_pickle, traces)
        places = Places(permitted.config, self._shelf.folders, fetching)
        held, controls, models = self._dressed(found, places, opening)
        told = compare_told(models, wishes.told)
        remarks = (*wishes.remarks, *found.remarks, *held.remarks, *told)
        return Loaded(held.pipe, family_of_pipe(held.pipe), models, controls, remarks)

    def close(self) -> None:
        """Let go of everything that is held, on the device too. Closing twice is fine."""
        self._told = None
        if self._held is None:
            return
        self._held = None
        gc.collect()  # pipelines hold themselves in circles
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _dressed(
        self, found: Found, places: Places, opening: Opening
    ) -> tuple[Held, tuple[Any, ...], tuple[ModelFile, ...]]:
        """The pipeline with all it wears, its ControlNets, and the description of every file."""
        held = self._held
        if held is None or not held.is_of(found, opening):
            self.close()  # before the next is loaded: two would not fit
            held = self._held = hold(found, places, opening)
        try:
            controls = held.wear(found)
            models = self._described(held, found)
            held.check_unchanged()
        except BaseException:
            self.close()  # half a change must not be in the next picture
            raise
        return held, controls, models

    def _described(self, held: Held, found: Found) -> tuple[ModelFile, ...]:
        """The description of last time where nothing has changed: most orders are so."""
        key = (found, held.standing, held.worn)
        if self._told is None or self._told[0] != key:
            self._told = (key, describe_models(found, held.config, self._files))
        return self._told[1]
