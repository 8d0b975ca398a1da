"""Timestamp tokens made here, for the demonstration authority alone (RFC 3161 §2.4.2, RFC 5652).

The rest of Remarque only asks for tokens and verifies them. What stands in a SET (certificates,
signed attributes) is in DER order, as strict readers demand.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

POLICY = "2.25.140846243706329871953160206171403528331"
"""A UUID-derived OID (ITU-T X.667): it means "a demonstration" and promises nothing."""

_DIGEST_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}
_SERIAL_BITS = 63


@dataclass(frozen=True, slots=True)
class TokenSigner:
    """The certificate that signs tokens, its private key (P-256), and the root it hangs on."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate


def answer_request(request: bytes, signer: TokenSigner, now: datetime) -> bytes:
    """The DER TimeStampResp to a DER TimeStampReq: a token, or a rejection that says why.

    Args:
        request: The bytes of the query.
        signer: Who signs.
        now: The moment the token attests; whole seconds are kept.
    """
    try:
        query = tsp.TimeStampReq.load(request, strict=True)
        imprint = query["message_imprint"]
        name = imprint["hash_algorithm"]["algorithm"].native
        length = len(imprint["hashed_message"].native)
        policy = query["req_policy"].native
        _ = query["nonce"].native, query["cert_req"].native, query["extensions"].native
    except (ValueError, TypeError, KeyError, OverflowError):
        return _rejection("bad_data_format", "this is not a timestamp query")
    if name not in _DIGEST_BYTES:
        return _rejection("bad_alg", "only SHA-256, SHA-384 and SHA-512 are stamped")
    if length != _DIGEST_BYTES[name]:
        return _rejection("bad_data_format", "the digest does not have the length of its kind")
    if policy not in (None, POLICY):
        return _rejection("unaccepted_policy", "this policy is not offered")
    return _granted(_signed(_statement(query, signer, now), query, signer))


def _statement(query: tsp.TimeStampReq, signer: TokenSigner, now: datetime) -> bytes:
    """DER TSTInfo: what was stamped, when, and under which number."""
    fields = {
        "version": "v1",
        "policy": POLICY,
        "message_imprint": query["message_imprint"],
        "serial_number": secrets.randbits(_SERIAL_BITS) + 1,
        "gen_time": now.replace(microsecond=0),
        "accuracy": {"seconds": 1},
        "tsa": asn1_x509.GeneralName("directory_name", _asn1(signer.certificate).subject),
    }
    if query["nonce"].native is not None:
        fields["nonce"] = query["nonce"]
    return bytes(tsp.TSTInfo(fields).dump())


def _signed(statement: bytes, query: tsp.TimeStampReq, signer: TokenSigner) -> cms.ContentInfo:
    """SignedData over the statement with one SignerInfo (RFC 5652 §5)."""
    leaf = _asn1(signer.certificate)
    attributes = _attributes(statement, leaf)
    # The signature is over the attributes as a universal SET, not as they stand in SignerInfo
    # (RFC 5652 §5.4).
    signature = signer.key.sign(attributes.dump(), ec.ECDSA(SHA256()))
    signed = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {
            "content_type": "tst_info",
            "content": core.ParsableOctetString(statement),
        },
        "signer_infos": [
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    "issuer_and_serial_number",
                    {"issuer": leaf.issuer, "serial_number": leaf.serial_number},
                ),
                "digest_algorithm": {"algorithm": "sha256"},
                "signed_attrs": attributes,
                "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                "signature": signature,
            }
        ],
    }
    if query["cert_req"].native:
        signed["certificates"] = cms.CertificateSet([leaf, _asn1(signer.root)])
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})


def _attributes(statement: bytes, leaf: asn1_x509.Certificate) -> cms.CMSAttributes:
    """Content type, digest, and ESSCertIDv2: which certificate signs (RFC 5035 §3, RFC 5816)."""
    signing_certificate = tsp.SigningCertificateV2(
        {"certs": [{"cert_hash": hashlib.sha256(leaf.dump()).digest()}]}
    )
    return cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["tst_info"]},
            {"type": "message_digest", "values": [hashlib.sha256(statement).digest()]},
            {"type": "signing_certificate_v2", "values": [signing_certificate]},
        ]
    )


def _granted(token: cms.ContentInfo) -> bytes:
    response = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})
    return bytes(response.dump())


def _rejection(failure: str, words: str) -> bytes:
    status = tsp.PKIStatusInfo(
        {"status": "rejection", "status_string": [words], "fail_info": {failure}}
    )
    return bytes(core.Sequence(contents=status.dump()).dump())


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
