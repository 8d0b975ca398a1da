"""Another VAE in place of the model's own, and ControlNets beside it.

A part in one file says nothing of how it is built; here the pipeline it goes into does.
"""

import inspect
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from remarque.engines.stable_diffusion.checking import read_json
from remarque.engines.stable_diffusion.loading_files import check_model, weights_in
from remarque.engines.stable_diffusion.loading_guards import loading
from remarque.engines.stable_diffusion.loading_pipelines import Opening
from remarque.errors import ModelRefused

_CONTROLS = ("ControlNetModel", "SD3ControlNetModel", "FluxControlNetModel")


def open_vae(path: Path, pipe: Any, opening: Opening) -> Any:  # noqa: ANN401  a part of a pipeline
    """A VAE that takes the place of the pipeline's own.

    Raises:
        ModelMissing, ModelDamaged: It cannot be loaded.
        ModelRefused: It was made for latents of another form.
        OutOfMemory, LibraryMissing: As ``loading``.
    """
    kind = type(pipe.vae)
    if path.is_dir():
        folder = path / "vae" if (path / "model_index.json").is_file() else path
        check_model(folder, unsafe_pickle=opening.unsafe_pickle)
        with loading(path.name):
            found = kind.from_pretrained(str(folder), **_as_folder(folder, opening))
    else:
        check_model(path, unsafe_pickle=opening.unsafe_pickle)
        with loading(path.name, ModelRefused):
            found = _from_file(kind, path, dict(pipe.vae.config), opening)
    if _form(found) != _form(pipe.vae):
        raise ModelRefused(f"The VAE {path.name!r} was made for a model of another family.")
    return found.to(opening.device)


def open_control(path: Path, pipe: Any, opening: Opening) -> Any:  # noqa: ANN401
    """A ControlNet for this pipeline.

    Raises:
        ModelMissing, ModelDamaged, ModelRefused: It cannot be loaded, or does not fit the model.
        OutOfMemory, LibraryMissing: As ``loading``.
    """
    import diffusers

    check_model(path, unsafe_pickle=opening.unsafe_pickle)
    if path.is_dir():
        named = str(read_json(path / "config.json").get("_class_name"))
        if named not in _CONTROLS:
            raise ModelRefused(f"The folder {path.name!r} holds no ControlNet but {named[:80]!r}.")
        with loading(path.name):
            found = getattr(diffusers, named).from_pretrained(
                str(path), **_as_folder(path, opening)
            )
    else:
        if getattr(pipe, "unet", None) is None:
            raise ModelRefused(
                f"The ControlNet {path.name!r} is a single file, which this family cannot load.",
                hint="Use its folder in diffusers' form.",
            )
        with loading(path.name, ModelRefused):
            config = _control_config(diffusers.ControlNetModel, pipe.unet.config)
            found = _from_file(diffusers.ControlNetModel, path, config, opening)
    _check_width(found, pipe, path)
    return found.to(opening.device)


def _from_file(kind: Any, path: Path, config: Mapping[str, Any], opening: Opening) -> Any:  # noqa: ANN401
    """A part from a single file, built as ``config`` says."""
    with tempfile.TemporaryDirectory() as folder:
        kind.from_config(dict(config)).save_config(folder)
        return kind.from_single_file(
            str(path), config=folder, dtype=opening.dtype, local_files_only=True
        )


def _control_config(kind: Any, unet: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """A ControlNet is built like the denoiser it steers, as far as it has the same settings."""
    known = set(inspect.signature(kind.__init__).parameters) - {"self"}
    config = {name: value for name, value in unet.items() if name in known}
    config["in_channels"] = 4
    config["mid_block_type"] = config.get("mid_block_type") or "UNetMidBlock2DCrossAttn"
    return config


def _as_folder(folder: Path, opening: Opening) -> dict[str, Any]:
    return {
        "dtype": opening.dtype,
        "variant": weights_in(folder).variant,
        "use_safetensors": opening.safetensors,
        "local_files_only": True,
    }


def _form(vae: Any) -> tuple[object, int]:  # noqa: ANN401  a part of a pipeline
    """Channels of its latents, and by how much it makes a picture smaller."""
    config = vae.config
    return config.get("latent_channels"), len(config.get("block_out_channels", ()))


def _check_width(control: Any, pipe: Any, path: Path) -> None:  # noqa: ANN401
    """A ControlNet reads the same text as the denoiser, so both must expect it equally wide."""
    unet = getattr(pipe, "unet", None)
    mine = control.config.get("cross_attention_dim")
    if unet is not None and mine != unet.config.get("cross_attention_dim"):
        raise ModelRefused(
            f"The ControlNet {path.name!r} was made for a model of another family.",
            hint="Use one for the family of the model, or another model.",
        )
