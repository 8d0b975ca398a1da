"""What lies in a folder of pictures: names, sizes and times, without opening any file."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from remarque.actions.finding_files import PICTURE_SUFFIXES

SIDECAR_SUFFIX = ".xmp"
_SEEN_SUFFIXES = PICTURE_SUFFIXES | {SIDECAR_SUFFIX}
_UNFINISHED = (".", "~")  # hidden, and the names programs give to what they have not finished
_MOST_DEEP = 64


@dataclass(frozen=True, slots=True)
class Standing:
    """How a file stands on disk: size in bytes, time of the last change in nanoseconds."""

    size_bytes: int
    modified_ns: int


def standing_of(path: Path) -> Standing | None:
    """How a file stands, or None where there is none.

    Raises:
        OSError: The file system refuses to say.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Standing(found.st_size, found.st_mtime_ns)


def is_wanted(path: Path) -> bool:
    """Whether a watch looks at a file of this name: pictures and XMP sidecars.

    A name that begins with a dot or a tilde, or ends in anything but the suffix of a picture
    (``.part``, ``.tmp``), is of a file that is not finished; it is seen once it is renamed.
    """
    return path.suffix.lower() in _SEEN_SUFFIXES and not path.name.startswith(_UNFINISHED)


def list_pictures(folder: Path, beat: Callable[[], None] = lambda: None) -> dict[Path, Standing]:
    """Every picture and sidecar below a folder; links to folders are passed over.

    ``beat`` is called once for each folder, as a sign of life.

    Raises:
        OSError: The folder itself cannot be read. A folder below it is passed over then.
    """
    found: dict[Path, Standing] = {}
    with os.scandir(folder):  # what cannot be read at all is said; below, it is passed over
        pass
    left = [(folder, 0)]
    while left:
        current, depth = left.pop()
        beat()
        for entry in _entries_of(current):
            if _is_folder(entry):
                if depth < _MOST_DEEP and not entry.name.startswith(_UNFINISHED):
                    left.append((Path(entry.path), depth + 1))
            elif (standing := _standing_of_entry(entry)) is not None:
                found[Path(entry.path)] = standing
    return {path: standing for path, standing in found.items() if not is_thumbnail(path)}


def is_thumbnail(path: Path) -> bool:
    """Whether this is the small copy InvokeAI keeps beside a picture (``thumbnails/NAME.webp``)."""
    if path.parent.name != "thumbnails" or path.suffix.lower() != ".webp":
        return False
    return path.parent.parent.joinpath(path.stem + ".png").exists()


def _entries_of(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:
        return


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _standing_of_entry(entry: os.DirEntry[str]) -> Standing | None:
    if not is_wanted(Path(entry.name)):
        return None
    try:
        if not entry.is_file():
            return None
        found = entry.stat()
    except OSError:
        return None
    return Standing(found.st_size, found.st_mtime_ns)
