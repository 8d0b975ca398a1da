"""Model files that a hand-over names: digested here, if they are still what was used."""

import stat
from pathlib import Path

from remarque.engines.comfyui_models import ModelShelf
from remarque.engines.inbox_format import ModelTold
from remarque.engines.model_files import ModelFiles
from remarque.model.digests import Digest
from remarque.model.witness import ModelFile

_ENDINGS = (".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".gguf", ".onnx",
            ".pkl")  # fmt: skip
"""Of no other file is a digest taken: a hand-over must not make us read just anything."""

CHANGED = "The model file {name!r} was changed or moved before its digest could be taken."


class ToldModels:
    """Describes the model files of one hand-over. ``remarks`` say what could not be described."""

    def __init__(self, files: ModelFiles) -> None:
        self._files = files
        self.remarks: list[str] = []

    def describe(self, told: ModelTold) -> ModelFile:
        """One model file; without a digest where it is not the file any more that was used."""
        if told.sha256 is not None:
            digest = Digest(f"sha256:{told.sha256}")
            return ModelFile(told.role, told.name, digest, told.size, told.version, told.licence)
        if told.path is None:
            return ModelFile(told.role, told.name, version=told.version, licence=told.licence)
        path = Path(told.path)
        if _is_as_told(path, told):
            found = self._files.describe(path, told.role)
            if _is_as_told(path, told):  # a large file takes minutes to read
                return found
        self.remarks.append(CHANGED.format(name=told.name))
        return ModelFile(told.role, told.name)

    def shelf(self, told: tuple[ModelTold, ...]) -> ModelShelf:
        """The folders of a ComfyUI as far as the hand-over tells of them."""
        rows = {(model.folder or "", model.name): model for model in told}
        by_path = {Path(model.path): model for model in told if model.path is not None}

        def find(folder: str, name: str) -> str | None:
            model = rows.get((folder, name))
            there = model is not None and model.path is not None and Path(model.path).is_file()
            return model.path if there and model is not None else None

        def describe(path: Path, role: str) -> ModelFile:
            model = by_path[path]
            return self.describe(ModelTold(role, model.name, model.path, model.size,
                                           model.modified_ns))  # fmt: skip

        return ModelShelf(find, lambda: [folder for folder, _ in rows], describe)


def _is_as_told(path: Path, told: ModelTold) -> bool:
    if not path.is_absolute() or path.suffix.lower() not in _ENDINGS:
        return False
    try:
        found = path.stat()
    except (OSError, ValueError):
        return False
    standing = (found.st_size, found.st_mtime_ns)
    return stat.S_ISREG(found.st_mode) and standing == (told.size, told.modified_ns)
