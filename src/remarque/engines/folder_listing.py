"""What lies in a folder of pictures: names, sizes and times, without opening any file."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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

    A pipe, a socket or a device is no file, whatever its name: to read it may take for ever.

    Raises:
        OSError: The file system refuses to say.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Standing(found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def is_wanted(path: Path) -> bool:
    """Whether a watch looks at a file of this name: pictures and XMP sidecars.

    A name that begins with a dot or a tilde, or ends in anything but the suffix of a picture
    (``.part``, ``.tmp``), is of a file that is not finished; it is seen once it is renamed.
    """
    return path.suffix.lower() in _SEEN_SUFFIXES and not path.name.startswith(_UNFINISHED)


@dataclass(slots=True)
class Listed:
    """What a look at a folder found. ``refused`` are folders that cannot be read, with why."""

    pictures: dict[Path, Standing] = field(default_factory=dict)
    refused: dict[Path, str] = field(default_factory=dict)


def list_pictures(folder: Path) -> dict[Path, Standing]:
    """Every picture and sidecar below a folder; folders in it that cannot be read are left out.

    Raises:
        OSError: The folder itself cannot be read.
    """
    return look_over(folder, (folder.resolve(),)).pictures


def look_over(
    folder: Path, roots: Sequence[Path], beat: Callable[[], None] = lambda: None
) -> Listed:
    """Look for pictures and sidecars below a folder.

    Links to folders are passed over, and links to files that lie below none of the ``roots``:
    nobody saved those here. ``beat`` is called once for each folder, as a sign of life.

    Raises:
        OSError: The folder itself cannot be read.
    """
    listed = Listed()
    with os.scandir(folder):  # what cannot be read at all is said at once
        pass
    left = [(folder, 0)]
    while left:
        current, depth = left.pop()
        beat()
        for entry in _entries_of(current, listed):
            if _is_folder(entry):
                if depth < _MOST_DEEP and not entry.name.startswith(_UNFINISHED):
                    left.append((Path(entry.path), depth + 1))
            elif (standing := _standing_of_entry(entry, roots)) is not None:
                listed.pictures[Path(entry.path)] = standing
    for path in [path for path in listed.pictures if is_thumbnail(path)]:
        del listed.pictures[path]
    return listed


def leads_elsewhere(path: Path, roots: Sequence[Path]) -> bool:
    """Whether a path is a link to a file that lies below none of the (resolved) roots."""
    try:
        if not path.is_symlink():
            return False
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return True
    return not any(root in target.parents for root in roots)


def is_thumbnail(path: Path) -> bool:
    """Whether this is the small copy InvokeAI keeps beside a picture (``thumbnails/NAME.webp``)."""
    if path.parent.name != "thumbnails" or path.suffix.lower() != ".webp":
        return False
    return path.parent.parent.joinpath(path.stem + ".png").exists()


def _entries_of(folder: Path, listed: Listed) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except (FileNotFoundError, NotADirectoryError):
        return  # it was moved away or deleted while this looked
    except OSError as error:
        listed.refused[folder] = (error.strerror or "the system refuses it").lower()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _standing_of_entry(entry: os.DirEntry[str], roots: Sequence[Path]) -> Standing | None:
    if not is_wanted(Path(entry.name)):
        return None
    try:
        if not entry.is_file():
            return None
        if entry.is_symlink() and leads_elsewhere(Path(entry.path), roots):
            return None
        found = entry.stat()
    except OSError:
        return None
    return Standing(found.st_size, found.st_mtime_ns)
