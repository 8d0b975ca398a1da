"""A vault without a disk: stand-ins for the ports, so that the verbs can be tested alone.

They hold the same promises as the store (``tests/unit/store/test_ports_contract.py`` runs on both)
except that nothing outlives the process.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from remarque.actions.ports import (
    Author,
    Keeping,
    Signer,
    TimestampAuthority,
    Vault,
    WatchedFile,
)
from remarque.errors import (
    EntryRejected,
    LedgerDamaged,
    NotFound,
    PictureDamaged,
    PictureGone,
    PlaceUnusable,
    RemarqueError,
    TimestampUnavailable,
)
from remarque.ledger.entry import leaf_digest_of
from remarque.model.digests import Digest, digest_of, hex_of
from remarque.model.entry import (
    Checkpoint,
    Kind,
    Receipt,
    SealedEntry,
    Stamp,
    StampState,
    StoredEntry,
)

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class FixedClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, moment: datetime = MORNING) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def move(self, by: timedelta) -> None:
        self.moment += by


class MemoryLedger:
    """The log as a list."""

    def __init__(self) -> None:
        self._entries: list[StoredEntry] = []
        self._checkpoints: dict[int, Checkpoint] = {}
        self._stamps: dict[tuple[int, str], Stamp] = {}

    def append(self, entries: Sequence[SealedEntry]) -> list[Receipt]:
        for sealed in entries:
            if leaf_digest_of(sealed.leaf) != sealed.leaf_digest:
                raise EntryRejected("the leaf digest does not belong to the leaf")
        receipts = []
        for sealed in entries:
            index = len(self._entries)
            self._entries.append(StoredEntry(index, sealed.leaf, sealed.leaf_digest, sealed.entry))
            receipts.append(Receipt(index, sealed.leaf_digest))
        return receipts

    def size(self) -> int:
        return len(self._entries)

    def entries(
        self, *, work: str | None = None, kinds: Sequence[Kind] = (), start: int = 0
    ) -> Iterator[StoredEntry]:
        for stored in self._entries[max(start, 0) :]:
            if work in (None, stored.entry.work) and (not kinds or stored.entry.kind in kinds):
                yield stored

    def entry(self, index: int) -> StoredEntry:
        if not 0 <= index < len(self._entries):
            raise NotFound(f"the ledger has no entry {index}")
        return self._entries[index]

    def entries_naming(self, picture: Digest) -> list[StoredEntry]:
        return [stored for stored in self._entries if picture in stored.entry.pictures]

    def leaves(self) -> Iterator[bytes]:
        return iter([stored.leaf for stored in self.entries()])

    def leaf_digests(self, start: int, stop: int) -> Iterator[bytes]:
        if stop > len(self._entries):
            raise NotFound(f"the ledger has {len(self._entries)} entries")
        yield from (stored.leaf_digest for stored in self._entries[start:stop])

    def checkpoints(self) -> list[Checkpoint]:
        return [self._checkpoints[size] for size in sorted(self._checkpoints)]

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        if checkpoint.size > len(self._entries):
            raise LedgerDamaged("a checkpoint covers entries that are there")
        known = self._checkpoints.setdefault(checkpoint.size, checkpoint)
        if known.root != checkpoint.root:
            raise LedgerDamaged("the ledger has forked")

    def stamps(self, *, pending_only: bool = False) -> list[Stamp]:
        found = [self._stamps[key] for key in sorted(self._stamps)]
        return [one for one in found if not pending_only or one.state is StampState.PENDING]

    def put_stamp(self, stamp: Stamp) -> None:
        if stamp.size not in self._checkpoints:
            raise NotFound(f"there is no checkpoint over {stamp.size} entries")
        known = self._stamps.get((stamp.size, stamp.authority))
        if known is None or known.state is not StampState.HELD:
            self._stamps[stamp.size, stamp.authority] = stamp


class MemoryPictures:
    """Bytes in a dictionary; ``folder`` is where ``path_of`` puts a file when asked for one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contents: dict[Digest, bytes] = {}
        self._places: dict[Digest, list[Path]] = {}

    def keep_file(self, path: Path, digest: Digest, *, copy_always: bool = False) -> Keeping:
        self._contents[digest] = _read_right(path, digest)
        return Keeping.COPY

    def keep_bytes(self, content: bytes) -> Digest:
        digest = digest_of(content)
        self._contents[digest] = content
        return digest

    def note_place(self, path: Path, digest: Digest) -> None:
        _read_right(path, digest)
        places = self._places.setdefault(digest, [])
        if path not in places:
            places.append(path)

    def holds(self, digest: Digest) -> bool:
        return digest in self._contents or any(map(Path.is_file, self._places.get(digest, [])))

    def read(self, digest: Digest) -> bytes:
        if digest in self._contents:
            return self._contents[digest]
        places = self._places.get(digest)
        if places is None:
            raise NotFound(f"this vault has no picture {digest}")
        for path in filter(Path.is_file, places):
            if digest_of(path.read_bytes()) == digest:
                return path.read_bytes()
        if any(map(Path.is_file, places)):
            raise PictureDamaged(f"the picture {digest} has other bytes now")
        raise PictureGone(f"the picture {digest} is no longer at {places[0]}")

    def path_of(self, digest: Digest) -> Path:
        path = self._folder / hex_of(digest)
        path.write_bytes(self.read(digest))
        return path

    def digests(self) -> Iterator[Digest]:
        yield from sorted(self._contents.keys() | self._places.keys())


class MemoryFingerprints:
    """Fingerprints in a dictionary."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, Digest], bytes] = {}

    def put(self, rows: Iterable[tuple[Digest, str, bytes]]) -> None:
        self._rows.update(((version, picture), content) for picture, version, content in rows)

    def all_of(self, version: str) -> list[tuple[Digest, bytes]]:
        return sorted(
            (picture, content)
            for (known, picture), content in self._rows.items()
            if known == version
        )


class MemoryWatching:
    """What a watch has dealt with, in two dictionaries."""

    def __init__(self) -> None:
        self._folders: dict[Path, str] = {}
        self._files: dict[Path, WatchedFile] = {}

    def turn(self) -> AbstractContextManager[None]:
        return nullcontext()

    def folders(self) -> list[Path]:
        return sorted(self._folders)

    def begin(self, folder: Path, since: str, files: Iterable[WatchedFile]) -> None:
        self.note(list(files))
        self._folders[folder] = since

    def files(self, folder: Path) -> list[WatchedFile]:
        return [self._files[path] for path in sorted(self._files) if folder in path.parents]

    def note(self, files: Sequence[WatchedFile]) -> None:
        self._files.update((file.path, file) for file in files)

    def forget(self, paths: Sequence[Path]) -> None:
        for path in paths:
            self._files.pop(path, None)


class MemoryRuns:
    """Which picture came of which run, in a dictionary."""

    def __init__(self) -> None:
        self._pictures: dict[Digest, Digest] = {}

    def picture_of(self, run: Digest) -> Digest | None:
        return self._pictures.get(run)

    def note(self, run: Digest, picture: Digest) -> None:
        self._pictures[run] = picture


class MemorySigner:
    """Unlocked keys. The claim and identity keys are whatever PEM text the test hands in."""

    def __init__(
        self, ledger_key: Ed25519PrivateKey, *, claim_pem: bytes = b"", identity_pem: bytes = b""
    ) -> None:
        self._ledger_key = ledger_key
        self._claim_pem = claim_pem
        self._identity_pem = identity_pem

    def sign_ledger(self, content: bytes) -> bytes:
        return self._ledger_key.sign(content)

    def claim_key_pem(self) -> bytes:
        return self._claim_pem

    def identity_key_pem(self) -> bytes:
        return self._identity_pem


class FixedKeys:
    """A key vault that opens, or refuses with the error it was given."""

    def __init__(self, signer: Signer, *, problem: RemarqueError | None = None) -> None:
        self._signer = signer
        self.problem = problem

    def unlock(self) -> Signer:
        if self.problem is not None:
            raise self.problem
        return self._signer


Answer = bytes | RemarqueError | Callable[[bytes], bytes]


class FakeAuthority:
    """A timestamp authority that follows a script.

    Each answer is the response, an error to raise, or a function of the request; the last one
    is repeated. Without any it cannot be reached. ``requests`` are those it was sent.
    """

    def __init__(self, name: str = "https://tsa.example/", answers: Iterable[Answer] = ()) -> None:
        self._name = name
        self.answers = list(answers)
        self.requests: list[bytes] = []

    @property
    def name(self) -> str:
        return self._name

    def build_request(self, content: bytes) -> bytes:
        return b"request over " + hashlib.sha256(content).digest()

    def fetch_response(self, request: bytes) -> bytes:
        self.requests.append(request)
        if not self.answers:
            raise TimestampUnavailable(f"{self._name} cannot be reached")
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, RemarqueError):
            raise answer
        return answer(request) if callable(answer) else answer


def build_memory_vault(
    folder: Path,
    *,
    author: Author | None = None,
    signer: Signer | None = None,
    clock: FixedClock | None = None,
    authorities: Sequence[TimestampAuthority] = (),
) -> Vault:
    """A whole vault in memory. ``folder`` is only for ``place`` and for ``path_of``."""
    ledger_key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return Vault(
        place=folder,
        author=author or Author("Ada Example", "0" * 8, "remarque.example+00000000+", "", ""),
        ledger=MemoryLedger(),
        pictures=MemoryPictures(folder),
        fingerprints=MemoryFingerprints(),
        watching=MemoryWatching(),
        runs=MemoryRuns(),
        keys=FixedKeys(signer or MemorySigner(ledger_key)),
        clock=clock or FixedClock(),
        authorities=tuple(authorities),
    )


def _read_right(path: Path, digest: Digest) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PlaceUnusable(f"{path} cannot be read") from error
    if digest_of(content) != digest:
        raise PictureDamaged(f"{path} does not have the digest {digest}")
    return content
