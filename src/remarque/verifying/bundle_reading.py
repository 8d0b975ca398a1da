"""Open a bundle, zip or unpacked folder, without ever being harmed by it.

Nothing is extracted. Names must be ones a bundle has (docs/reference/bundle.md), sizes are limited
before anything is read, and what is read is counted while it is read.
"""

import hashlib
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from struct import error as struct_error
from typing import BinaryIO, Protocol

from remarque.errors import BundleRefused, MetadataMalformed

MOST_FILES = 60_000
LARGEST_TOTAL_BYTES = 4 << 30
LARGEST_TEXT_BYTES = 64 << 20
_LARGEST_DIRECTORY_BYTES = 16 << 20
_LARGEST_RATIO = 200
_BLOCK = 1 << 20
_DEEPEST = 3
_ZIP_END = b"PK\x05\x06"
_ZIP_END_BYTES = 22
_LARGEST_COMMENT_BYTES = 0xFFFF
_ENCRYPTED = 0x1

_N = r"[0-9]{8,18}"
_LAYOUT = re.compile(
    rf"""(?:
      bundle\.json | bundle\.note | SHA256SUMS | VERIFY\.md | check\.py
    | [A-Za-z0-9][A-Za-z0-9_-]{{0,63}}\.(?:pdf|html|txt)
    | ledger/key\.(?:vkey|pem)
    | ledger/entries/{_N}\.json | ledger/proofs/{_N}\.tlog-proof
    | ledger/checkpoints/{_N}\.note | ledger/consistency/{_N}-{_N}\.json
    | timestamps/roots\.pem | timestamps/{_N}/[0-9]{{1,4}}\.(?:tsr|tsq|chain\.pem|authority\.txt)
    | pictures/[0-9a-f]{{64}}\.[a-z0-9]{{1,5}} | metadata/[0-9a-f]{{64}}\.json
    | redacted/[0-9a-f]{{64}}\.(?:json|png|jpg|webp)
    | certificates/[a-z_]{{1,40}}\.pem
    )\Z""",
    re.VERBOSE,
)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    struct_error,
    ValueError,
)


class _Source(Protocol):
    """Where the files of a bundle lie: in a zip, or in a folder."""

    def open(self, name: str) -> BinaryIO:
        """A stream of one file's bytes."""


class BundleFiles:
    """The files of an opened bundle: ``sizes`` gives bytes by path, paths with forward slashes."""

    def __init__(self, sizes: Mapping[str, int], source: _Source) -> None:
        self.sizes = dict(sizes)
        self._source = source

    def read(self, name: str) -> bytes:
        """The bytes of a text-like file, at most 64 MiB.

        Raises:
            MetadataMalformed: Not there, too large for its kind, or damaged in the archive.
        """
        if name not in self.sizes:
            raise MetadataMalformed(f"{name} is not in the bundle")
        if self.sizes[name] > LARGEST_TEXT_BYTES:
            raise MetadataMalformed(f"{name} is larger than 64 MiB")
        return b"".join(self._blocks(name))

    def digest(self, name: str) -> str:
        """SHA-256 of one file, 64 hexadecimal digits; streams, so pictures may be large.

        Raises:
            MetadataMalformed: Not there, or damaged in the archive.
        """
        if name not in self.sizes:
            raise MetadataMalformed(f"{name} is not in the bundle")
        total = hashlib.sha256()
        for block in self._blocks(name):
            total.update(block)
        return total.hexdigest()

    def matching(self, prefix: str, suffix: str = "") -> list[str]:
        """Paths that begin and end like this, sorted."""
        return sorted(n for n in self.sizes if n.startswith(prefix) and n.endswith(suffix))

    def _blocks(self, name: str) -> Iterator[bytes]:
        left = self.sizes[name]
        try:
            with self._source.open(name) as stream:
                while block := stream.read(_BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise MetadataMalformed(f"{name} is longer than its size says")
                    yield block
        except _DAMAGE as error:
            raise MetadataMalformed(f"{name} is damaged in the archive") from error
        if left:
            raise MetadataMalformed(f"{name} is shorter than its size says")


@contextmanager
def open_bundle(path: Path) -> Iterator[BundleFiles]:
    """Open a bundle for reading; nothing is written anywhere.

    Raises:
        BundleRefused: Not a bundle, or a hostile one; the sentence says why.
    """
    if path.is_dir():
        yield BundleFiles(_list_folder(path), _Folder(path))
        return
    try:
        stream = path.open("rb")
    except OSError as error:
        raise BundleRefused(
            f"{path} cannot be read", hint="Give the bundle's zip file, or its unpacked folder."
        ) from error
    with stream:
        _check_zip_end(stream, path)
        try:
            archive = zipfile.ZipFile(stream)
        except _DAMAGE as error:
            raise BundleRefused(f"{path} is not a readable zip archive") from error
        with archive:
            yield BundleFiles(_list_zip(archive, path), _Zip(archive))


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def open(self, name: str) -> BinaryIO:
        # IO[bytes] in typeshed; it is a readable binary stream.
        return self._archive.open(name)  # type: ignore[return-value]


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def open(self, name: str) -> BinaryIO:
        return (self._root / name).open("rb")


def _check_zip_end(stream: BinaryIO, path: Path) -> None:
    """Refuse an archive by its last record, before a directory of any size is read."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _ZIP_END_BYTES - _LARGEST_COMMENT_BYTES))
    tail = stream.read()
    at = tail.rfind(_ZIP_END)
    if at < 0 or len(tail) - at < _ZIP_END_BYTES:
        raise BundleRefused(f"{path} is not a zip archive")
    count = int.from_bytes(tail[at + 10 : at + 12], "little")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    if count > MOST_FILES or directory > _LARGEST_DIRECTORY_BYTES:
        raise BundleRefused(f"{path} lists more than the {MOST_FILES} files a bundle may have")
    stream.seek(0)


def _list_zip(archive: zipfile.ZipFile, path: Path) -> dict[str, int]:
    sizes: dict[str, int] = {}
    packed = 0
    for member in archive.infolist():
        name = member.orig_filename
        _check_name(name, sizes)
        if member.flag_bits & _ENCRYPTED:
            raise BundleRefused(f"{name} in {path} is encrypted; a bundle never is")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in {0, stat.S_IFREG}:
            raise BundleRefused(f"{name} in {path} is a link or device, not a file")
        if member.file_size > _LARGEST_RATIO * max(member.compress_size, 1):
            raise BundleRefused(f"{name} in {path} would unpack to over {_LARGEST_RATIO} times")
        sizes[name] = member.file_size
        packed += member.compress_size
    total = sum(sizes.values())
    _check_totals(len(sizes), total, path)
    if packed > path.stat().st_size:
        raise BundleRefused(f"{path} holds files that overlap; a bundle never does")
    return sizes


def _list_folder(root: Path) -> dict[str, int]:
    sizes: dict[str, int] = {}
    left = [(root, "")]
    while left:
        folder, prefix = left.pop()
        for path in _children(folder):
            name = prefix + path.name
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode) and name.count("/") < _DEEPEST:
                left.append((path, f"{name}/"))
                continue
            _check_name(name, sizes)
            if not stat.S_ISREG(mode):
                raise BundleRefused(f"{name} in {root} is a link or device, not a file")
            sizes[name] = path.lstat().st_size
            _check_totals(len(sizes), sizes[name], root)
    _check_totals(len(sizes), sum(sizes.values()), root)
    return sizes


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise BundleRefused(f"the folder {folder} cannot be read") from error


def _check_name(name: str, seen: Mapping[str, int]) -> None:
    shown = ascii(name[:120])
    if name.startswith(("/", "\\")) or ".." in name.split("/") or "\\" in name or ":" in name:
        raise BundleRefused(f"the name {shown} in the bundle leads outside it")
    if name in seen:
        raise BundleRefused(f"the name {shown} is in the bundle twice")
    if not _LAYOUT.match(name):
        raise BundleRefused(
            f"{shown} is not a file a bundle has: it was added after the bundle was written",
            hint="Remove what does not belong, or unpack the bundle anew, and verify again.",
        )


def _check_totals(count: int, total: int, path: Path) -> None:
    if count > MOST_FILES:
        raise BundleRefused(f"{path} holds more than the {MOST_FILES} files a bundle may have")
    if total > LARGEST_TOTAL_BYTES:
        raise BundleRefused(f"{path} would unpack to more than 4 GiB")
