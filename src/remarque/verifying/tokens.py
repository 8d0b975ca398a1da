"""RFC 3161 tokens opened: who signed what, when, and whether that signature is right.

Own reading of RFC 3161 §2.4.2 and of CMS (RFC 5652 §5.4, §5.6) with asn1crypto for the form and
``cryptography`` for the arithmetic. Chains up to an authority are judged in ``timestamps``.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import algos, cms, tsp
from asn1crypto import core as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from remarque.errors import MetadataMalformed
from remarque.verifying.certificates import CERTIFICATE_ERRORS, load_readable

# asn1crypto parses lazily and answers bad DER with whatever its Python meets first.
FOREIGN_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    NotImplementedError,
)
_LARGEST_TOKEN_BYTES = 1 << 20
_SEQUENCE, _SET, _SHORT_LENGTH_END = 0x30, 0x31, 0x80
_GRANTED = {"granted", "granted_with_mods"}
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "sha3_256": hashes.SHA3_256,
    "sha3_384": hashes.SHA3_384,
    "sha3_512": hashes.SHA3_512,
}


@dataclass(frozen=True, slots=True)
class TokenContent:
    """What a granted response says, nothing of it proved yet.

    ``imprint`` is the raw digest by ``imprint_hash`` ("sha256" …), ``time`` the genTime,
    ``certificates`` DER in the order of the token, ``token`` the ContentInfo and ``der`` its
    bytes as they came, ``statement`` the bytes of the TSTInfo.
    """

    time: datetime
    imprint_hash: str
    imprint: bytes
    nonce: int | None
    policy: str
    serial: int
    certificates: tuple[bytes, ...]
    token: Any
    der: bytes
    statement: bytes


def open_response(response: bytes) -> TokenContent:
    """Read a TimeStampResp (RFC 3161 §2.4.2).

    Raises:
        MetadataMalformed: Not such a response, or the authority refused to stamp.
    """
    if len(response) > _LARGEST_TOKEN_BYTES:
        raise MetadataMalformed(f"the timestamp response is {len(response)} bytes, more than 1 MiB")
    try:
        return _read_response(response)
    except FOREIGN_ERRORS as error:
        raise MetadataMalformed("the timestamp response is not readable (RFC 3161)") from error


def request_nonce_and_imprint(request: bytes) -> tuple[int | None, bytes]:
    """The nonce and message imprint of a TimeStampReq (RFC 3161 §2.4.1).

    Raises:
        MetadataMalformed: Not such a request.
    """
    try:
        raw = tsp.TimeStampReq.load(request, strict=True)
        imprint = raw["message_imprint"]["hashed_message"].native
        return raw["nonce"].native, bytes(imprint)
    except FOREIGN_ERRORS as error:
        raise MetadataMalformed("the timestamp request is not readable (RFC 3161)") from error


def with_sorted_certificates(content: TokenContent) -> bytes:
    """A granted response with the same token, its certificate set in DER order.

    Authorities (openssl among them) write the set unsorted, which strict readers refuse. The set
    is outside the signature, and sorting moves no other byte.
    """
    written = b"".join(content.certificates)
    token = content.der.replace(written, b"".join(sorted(content.certificates)), 1)
    status = encode_der(_SEQUENCE, b"\x02\x01\x00")
    return encode_der(_SEQUENCE, status + token)


def encode_der(tag: int, contents: bytes) -> bytes:
    """Tag, length and contents (X.690 §8.1.3, §10.1)."""
    length = len(contents)
    if length < _SHORT_LENGTH_END:
        return bytes((tag, length)) + contents
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _SHORT_LENGTH_END | len(digits))) + digits + contents


def digest_with(name: str, content: bytes) -> bytes | None:
    """Digest by the algorithm a token names; None if it is not one that counts today."""
    return hashlib.new(name, content).digest() if name in _HASHES else None


def find_signer(content: TokenContent, others: Sequence[x509.Certificate]) -> x509.Certificate:
    """The certificate the signer info names, from the token or from ``others``.

    Raises:
        MetadataMalformed: It is in neither, or there is not exactly one signer.
    """
    try:
        signer = _signer_info(content)
        sid = signer["sid"]
        for certificate in (*load_readable(content.certificates), *others):
            if _is_named(certificate, sid):
                return certificate
    except (*FOREIGN_ERRORS, *CERTIFICATE_ERRORS) as error:
        raise MetadataMalformed("the signer of the timestamp is not readable") from error
    raise MetadataMalformed("the certificate that signed the timestamp is not with it")


def signature_holds(content: TokenContent, signer: x509.Certificate) -> bool:
    """Whether this certificate's key signed exactly this TSTInfo (RFC 5652 §5.4, §5.6).

    Raises:
        MetadataMalformed: The signature is of a form this program does not read.
    """
    try:
        info = _signer_info(content)
        # RFC 5652 §5.4: signed under the tag of a SET; taken before asn1crypto reads into it.
        signed = encode_der(_SET, info["signed_attrs"].contents)
        return _attributes_hold(content, info, signer) and _key_signed(info, signer, signed)
    except (*FOREIGN_ERRORS, *CERTIFICATE_ERRORS) as error:
        raise MetadataMalformed("the signature of the timestamp is not readable") from error


def _read_response(response: bytes) -> TokenContent:
    raw = tsp.TimeStampResp.load(response, strict=True)
    status = raw["status"]["status"].native
    if status not in _GRANTED:
        raise MetadataMalformed(f"the timestamp authority answered {status!r}, not a stamp")
    token = raw["time_stamp_token"]
    der = token.dump()  # before anything in it is touched: asn1crypto re-encodes what it has read
    signed = token["content"]
    statement = bytes(signed["encap_content_info"]["content"].contents)
    info = signed["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise TypeError("the token holds no TSTInfo")
    time = info["gen_time"].native
    if time.tzinfo is None:
        raise ValueError("genTime has no zone")
    certificates = signed["certificates"]
    chosen = () if isinstance(certificates, asn1.Void) else tuple(certificates)
    return TokenContent(
        time=time,
        imprint_hash=info["message_imprint"]["hash_algorithm"]["algorithm"].native,
        imprint=bytes(info["message_imprint"]["hashed_message"].native),
        nonce=info["nonce"].native,
        policy=info["policy"].dotted,
        serial=info["serial_number"].native,
        certificates=tuple(item.chosen.dump() for item in chosen if item.name == "certificate"),
        token=token,
        der=der,
        statement=statement,
    )


def _signer_info(content: TokenContent) -> cms.SignerInfo:
    infos = content.token["content"]["signer_infos"]
    if len(infos) != 1:
        raise ValueError("a timestamp has exactly one signer (RFC 3161 §2.4.2)")
    return infos[0]


def _is_named(certificate: x509.Certificate, sid: Any) -> bool:  # noqa: ANN401  asn1crypto
    if sid.name == "issuer_and_serial_number":
        named = sid.chosen
        same_issuer = bool(certificate.issuer.public_bytes() == named["issuer"].dump())
        return same_issuer and bool(certificate.serial_number == named["serial_number"].native)
    try:
        key_id = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return False
    return bool(key_id.value.digest == sid.chosen.native)


def _attributes_hold(content: TokenContent, info: cms.SignerInfo, signer: x509.Certificate) -> bool:
    """Whether the signed attributes name this TSTInfo and this certificate (RFC 5035)."""
    attributes = {item["type"].native: item["values"] for item in info["signed_attrs"]}
    digest = digest_with(info["digest_algorithm"]["algorithm"].native, content.statement)
    if digest is None or attributes["message_digest"][0].native != digest:
        return False
    if attributes["content_type"][0].native != "tst_info":
        return False
    der = signer.public_bytes(Encoding.DER)
    if "signing_certificate_v2" in attributes:
        named = attributes["signing_certificate_v2"][0]["certs"][0]
        expected = digest_with(named["hash_algorithm"]["algorithm"].native, der)
    else:
        named = attributes["signing_certificate"][0]["certs"][0]
        # RFC 2634 §5.4 fixes SHA-1 here; it names the certificate and signs nothing.
        expected = hashlib.sha1(der, usedforsecurity=False).digest()
    return bool(named["cert_hash"].native == expected)


def _key_signed(info: cms.SignerInfo, signer: x509.Certificate, signed: bytes) -> bool:
    signature = info["signature"].native
    algorithm = info["signature_algorithm"]
    digest = _hash_of(info, algorithm)
    key = signer.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            scheme: padding.AsymmetricPadding = padding.PKCS1v15()
            if algorithm.signature_algo == "rsassa_pss":
                scheme = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
            key.verify(signature, signed, scheme, digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(digest))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _hash_of(info: cms.SignerInfo, algorithm: algos.SignedDigestAlgorithm) -> hashes.HashAlgorithm:
    """The digest of the signature; plain "rsa" takes it from digestAlgorithm (RFC 3370 §3.2)."""
    try:
        name = algorithm.hash_algo
    except ValueError:
        name = info["digest_algorithm"]["algorithm"].native
    return _HASHES[name]()
