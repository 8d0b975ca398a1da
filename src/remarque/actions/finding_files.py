"""Which files a person means when they name a file or a folder."""

from collections.abc import Iterable
from pathlib import Path

from remarque.errors import InputError, PlaceUnusable

PICTURE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".avif"}
)
LARGEST_FILE_BYTES = 256 * 1024 * 1024


def find_pictures(places: Iterable[Path]) -> list[Path]:
    """Every named file, and every picture file below every named folder.

    A file that was named is taken whatever it is called; in folders only the suffixes of
    pictures count, hidden files and links to folders are passed over.

    Raises:
        PlaceUnusable: A place is not there or cannot be read.
        InputError: A folder holds no picture file.
    """
    found: list[Path] = []
    for place in places:
        try:
            found.extend(_below(place) if place.is_dir() else [_file(place)])
        except OSError as error:
            raise _unusable(place, error) from error
    return list(dict.fromkeys(found))


def in_order_of_making(files: Iterable[Path]) -> list[Path]:
    """Files by their own time, then by name: the most plausible order of an old folder."""
    return sorted(files, key=lambda file: (_modified_ns(file), file.name))


def read_file(file: Path) -> bytes:
    """The bytes of a file of at most 256 MiB.

    Raises:
        PlaceUnusable: It cannot be read.
        InputError: It is larger.
    """
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            raise InputError(f"{file.name} is larger than 256 MiB and was left out")
        return file.read_bytes()
    except OSError as error:
        raise _unusable(file, error) from error


def _below(folder: Path) -> list[Path]:
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in PICTURE_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    ]
    if not found:
        next(iter(folder.iterdir()), None)  # an unreadable folder says so here
        raise InputError(
            f"there is no picture file in the folder {folder}",
            hint="Name a folder that holds PNG, JPEG, WebP, GIF, TIFF, BMP or AVIF files.",
        )
    return found


def _file(file: Path) -> Path:
    if not file.is_file():
        raise PlaceUnusable(f"{file} is not there, or is not a file")
    return file


def _modified_ns(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError as error:
        raise _unusable(file, error) from error


def _unusable(place: Path, error: OSError) -> PlaceUnusable:
    reason = (error.strerror or "an input/output error").lower()
    return PlaceUnusable(
        f"{place} cannot be read: {reason}", hint="Check the path and its permissions."
    )
