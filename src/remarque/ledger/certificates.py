"""The author's own certificates for Content Credentials (C2PA) and the identity in them (CAWG).

No company vouches for the name in them, and their organisation says so. The root's private key
signs the two leaves and is thrown away at once. The fingerprint of the ledger key stands in every
subject, so that a certificate points at the ledger it belongs to.
"""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from remarque.ledger.issuing import Purpose, issue_leaf, new_issuer, pem_of, person_attributes
from remarque.ledger.keys import KeySet

ORGANIZATION = "Self-issued with Remarque"

_SIGNER = Purpose(ExtendedKeyUsageOID.EMAIL_PROTECTION)  # C2PA's trust list takes it by default


@dataclass(frozen=True, slots=True)
class AuthorCertificates:
    """The author's chains as PEM text: leaf first, root last; ``root`` is that root alone."""

    claim_chain: str
    identity_chain: str
    root: str


def issue_author_chain(author_name: str, keys: KeySet, now: datetime) -> AuthorCertificates:
    """Issue the author's root and, under it, one leaf for claims and one for the identity.

    Valid for ten years from five minutes before ``now``. When they end, new ones are issued under
    a new root; what was signed before stays valid by its timestamp.

    Args:
        author_name: The natural person's name, in any script.
        keys: The author's keys; only their public halves go into the certificates.
        now: The present moment, aware.

    Raises:
        UsageError: The name is empty, too long, or holds control characters.
    """
    issuer = new_issuer(_subject(author_name, keys, "Author's own root"), now)
    claim = issue_leaf(
        issuer,
        _subject(author_name, keys, "Content Credentials"),
        keys.claim.public_key(),
        _SIGNER,
    )
    identity = issue_leaf(
        issuer, _subject(author_name, keys, "Identity"), keys.identity.public_key(), _SIGNER
    )
    root = issuer.certificate
    return AuthorCertificates(
        claim_chain=pem_of(claim, root), identity_chain=pem_of(identity, root), root=pem_of(root)
    )


def _subject(author_name: str, keys: KeySet, use: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, use),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, keys.key_id()),
            *person_attributes(author_name),
        ]
    )
