"""Signing Content Credentials: the claim by one key, the person's identity by another."""

import io
from dataclasses import dataclass, field, replace

from c2pa import Builder, C2paError
from cryptography.x509 import load_pem_x509_certificates

from remarque.errors import CredentialsRejected, MetadataMalformed
from remarque.marks.credentials.found import Credentials
from remarque.marks.credentials.manifest import (
    PARENT_LABEL,
    ManifestWishes,
    labels_the_author_vouches_for,
    manifest_of,
)
from remarque.marks.credentials.reading import read_credentials
from remarque.marks.credentials.settings import (
    SettingsSignerContext,
    context_of,
    signer_of,
    signing_settings,
)
from remarque.marks.credentials.wording import reason_broken
from remarque.model.canonical import Json
from remarque.model.marks import MarkState
from remarque.model.times import parse_time

_CHECKS_OUT = (MarkState.INTACT, MarkState.TRUSTED)


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The author's two keys, for memory only: PKCS#8 PEM, and chains as PEM, leaf first."""

    claim_key_pem: bytes = field(repr=False)
    claim_chain: str
    identity_key_pem: bytes = field(repr=False)
    identity_chain: str


@dataclass(frozen=True, slots=True)
class CredentialsRequest:
    """What to sign, with which keys, and which RFC 3161 authority to ask (none when empty)."""

    manifest: ManifestWishes
    keys: SigningKeys
    tsa_url: str = ""


@dataclass(frozen=True, slots=True)
class SignedCredentials:
    """The signed file; ``problem`` says in a sentence why there is no timestamp."""

    content: bytes
    timestamped: bool
    problem: str = ""


def sign_credentials(
    content: bytes, media_type: str, request: CredentialsRequest
) -> SignedCredentials:
    """Put signed credentials into a finished file; nothing may be written into it afterwards.

    A timestamp that cannot be had, or does not check out, is left out and said.

    Raises:
        CredentialsRejected: The credentials cannot be made, or do not validate once made.
        KeyDamaged: A key is not one that C2PA allows.
    """
    if not request.tsa_url:
        return SignedCredentials(_sign(content, media_type, request)[0], timestamped=False)
    try:
        signed, found = _sign(content, media_type, request)
    except CredentialsRejected as error:
        problem = f"no timestamp from {request.tsa_url}: {error.message}"
    else:
        problem = _timestamp_problem(found, request)
        if not problem:
            return SignedCredentials(signed, timestamped=True)
    signed, _ = _sign(content, media_type, replace(request, tsa_url=""))
    return SignedCredentials(signed, timestamped=False, problem=f"{problem}; it was left out")


def _timestamp_problem(found: Credentials, request: CredentialsRequest) -> str:
    """What is wrong with a timestamp just made; it must lie within the certificate's time."""
    if found.timestamp not in _CHECKS_OUT:
        return f"the timestamp from {request.tsa_url} does not fit what was signed"
    leaf = load_pem_x509_certificates(request.keys.claim_chain.encode())[0]
    try:
        moment = parse_time(found.time)
    except MetadataMalformed as error:
        return f"the timestamp from {request.tsa_url} cannot be read: {error.message}"
    if leaf.not_valid_before_utc <= moment <= leaf.not_valid_after_utc:
        return ""
    return (
        f"the timestamp from {request.tsa_url} says {found.time}, when the signing certificate "
        "was not valid"
    )


def _sign(
    content: bytes, media_type: str, request: CredentialsRequest
) -> tuple[bytes, Credentials]:
    """Sign, and read what was signed: the library leaves an identity out without a word."""
    signed = _written(content, media_type, request)
    found = read_credentials(signed, media_type)
    if found.state not in _CHECKS_OUT:
        raise CredentialsRejected(f"the new Content Credentials break: {reason_broken(found)}")
    if not any(who.state in _CHECKS_OUT for who in found.identities):
        raise CredentialsRejected("the author's identity is missing from the new credentials")
    return signed, found


def _written(content: bytes, media_type: str, request: CredentialsRequest) -> bytes:
    wishes = request.manifest
    written = io.BytesIO()
    try:
        with context_of(_settings(request)) as context:
            provider = SettingsSignerContext(context)
            with Builder(manifest_of(wishes, media_type), context=provider) as builder:
                if wishes.parent is not None:
                    described = {
                        "title": wishes.parent.title,
                        "relationship": "parentOf",
                        "label": PARENT_LABEL,
                    }
                    source = io.BytesIO(wishes.parent.content)
                    builder.add_ingredient(described, wishes.parent.media_type, source)
                builder.sign(media_type, io.BytesIO(content), written)
    except (C2paError, ValueError, OSError) as error:
        raise CredentialsRejected(
            f"Content Credentials cannot be made: {_reason(error)}"
        ) from error
    return written.getvalue()


def _settings(request: CredentialsRequest) -> Json:
    keys = request.keys
    claim = signer_of(keys.claim_key_pem, keys.claim_chain)
    if request.tsa_url:
        claim["tsa_url"] = request.tsa_url
    identity = signer_of(keys.identity_key_pem, keys.identity_chain)
    identity["referenced_assertions"] = labels_the_author_vouches_for(request.manifest)
    return signing_settings(claim, identity)


def _reason(error: Exception) -> str:
    """The library's words on one line, shortened; they never hold key material."""
    return " ".join(str(error).split())[:300]
