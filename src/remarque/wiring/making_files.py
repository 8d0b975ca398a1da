"""Files that a making writes outside the vault: copies for the artist, and the preview."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remarque.errors import AlreadyThere, PlaceUnusable, StoreError
from remarque.pictures.encoding import encode
from remarque.store.disk import make_folder, on_disk, write_atomically

PREVIEW_NAME = "remarque-preview.png"
AUTO = "auto"


class CopyFolder:
    """A folder that gets a copy of each picture; made if it is not there.

    Raises:
        PlaceUnusable: It cannot be a folder, or not be written to.
    """

    def __init__(self, folder: Path, *, force: bool = False) -> None:
        self._folder = _folder(folder)
        self._force = force

    def put(self, name: str, content: bytes) -> Path:
        """Write a copy, whole or not at all. The same bytes under this name are left alone.

        Raises:
            AlreadyThere: Another file has the name, and ``force`` was not said.
            DiskFull, PlaceUnusable: It could not be written.
        """
        path = self._folder / name
        with on_disk(path):
            if path.exists() and not self._force and path.read_bytes() != content:
                raise AlreadyThere(f"{path} is there already, with another content")
        write_atomically(path, content)
        return path


class PreviewFile:
    """One file that holds the picture being made, written over and over.

    ``place`` is a folder, or "auto" for the system's own for temporary files. ``tell`` gets a
    sentence where it cannot be written: a preview is no reason to end a making.
    """

    def __init__(self, place: str, *, tell: Callable[[str], None]) -> None:
        if place == AUTO:
            with on_disk(Path(tempfile.gettempdir())):
                folder = Path(tempfile.mkdtemp(prefix="remarque-preview-"))
        else:
            folder = _folder(Path(place))
        self.path = folder / PREVIEW_NAME
        self._tell: Callable[[str], None] | None = tell

    def __call__(self, _step: int, _steps: int, pixels: NDArray[np.uint8], /) -> None:
        """Write the picture as it is now: RGB, (height, width, 3)."""
        if self._tell is None:
            return
        try:
            write_atomically(self.path, encode(pixels, "image/png"))
        except StoreError as error:
            self._tell(f"no more previews: {error.message}")
            self._tell = None


def _folder(place: Path) -> Path:
    folder = place.expanduser().absolute()
    with on_disk(folder):
        if folder.exists() and not folder.is_dir():
            raise PlaceUnusable(f"{folder} is not a folder")
        make_folder(folder)
    return folder
