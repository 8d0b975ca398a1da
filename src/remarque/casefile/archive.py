"""A zip in the one form bundles have: same files, same bytes, on every machine.

Files are stored, not compressed: pictures do not shrink, compressors differ between machines, and
a stored archive can be checked to its last byte. See docs/reference/bundle.md, "The archive".
"""

import errno
import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from remarque.errors import BundleError, DiskFull, PlaceUnusable

_MOST_FILES = 60_000
_LARGEST_BYTES = (4 << 30) - (64 << 20)  # room for the directory; no ZIP64 records are written
_FIRST_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PLAIN_FILE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One file as it went into the archive; ``sha256`` is 64 hexadecimal digits."""

    path: str
    sha256: str
    size_bytes: int
    role: str


class ArchiveWriter:
    """Adds files one by one; ``written`` lists them in the order they were added."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._total_bytes = 0
        self.written: list[WrittenFile] = []

    def add(self, path: str, content: bytes, role: str) -> WrittenFile:
        """Add one file.

        Raises:
            BundleError: The bundle grows beyond what one archive may hold.
        """
        self._total_bytes += len(content) + 2 * len(path) + 128
        if self._total_bytes > _LARGEST_BYTES or len(self.written) >= _MOST_FILES:
            raise BundleError(
                f"the bundle would hold more than {_MOST_FILES:,} files or 4 GiB",
                hint="Import very large pictures with --in-place, or split the work.",
            )
        member = zipfile.ZipInfo(path, _FIRST_DATE)
        member.create_system = _UNIX
        member.external_attr = _PLAIN_FILE
        member.compress_type = zipfile.ZIP_STORED
        self._archive.writestr(member, content)
        row = WrittenFile(path, hashlib.sha256(content).hexdigest(), len(content), role)
        self.written.append(row)
        return row


@contextmanager
def open_archive(target: Path) -> Iterator[ArchiveWriter]:
    """An archive that appears at ``target`` whole and durable, or not at all.

    Raises:
        DiskFull: There is no room; nothing half-written is left.
        PlaceUnusable: The place cannot be written to.
    """
    beside = target.with_name(f".{target.name}.part")
    try:
        try:
            with beside.open("wb") as stream:
                with zipfile.ZipFile(stream, "w", allowZip64=False) as archive:
                    yield ArchiveWriter(archive)
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(f"there is no room to write the bundle {target}") from error
        raise PlaceUnusable(
            f"the bundle cannot be written to {target}: {error.strerror or error}"
        ) from error
    except zipfile.LargeZipFile as error:
        raise BundleError(f"the bundle {target} would be larger than 4 GiB") from error
