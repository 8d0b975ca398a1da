"""The pipeline that is held between orders, and what it wears for the next one."""

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remarque.engines.stable_diffusion.adding import LoraSet, teach
from remarque.engines.stable_diffusion.adding_parts import open_control, open_vae
from remarque.engines.stable_diffusion.family_configs import (
    Places,
    find_config,
    remarks_on,
    settings_of,
)
from remarque.engines.stable_diffusion.loading_files import (
    Standing,
    check_model,
    files_behind,
    standing,
    standing_now,
)
from remarque.engines.stable_diffusion.loading_finding import Found
from remarque.engines.stable_diffusion.loading_pipelines import (
    Opening,
    open_file,
    open_folder,
    recognise_file,
)
from remarque.errors import ModelChanged


@dataclass(slots=True)
class Held:
    """A pipeline with what it came with: its own VAE and scheduler, and the files behind it."""

    pipe: Any
    opening: Opening
    config: Path | None
    remarks: tuple[str, ...]
    loras: LoraSet
    own_vae: Any
    own_scheduler: Any
    source: Found
    standing: Standing
    worn: Standing = ()
    other_vae: tuple[object, Any] | None = None
    controls: dict[object, Any] = field(default_factory=dict)

    def is_of(self, found: Found, opening: Opening) -> bool:
        """Whether these files, unchanged, would give this very pipeline."""
        same = self.source.checkpoint, self.source.embeddings
        if self.opening != opening or same != (found.checkpoint, found.embeddings):
            return False
        return standing_now(self.standing) == self.standing

    def wear(self, found: Found) -> tuple[Any, ...]:
        """Put on the VAE and LoRAs of an order, take off the last one's; give its ControlNets.

        The scheduler is made anew, so that no order sees what the last one set.

        Raises:
            ModelMissing, ModelRefused, ModelDamaged, LibraryMissing, OutOfMemory: See ``loading``.
        """
        self.pipe.scheduler = copy.deepcopy(self.own_scheduler)
        added = (*(one.path for one in found.loras), *found.controls)
        added = (*added, found.vae) if found.vae is not None else added
        self.worn = standing(tuple(one for path in added for one in files_behind(path)))
        self._wear_vae(found.vae)
        for lora in found.loras:
            check_model(lora.path, unsafe_pickle=self.opening.unsafe_pickle)
        self.loras.wear(found.loras)
        return self._controls_of(found.controls)

    def check_unchanged(self) -> None:
        """See that every file behind this pipeline is still the one that was loaded.

        Raises:
            ModelChanged, ModelMissing: One is not.
        """
        before = (*self.standing, *self.worn)
        if standing_now(before) != before:
            raise ModelChanged("A file of the model was changed while it was being loaded.")

    def _wear_vae(self, path: Path | None) -> None:
        if path is None:
            self.other_vae = None
            vae = self.own_vae
        else:
            key = standing(files_behind(path))
            if self.other_vae is None or self.other_vae[0] != key:
                self.other_vae = (key, open_vae(path, self.pipe, self.opening))
            vae = self.other_vae[1]
        if self.pipe.vae is not vae:
            self.pipe.register_modules(vae=vae)

    def _controls_of(self, paths: tuple[Path, ...]) -> tuple[Any, ...]:
        keys = [standing(files_behind(path)) for path in paths]
        self.controls = {key: one for key, one in self.controls.items() if key in keys}
        for key, path in zip(keys, paths, strict=True):
            if key not in self.controls:
                self.controls[key] = open_control(path, self.pipe, self.opening)
        return tuple(self.controls[key] for key in keys)


def hold(found: Found, places: Places, opening: Opening) -> Held:
    """Load a pipeline and teach it its words.

    Raises:
        ModelMissing, ModelRefused, ModelDamaged, LibraryMissing, OutOfMemory: See ``loading``.
    """
    path = found.checkpoint
    config: Path | None = None
    remarks: tuple[str, ...] = ()
    if path.is_dir():
        before = _standing_of(found, None)
        pipe = open_folder(path, opening)
    else:
        recognised = recognise_file(path, opening)
        config = find_config(path, recognised, places)
        before = _standing_of(found, config)
        pipe = open_file(path, config, recognised, opening)
        remarks = remarks_on(config, recognised)
    for word, taught in found.embeddings:
        check_model(taught, unsafe_pickle=opening.unsafe_pickle)
        teach(pipe, taught, word)
    pipe.set_progress_bar_config(disable=True)
    return Held(
        pipe, opening, config, remarks, LoraSet(pipe), pipe.vae, pipe.scheduler, found, before
    )


def _standing_of(found: Found, config: Path | None) -> Standing:
    """All files that decide what the pipeline is, as they lie there now."""
    settings = settings_of(config) if config is not None else ()
    taught = tuple(path for _, path in found.embeddings)
    return standing((*files_behind(found.checkpoint), *settings, *taught))
