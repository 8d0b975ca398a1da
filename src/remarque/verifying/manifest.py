"""What a bundle says it holds: ``bundle.json``, format ``bundle_v1`` (docs/reference/bundle.md)."""

from dataclasses import dataclass

from remarque.errors import MetadataMalformed
from remarque.model.canonical import decode_json, value_from_json

BUNDLE_FORMAT = "bundle_v1"
NOTE_HEAD = "remarque bundle_v1"


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One file of the bundle: its path, SHA-256 (64 hex digits), size and what it is for."""

    path: str
    sha256: str
    bytes: int
    role: str


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A picture that entries name and that could not be put in, with the sentence why."""

    digest: str
    reason: str


@dataclass(frozen=True, slots=True)
class PendingStamp:
    """A timestamp that was asked for and had not come when the bundle was written."""

    size: int
    authority: str
    problem: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the bundle says it is and holds. Nothing in it is believed before its signature."""

    format: str
    work: str
    title: str
    author: str
    key_id: str
    origin: str
    software: str
    written_at: str
    sighting: str | None
    files: tuple[ListedFile, ...]
    missing: tuple[MissingFile, ...]
    pending: tuple[PendingStamp, ...]


def read_manifest(content: bytes) -> Manifest:
    """Read ``bundle.json``.

    Raises:
        MetadataMalformed: Not JSON of this form, another format, or a path listed twice.
    """
    raw = decode_json(content)
    manifest = value_from_json(raw, Manifest)
    if manifest.format != BUNDLE_FORMAT:
        raise MetadataMalformed(
            f"the bundle is of the format {manifest.format[:40]!r}, not {BUNDLE_FORMAT}"
        )
    paths = [listed.path for listed in manifest.files]
    if len(set(paths)) != len(paths):
        raise MetadataMalformed("bundle.json lists a path twice")
    return manifest


def note_text(origin: str, manifest_sha256: str) -> bytes:
    """The text the ledger key signs over a manifest; it can never be read as a checkpoint."""
    return f"{NOTE_HEAD}\n{origin}\nsha256:{manifest_sha256}\n".encode()
