"""Files that are on disk when the call returns, whole or not at all.

A new file is written under a temporary name in its own folder, flushed to the medium, then renamed
over its final name; the folder is flushed after it. What a platform lacks is left out quietly.
"""

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from remarque.errors import DiskFull, PlaceUnusable, StoreError, VaultExists

CHUNK_BYTES = 1 << 20
TEMPORARY_PREFIX = ".new-"

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FICLONE = 0x40049409
"""The Linux ioctl that shares the blocks of a file (ioctl_ficlone(2))."""


def problem_with(path: Path, error: OSError) -> StoreError:
    """The house's error for a failed file operation."""
    if error.errno in _FULL:
        return DiskFull(f"the disk has no room for {path}")
    reason = error.strerror or str(error)
    return PlaceUnusable(
        f"{path} cannot be used: {reason}", hint="Check that it is there and who may write to it."
    )


@contextlib.contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Turn the operating system's errors inside the block into the house's.

    Raises:
        DiskFull: The disk or the quota is used up.
        PlaceUnusable: Anything else the system refuses.
    """
    try:
        yield
    except OSError as error:
        raise problem_with(path, error) from error


def digest_of_file(path: Path) -> tuple[str, int]:
    """SHA-256 of a file in hexadecimal and its size in bytes, read in pieces."""
    found, size = hashlib.sha256(), 0
    with path.open("rb") as source:
        while piece := source.read(CHUNK_BYTES):
            found.update(piece)
            size += len(piece)
    return found.hexdigest(), size


def flush_file(path: Path) -> None:
    """Make a file's bytes durable, as far as the system goes (Windows: writable files only)."""
    writable = sys.platform == "win32" and os.access(path, os.W_OK)
    handle = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
    try:
        _flush_handle(handle)
    finally:
        os.close(handle)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable. Windows has no such call and needs none."""
    if sys.platform != "win32":
        flush_file(folder)


def make_folder(folder: Path) -> None:
    """Make a folder with its parents, and make each new name durable."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    flush_folder(folder.parent)


def temporary_beside(path: Path) -> Path:
    """A fresh name in the same folder, so that a rename stays within one file system."""
    return path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")


def write_atomically(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put bytes at a path: the old file or the whole new one, never something between.

    Raises:
        DiskFull: There is no room; the old file is untouched.
        PlaceUnusable: The folder cannot be written.
    """
    with on_disk(path), placing(path, mode=mode) as temporary, temporary.open("wb") as target:
        target.write(content)


@contextlib.contextmanager
def placing(path: Path, *, mode: int | None = None) -> Iterator[Path]:
    """Give a temporary path to fill; at the end it is flushed and takes the final name.

    If the block raises, the temporary file goes and the final name is untouched. ``mode`` is
    left alone where it is ``None``.
    """
    temporary = temporary_beside(path)
    try:
        if mode is not None:
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield temporary
        flush_file(temporary)
        if mode is not None:
            temporary.chmod(mode)
        replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def replace(temporary: Path, path: Path) -> None:
    """Rename over a name that may exist, and make the new name durable."""
    if sys.platform == "win32" and path.exists():
        path.chmod(0o600)  # Windows refuses to replace a file that is marked read-only.
    temporary.replace(path)
    flush_folder(path.parent)


def clone_file(source: Path, target: Path) -> bool:
    """Share the blocks of a file with a new one (copy on write); False where it cannot be done."""
    shared = False
    if sys.platform == "linux":
        shared = _clone_on_linux(source, target)
    elif sys.platform == "darwin":
        shared = _clone_on_macos(source, target)
    return shared


@contextlib.contextmanager
def building_folder(place: Path) -> Iterator[Path]:
    """Give a new folder beside ``place`` to fill; at the end it takes that name, whole.

    If the block raises, nothing is left. An empty folder at the place is taken over.

    Raises:
        VaultExists: There is something at the place.
        DiskFull: There is no room.
        PlaceUnusable: The parent folder cannot be written.
    """
    with on_disk(place):
        place = place.resolve()
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise VaultExists(
                f"there is already something at {place}",
                hint="Choose a folder that does not exist.",
            )
        make_folder(place.parent)
        building = place.with_name(f".{place.name}{TEMPORARY_PREFIX}{secrets.token_hex(4)}")
        building.mkdir(mode=0o700)
        try:
            yield building
            _take_name(building, place)
        finally:
            remove_tree(building)


def copy_hashing(source: Path, target: Path) -> str:
    """Copy a file's bytes and return their SHA-256 in hexadecimal."""
    found = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while piece := reading.read(CHUNK_BYTES):
            found.update(piece)
            writing.write(piece)
    return found.hexdigest()


def remove_tree(folder: Path) -> None:
    """Remove a folder and everything in it, write-protected files too; missing is fine."""
    if not folder.exists():
        return
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with contextlib.suppress(OSError):
                path.chmod(0o600)  # Windows does not remove files that are marked read-only.
    shutil.rmtree(folder, ignore_errors=True)


def _flush_handle(handle: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        # fsync alone leaves the bytes in the drive's cache on macOS (fcntl(2), F_FULLFSYNC).
        with contextlib.suppress(OSError):
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
    try:
        os.fsync(handle)
    except OSError as error:
        # Windows wants a writable handle, some network file systems know no fsync.
        if error.errno not in {errno.EBADF, errno.EINVAL, errno.ENOTSUP, errno.EACCES}:
            raise


def _take_name(building: Path, place: Path) -> None:
    try:
        if place.exists():
            place.rmdir()  # empty when looked at first; the system refuses if it no longer is
        building.rename(place)
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
            raise VaultExists(f"something else was put at {place} meanwhile") from error
        raise
    flush_folder(place.parent)


def _clone_on_linux(source: Path, target: Path) -> bool:
    shared = False
    if sys.platform == "linux":
        import fcntl

        # Refused where the file system cannot, or where the two lie on different ones.
        with (
            contextlib.suppress(OSError),
            source.open("rb") as reading,
            target.open("wb") as writing,
        ):
            fcntl.ioctl(writing.fileno(), _FICLONE, reading.fileno())
            shared = True
    return shared


def _clone_on_macos(source: Path, target: Path) -> bool:
    import ctypes

    target.unlink(missing_ok=True)  # clonefile(2) insists on making the name itself.
    try:
        clone = ctypes.CDLL(None).clonefile
    except (OSError, AttributeError):
        return False
    return bool(clone(os.fsencode(source), os.fsencode(target), 0) == 0)
