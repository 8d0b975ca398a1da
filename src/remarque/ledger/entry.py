"""Entries as bytes, format ``entry_v1``: sealed for the log, and opened strictly.

A leaf is one JSON object in canonical form (RFC 8785). Its digest is SHA-256(0x00 || leaf)
(RFC 9162 §2.1.1); the salt inside keeps anyone from guessing the leaf from its digest. The
version governs the form: another key, or another spelling of the same value, is another version.
"""

import hashlib
from typing import Annotated

import msgspec

from remarque.errors import EntryRejected, MetadataMalformed
from remarque.model.canonical import Json, decode_json, encode_canonical
from remarque.model.digests import Digest
from remarque.model.entry import ENTRY_VERSION, SALT_BYTES, Entry, Kind, SealedEntry
from remarque.model.times import parse_time

LARGEST_LEAF_BYTES = 4 * 1024 * 1024

_LEAF_PREFIX = b"\x00"
_SHOWN_CHARACTERS = 80

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Time = Annotated[
    str, msgspec.Meta(pattern=r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z\Z", max_length=27)
]
_DigestText = Annotated[str, msgspec.Meta(pattern=r"\Asha256:[0-9a-f]{64}\Z")]
_SaltText = Annotated[str, msgspec.Meta(pattern=rf"\A[0-9a-f]{{{2 * SALT_BYTES}}}\Z")]


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The eight keys of an ``entry_v1`` leaf, all of them always present."""

    version: str
    kind: Kind
    time: _Time
    author: _Name
    work: _Name | None
    body: dict[str, Json]
    pictures: tuple[_DigestText, ...]
    salt: _SaltText


def leaf_digest_of(leaf: bytes) -> bytes:
    """The 32-byte digest of a leaf: SHA-256(0x00 || leaf), RFC 9162 §2.1.1."""
    return hashlib.sha256(_LEAF_PREFIX + leaf).digest()


def seal_entry(entry: Entry, *, salt: bytes) -> SealedEntry:
    """Make an entry ready for the log.

    The returned ``entry`` is what any reader of the leaf will see: whole floats become integers
    and integers beyond 2**53-1 decimal text, as canonical JSON has it.

    Args:
        entry: What is to be recorded; its body a JSON object.
        salt: 16 random bytes, fresh for every entry.

    Raises:
        EntryRejected: The entry breaks the format, or its leaf is larger than 4 MiB.
    """
    if len(salt) != SALT_BYTES:
        raise EntryRejected(f"the salt of an entry has {SALT_BYTES} bytes, not {len(salt)}")
    try:
        leaf = encode_canonical(_json_of(entry, salt))
        opened = open_entry(leaf)
    except MetadataMalformed as error:
        raise EntryRejected(
            f"this {entry.kind} entry was not recorded: {error.message}", hint=error.hint
        ) from error
    return SealedEntry(entry=opened, leaf=leaf, leaf_digest=leaf_digest_of(leaf))


def open_entry(leaf: bytes) -> Entry:
    """Read the exact bytes of a leaf.

    Raises:
        MetadataMalformed: The leaf is too large, not canonical JSON, of an unknown version or
            kind, or its keys are not exactly those of its version.
    """
    if len(leaf) > LARGEST_LEAF_BYTES:
        raise MetadataMalformed(
            f"the entry has {len(leaf):,} bytes; at most {LARGEST_LEAF_BYTES:,} are allowed"
        )
    raw = decode_json(leaf)
    line = _line_from(raw)
    if encode_canonical(raw) != leaf:
        raise MetadataMalformed(
            "the entry is not in RFC 8785 canonical form; "
            "whole numbers beyond 2**53-1 must be written as text"
        )
    return Entry(
        kind=line.kind,
        time=line.time,
        author=line.author,
        work=line.work,
        body=line.body,
        pictures=tuple(Digest(text) for text in line.pictures),
    )


def _json_of(entry: Entry, salt: bytes) -> Json:
    return {
        "version": ENTRY_VERSION,
        "kind": str(entry.kind),
        "time": entry.time,
        "author": entry.author,
        "work": entry.work,
        "body": entry.body,
        "pictures": list(entry.pictures),
        "salt": salt.hex(),
    }


def _line_from(raw: Json) -> _Line:
    version = raw.get("version") if isinstance(raw, dict) else None
    if version != ENTRY_VERSION:
        raise MetadataMalformed(
            f"the entry is of version {str(version)[:_SHOWN_CHARACTERS]!r}; "
            f"this Remarque reads {ENTRY_VERSION}",
            hint="If it was written by a newer Remarque, install that one.",
        )
    try:
        line = msgspec.convert(raw, _Line)
    except msgspec.ValidationError as error:
        raise MetadataMalformed(f"the entry breaks the form of {ENTRY_VERSION}: {error}") from error
    parse_time(line.time)
    return line
