"""RFC 3161 timestamps judged: over these bytes, by this signer, at this time, vouched for by whom.

Two judgements are kept apart. *Intact*: the token is over these bytes, answers this request, and
was rightly signed by a certificate for timestamping that was valid at genTime. *Trusted*: that
certificate leads, judged at genTime by rfc3161-client, to a root that is publicly known (certifi)
or was given by whoever verifies. Anybody can make an intact token with a certificate of their own.
Revocation is not looked up: verification is offline.
"""

import contextlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import certifi
import rfc3161_client
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID

from remarque.errors import MetadataMalformed
from remarque.model.times import format_time
from remarque.verifying import tokens
from remarque.verifying.certificates import (
    CERTIFICATE_ERRORS,
    certificates_from_pem,
    load_readable,
)

_PEM_END = b"-----END CERTIFICATE-----"


class Flaw(StrEnum):
    """What is wrong with a timestamp; all but UNKNOWN_AUTHORITY mean it is not intact."""

    UNREADABLE = "unreadable"
    WRONG_CONTENT = "wrong-content"
    WRONG_NONCE = "wrong-nonce"
    BAD_SIGNATURE = "bad-signature"
    NOT_FOR_TIMESTAMPS = "not-for-timestamps"
    EXPIRED = "expired"
    UNKNOWN_AUTHORITY = "unknown-authority"


@dataclass(frozen=True, slots=True)
class TokenJudgement:
    """The judgement of one RFC 3161 response.

    ``time`` is genTime (UTC), ``signer`` the subject of the signing certificate (RFC 4514),
    ``policy`` the dotted object identifier; empty or None where nothing could be read.
    ``reasons`` are sentences, one for each of ``flaws``. A token that is not intact proves
    nothing, whatever ``time`` says.
    """

    intact: bool
    trusted: bool
    time: datetime | None = None
    signer: str = ""
    policy: str = ""
    serial: int | None = None
    flaws: tuple[Flaw, ...] = ()
    reasons: tuple[str, ...] = ()


def check_token(
    response: bytes,
    request: bytes | None,
    content: bytes,
    roots: Sequence[bytes] = (),
    *,
    chain: bytes = b"",
) -> TokenJudgement:
    """Judge an RFC 3161 response over some content.

    Args:
        response: TimeStampResp, DER, as received.
        request: TimeStampReq, DER, as sent; None if it was not kept (then no nonce is compared).
        content: The stamped bytes themselves, not their digest.
        roots: PEM certificates whose authorities whoever verifies trusts, besides certifi's.
        chain: PEM certificates kept beside the token; they help to find the way, never vouch.

    Raises:
        MetadataMalformed: ``roots`` holds something that is not PEM certificates. A bad token is
            a judgement, not an error.
    """
    anchors = [*(root for pem in roots for root in certificates_from_pem(pem)), *_public_roots()]
    try:
        opened = tokens.open_response(response)
        beside = certificates_from_pem(chain) if chain else []
        signer = tokens.find_signer(opened, beside)
        found = _find_flaws(opened, signer, request, content)
    except MetadataMalformed as error:
        return TokenJudgement(
            intact=False, trusted=False, flaws=(Flaw.UNREADABLE,), reasons=(error.message,)
        )
    intact = not found
    trusted = False
    if intact:
        doubt = _find_doubt(opened, (signer, *beside), anchors)
        trusted = doubt is None
        found += [(Flaw.UNKNOWN_AUTHORITY, doubt)] if doubt else []
    return TokenJudgement(
        intact=intact,
        trusted=trusted,
        time=opened.time,
        signer=signer.subject.rfc4514_string(),
        policy=opened.policy,
        serial=opened.serial,
        flaws=tuple(flaw for flaw, _ in found),
        reasons=tuple(sentence for _, sentence in found),
    )


def certificates_of(response: bytes) -> bytes:
    """The certificates a response carries, as PEM, the signer's first.

    Raises:
        MetadataMalformed: Not an RFC 3161 response with a token.
    """
    opened = tokens.open_response(response)
    found = load_readable(opened.certificates)
    if not found:
        return b""
    signer = tokens.find_signer(opened, ())
    ordered = [signer, *(certificate for certificate in found if certificate != signer)]
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in ordered)


def _find_flaws(
    opened: tokens.TokenContent, signer: x509.Certificate, request: bytes | None, content: bytes
) -> list[tuple[Flaw, str]]:
    found = []
    if tokens.digest_with(opened.imprint_hash, content) != opened.imprint:
        found.append((Flaw.WRONG_CONTENT, "the timestamp is over other content than this"))
    if request is not None:
        found += _find_request_flaws(opened, request)
    if not tokens.signature_holds(opened, signer):
        found.append((Flaw.BAD_SIGNATURE, "the signature of the timestamp is wrong"))
    if not _is_for_timestamps(signer):
        sentence = "the signing certificate is not for timestamps alone (RFC 3161 §2.3)"
        found.append((Flaw.NOT_FOR_TIMESTAMPS, sentence))
    if not signer.not_valid_before_utc <= opened.time <= signer.not_valid_after_utc:
        sentence = (
            f"the signing certificate was not valid at {format_time(opened.time)}, the time of "
            f"the timestamp: it is valid from {format_time(signer.not_valid_before_utc)} "
            f"to {format_time(signer.not_valid_after_utc)}"
        )
        found.append((Flaw.EXPIRED, sentence))
    return found


def _find_request_flaws(opened: tokens.TokenContent, request: bytes) -> list[tuple[Flaw, str]]:
    nonce, imprint = tokens.request_nonce_and_imprint(request)
    found = []
    if nonce is not None and nonce != opened.nonce:
        sentence = "the timestamp answers another request (its nonce is not the one that was sent)"
        found.append((Flaw.WRONG_NONCE, sentence))
    if imprint != opened.imprint:
        sentence = "the timestamp is over another digest than the one that was sent"
        found.append((Flaw.WRONG_CONTENT, sentence))
    return found


def _is_for_timestamps(signer: x509.Certificate) -> bool:
    """RFC 3161 §2.3: extended key usage timeStamping, alone and critical."""
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return usage.critical and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def _find_doubt(
    opened: tokens.TokenContent,
    beside: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
) -> str | None:
    """Why no known root vouches for the token, or None if one does."""
    carried = load_readable(opened.certificates)
    signer = beside[0]
    named = {certificate.issuer.public_bytes() for certificate in (*carried, *beside)}
    useful = [root for root in anchors if root.subject.public_bytes() in named]
    if not useful:
        return "no root certificate known here vouches for its authority"
    # A certificate that came with the token may stand between, but must never be the end of the
    # chain: rfc3161-client trusts what it is given, so self-signed ones are held back.
    if signer.issuer == signer.subject and signer not in useful:
        return "its signing certificate vouches for itself alone"
    between = [c for c in beside[1:] if c.issuer != c.subject and c != signer]
    try:
        # A fresh builder for every authority: its methods change the builder they start from.
        verifier = rfc3161_client.VerifierBuilder(
            roots=list(dict.fromkeys(useful)),
            intermediates=list(dict.fromkeys(between)),
            tsa_certificate=signer if not opened.certificates else None,
        ).build()
        response = tokens.with_sorted_certificates(opened)
        verifier.verify(rfc3161_client.decode_timestamp_response(response), opened.imprint)
    except (rfc3161_client.VerificationError, *CERTIFICATE_ERRORS) as error:
        return f"its certificates do not lead to a known root: {_first_line(error)}"
    return None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


@lru_cache(maxsize=1)
def _public_roots() -> tuple[x509.Certificate, ...]:
    pems = Path(certifi.where()).read_bytes().split(_PEM_END)[:-1]
    found = []
    with warnings.catch_warnings():
        # Some very old public roots break RFC 5280 in ways cryptography warns of.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for pem in pems:
            with contextlib.suppress(*CERTIFICATE_ERRORS):
                found.append(x509.load_pem_x509_certificate(pem + _PEM_END))
    return tuple(found)
