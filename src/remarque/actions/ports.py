"""What the verbs need from the world, as narrow protocols; adapters live one floor up.

Every port is implemented by the store (or ``outside``) and by an in-memory stand-in in the tests.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from remarque.model.digests import Digest
from remarque.model.entry import Checkpoint, Kind, Receipt, SealedEntry, Stamp, StoredEntry
from remarque.model.times import Clock


class LedgerStore(Protocol):
    """The append-only log on disk."""

    def append(self, entries: Sequence[SealedEntry]) -> list[Receipt]:
        """Append, return once all are on disk (fsync). Safe from several threads at once."""

    def size(self) -> int:
        """How many entries there are."""

    def entries(
        self, *, work: str | None = None, kinds: Sequence[Kind] = (), start: int = 0
    ) -> Iterator[StoredEntry]:
        """Entries in order, optionally of one work and of some kinds, from an index on."""

    def entry(self, index: int) -> StoredEntry:
        """One entry. Raises NotFound."""

    def entries_naming(self, picture: Digest) -> list[StoredEntry]:
        """Entries whose ``pictures`` hold this digest, in order."""

    def leaves(self) -> Iterator[bytes]:
        """The stored bytes of every entry in order, not looked at: for an audit."""

    def leaf_digests(self, start: int, stop: int) -> Iterator[bytes]:
        """Leaf digests of the entries start..stop-1, 32 raw bytes each."""

    def checkpoints(self) -> list[Checkpoint]:
        """All checkpoints, smallest size first."""

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint, durable on return. The same size twice with another root raises."""

    def stamps(self, *, pending_only: bool = False) -> list[Stamp]:
        """All timestamps and queued wishes, by checkpoint size then authority."""

    def put_stamp(self, stamp: Stamp) -> None:
        """Keep a stamp; replaces the pending one of the same size and authority, never a held."""


class Keeping(StrEnum):
    """How a file's bytes came to be in the store."""

    REFLINK = "reflink"
    HARD_LINK = "hard-link"
    COPY = "copy"
    IN_PLACE = "in-place"


class PictureStore(Protocol):
    """Bytes addressed by their SHA-256."""

    def keep_file(self, path: Path, digest: Digest, *, copy_always: bool = False) -> Keeping:
        """Take a file in, durable on return. Raises PictureDamaged if it changed meanwhile."""

    def keep_bytes(self, content: bytes) -> Digest:
        """Take bytes in, durable on return."""

    def note_place(self, path: Path, digest: Digest) -> None:
        """Remember where a picture kept in place lies."""

    def holds(self, digest: Digest) -> bool:
        """Whether the bytes are here, or still where they were noted."""

    def read(self, digest: Digest) -> bytes:
        """The bytes, checked against the digest.

        Raises NotFound, PictureGone (kept in place and no longer there) or PictureDamaged.
        """

    def path_of(self, digest: Digest) -> Path:
        """A path to the bytes, for programs that need a file. Raises as ``read``."""

    def digests(self) -> Iterator[Digest]:
        """Everything in the store, pictures kept in place included."""


class FingerprintStore(Protocol):
    """Fingerprints of registered pictures; a cache that can be made anew."""

    def put(self, rows: Iterable[tuple[Digest, str, bytes]]) -> None:
        """Keep (picture, fingerprint version, bytes)."""

    def all_of(self, version: str) -> list[tuple[Digest, bytes]]:
        """Every registered picture's fingerprint of this version."""


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """A file in a watched folder that was dealt with, as it was then.

    ``picture`` is the digest of the take it belongs to, None where none was recorded (it lay
    there before the first watch); ``rating`` the XMP rating it was last seen with, 0 for none.
    """

    path: Path
    size_bytes: int
    modified_ns: int
    picture: Digest | None = None
    rating: int = 0


class WatchStore(Protocol):
    """What a folder watch has dealt with already; a memory, no part of the record."""

    def turn(self) -> AbstractContextManager[None]:
        """Enter what was seen while nobody else who sees pictures come does.

        Between asking whether a picture is new and entering it, another watch, recorder or import
        must not enter it as well. Raises VaultBusy, PlaceUnusable.
        """

    def folders(self) -> list[Path]:
        """Folders that have been watched before."""

    def begin(self, folder: Path, since: str, files: Iterable[WatchedFile]) -> None:
        """Remember that a folder is watched from now on, and what lay in it already."""

    def files(self, folder: Path) -> list[WatchedFile]:
        """Every file below a folder that was dealt with, in order of path."""

    def note(self, files: Sequence[WatchedFile]) -> None:
        """Remember files as dealt with; what was known of the same paths is replaced."""

    def forget(self, paths: Sequence[Path]) -> None:
        """Forget files that are gone."""


class RunStore(Protocol):
    """Which picture came of which run; a memory that can be made anew, no part of the record."""

    def picture_of(self, run: Digest) -> Digest | None:
        """The picture an earlier run of exactly this gave, if there was one."""

    def note(self, run: Digest, picture: Digest) -> None:
        """Remember the picture a run gave; durable on return."""


class Signer(Protocol):
    """The author's unlocked keys."""

    def sign_ledger(self, content: bytes) -> bytes:
        """Ed25519 signature by the ledger key."""

    def claim_key_pem(self) -> bytes:
        """The key that signs Content Credentials, PKCS#8 PEM, unencrypted, for memory only."""

    def identity_key_pem(self) -> bytes:
        """The key that signs the CAWG identity, PKCS#8 PEM, unencrypted, for memory only."""


class KeyVault(Protocol):
    """Where the sealed keys lie."""

    def unlock(self) -> Signer:
        """Open the keys. Raises PassphraseNeeded, WrongPassphrase or KeyDamaged."""


class TimestampAuthority(Protocol):
    """An RFC 3161 authority."""

    @property
    def name(self) -> str:
        """Its URL."""

    def build_request(self, content: bytes) -> bytes:
        """DER request over SHA-256 of the content, with nonce and certReq."""

    def fetch_response(self, request: bytes) -> bytes:
        """DER response as received. Raises TimestampUnavailable or TimestampRejected."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who a vault belongs to.

    ``key_id`` is the ledger key's fingerprint, ``verifier_key`` its C2SP form,
    ``claim_chain`` and ``identity_chain`` PEM text, leaf first, root last.
    """

    name: str
    key_id: str
    verifier_key: str
    claim_chain: str
    identity_chain: str


@dataclass(frozen=True, slots=True)
class Vault:
    """One author's things, joined by the wiring. Verbs are functions that take it."""

    place: Path
    author: Author
    ledger: LedgerStore
    pictures: PictureStore
    fingerprints: FingerprintStore
    watching: WatchStore
    runs: RunStore
    keys: KeyVault
    clock: Clock
    authorities: tuple[TimestampAuthority, ...] = ()
    authority_roots: tuple[bytes, ...] = ()
