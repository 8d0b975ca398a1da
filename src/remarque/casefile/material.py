"""What a case file is made from: proven entries and the bytes they name, nothing looked up."""

from collections.abc import Callable
from dataclasses import dataclass

from remarque.model.digests import Digest
from remarque.model.entry import Checkpoint, Stamp, StoredEntry


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry with its inclusion proof as C2SP tlog-proof text, checkpoint included."""

    stored: StoredEntry
    proof: bytes


@dataclass(frozen=True, slots=True)
class Consistency:
    """RFC 9162 §2.1.4 proof that the tree of ``new_size`` extends the tree of ``old_size``."""

    old_size: int
    new_size: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class RedactedTwin:
    """A copy without its secrets that goes into the bundle instead of a file that entries name.

    ``digest`` is that of the original, which is among the material's ``missing``; ``extension``
    is json, png, jpg or webp; ``read`` makes the copy when its turn comes.
    """

    digest: Digest
    extension: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class CaseMaterial:
    """Everything one work's case file and bundle are written from.

    ``entries`` are the work's own and the vault's first, in order; ``checkpoints`` those the
    proofs and stamps refer to, smallest first, with a consistency proof between neighbours.
    ``read_picture`` gives the bytes of a digest in ``pictures``; ``missing`` names digests whose
    bytes are gone, with the sentence that says why. ``trusted_roots`` are PEM certificates of
    timestamp authorities the author trusts. ``sighting`` is the sighting id the case is about.
    ``withheld`` are those of ``missing`` that the author keeps back because their metadata names
    secrets: the vault still has them. ``redacted`` are the copies that stand for them.
    """

    author: str
    key_id: str
    verifier_key: str
    claim_chain: str
    identity_chain: str
    work: str
    title: str
    entries: tuple[ProvenEntry, ...]
    checkpoints: tuple[Checkpoint, ...]
    consistency: tuple[Consistency, ...]
    stamps: tuple[Stamp, ...]
    trusted_roots: tuple[bytes, ...]
    pictures: tuple[Digest, ...]
    read_picture: Callable[[Digest], bytes]
    missing: tuple[tuple[Digest, str], ...]
    sighting: str | None
    written_at: str
    software: str
    redacted: tuple[RedactedTwin, ...] = ()
    withheld: tuple[Digest, ...] = ()
