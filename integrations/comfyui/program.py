"""What the running ComfyUI tells of itself: folders, model files, environment."""

import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import comfyui_version
import folder_paths
import nodes

from remarque.engines.comfyui_environment import environment_of, pixel_options
from remarque.engines.comfyui_inside import Program
from remarque.engines.comfyui_models import ModelShelf
from remarque.engines.comfyui_runs import Surroundings
from remarque.engines.model_files import ModelFiles
from remarque.model.recipe import Setting
from remarque.model.witness import Observer


def this_program() -> Program:
    """This ComfyUI, by its own ``folder_paths``."""
    shelf = ModelShelf(
        find=folder_paths.get_full_path,
        folders=lambda: list(folder_paths.folder_names_and_paths),
        describe=ModelFiles().describe,
    )
    return Program(
        folder=folder_paths.get_directory_by_type,
        input_path=folder_paths.get_annotated_filepath,
        shelf=shelf,
        surroundings=_surroundings,
    )


@cache
def _surroundings() -> Surroundings:
    """Asked once: none of this changes while ComfyUI runs."""
    version = comfyui_version.__version__
    stats = {"system": {"python_version": sys.version, "os": sys.platform}}
    options = pixel_options(sys.argv)
    environment = [*environment_of(stats), *_computing()]
    if options:
        environment.append(Setting("options", " ".join(options)))
    environment += _custom_nodes()
    return Surroundings(Observer.COMFYUI_NODE, f"ComfyUI {version}", tuple(environment))


def _computing() -> Iterator[Setting]:
    """Torch, device, attention and precision, as far as this ComfyUI tells them."""
    torch = sys.modules.get("torch")
    if torch is not None:
        yield Setting("torch", str(torch.__version__))
        deterministic = torch.are_deterministic_algorithms_enabled()
        yield Setting("deterministic algorithms", str(deterministic).lower())
    management = sys.modules.get("comfy.model_management")
    if management is None:
        return
    yield Setting("device", str(management.get_torch_device_name(management.get_torch_device())))
    attentions = ("sage", "flash", "xformers", "pytorch")
    enabled = (getattr(management, f"{name}_attention_enabled", None) for name in attentions)
    xformers = getattr(management, "xformers_enabled", None)
    named = [name for name, ask in zip(attentions, enabled, strict=True) if ask and ask()]
    if xformers is not None and xformers():
        named.append("xformers")
    yield Setting("attention", " ".join(named) or "basic")
    half = getattr(management, "should_use_fp16", None)
    if half is not None:
        yield Setting("half precision", str(half()).lower())


def _custom_nodes() -> Iterator[Setting]:
    """Each custom node package that was loaded, with the version it says it has."""
    homes = [Path(home).resolve() for home in folder_paths.get_folder_paths("custom_nodes")]
    for folder in sorted(set(nodes.LOADED_MODULE_DIRS.values())):
        place = Path(folder).resolve()
        if place.parent in homes:
            yield Setting(f"custom node {place.name}", _version_in(place) or "version not told")


def _version_in(folder: Path) -> str | None:
    try:
        told = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        return str(told["project"]["version"])[:100]
    except (OSError, ValueError, KeyError, TypeError):
        return None
