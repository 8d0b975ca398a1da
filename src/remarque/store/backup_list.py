"""The list of a backup: ``SHA256SUMS``, in the form that ``sha256sum --check`` reads.

It is written last and names every file, so a folder without it is no backup. Only paths of the
forms below are believed; a list cannot lead out of its own folder.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from remarque.errors import BackupDamaged
from remarque.store.disk import on_disk, write_atomically

LIST_NAME = "SHA256SUMS"
LABEL_NAME = "backup.json"
RECORD_NAMES = ("vault.db", "vault.json", "keys.json")

_LONGEST_LINE = 300
_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<path>[a-z0-9./]+)\n\Z")
_PICTURE = re.compile(r"pictures/(?P<start>[0-9a-f]{2})/(?P<name>[0-9a-f]{64})\Z")
_RECORD = re.compile(
    r"(?P<folder>records/[0-9a-f]{16})/(?P<name>vault\.db|vault\.json|keys\.json)\Z"
)


def picture_path(hexadecimal: str) -> str:
    """Where a picture lies in a backup, as the list writes it."""
    return f"pictures/{hexadecimal[:2]}/{hexadecimal}"


def is_picture(path: str) -> bool:
    """Whether a listed path is a picture's."""
    return _PICTURE.match(path) is not None


def records_folder(listed: Mapping[str, str]) -> str:
    """The one folder of the list that holds database, card and keys.

    Raises:
        BackupDamaged: One of the three is not listed, or they lie in several folders.
    """
    found = [match for path in listed if (match := _RECORD.match(path))]
    folders = {match["folder"] for match in found}
    if len(folders) != 1 or {match["name"] for match in found} != set(RECORD_NAMES):
        raise BackupDamaged(
            f"the list {LIST_NAME} does not name one database, one card, one key file"
        )
    return folders.pop()


def write_list(folder: Path, listed: Mapping[str, str]) -> None:
    """Write the list: from now on the folder is a backup of exactly these files.

    Raises:
        DiskFull: There is no room.
        PlaceUnusable: The folder cannot be written.
    """
    lines = [f"{digest}  {path}\n" for path, digest in sorted(listed.items())]
    write_atomically(folder / LIST_NAME, "".join(lines).encode("ascii"))


def read_list(folder: Path) -> dict[str, str]:
    """Read the list: path to SHA-256 in hexadecimal.

    Raises:
        BackupDamaged: There is none (the folder is no finished backup), or a line is not one
            that Remarque writes.
        PlaceUnusable: The folder or the list cannot be read.
    """
    path = folder / LIST_NAME
    with on_disk(path):
        if path.is_symlink() or not path.is_file():
            raise BackupDamaged(
                f"{folder} is not a finished backup: it has no list {LIST_NAME}",
                hint="Run the backup again; it goes on where it stopped.",
            )
        listed = _read_lines(path)
    records_folder(listed)
    if LABEL_NAME not in listed:
        raise BackupDamaged(f"the list {path} does not name {LABEL_NAME}")
    return listed


def _read_lines(path: Path) -> dict[str, str]:
    listed: dict[str, str] = {}
    with path.open(encoding="ascii", errors="replace", newline="\n") as lines:
        number = 0
        while line := lines.readline(_LONGEST_LINE):
            number += 1
            found = _LINE.match(line)
            if found is None or not _may_be_listed(found) or found["path"] in listed:
                raise BackupDamaged(f"line {number} of {path} is not one that Remarque writes")
            listed[found["path"]] = found["digest"]
    return listed


def _may_be_listed(line: re.Match[str]) -> bool:
    picture = _PICTURE.match(line["path"])
    if picture is not None:
        return picture["name"] == line["digest"] and picture["name"].startswith(picture["start"])
    return line["path"] == LABEL_NAME or _RECORD.match(line["path"]) is not None
