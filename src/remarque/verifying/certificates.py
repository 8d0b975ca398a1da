"""X.509 certificates read all at once, so that a broken one is met here and nowhere later.

``cryptography`` parses lazily: a damaged name or a doubled extension is only found out when it is
asked for. Reading every part that will be used keeps those surprises in one place.
"""

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from remarque.errors import MetadataMalformed

CERTIFICATE_ERRORS = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
_MOST_CERTIFICATES = 32


def load_readable(certificates: Sequence[bytes]) -> list[x509.Certificate]:
    """The DER certificates that can be read in full; broken ones vouch for nothing and are left."""
    found = []
    for der in certificates:
        try:
            found.append(_read_all(x509.load_der_x509_certificate(der)))
        except CERTIFICATE_ERRORS:
            continue
    return found


def certificates_from_pem(pem: bytes) -> list[x509.Certificate]:
    """All certificates of a PEM text, in order.

    Raises:
        MetadataMalformed: It holds none, too many, or something broken.
    """
    try:
        found = [_read_all(certificate) for certificate in x509.load_pem_x509_certificates(pem)]
    except CERTIFICATE_ERRORS as error:
        raise MetadataMalformed(
            "this is not a PEM certificate", hint="Give the root as -----BEGIN CERTIFICATE-----."
        ) from error
    if len(found) > _MOST_CERTIFICATES:
        raise MetadataMalformed(f"more than {_MOST_CERTIFICATES} certificates in one PEM text")
    return found


def _read_all(certificate: x509.Certificate) -> x509.Certificate:
    parts = (
        certificate.version,
        certificate.subject.rfc4514_string(),
        certificate.issuer.rfc4514_string(),
        certificate.serial_number,
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.extensions,
        certificate.public_key(),
    )
    if not all(part is not None for part in parts):
        raise ValueError("a part of the certificate is missing")
    return certificate
