"""The outer form of a bundle's zip, byte by byte (docs/reference/bundle.md, "The archive").

A digest covers every file, but a zip has bytes of its own: dates, attributes, comments, gaps. A
bundle is written in one form only, so each of those bytes can be foretold and any other is said.
Source: APPNOTE.TXT 6.3.10 §4.3.7, §4.3.12, §4.3.16.
"""

import struct
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from remarque.errors import BundleRefused

CLOSING_FILES = ("bundle.json", "bundle.note", "SHA256SUMS")
_VERSION = 20
_UNIX = 3
_MIDNIGHT_1980 = 1 << 5 | 1  # MS-DOS date of 1980-01-01
_PLAIN_FILE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class _Member:
    name: bytes
    crc: int
    size: int
    offset: int


def find_departure(path: Path) -> str | None:
    """Where the archive departs from the one form, as a sentence; None if nowhere.

    Raises:
        BundleRefused: The file cannot be read as a zip at all.
    """
    try:
        with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            return _find_in(stream, archive.infolist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BundleRefused(f"{path} is not a readable zip archive") from error


def _find_in(stream: BinaryIO, infos: Iterable[zipfile.ZipInfo]) -> str | None:
    members: list[_Member] = []
    offset = 0
    for info in infos:
        member = _Member(info.orig_filename.encode("utf-8"), info.CRC, info.file_size, offset)
        stream.seek(offset)
        expected = _local_header(member)
        if info.compress_type != zipfile.ZIP_STORED or stream.read(len(expected)) != expected:
            return f"the archive was changed or packed anew at {info.orig_filename}"
        members.append(member)
        offset += len(expected) + info.file_size
    stream.seek(offset)
    if stream.read() != _directory(members, offset):
        return "the directory at the end of the archive was changed"
    names = [member.name.decode("utf-8") for member in members]
    if names != sorted(names, key=_place):
        return "the files in the archive are not in their order"
    return None


def _place(name: str) -> tuple[int, str]:
    closing = CLOSING_FILES.index(name) + 1 if name in CLOSING_FILES else 0
    return closing, name


def _local_header(member: _Member) -> bytes:
    fields = (_VERSION, 0, 0, 0, _MIDNIGHT_1980, member.crc, member.size, member.size)
    head = struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields, len(member.name), 0)
    return head + member.name


def _directory(members: list[_Member], start: int) -> bytes:
    rows = b"".join(
        struct.pack(
            "<4s6H3L5H2L",
            b"PK\x01\x02",
            _UNIX << 8 | _VERSION,
            *(_VERSION, 0, 0, 0, _MIDNIGHT_1980, member.crc, member.size, member.size),
            *(len(member.name), 0, 0, 0, 0, _PLAIN_FILE, member.offset),
        )
        + member.name
        for member in members
    )
    count = len(members)
    return rows + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(rows), start, 0)
