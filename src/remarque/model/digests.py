"""SHA-256 digests as text: ``sha256:`` and 64 lower-case hexadecimal digits."""

import hashlib
import re
from typing import NewType

from remarque.errors import MetadataMalformed

Digest = NewType("Digest", str)
"""``sha256:`` and 64 lower-case hexadecimal digits. A fingerprint is the perceptual kind."""

_FORM = re.compile(r"sha256:[0-9a-f]{64}\Z")


def digest_of(content: bytes) -> Digest:
    """The SHA-256 digest of these bytes (FIPS 180-4)."""
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def parse_digest(text: str) -> Digest:
    """Check the form of a digest.

    Raises:
        MetadataMalformed: The text is not ``sha256:`` and 64 hexadecimal digits.
    """
    if not _FORM.match(text):
        raise MetadataMalformed(f"{text[:80]!r} is not a digest of the form sha256:<64 hex digits>")
    return Digest(text)


def digest_from_raw(raw: bytes) -> Digest:
    """The digest whose 32 raw bytes these are."""
    return parse_digest("sha256:" + raw.hex())


def hex_of(digest: Digest) -> str:
    """The 64 hexadecimal digits alone."""
    return digest.removeprefix("sha256:")


def raw_of(digest: Digest) -> bytes:
    """The 32 raw bytes."""
    return bytes.fromhex(hex_of(digest))
