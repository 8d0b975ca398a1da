"""Put finished files where a person wants them: whole or not at all, never over another."""

import contextlib
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from remarque.errors import AlreadyThere, DiskFull, PlaceUnusable

LONGEST_SLUG = 48


def slug_of(title: str) -> str:
    """A title as the start of a file name: letters of any script, digits and hyphens."""
    kept = re.sub(r"[^\w]+", "-", unicodedata.normalize("NFC", title).strip()).strip("-_").lower()
    return kept[:LONGEST_SLUG].strip("-_") or "work"


def make_folder(folder: Path) -> None:
    """Make sure a folder is there.

    Raises:
        PlaceUnusable: It cannot be made, or something else is in its place.
    """
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise AlreadyThere if the file exists and may not be overwritten."""
    if path.exists() and not force:
        raise AlreadyThere(f"{path} is already there")


def place_file(path: Path, content: bytes, *, force: bool = False) -> None:
    """Write a file whole: beside its place first, on disk, then renamed.

    Raises:
        AlreadyThere: The file exists and ``force`` is not given.
        DiskFull, PlaceUnusable: Nothing was left behind.
    """
    refuse_existing(path, force=force)
    temporary = path.with_name(f".{path.name}.part")
    try:
        with _explained(path):
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise PlaceUnusable(f"{path} is not a folder") from error
    except OSError as error:
        reason = (error.strerror or "an input/output error").lower()
        if reason.startswith("no space"):
            raise DiskFull(f"the disk has no room for {path}") from error
        raise PlaceUnusable(f"{path} cannot be written: {reason}") from error
