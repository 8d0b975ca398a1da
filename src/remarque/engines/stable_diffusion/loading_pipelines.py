"""A pipeline out of a diffusers folder or a checkpoint in one file, on the device.

Safety checkers and the like are never loaded: they make no picture. Code that a model brings is
never run, and a pickle only where the person permitted it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remarque.engines.stable_diffusion.checking import (
    NEVER_LOADED,
    check_file,
    components_of,
    read_json,
)
from remarque.engines.stable_diffusion.checking_safetensors import Header
from remarque.engines.stable_diffusion.families import Recognised, recognise
from remarque.engines.stable_diffusion.loading_files import (
    check_model,
    variant_of,
    weights_in,
)
from remarque.engines.stable_diffusion.loading_guards import loading
from remarque.errors import ModelMissing, ModelRefused

if TYPE_CHECKING:
    import torch

_INPAINTING = {
    "StableDiffusionPipeline": "StableDiffusionInpaintPipeline",
    "StableDiffusionXLPipeline": "StableDiffusionXLInpaintPipeline",
}


@dataclass(frozen=True, slots=True)
class Opening:
    """How a model is opened: number type, device, and whether pickles are permitted.

    ``traces`` are settings of the machine that leave their traces in a pipeline.
    """

    dtype: "torch.dtype"
    device: str
    unsafe_pickle: bool = False
    traces: tuple[object, ...] = ()

    @property
    def safetensors(self) -> bool | None:
        """What diffusers is told: True is safetensors alone, None either form."""
        return None if self.unsafe_pickle else True


def open_folder(folder: Path, opening: Opening) -> Any:  # noqa: ANN401  a pipeline
    """The pipeline of a folder in diffusers' form.

    Raises:
        ModelMissing, ModelRefused, ModelDamaged: The folder is no whole model, or brings code.
        OutOfMemory, LibraryMissing: As ``loading``.
    """
    if not (folder / "model_index.json").is_file():
        raise ModelMissing(f"The folder {folder.name!r} holds no pipeline (model_index.json).")
    check_model(folder, unsafe_pickle=opening.unsafe_pickle)
    with loading(folder.name):
        import diffusers

        kind: Any = diffusers.DiffusionPipeline
        return kind.from_pretrained(
            str(folder),
            dtype=opening.dtype,
            variant=variant_of(folder),
            use_safetensors=opening.safetensors,
            local_files_only=True,
            **_left_out(folder),
        ).to(opening.device)


def recognise_file(path: Path, opening: Opening) -> Recognised:
    """What a checkpoint in one file is.

    Raises:
        ModelMissing, ModelRefused, ModelDamaged: It cannot be loaded, or is of no known family.
    """
    header = check_file(path, unsafe_pickle=opening.unsafe_pickle)
    return recognise(header if header.shapes else _header_of_pickle(path))


def open_file(path: Path, config: Path, found: Recognised, opening: Opening) -> Any:  # noqa: ANN401
    """The pipeline of a checkpoint in one file, with its family's folder of settings.

    Raises:
        ModelMissing, ModelDamaged: The file holds less than a whole model and the folder has not
            the rest, or the two do not fit.
        OutOfMemory, LibraryMissing: As ``loading``.
    """
    import diffusers

    kind = components_kind(config)
    if found.is_inpainting:
        kind = _INPAINTING.get(kind, kind)
    with loading(path.name):
        parts = _parts_apart(path, config, found, opening)
        return (
            getattr(diffusers, kind)
            .from_single_file(
                str(path),
                config=str(config),
                dtype=opening.dtype,
                local_files_only=True,
                **_left_out(config),
                **parts,
            )
            .to(opening.device)
        )


def _header_of_pickle(path: Path) -> Header:
    """The shapes in a permitted pickle, read by torch's reader that knows tensors alone."""
    import torch

    with loading(path.name, ModelRefused):
        found = torch.load(path, map_location="meta", weights_only=True)
        found = found.get("state_dict", found)
        return Header(
            {name: tuple(one.shape) for name, one in found.items() if hasattr(one, "shape")}
        )


def components_kind(folder: Path) -> str:
    """The class of pipeline a folder names.

    Raises:
        ModelRefused: diffusers has none of that name, or the folder brings its own.
    """
    import diffusers

    components_of(folder)
    kind = str(read_json(folder / "model_index.json")["_class_name"])
    if not hasattr(diffusers, kind):
        raise ModelRefused(
            f"The model {folder.name!r} needs a pipeline {kind[:80]!r} unknown here."
        )
    return kind


def _parts_apart(path: Path, config: Path, found: Recognised, opening: Opening) -> dict[str, Any]:
    """Parts that the checkpoint lacks, or that the folder's settings do not fit as they stand."""
    import diffusers

    unet: Any = diffusers.UNet2DConditionModel
    vae: Any = diffusers.AutoencoderKL
    parts: dict[str, Any] = {}
    if found.is_inpainting:
        parts["unet"] = unet.from_single_file(
            str(path),
            config=str(config),
            subfolder="unet",
            in_channels=found.channels,
            local_files_only=True,
            dtype=opening.dtype,
        )
    if not found.holds_vae:
        if not weights_in(config / "vae").files:
            raise ModelMissing(
                f"The file {path.name!r} holds no VAE, and neither does its folder of settings.",
                hint="Name the family's whole folder in diffusers' form with --config.",
            )
        parts["vae"] = vae.from_pretrained(
            str(config), subfolder="vae", dtype=opening.dtype, use_safetensors=opening.safetensors
        )
    return parts


def _left_out(folder: Path) -> dict[str, Any]:
    """The arguments that leave the judging parts out, and those the model has none of."""
    named = read_json(folder / "model_index.json")
    left: dict[str, Any] = {
        part: None for part in named if part in NEVER_LOADED or named[part] == [None, None]
    }
    if "safety_checker" in named:
        left["requires_safety_checker"] = False
    return left
