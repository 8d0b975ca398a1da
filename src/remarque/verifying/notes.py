"""C2SP signed notes, checkpoints, verifier keys and tlog proofs, parsed strictly once.

Source: c2sp.org/signed-note v1.0.0, c2sp.org/tlog-checkpoint, c2sp.org/tlog-proof; Ed25519 is
RFC 8032 by ``cryptography``. What these parsers refuse never goes further.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from remarque.errors import MetadataMalformed

_LARGEST_NOTE_BYTES = 1 << 20
_MOST_SIGNATURES = 64
_MOST_PROOF_HASHES = 64
_ED25519 = 1
_KEY_ID_BYTES = 4
_PUBLIC_KEY_BYTES = 32
_FINGERPRINT_BYTES = 16
_DASH = "\N{EM DASH} "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z")
_PROOF_HEAD = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """An Ed25519 verifier key.

    ``origin`` is the key's name, which is also the origin line of its ledger's checkpoints,
    ``note_id`` the 4-byte id of signature lines, ``public_key`` the 32 raw bytes.
    """

    origin: str
    note_id: bytes
    public_key: bytes

    @property
    def fingerprint(self) -> str:
        """What people compare: 16 bytes of the key's SHA-256, hexadecimal in groups of four."""
        digits = hashlib.sha256(self.public_key).hexdigest()[: 2 * _FINGERPRINT_BYTES]
        return "-".join(re.findall("....", digits))


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: the key's name and 4-byte id, and the signature bytes."""

    origin: str
    note_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note: the signed text (with its final newline) and its signature lines."""

    text: bytes
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A parsed checkpoint. Nothing in it may be believed before ``is_signed_by``."""

    origin: str
    size: int
    root: bytes
    note: Note
    raw: bytes


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """A parsed tlog proof: zero-based index, sibling digests from the leaf up, the tree head."""

    index: int
    hashes: tuple[bytes, ...]
    head: TreeHead


def decode_base64(text: str) -> bytes:
    """Standard base64 in its one canonical spelling (RFC 4648 §4).

    Raises:
        MetadataMalformed: Other alphabet, missing padding, or bits set after the end.
    """
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MetadataMalformed(f"{text[:60]!r} is not base64") from error
    if base64.b64encode(raw).decode("ascii") != text:
        raise MetadataMalformed(f"{text[:60]!r} is not base64 in its canonical spelling")
    return raw


def parse_verifier_key(text: str) -> VerifierKey:
    """Read a verifier key ``name+id+base64`` (signed-note, "Verifier keys").

    Raises:
        MetadataMalformed: Wrong form, not Ed25519, or the id does not belong to the key.
    """
    name, id_plus, rest = text.partition("+")
    id_text, key_plus, key_text = rest.partition("+")
    if not (_is_key_name(name) and id_plus and key_plus):
        raise MetadataMalformed(f"{text[:80]!r} is not a verifier key of the form name+id+key")
    material = decode_base64(key_text)
    if len(material) != 1 + _PUBLIC_KEY_BYTES or material[0] != _ED25519:
        raise MetadataMalformed(f"the verifier key {name!r} is not an Ed25519 key")
    expected = hashlib.sha256(name.encode() + b"\n" + material).digest()[:_KEY_ID_BYTES]
    if id_text != expected.hex():
        raise MetadataMalformed(f"the id of the verifier key {name!r} does not belong to its key")
    return VerifierKey(name, expected, material[1:])


def parse_note(raw: bytes) -> Note:
    """Read a signed note (signed-note, "Format").

    Raises:
        MetadataMalformed: The bytes are not a signed note.
    """
    if len(raw) > _LARGEST_NOTE_BYTES:
        raise MetadataMalformed(f"a signed note of {len(raw)} bytes is too large")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MetadataMalformed("the signed note is not UTF-8 text") from error
    if _CONTROL.search(text):
        raise MetadataMalformed("the signed note holds control characters")
    body, blank, tail = text.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise MetadataMalformed("the signed note has no signature lines after a blank line")
    lines = tail[:-1].split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise MetadataMalformed(f"the signed note has more than {_MOST_SIGNATURES} signatures")
    return Note(f"{body}\n".encode(), tuple(_parse_signature(line) for line in lines))


def is_signed_by(note: Note, key: VerifierKey) -> bool:
    """Whether this key signed the note; one bad signature of the key spoils the note.

    Signatures of other keys are ignored, as signed-note asks.
    """
    ours = [s for s in note.signatures if (s.origin, s.note_id) == (key.origin, key.note_id)]
    return bool(ours) and all(_signature_holds(key, s.signature, note.text) for s in ours)


def parse_checkpoint(raw: bytes) -> TreeHead:
    """Read a checkpoint (tlog-checkpoint, "Note text").

    Raises:
        MetadataMalformed: The bytes are not a checkpoint.
    """
    note = parse_note(raw)
    lines = note.text.decode("utf-8")[:-1].split("\n")
    if len(lines) < 3 or not all(lines):  # noqa: PLR2004  origin, size, root
        raise MetadataMalformed("the checkpoint lacks its origin, size or root line")
    root = decode_base64(lines[2])
    if len(root) != hashlib.sha256().digest_size:
        raise MetadataMalformed("the root of the checkpoint is not 32 bytes long")
    return TreeHead(lines[0], parse_decimal(lines[1]), root, note, raw)


def parse_tlog_proof(raw: bytes) -> InclusionProof:
    """Read a tlog proof (tlog-proof, "Format").

    Raises:
        MetadataMalformed: The bytes are not a tlog proof.
    """
    try:
        head, blank, checkpoint = raw.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError as error:
        raise MetadataMalformed("the inclusion proof is not UTF-8 text") from error
    lines = head.split("\n")
    if not blank or lines.pop(0) != _PROOF_HEAD:
        raise MetadataMalformed(f"the inclusion proof does not begin with {_PROOF_HEAD}")
    if lines and lines[0].startswith("extra "):
        decode_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise MetadataMalformed("the inclusion proof does not say the index of its entry")
    index = parse_decimal(lines.pop(0).removeprefix("index "))
    if len(lines) > _MOST_PROOF_HASHES:
        raise MetadataMalformed("the inclusion proof has more than 64 hashes")
    hashes = tuple(decode_base64(line) for line in lines)
    return InclusionProof(index, hashes, parse_checkpoint(checkpoint.encode("utf-8")))


def parse_decimal(text: str) -> int:
    """A whole number in ASCII digits without leading zeros.

    Raises:
        MetadataMalformed: Any other spelling.
    """
    if not _DECIMAL.match(text):
        raise MetadataMalformed(f"{text[:40]!r} is not a whole number in plain digits")
    return int(text)


def _parse_signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not _is_key_name(name):
        raise MetadataMalformed(f"{line[:80]!r} is not a signature line of a note")
    raw = decode_base64(encoded)
    if len(raw) <= _KEY_ID_BYTES:
        raise MetadataMalformed(f"the signature of {name!r} is too short")
    return NoteSignature(name, raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:])


def _is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(char.isspace() for char in name)


def _signature_holds(key: VerifierKey, signature: bytes, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True
