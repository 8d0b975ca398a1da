"""The manifest store of a picture as JSON text, and whether its signature checks out."""

from collections.abc import Callable
from dataclasses import dataclass

from remarque.model.canonical import Json

_LARGEST_PICTURE = 256 * 1024 * 1024
_JUMBF, _C2PA = b"jumb", b"c2pa"
_UNKNOWN_SIGNER = "signingCredential.untrusted"
# E-mail protection, document signing (RFC 9336) and C2PA claim signing: without these the library
# calls the certificates of most signers of today invalid. No anchor stands beside them.
_PURPOSES = (
    "1.3.6.1.5.5.7.3.4\n1.3.6.1.5.5.7.3.36\n1.3.6.1.4.1.62558.2.1\n"
    "1.3.6.1.5.5.7.3.8\n1.3.6.1.5.5.7.3.9"
)
_NOBODY_BELIEVED: Json = {
    "version": 1,
    "core": {"decode_identity_assertions": False},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "trust": {"trust_config": _PURPOSES},
}


@dataclass(frozen=True, slots=True)
class ManifestStore:
    """What a picture's credentials hold.

    ``text`` is the whole store as JSON, empty where it cannot be parsed. ``intact`` says that the
    signature and the hashes check out; who signed is never known here. ``failures`` are codes of
    the standard (C2PA 2.2 §15) or one word of the library.
    """

    text: str
    intact: bool
    failures: tuple[str, ...] = ()


def read_manifest_store(content: bytes) -> ManifestStore | None:
    """The store embedded in a picture, or None where there is none.

    Nothing is fetched. The library is asked only where the bytes hold a JUMBF box of C2PA.
    """
    media_type = _media_type(content)
    if media_type is None or len(content) > _LARGEST_PICTURE:
        return None
    if _JUMBF not in content or _C2PA not in content:
        return None
    return _looked_into(content, media_type)


def _looked_into(content: bytes, media_type: str) -> ManifestStore | None:
    from c2pa import C2paError  # a native library; most pictures never need it

    from remarque.manifests.looking import look_at

    try:
        look = look_at(content, media_type, _NOBODY_BELIEVED)
    except C2paError.ManifestNotFound:
        return None
    except (C2paError, ValueError, LookupError, OSError) as error:
        return ManifestStore("", intact=False, failures=(_in_short(error),))
    failures = tuple(
        dict.fromkeys(
            str(item.get("code"))
            for item in (look.results.get("activeManifest") or {}).get("failure", [])
            if item.get("code") != _UNKNOWN_SIGNER
        )
    )
    return ManifestStore(look.text, intact=look.verdict in {"Trusted", "Valid"}, failures=failures)


def _in_short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


_MEDIA_TYPES: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda content: content.startswith(b"\x89PNG\r\n\x1a\n"), "image/png"),
    (lambda content: content.startswith(b"\xff\xd8\xff"), "image/jpeg"),
    (_is_webp, "image/webp"),
    (lambda content: content.startswith((b"GIF87a", b"GIF89a")), "image/gif"),
    (lambda content: content.startswith((b"II*\0", b"MM\0*")), "image/tiff"),
    (lambda content: content[4:12] in {b"ftypavif", b"ftypavis"}, "image/avif"),
    (lambda content: content[4:8] == b"ftyp", "image/heic"),
)


def _media_type(content: bytes) -> str | None:
    """By the first bytes; of the formats pictures with credentials come in."""
    return next((name for fits, name in _MEDIA_TYPES if fits(content)), None)
