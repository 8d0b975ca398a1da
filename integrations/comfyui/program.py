"""This ComfyUI for the recorder of Remarque: folders, model files, environment."""

import folder_paths

from remarque.engines.comfyui_inside import Program
from remarque.engines.comfyui_models import ModelShelf
from remarque.engines.comfyui_runs import Surroundings
from remarque.engines.model_files import ModelFiles
from remarque.model.recipe import Setting
from remarque.model.witness import Observer

from .facts import environment, program_name  # noqa: TID252  ComfyUI loads the package by its path


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


def _surroundings() -> Surroundings:
    told = tuple(Setting(name, value) for name, value in environment())
    return Surroundings(Observer.COMFYUI_NODE, program_name(), told)
