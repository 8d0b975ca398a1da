"""Keys whose certificates end in a moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from remarque.marks.credentials.signing import SigningKeys


def short_lived(author) -> SigningKeys:
    """The author's claim key with a certificate that ends in a moment."""
    key = load_pem_private_key(author.keys.claim_key_pem, password=None)
    leaf, old_root = x509.load_pem_x509_certificates(author.keys.claim_chain.encode())
    issuer = load_pem_private_key(author.keys.claim_key_pem, password=None)
    now = datetime.now(UTC)
    root = copied(old_root, old_root.subject, key.public_key(), now + timedelta(days=1))
    root = root.sign(issuer, leaf.signature_hash_algorithm)
    new = copied(leaf, root.subject, key.public_key(), now + timedelta(seconds=5))
    new = new.sign(issuer, leaf.signature_hash_algorithm)
    chain = "".join(one.public_bytes(Encoding.PEM).decode() for one in (new, root))
    return replace(author.keys, claim_chain=chain)


def copied(old: x509.Certificate, issuer: x509.Name, key, ends: datetime):
    builder = x509.CertificateBuilder(
        issuer, old.subject, key, x509.random_serial_number(), ends - timedelta(days=2), ends
    )
    for extension in old.extensions:
        if not isinstance(extension.value, x509.AuthorityKeyIdentifier | x509.SubjectKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    own = x509.SubjectKeyIdentifier.from_public_key(key)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
    return builder.add_extension(own, critical=False).add_extension(above, critical=False)
