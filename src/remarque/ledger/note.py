"""C2SP signed notes with Ed25519 (c2sp.org/signed-note, signature type 0x01).

A note is text, a blank line, and signature lines: em dash, key name, and the base64 of a
four-byte key id and the signature. ``keys.py`` holds the private key; here are only forms.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from remarque.errors import KeyProblem, LedgerDamaged, MetadataMalformed

PUBLIC_KEY_BYTES = 32

_ED25519 = b"\x01"
_NOTE_KEY_ID_BYTES = 4
_LARGEST_NOTE_BYTES = 1024 * 1024
_MOST_SIGNATURES = 64
_FINGERPRINT_BYTES = 16
_SIGNATURE_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<blob>[A-Za-z0-9+/]+={0,2})\Z")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: key name, four-byte key id, signature bytes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note. ``text`` ends in a newline; nothing about it is proved by parsing."""

    text: str
    signatures: tuple[NoteSignature, ...]


def key_id(public_key: bytes) -> str:
    """The fingerprint people compare: SHA-256 of the raw 32-byte key, first 16 bytes.

    Lower-case hexadecimal in eight groups of four with dashes. Not the four-byte id in notes.

    Raises:
        KeyProblem: The key does not have 32 bytes.
    """
    digits = hashlib.sha256(_checked_key(public_key)).digest()[:_FINGERPRINT_BYTES].hex()
    return "-".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def log_origin(public_key: bytes) -> str:
    """The origin line, and key name, of the ledger this key signs: ``remarque/<key id>``."""
    return f"remarque/{key_id(public_key)}"


def verifier_key(name: str, public_key: bytes) -> str:
    """A C2SP verifier key: ``<name>+<hex of key id>+<base64 of 0x01 and the raw key>``.

    Raises:
        KeyProblem: The key does not have 32 bytes, or the name holds a space or a plus.
    """
    blob = base64.b64encode(_ED25519 + public_key).decode()
    return f"{name}+{note_key_id(name, public_key).hex()}+{blob}"


def note_key_id(name: str, public_key: bytes) -> bytes:
    """The four-byte key id of signature lines: SHA-256(name, newline, 0x01, key), shortened.

    Raises:
        KeyProblem: The key does not have 32 bytes, or the name holds a space or a plus.
    """
    if not name or "+" in name or any(mark.isspace() or mark < " " for mark in name):
        raise KeyProblem(f"{name[:80]!r} cannot name a key: it is empty, or holds a space or plus")
    content = name.encode() + b"\n" + _ED25519 + _checked_key(public_key)
    return hashlib.sha256(content).digest()[:_NOTE_KEY_ID_BYTES]


def sign_note(text: str, name: str, sign: Callable[[bytes], bytes], public_key: bytes) -> bytes:
    """The signed note over a text that ends in a newline.

    The signature is checked before the note is returned: a note nobody can verify must not
    enter a ledger.

    Raises:
        MetadataMalformed: The text cannot be a note's.
        KeyProblem: The signature is not by this public key.
    """
    if not text.endswith("\n") or _CONTROL.search(text):
        raise MetadataMalformed("a note's text must end in a newline and hold no control character")
    content = text.encode()
    signature = sign(content)
    if not _is_signed(content, signature, public_key):
        raise KeyProblem("the ledger key that signs is not the one this ledger belongs to")
    blob = base64.b64encode(note_key_id(name, public_key) + signature).decode()
    return f"{text}\n— {name} {blob}\n".encode()


def parse_note(content: bytes) -> Note:
    """Read a note strictly, without judging its signatures.

    Raises:
        MetadataMalformed: It is not a signed note.
    """
    if len(content) > _LARGEST_NOTE_BYTES:
        raise MetadataMalformed(f"a note of {len(content):,} bytes is too large")
    try:
        whole = content.decode()
    except UnicodeDecodeError as error:
        raise MetadataMalformed("a note must be UTF-8 text") from error
    text, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n") or _CONTROL.search(whole):
        raise MetadataMalformed("this is not a signed note: text, blank line, signature lines")
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise MetadataMalformed(f"a note with {len(lines)} signatures is not read")
    return Note(text + "\n", tuple(_signature_from(line) for line in lines))


def check_signature(note: Note, name: str, public_key: bytes) -> None:
    """Check that this key, under this name, signed the note; other keys' lines are left aside.

    Raises:
        LedgerDamaged: There is no signature by this key, or one of them is wrong.
    """
    wanted = note_key_id(name, public_key)
    ours = [line for line in note.signatures if (line.name, line.key_id) == (name, wanted)]
    if not ours:
        raise LedgerDamaged(f"the note carries no signature by {name}")
    if not all(_is_signed(note.text.encode(), line.signature, public_key) for line in ours):
        raise LedgerDamaged(f"the signature of {name} under the note is wrong")


def _signature_from(line: str) -> NoteSignature:
    found = _SIGNATURE_LINE.match(line)
    if not found:
        raise MetadataMalformed(f"not a signature line of a note: {line[:80]!r}")
    blob = decode_base64(found["blob"])
    if len(blob) <= _NOTE_KEY_ID_BYTES:
        raise MetadataMalformed(f"a signature line of a note is too short: {line[:80]!r}")
    return NoteSignature(found["name"], blob[:_NOTE_KEY_ID_BYTES], blob[_NOTE_KEY_ID_BYTES:])


def decode_base64(text: str) -> bytes:
    """Decode base64 (RFC 4648 §4) in its one canonical spelling.

    Raises:
        MetadataMalformed: Another alphabet, wrong padding, or bits left over.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MetadataMalformed(f"not base64: {text[:80]!r}") from error
    if base64.b64encode(content).decode() != text:
        raise MetadataMalformed(f"not base64 in its canonical spelling: {text[:80]!r}")
    return content


def _is_signed(content: bytes, signature: bytes, public_key: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(_checked_key(public_key)).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _checked_key(public_key: bytes) -> bytes:
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise KeyProblem(f"an Ed25519 public key has 32 bytes, not {len(public_key)}")
    return public_key
