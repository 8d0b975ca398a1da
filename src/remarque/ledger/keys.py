"""The author's three private keys, unlocked: they live in memory and are never printed.

``ledger`` signs checkpoints and manifests (Ed25519), ``claim`` signs Content Credentials
(ES256 on P-256), ``identity`` signs the CAWG identity in them (Ed25519). One key, one purpose.
"""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from remarque.errors import KeyDamaged
from remarque.ledger.note import key_id, log_origin, verifier_key

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeySet:
    """The author's unlocked keys; satisfies ``actions.ports.Signer``."""

    ledger: Ed25519PrivateKey = field(repr=False)
    claim: ec.EllipticCurvePrivateKey = field(repr=False)
    identity: Ed25519PrivateKey = field(repr=False)

    def sign_ledger(self, content: bytes) -> bytes:
        """Ed25519 signature (RFC 8032, 64 bytes) by the ledger key."""
        return self.ledger.sign(content)

    def claim_key_pem(self) -> bytes:
        """The claim signing key, PKCS#8 PEM, unencrypted, for memory only."""
        return self.claim.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def identity_key_pem(self) -> bytes:
        """The CAWG identity key, PKCS#8 PEM, unencrypted, for memory only."""
        return self.identity.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def ledger_public(self) -> bytes:
        """The public ledger key, 32 raw bytes."""
        return self.ledger.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def key_id(self) -> str:
        """The fingerprint of the ledger key, see ``note.key_id``."""
        return key_id(self.ledger_public())

    def verifier_key(self) -> str:
        """The C2SP verifier key of the ledger, under its own origin."""
        return verifier_key(log_origin(self.ledger_public()), self.ledger_public())


def create_keys() -> KeySet:
    """Three fresh keys from the operating system's randomness."""
    return KeySet(
        ledger=Ed25519PrivateKey.generate(),
        claim=ec.generate_private_key(ec.SECP256R1()),
        identity=Ed25519PrivateKey.generate(),
    )


def secrets_of(keys: KeySet) -> dict[str, bytes]:
    """The three secrets by name, 32 bytes each: two Ed25519 seeds and a P-256 scalar."""
    scalar = keys.claim.private_numbers().private_value
    return {
        "ledger": keys.ledger.private_bytes_raw(),
        "claim": scalar.to_bytes(SECRET_BYTES, "big"),
        "identity": keys.identity.private_bytes_raw(),
    }


def keys_from_secrets(ledger: bytes, claim: bytes, identity: bytes) -> KeySet:
    """The keys whose 32-byte secrets these are.

    Raises:
        KeyDamaged: A secret has the wrong length, or is no private key.
    """
    if any(len(secret) != SECRET_BYTES for secret in (ledger, claim, identity)):
        raise KeyDamaged("the sealed keys open, but a key in them has the wrong length")
    try:
        return KeySet(
            ledger=Ed25519PrivateKey.from_private_bytes(ledger),
            claim=ec.derive_private_key(int.from_bytes(claim, "big"), ec.SECP256R1()),
            identity=Ed25519PrivateKey.from_private_bytes(identity),
        )
    except ValueError as error:
        raise KeyDamaged("the sealed keys open, but a key in them is not a private key") from error
