"""Encrypted boxes and stretched passphrases: scrypt (RFC 7914) and AES-256-GCM (SP 800-38D)."""

import secrets
import unicodedata
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from remarque.errors import KeyProblem, PassphraseNeeded

KEY_BYTES = 32

_NONCE_BYTES = 12
_LONGEST_PASSPHRASE = 4096
_LARGEST_WORK = 1 << 22


@dataclass(frozen=True, slots=True)
class Cost:
    """scrypt's parameters (RFC 7914 §2). The default takes 128 MiB for every try."""

    n: int = 1 << 17
    r: int = 8
    p: int = 1

    def is_sane(self) -> bool:
        """Whether a computer can be asked for this.

        n is a power of two, and n*r*p at most 2**22: half a gibibyte and four times the default.
        """
        positive = self.n > 1 and self.r > 0 and self.p > 0
        power = positive and self.n.bit_count() == 1
        return power and self.n * self.r * self.p <= _LARGEST_WORK

    def memory_mib(self) -> int:
        """The memory one stretching takes, in MiB."""
        return max(1, 128 * self.n * self.r // (1024 * 1024))


DEFAULT_COST = Cost()


def passphrase_bytes(passphrase: str) -> bytes:
    """The passphrase as bytes: NFKC, so that every keyboard and system gives the same.

    Raises:
        PassphraseNeeded: It is empty.
        KeyProblem: It is longer than 4096 characters, or is not text.
    """
    if not passphrase:
        raise PassphraseNeeded("the passphrase is empty")
    if len(passphrase) > _LONGEST_PASSPHRASE:
        raise KeyProblem(f"a passphrase may have {_LONGEST_PASSPHRASE} characters at most")
    try:
        return unicodedata.normalize("NFKC", passphrase).encode()
    except UnicodeEncodeError as error:
        raise KeyProblem("the passphrase holds something that is not text") from error


def stretch(material: bytes, salt: bytes, cost: Cost) -> bytes:
    """A 32-byte key from a passphrase by scrypt.

    Raises:
        KeyProblem: The cost is out of bounds, or there is too little memory.
    """
    if not cost.is_sane():
        raise KeyProblem(f"scrypt cannot be asked for n={cost.n}, r={cost.r}, p={cost.p}")
    try:
        return Scrypt(salt, length=KEY_BYTES, n=cost.n, r=cost.r, p=cost.p).derive(material)
    except MemoryError as error:
        raise KeyProblem(
            f"there is not enough free memory to try the passphrase: it takes {cost.memory_mib()} "
            "MiB; close other programs and try again"
        ) from error


def close_box(key: bytes, plain: bytes, clear: bytes) -> bytes:
    """Nonce, ciphertext and tag; ``clear`` is authenticated with them but not inside."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, clear)


def open_box(key: bytes, box: bytes, clear: bytes) -> bytes | None:
    """What is inside; None if the key, the box or ``clear`` is not the one it was closed with."""
    nonce, cipher = box[:_NONCE_BYTES], box[_NONCE_BYTES:]
    if len(nonce) < _NONCE_BYTES:
        return None
    try:
        return AESGCM(key).decrypt(nonce, cipher, clear)
    except InvalidTag:
        return None
