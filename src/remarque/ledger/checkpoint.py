"""Checkpoints (c2sp.org/tlog-checkpoint) and inclusion proofs as text (c2sp.org/tlog-proof).

Three lines are signed: the origin, the number of entries, and the root in base64. Extension
lines are refused: the specification discourages them, and nothing here could audit them.
"""

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from remarque.errors import LedgerDamaged, MetadataMalformed
from remarque.ledger.merkle import DIGEST_BYTES
from remarque.ledger.note import Note, check_signature, decode_base64, parse_note, sign_note

PROOF_HEADER = "c2sp.org/tlog-proof@v1"

_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\Z")
_LINES = 3


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What a checkpoint says: whose ledger, how many entries, their root (32 bytes)."""

    origin: str
    size: int
    root: bytes
    note: Note


def sign_checkpoint(
    origin: str, size: int, root: bytes, sign: Callable[[bytes], bytes], public_key: bytes
) -> bytes:
    """The signed note over a tree head; the origin names the key too.

    Args:
        origin: The ledger's origin line, see ``note.log_origin``.
        size: How many entries the tree has.
        root: Its root, 32 bytes.
        sign: Signs bytes with the ledger key (Ed25519).
        public_key: The raw public key of ``sign``, 32 bytes.

    Raises:
        LedgerDamaged: The size is negative or the root has not 32 bytes.
        KeyProblem: The signature is not by this public key, or the origin cannot name a key.
    """
    if size < 0 or len(root) != DIGEST_BYTES:
        raise LedgerDamaged(f"a tree of {size} entries with a root of {len(root)} bytes is none")
    text = f"{origin}\n{size}\n{_base64(root)}\n"
    return sign_note(text, origin, sign, public_key)


def parse_checkpoint(content: bytes) -> TreeHead:
    """Read a checkpoint strictly, without judging its signatures.

    Raises:
        MetadataMalformed: It is not a checkpoint.
    """
    note = parse_note(content)
    lines = note.text.removesuffix("\n").split("\n")
    if len(lines) != _LINES or not all(lines):
        raise MetadataMalformed("a checkpoint has three lines: origin, size and root")
    origin, size, root = lines
    if not _SIZE.match(size):
        raise MetadataMalformed(f"the size of a checkpoint is not a number: {size[:80]!r}")
    digest = decode_base64(root)
    if len(digest) != DIGEST_BYTES:
        raise MetadataMalformed(f"the root of a checkpoint has {len(digest)} bytes instead of 32")
    return TreeHead(origin, int(size), digest, note)


def open_checkpoint(content: bytes, public_key: bytes) -> TreeHead:
    """Read a checkpoint that this key must have signed under the name of the origin.

    Raises:
        MetadataMalformed: It is not a checkpoint.
        LedgerDamaged: This key did not sign it.
    """
    head = parse_checkpoint(content)
    check_signature(head.note, head.origin, public_key)
    return head


def write_tlog_proof(index: int, hashes: Sequence[bytes], checkpoint: bytes) -> bytes:
    """The inclusion proof of one entry as text, the checkpoint verbatim at its end.

    Args:
        index: Zero-based index of the entry.
        hashes: The inclusion proof, leaf's sibling first, 32 bytes each.
        checkpoint: The note the proof leads to.

    Raises:
        MetadataMalformed: The checkpoint is none.
        LedgerDamaged: The proof cannot be one for this index in a tree of that size.
    """
    head = parse_checkpoint(checkpoint)
    if not 0 <= index < head.size or len(hashes) != _path_length(index, head.size):
        raise LedgerDamaged(
            f"{len(hashes)} hashes are no proof for entry {index} in a tree of {head.size} entries"
        )
    if any(len(digest) != DIGEST_BYTES for digest in hashes):
        raise LedgerDamaged("a hash of an inclusion proof has not 32 bytes")
    lines = [PROOF_HEADER, f"index {index}", *(_base64(digest) for digest in hashes), "", ""]
    return "\n".join(lines).encode() + checkpoint


def _path_length(index: int, size: int) -> int:
    """How many hashes an inclusion proof has: all levels up to where the right edge is met."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
