"""Small certificate chains of one's own: a root, and leaves for one purpose (RFC 5280).

The private key of a root lives only as long as the ``Issuer`` in memory: it signs its leaves and
is gone, so that nobody, not even a thief of the keys, can issue another leaf under that root.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from remarque.errors import UsageError

LIFETIME = timedelta(days=3652)
"""Ten years: what was signed with a leaf stays checkable at its timestamp's time after that."""

_SKEW = timedelta(minutes=5)
_COMMON_NAME_BYTES = 64
_LONGEST_NAME = 300
_WHOLE_NAME = x509.ObjectIdentifier("2.5.4.41")  # X.520 name, which has room for long names
_ELLIPSIS = "…"
_JOINERS = "\u200c\u200d"  # invisible, and part of the spelling of Persian and Indic names
_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)

LeafKey = ec.EllipticCurvePublicKey | Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a leaf may be used for: one extended key usage (RFC 5280 §4.2.1.12)."""

    usage: x509.ObjectIdentifier
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Issuer:
    """A root certificate with its private key (P-256), for as long as leaves are issued."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    now: datetime


def new_issuer(subject: x509.Name, now: datetime) -> Issuer:
    """A fresh self-signed root that may sign leaves and nothing below them."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(subject, subject, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
    )
    return Issuer(builder.sign(key, SHA256()), key, now)


def issue_leaf(
    issuer: Issuer, subject: x509.Name, public_key: LeafKey, purpose: Purpose
) -> x509.Certificate:
    """A leaf that may make digital signatures for one purpose.

    It has what C2PA and RFC 3161 ask of a signer: version 3, CA:FALSE, SKI, AKI, key usage
    digitalSignature (critical) and exactly one extended key usage.
    """
    root_id = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id.value)
    builder = (
        _builder(subject, issuer.certificate.subject, public_key, issuer.now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose.usage]), critical=purpose.critical)
        .add_extension(authority, critical=False)
    )
    return builder.sign(issuer.key, SHA256())


def person_attributes(name: str) -> list[x509.NameAttribute[str]]:
    """A person's name as name attributes, in every script.

    X.520 gives the common name 64 characters (counted here as UTF-8 bytes, to be safe with every
    reader). A longer name is shortened there, and stands whole in the attribute ``name``.

    Raises:
        UsageError: The name is empty, longer than 300 characters, or holds control characters.
    """
    written = " ".join(name.split())
    if not 0 < len(written) <= _LONGEST_NAME or not all(map(_may_stand_in_a_name, written)):
        raise UsageError(
            f"{written[:80]!r} cannot stand in a certificate as a name: "
            f"it takes 1 to {_LONGEST_NAME} printable characters on one line"
        )
    if len(written.encode()) <= _COMMON_NAME_BYTES:
        return [x509.NameAttribute(NameOID.COMMON_NAME, written)]
    room = _COMMON_NAME_BYTES - len(_ELLIPSIS.encode())
    short = written.encode()[:room].decode(errors="ignore").rstrip() + _ELLIPSIS
    return [
        x509.NameAttribute(NameOID.COMMON_NAME, short),
        x509.NameAttribute(_WHOLE_NAME, written),
    ]


def _may_stand_in_a_name(mark: str) -> bool:
    return mark.isprintable() or mark in _JOINERS


def pem_of(*certificates: x509.Certificate) -> str:
    """Certificates as PEM text, one after the other."""
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: LeafKey, now: datetime
) -> x509.CertificateBuilder:
    start = now.replace(microsecond=0) - _SKEW
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in allowed for usage in _KEY_USAGES})
