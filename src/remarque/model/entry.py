"""Entries of the ledger as values, format ``entry_v1`` (DESIGN §5, docs/reference/entry.md)."""

from dataclasses import dataclass
from enum import StrEnum

from remarque.model.canonical import Json
from remarque.model.digests import Digest

ENTRY_VERSION = "entry_v1"
SALT_BYTES = 16


class Kind(StrEnum):
    """What an entry records. New kinds may be added; none is ever renamed."""

    VAULT_OPENED = "vault.opened"
    WORK_OPENED = "work.opened"
    INTENT_STATED = "intent.stated"
    TAKE_IMPORTED = "take.imported"
    TAKE_RECORDED = "take.recorded"
    TAKE_RERUN = "take.rerun"
    TAKE_EXPLAINED = "take.explained"
    LINEAGE_INFERRED = "lineage.inferred"
    SELECTION_INFERRED = "selection.inferred"
    SELECTION_MADE = "selection.made"
    EDITION_PUBLISHED = "edition.published"
    SIGHTING_RECORDED = "sighting.recorded"
    GAP_NOTED = "gap.noted"


TAKES = frozenset({Kind.TAKE_IMPORTED, Kind.TAKE_RECORDED})
"""The kinds whose body is a take."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log before it is salted and sealed.

    ``time`` is RFC 3339 UTC of the vault's own clock; ``author`` the ledger key id;
    ``pictures`` the digests of the pictures the body names.
    """

    kind: Kind
    time: str
    author: str
    work: str | None
    body: Json
    pictures: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry ready for the log: its canonical bytes and their RFC 9162 leaf digest."""

    entry: Entry
    leaf: bytes
    leaf_digest: bytes


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry of the log with its zero-based index and its exact bytes."""

    index: int
    leaf: bytes
    leaf_digest: bytes
    entry: Entry


@dataclass(frozen=True, slots=True)
class Receipt:
    """The acknowledgement of an append: it is on disk. ``index`` is zero-based."""

    index: int
    leaf_digest: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed tree head: C2SP tlog-checkpoint in a signed note.

    ``note`` is the exact signed text; ``frontier`` the roots of the perfect subtrees, largest
    first, kept so that the next checkpoint hashes only what is new.
    """

    size: int
    root: bytes
    note: bytes
    frontier: tuple[bytes, ...] = ()


class StampState(StrEnum):
    """Where the timestamp of one checkpoint by one authority stands.

    SUPERSEDED: it never came, but a later checkpoint, which covers this one, is stamped.
    """

    PENDING = "pending"
    HELD = "held"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Stamp:
    """An RFC 3161 timestamp over a checkpoint note, or the queued wish for one.

    ``request``, ``response`` and ``chain`` are raw bytes as sent and received (DER, DER, PEM);
    ``time`` is the authority's genTime, ``problem`` why it is still pending or was refused.
    """

    size: int
    authority: str
    state: StampState
    request: bytes = b""
    response: bytes = b""
    chain: bytes = b""
    time: str = ""
    problem: str = ""
