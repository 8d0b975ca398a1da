"""Backups: a vault's whole content in another folder, checkable with ``sha256sum`` alone.

The database is copied first, in one consistent state; pictures are kept before an entry names
them, so those copied afterwards are all that the copy needs. The list comes last and is replaced
in one step: an interrupted backup leaves the earlier one whole. docs/reference/vault.md.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from remarque.errors import PictureDamaged, UsageError, VaultExists
from remarque.model.canonical import encode_canonical
from remarque.model.digests import Digest, hex_of
from remarque.progress import Progress, Step, be_silent
from remarque.store.backup_list import (
    LABEL_NAME,
    LIST_NAME,
    is_picture,
    picture_path,
    read_list,
    records_folder,
    write_list,
)
from remarque.store.database import PATIENCE_SECONDS, connect_plainly, problem_in
from remarque.store.disk import (
    copy_hashing,
    digest_of_file,
    make_folder,
    on_disk,
    placing,
    remove_tree,
    temporary_beside,
    write_atomically,
)
from remarque.store.migrating import copy_database
from remarque.store.vault import (
    CARD_NAME,
    DATABASE_NAME,
    KEYS_NAME,
    VaultStore,
    open_store,
)

FORMAT = 1
"""The version of a backup's layout."""

_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """What a backup holds and what it cannot hold.

    ``pictures`` counts the pictures in it, ``copied`` those that were new (``copied_bytes``
    bytes). Pictures kept in place are not copied: ``in_place`` names those that are still
    there, ``gone`` those that are not. ``damaged`` are pictures whose stored bytes are wrong;
    they are left out, unless an earlier backup here holds them whole.
    """

    target: Path
    entries: int
    pictures: int
    copied: int
    copied_bytes: int
    in_place: tuple[tuple[Digest, Path], ...]
    gone: tuple[tuple[Digest, Path], ...]
    damaged: tuple[Digest, ...]


@dataclass(slots=True)
class _Running:
    """A backup under way: what is listed so far, and what an earlier backup here listed."""

    target: Path
    earlier: dict[str, str]
    listed: dict[str, str] = field(default_factory=dict)
    copied: int = 0
    copied_bytes: int = 0
    damaged: list[Digest] = field(default_factory=list)


def write_backup(
    vault: VaultStore | Path, target: Path, progress: Progress = be_silent
) -> BackupSummary:
    """Back a vault up into a folder; an earlier backup of it there is brought up to date.

    The vault may be in use meanwhile. What was entered after the start may be missing.

    Raises:
        VaultExists: The folder holds something else, or a backup with entries this vault lacks.
        BackupDamaged: The earlier backup there cannot be read.
        UsageError: The folder lies inside the vault.
        DiskFull: There is no room; an earlier backup there is still whole.
        PlaceUnusable: The vault cannot be read or the folder not written.
    """
    if isinstance(vault, Path):
        with open_store(vault) as opened:
            return write_backup(opened, target, progress)
    target = target.resolve()
    if target.is_relative_to(vault.place.resolve()):
        raise UsageError(f"a backup inside the vault itself would be lost with it: {target}")
    label = encode_canonical(
        {"created": vault.card.created, "format": FORMAT, "key_id": vault.card.author.key_id}
    )
    with on_disk(target):
        running = _begin(target, label)
        entries = _copy_records(vault, running)
        _copy_pictures(vault, running, progress)
        _finish(running)
    in_place, gone = places_of(vault)
    return BackupSummary(
        target=target,
        entries=entries,
        pictures=sum(map(is_picture, running.listed)),
        copied=running.copied,
        copied_bytes=running.copied_bytes,
        in_place=in_place,
        gone=gone,
        damaged=tuple(running.damaged),
    )


def places_of(
    vault: VaultStore,
) -> tuple[tuple[tuple[Digest, Path], ...], tuple[tuple[Digest, Path], ...]]:
    """Pictures kept in place alone: those still where they were noted, and those gone."""
    stored = {digest for digest, _ in vault.pictures.stored()}
    places = [(digest, path) for digest, path in vault.pictures.places() if digest not in stored]
    there = tuple((digest, path) for digest, path in places if path.is_file())
    found = {digest for digest, _ in there}
    return there, tuple((digest, path) for digest, path in places if digest not in found)


def _begin(target: Path, label: bytes) -> _Running:
    label_path = target / LABEL_NAME
    if not target.exists() or not any(target.iterdir()):
        make_folder(target)
        write_atomically(label_path, label)
    elif not label_path.is_file() or label_path.read_bytes() != label:
        raise VaultExists(
            f"{target} holds something other than a backup of this vault",
            hint="Choose a folder that does not exist, or one with an earlier backup.",
        )
    running = _Running(target, read_list(target) if (target / LIST_NAME).exists() else {})
    running.listed[LABEL_NAME] = hashlib.sha256(label).hexdigest()
    return running


def _copy_records(vault: VaultStore, running: _Running) -> int:
    """Copy database, card and keys into a folder named after their bytes; the entries in it."""
    records = running.target / "records"
    make_folder(records)
    building = temporary_beside(records / "new")
    building.mkdir(mode=0o700)
    try:
        copy_database(vault.place / DATABASE_NAME, building / DATABASE_NAME)
        entries = _check_extends(building / DATABASE_NAME, running)
        write_atomically(building / KEYS_NAME, vault.read_keys(), mode=_OWNER_ONLY)
        write_atomically(building / CARD_NAME, (vault.place / CARD_NAME).read_bytes())
        digests = {
            name: digest_of_file(building / name)[0]
            for name in (DATABASE_NAME, CARD_NAME, KEYS_NAME)
        }
        folder = hashlib.sha256("".join(digests.values()).encode("ascii")).hexdigest()[:16]
        if not (records / folder).exists():
            building.rename(records / folder)
    finally:
        remove_tree(building)
    running.listed |= {f"records/{folder}/{name}": digest for name, digest in digests.items()}
    return entries


def _check_extends(database: Path, running: _Running) -> int:
    """How many entries a database has; it must hold all those of the earlier backup.

    A vault that was itself restored from an older backup would otherwise push out newer entries.
    """
    with _plainly(database) as connection:
        entries = _count_entries(connection)
        if running.earlier:
            folder = records_folder(running.earlier)
            with _plainly(running.target / folder / DATABASE_NAME) as earlier:
                _compare_last(connection, earlier, running.target)
    return entries


def _compare_last(
    connection: sqlite3.Connection, earlier: sqlite3.Connection, target: Path
) -> None:
    last = earlier.execute(
        "SELECT seq, leaf_digest FROM entry ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    same = (
        last is None
        or connection.execute(
            "SELECT 1 FROM entry WHERE seq = ? AND leaf_digest = ?", last
        ).fetchone()
    )
    if not same:
        raise VaultExists(
            f"the backup in {target} holds entries that this vault does not have",
            hint="Choose another folder, so that those entries are not lost.",
        )


def _count_entries(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT COUNT(*) FROM entry").fetchone()[0])


@contextlib.contextmanager
def _plainly(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with contextlib.closing(
            connect_plainly(path, mode="ro", patience_seconds=PATIENCE_SECONDS)
        ) as connection:
            yield connection
    except sqlite3.Error as error:
        raise problem_in(path, error) from error


def _copy_pictures(vault: VaultStore, running: _Running, progress: Progress) -> None:
    pictures = list(vault.pictures.stored())
    for done, (digest, path) in enumerate(pictures, start=1):
        _copy_picture(digest, path, running)
        progress(Step("backup", done, len(pictures), "backup.picture", hex_of(digest)[:12]))
    _keep_earlier_pictures(running)


def _copy_picture(digest: Digest, source: Path, running: _Running) -> None:
    name = picture_path(hex_of(digest))
    target = running.target / name
    if not _is_there(name, source, target, running) and not _copy_whole(digest, source, running):
        running.damaged.append(digest)
        return
    running.listed[name] = hex_of(digest)


def _is_there(name: str, source: Path, target: Path, running: _Running) -> bool:
    """Whether the backup has a picture. One that no finished list names is read to be sure."""
    if not target.is_file():
        return False
    if name in running.earlier and target.stat().st_size == source.stat().st_size:
        return True
    return digest_of_file(target)[0] == target.name


def _copy_whole(digest: Digest, source: Path, running: _Running) -> bool:
    target = running.target / picture_path(hex_of(digest))
    make_folder(target.parent)
    try:
        _copy_checked(digest, source, target)
    except PictureDamaged:
        return False
    running.copied += 1
    running.copied_bytes += target.stat().st_size
    return True


def _copy_checked(digest: Digest, source: Path, target: Path) -> None:
    with placing(target) as temporary:
        if copy_hashing(source, temporary) != hex_of(digest):
            raise PictureDamaged(f"the stored picture {digest} has other bytes now")


def _keep_earlier_pictures(running: _Running) -> None:
    """A backup forgets nothing: pictures the vault has lost since stay in the list."""
    for path, digest in running.earlier.items():
        if is_picture(path) and (running.target / path).is_file():
            running.listed.setdefault(path, digest)


def _finish(running: _Running) -> None:
    """Switch to the new list, then drop the records only the earlier one named."""
    write_list(running.target, running.listed)
    if running.earlier:
        folder = records_folder(running.earlier)
        if folder != records_folder(running.listed):
            remove_tree(running.target / folder)
