"""Settings of the c2pa library (0.38, c2pa-rs 0.91), and the contexts made from them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from c2pa import Context, ContextProvider
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates

from remarque.errors import KeyDamaged
from remarque.model.canonical import Json

Anchor = tuple[str, str]
"""PEM text and the kind the library calls it: ``manifest``, ``tsa`` or ``cawg``."""

# What a signing certificate may be for when its root is believed: e-mail protection, document
# signing (RFC 9336) and C2PA claim signing; timestamps and OCSP for those passes.
_PURPOSES = (
    "1.3.6.1.5.5.7.3.4\n1.3.6.1.5.5.7.3.36\n1.3.6.1.4.1.62558.2.1\n"
    "1.3.6.1.5.5.7.3.8\n1.3.6.1.5.5.7.3.9"
)
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


class SettingsSignerContext(ContextProvider):  # type: ignore[misc,unused-ignore]
    """A context whose signer comes from its settings.

    The wrapper around the native library does not notice such a signer by itself, and a signer
    given in any other way silently loses the CAWG identity.
    """

    has_signer = True

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def is_valid(self) -> bool:
        """Whether the native context may be used right now."""
        return bool(self._context.is_valid)

    @property
    def execution_context(self) -> Any:  # noqa: ANN401
        """The native pointer."""
        return self._context.execution_context


def reading_settings(anchors: tuple[Anchor, ...], *, identities: bool) -> Json:
    """Settings for one reading pass: only these anchors, nothing fetched.

    The library does not keep anchors of different kinds apart when it judges the claim, so each
    purpose is read in a pass of its own.
    """
    return {
        "version": 1,
        "core": {"decode_identity_assertions": identities},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
        "trust": {
            "anchors": [
                {
                    "trust_anchors": pem,
                    "trust_kind": kind,
                    "trust_uri": f"urn:remarque:{kind}",
                    "trust_config": _PURPOSES,
                }
                for pem, kind in anchors
            ]
        },
    }


def signing_settings(claim: Json, identity: Json) -> Json:
    """Settings for signing: no thumbnails, verified at once, nothing fetched."""
    return {
        "version": 1,
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"verify_after_sign": True, "remote_manifest_fetch": False},
        "signer": {"local": claim},
        "cawg_x509_signer": {"local": identity},
    }


def signer_of(key_pem: bytes, chain_pem: str) -> dict[str, Json]:
    """The library's description of a local signer.

    Raises:
        KeyDamaged: Not an unencrypted PEM key of a kind C2PA allows (2.2 §13.2), or the chain is
            not one of PEM certificates whose first has this key.
    """
    try:
        key = load_pem_private_key(key_pem, password=None)
        leaf = load_pem_x509_certificates(chain_pem.encode())[0]
        fits = leaf.public_key() == key.public_key()
    except (ValueError, TypeError) as error:
        raise KeyDamaged(
            "a key or certificate for Content Credentials is not the PEM it should be"
        ) from error
    if not fits:
        # The library itself would go on without the identity and say nothing.
        raise KeyDamaged("a key for Content Credentials does not belong to its certificate")
    return {
        "alg": _algorithm_of(key),
        "sign_cert": chain_pem,
        "private_key": key_pem.decode("ascii"),
    }


@contextmanager
def context_of(settings: Json) -> Iterator[Context]:
    """A native context, freed at the end."""
    with cast("Context", Context.from_dict(settings)) as context:
        yield context


def _algorithm_of(key: PrivateKeyTypes) -> str:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    raise KeyDamaged("a key for Content Credentials is of a kind C2PA does not allow")
