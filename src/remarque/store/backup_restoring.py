"""Bringing a vault back from a backup: every byte is checked before anything takes the name.

Files are checked against the list while they are copied into a folder beside the target; the
first one that differs ends the work, and nothing is left at the target.
"""

import contextlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from remarque.errors import BackupDamaged, MetadataMalformed, VaultTooNew
from remarque.model.canonical import decode_json
from remarque.model.digests import Digest
from remarque.progress import Progress, Step, be_silent
from remarque.store.backup_list import LABEL_NAME, LIST_NAME, is_picture, read_list, records_folder
from remarque.store.backup_writing import FORMAT, places_of
from remarque.store.database import PATIENCE_SECONDS, connect_plainly
from remarque.store.disk import (
    building_folder,
    copy_hashing,
    digest_of_file,
    make_folder,
    on_disk,
    placing,
)
from remarque.store.vault import DATABASE_NAME, PICTURES_NAME, open_store

_READ_ONLY = 0o444
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class RestoreSummary:
    """What was brought back; ``in_place`` and ``gone`` as seen from this machine."""

    target: Path
    entries: int
    pictures: int
    in_place: tuple[tuple[Digest, Path], ...]
    gone: tuple[tuple[Digest, Path], ...]


def restore_backup(source: Path, target: Path, progress: Progress = be_silent) -> RestoreSummary:
    """Bring a vault back into a folder that does not exist yet.

    Raises:
        BackupDamaged: A file is missing, differs from the list, or is a link.
        VaultTooNew: A newer Remarque wrote the backup.
        VaultExists: There is already something at the target.
        DiskFull: There is no room; nothing is left at the target.
        PlaceUnusable: The backup cannot be read or the target not written.
    """
    source, listed = source.absolute(), read_list(source)
    _check_label(source, listed)
    with building_folder(target) as building:
        _copy_files(source, building, listed, progress)
        _check_database(building / DATABASE_NAME)
        with open_store(building) as vault:
            entries = vault.ledger.size()
            in_place, gone = places_of(vault)
    return RestoreSummary(
        target=target.resolve(),
        entries=entries,
        pictures=sum(map(is_picture, listed)),
        in_place=in_place,
        gone=gone,
    )


def check_backup(source: Path, progress: Progress = be_silent) -> int:
    """Read a whole backup against its list; the number of files that were checked.

    Raises:
        BackupDamaged: A file is missing, differs from the list, or is a link.
        PlaceUnusable: The backup cannot be read.
    """
    listed = read_list(source)
    for done, (path, digest) in enumerate(sorted(listed.items()), start=1):
        with on_disk(source / path):
            found, _ = digest_of_file(_plain_file(source, path))
        if found != digest:
            raise _differs(source, path)
        progress(Step("check-backup", done, len(listed), "backup.file", path))
    return len(listed)


def _check_label(source: Path, listed: Mapping[str, str]) -> None:
    with on_disk(source / LABEL_NAME):
        content = _plain_file(source, LABEL_NAME).read_bytes()
    try:
        label = decode_json(content)
    except MetadataMalformed as error:
        raise _differs(source, LABEL_NAME) from error
    found = label.get("format") if isinstance(label, dict) else None
    if isinstance(found, int) and found > FORMAT:
        raise VaultTooNew(
            f"the backup {source} is of format {found}, "
            f"and this Remarque knows formats up to {FORMAT}",
            hint="Install the newer Remarque; the backup is untouched.",
        )
    if digest_of_file(source / LABEL_NAME)[0] != listed[LABEL_NAME]:
        raise _differs(source, LABEL_NAME)


def _copy_files(
    source: Path, building: Path, listed: Mapping[str, str], progress: Progress
) -> None:
    (building / PICTURES_NAME).mkdir(mode=0o700)
    records = records_folder(listed)
    wanted = sorted(path for path in listed if path != LABEL_NAME)
    for done, path in enumerate(wanted, start=1):
        target = building / path.removeprefix(f"{records}/")
        with on_disk(source / path):
            plain = _plain_file(source, path)
        with on_disk(target):
            make_folder(target.parent)
            with placing(target) as temporary:
                if copy_hashing(plain, temporary) != listed[path]:
                    raise _differs(source, path)
                temporary.chmod(_READ_ONLY if is_picture(path) else _OWNER_ONLY)
        progress(Step("restore", done, len(wanted), "restore.file", path))


def _plain_file(source: Path, path: str) -> Path:
    """A listed file, if neither it nor a folder on the way to it is a link."""
    step = source
    for part in path.split("/"):
        step /= part
        if step.is_symlink():
            raise BackupDamaged(
                f"{step} is a link; a backup holds plain files only",
                hint="Take another backup; this one was changed.",
            )
    if not step.is_file():
        raise BackupDamaged(
            f"the file {path} of the backup {source} is missing",
            hint="Take another backup; this one is not whole.",
        )
    return step


def _differs(source: Path, path: str) -> BackupDamaged:
    return BackupDamaged(
        f"the file {path} of the backup {source} differs from the list {LIST_NAME}",
        hint="Take another backup; this one is damaged.",
    )


def _check_database(path: Path) -> None:
    """SQLite's own look at the file's structure (pragma.html, quick_check)."""
    try:
        with contextlib.closing(
            connect_plainly(path, mode="ro", patience_seconds=PATIENCE_SECONDS)
        ) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise BackupDamaged(f"the database of the backup is damaged: {error}") from error
    if found != ("ok",):
        raise BackupDamaged(f"the database of the backup is damaged: {found}")
