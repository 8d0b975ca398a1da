"""Write the bundle of one work: an archive that verifies itself (docs/reference/bundle.md).

The layout is fixed, every file is listed with its digest in ``bundle.json``, and the ledger key
signs that list in ``bundle.note``. Pictures stream through one at a time.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from remarque.casefile.archive import ArchiveWriter, WrittenFile, open_archive
from remarque.casefile.bundle_texts import checker_source, verify_text
from remarque.casefile.material import CaseMaterial
from remarque.errors import BundleError, LedgerDamaged, MetadataMalformed, StoreError
from remarque.ledger.note import decode_base64, sign_note
from remarque.model.canonical import Json, encode_canonical
from remarque.model.digests import Digest, digest_of, hex_of, parse_digest
from remarque.model.entry import TAKES, Kind, Stamp, StampState
from remarque.progress import Progress, Step, be_silent

BUNDLE_FORMAT = "bundle_v1"

_ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410 §4, before the 32 raw bytes
_PUBLIC_KEY_BYTES = 32
_SIGNATURES_OF_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", 0, "png"),
    (b"\xff\xd8\xff", 0, "jpg"),
    (b"WEBP", 8, "webp"),
    (b"GIF8", 0, "gif"),
    (b"II*\x00", 0, "tif"),
    (b"MM\x00*", 0, "tif"),
    (b"BM", 0, "bmp"),
    (b"ftypavif", 4, "avif"),
    (b"ftyphei", 4, "heic"),
    (b"ftypisom", 4, "mp4"),  # films of a rerun
    (b"\xff\x0a", 0, "jxl"),
)


@dataclass(frozen=True, slots=True)
class BundleSummary:
    """What was written. ``manifest`` is the digest of ``bundle.json``, which names every file.

    ``missing`` are digests that entries name and that could not be put in, with the reason.
    """

    path: Path
    manifest: Digest
    files: int
    size_bytes: int
    entries: int
    pictures: int
    missing: tuple[tuple[Digest, str], ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """A file to come. ``read`` is called once, when its turn comes, so that few are in memory.

    For pictures ``path`` has no extension yet; ``digest`` is what the bytes must have.
    """

    path: str
    role: str
    read: Callable[[], bytes]
    digest: Digest | None = None


def write_bundle(
    material: CaseMaterial,
    documents: Mapping[str, bytes],
    target: Path,
    sign: Callable[[bytes], bytes],
    *,
    progress: Progress = be_silent,
) -> BundleSummary:
    """Write the bundle; the same material gives the same bytes.

    Args:
        material: The work's proven entries and the bytes they name.
        documents: Files for the top of the bundle by name, such as ``case.pdf``.
        target: The zip to write; replaced in one step, never half-written.
        sign: Ed25519 signature by the ledger key of ``material.verifier_key``.
        progress: Told after each file.

    Raises:
        LedgerDamaged: Two checkpoints of one size disagree, or a proof belongs to none of them.
        BundleError: The material cannot be put into one bundle.
        KeyProblem: ``sign`` does not sign with the ledger key.
        DiskFull, PlaceUnusable: The target cannot be written.
    """
    _check_checkpoints(material)
    parts = sorted(_parts_of(material, documents), key=lambda part: part.path)
    missing = dict(material.missing)
    with open_archive(target) as archive:
        for done, part in enumerate(parts):
            _add(archive, part, missing)
            progress(Step("bundle", done + 1, len(parts), "file", part.path))
        manifest = _close(archive, material, missing, sign)
    pictures = sum(row.role == "picture" for row in archive.written)
    return BundleSummary(
        path=target,
        manifest=digest_of(manifest),
        files=len(archive.written),
        size_bytes=target.stat().st_size,
        entries=len(material.entries),
        pictures=pictures,
        missing=tuple(sorted(missing.items())),
    )


def _check_checkpoints(material: CaseMaterial) -> None:
    notes: dict[int, bytes] = {}
    for checkpoint in material.checkpoints:
        if notes.setdefault(checkpoint.size, checkpoint.note) != checkpoint.note:
            raise LedgerDamaged(
                f"two checkpoints over {checkpoint.size} entries differ: this ledger has forked",
                hint="Restore the newest backup; a forked ledger proves nothing.",
            )
    for proven in material.entries:
        checkpoint_note = proven.proof.partition(b"\n\n")[2]
        if checkpoint_note not in notes.values():
            raise LedgerDamaged(
                f"the proof of entry {proven.stored.index} leads to a checkpoint that is not "
                "among those of the case"
            )


def _parts_of(material: CaseMaterial, documents: Mapping[str, bytes]) -> Iterator[_Part]:
    for name, content in documents.items():
        yield _part(name, "document", content)
    yield _part("VERIFY.md", "instructions", verify_text(material))
    yield _part("check.py", "checker", checker_source())
    yield from _key_parts(material)
    yield from _ledger_parts(material)
    yield from _stamp_parts(material)
    yield from _picture_parts(material)
    for twin in material.redacted:
        yield _Part(f"redacted/{hex_of(twin.digest)}.{twin.extension}", "redacted copy", twin.read)


def _part(path: str, role: str, content: bytes) -> _Part:
    return _Part(path, role, lambda: content)


def _key_parts(material: CaseMaterial) -> Iterator[_Part]:
    public = _public_key(material.verifier_key)
    body = base64.b64encode(_ED25519_SPKI + public).decode()
    pem = f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
    yield _part("ledger/key.vkey", "key", f"{material.verifier_key}\n".encode())
    yield _part("ledger/key.pem", "key", pem.encode())
    chains = (("claim_chain", material.claim_chain), ("identity_chain", material.identity_chain))
    for name, chain in chains:
        if chain:
            yield _part(f"certificates/{name}.pem", "certificates", chain.encode())


def _ledger_parts(material: CaseMaterial) -> Iterator[_Part]:
    for proven in material.entries:
        number = f"{proven.stored.index:08d}"
        yield _part(f"ledger/entries/{number}.json", "entry", proven.stored.leaf)
        yield _part(f"ledger/proofs/{number}.tlog-proof", "inclusion proof", proven.proof)
    for size, note in {c.size: c.note for c in material.checkpoints}.items():
        yield _part(f"ledger/checkpoints/{size:08d}.note", "checkpoint", note)
    for proof in material.consistency:
        path = f"ledger/consistency/{proof.old_size:08d}-{proof.new_size:08d}.json"
        hashes = [base64.b64encode(digest).decode() for digest in proof.hashes]
        raw = {"old_size": proof.old_size, "new_size": proof.new_size, "hashes": hashes}
        yield _part(path, "consistency proof", encode_canonical(raw))


def _stamp_parts(material: CaseMaterial) -> Iterator[_Part]:
    if material.trusted_roots:
        roots = b"\n".join(root.strip() for root in material.trusted_roots) + b"\n"
        yield _part("timestamps/roots.pem", "certificates", roots)
    for size, stamps in groupby(_held(material), key=lambda stamp: stamp.size):
        for number, stamp in enumerate(stamps, start=1):
            start = f"timestamps/{size:08d}/{number}"
            yield _part(f"{start}.tsr", "timestamp", stamp.response)
            yield _part(f"{start}.authority.txt", "authority", f"{stamp.authority}\n".encode())
            if stamp.request:
                yield _part(f"{start}.tsq", "timestamp request", stamp.request)
            if stamp.chain:
                yield _part(f"{start}.chain.pem", "certificates", stamp.chain)


def _held(material: CaseMaterial) -> list[Stamp]:
    sizes = {checkpoint.size for checkpoint in material.checkpoints}
    held = (s for s in material.stamps if s.state is StampState.HELD and s.size in sizes)
    return sorted(held, key=lambda stamp: (stamp.size, stamp.authority, stamp.response))


def _picture_parts(material: CaseMaterial) -> Iterator[_Part]:
    """Pictures, and the raw metadata that takes name beside them."""
    chunks = set(_metadata_digests(material))
    gone = {digest for digest, _ in material.missing}
    for digest in sorted({*material.pictures, *chunks} - gone):
        folder, role = ("metadata", "metadata") if digest in chunks else ("pictures", "picture")
        yield _Part(
            path=f"{folder}/{hex_of(digest)}",
            role=role,
            read=lambda digest=digest: material.read_picture(digest),  # type: ignore[misc]
            digest=digest,
        )


def _metadata_digests(material: CaseMaterial) -> Iterator[Digest]:
    """What entries name besides pictures: raw metadata, and what the program executed."""
    for proven in material.entries:
        entry = proven.stored.entry
        if not isinstance(entry.body, dict):
            continue
        named: list[Json] = []
        if entry.kind in TAKES:
            witness = entry.body.get("witness")
            executed = witness.get("executed") if isinstance(witness, dict) else None
            named = [entry.body.get("metadata"), executed]
        elif entry.kind is Kind.TAKE_RERUN and entry.body.get("executed") in entry.pictures:
            named = [entry.body.get("executed")]
        yield from (parse_digest(digest) for digest in named if isinstance(digest, str))


def _add(archive: ArchiveWriter, part: _Part, missing: dict[Digest, str]) -> None:
    if part.digest is None:
        archive.add(part.path, part.read(), part.role)
        return
    try:
        content = part.read()
    except StoreError as error:
        # The original may have gone since the case was gathered: said in the bundle, not fatal.
        missing[part.digest] = error.message
        return
    if digest_of(content) != part.digest:
        raise BundleError(f"the store gave other bytes than those of {part.digest}")
    extension = "json" if part.role == "metadata" else _extension_of(content)
    archive.add(f"{part.path}.{extension}", content, part.role)


def _extension_of(content: bytes) -> str:
    for signature, offset, extension in _SIGNATURES_OF_PICTURES:
        if content[offset : offset + len(signature)] == signature:
            return extension
    return "bin"


def _close(
    archive: ArchiveWriter,
    material: CaseMaterial,
    missing: Mapping[Digest, str],
    sign: Callable[[bytes], bytes],
) -> bytes:
    """Add the list of all files, its signature and the checksum list; returns the list."""
    manifest = _manifest_of(material, archive.written, missing)
    origin = material.verifier_key.partition("+")[0]
    text = f"remarque {BUNDLE_FORMAT}\n{origin}\n{digest_of(manifest)}\n"
    note = sign_note(text, origin, sign, _public_key(material.verifier_key))
    archive.add("bundle.json", manifest, "list")
    archive.add("bundle.note", note, "signature")
    rows = sorted((row.path, row.sha256) for row in archive.written)
    sums = "".join(f"{sha256}  {path}\n" for path, sha256 in rows)
    archive.add("SHA256SUMS", sums.encode(), "checksums")
    return manifest


def _manifest_of(
    material: CaseMaterial, written: Sequence[WrittenFile], missing: Mapping[Digest, str]
) -> bytes:
    """``bundle.json``: indented for people; its signature covers exactly these bytes."""
    sizes = {checkpoint.size for checkpoint in material.checkpoints}
    pending = [s for s in material.stamps if s.state is StampState.PENDING and s.size in sizes]
    raw = {
        "format": BUNDLE_FORMAT,
        "work": material.work,
        "title": material.title,
        "author": material.author,
        "key_id": material.key_id,
        "origin": material.verifier_key.partition("+")[0],
        "software": material.software,
        "written_at": material.written_at,
        "sighting": material.sighting,
        "missing": [{"digest": d, "reason": reason} for d, reason in sorted(missing.items())],
        "pending": [
            {"size": s.size, "authority": s.authority, "problem": s.problem}
            for s in sorted(pending, key=lambda s: (s.size, s.authority))
        ],
        "files": [
            {"path": row.path, "sha256": row.sha256, "bytes": row.size_bytes, "role": row.role}
            for row in sorted(written, key=lambda row: row.path)
        ],
    }
    try:
        return (json.dumps(raw, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
    except UnicodeEncodeError as error:
        raise MetadataMalformed("the title or author holds characters that are no text") from error


def _public_key(verifier_key: str) -> bytes:
    # Base64 itself may hold a plus: only the first two part the name, the id and the key.
    material = decode_base64(verifier_key.split("+", 2)[-1])
    if len(material) != 1 + _PUBLIC_KEY_BYTES:
        raise MetadataMalformed("the verifier key of the case is not an Ed25519 key")
    return material[1:]
