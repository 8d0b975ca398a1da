"""The files of a bundle: the archive's form, the signed list, and every digest on it."""

from collections.abc import Mapping
from pathlib import Path

from remarque.errors import MetadataMalformed
from remarque.model.reports import Check
from remarque.verifying.archive_form import CLOSING_FILES, find_departure
from remarque.verifying.bundle_reading import BundleFiles
from remarque.verifying.evidence import Evidence, aside, fails, holds
from remarque.verifying.manifest import note_text
from remarque.verifying.notes import is_signed_by, parse_note

_LAYOUT = "docs/reference/bundle.md"


def check_archive(path: Path) -> Check:
    """Whether the zip is byte for byte of the one form bundles are written in."""
    if path.is_dir():
        return aside("archive form", path.name, "an unpacked folder has no archive to check")
    departure = find_departure(path)
    if departure is None:
        sentence = "the archive is written exactly as bundles are"
        return holds("archive form", path.name, sentence, source=_LAYOUT)
    sentence = f"{departure}; unpack it and verify the folder to judge its files alone"
    return fails("archive form", path.name, sentence, source=_LAYOUT)


def digest_files(files: BundleFiles) -> tuple[dict[str, str], list[Check]]:
    """SHA-256 of every file that can be read, and a failing row for each that cannot."""
    digests: dict[str, str] = {}
    rows = []
    for name in sorted(files.sizes):
        try:
            digests[name] = files.digest(name)
        except MetadataMalformed as error:
            rows.append(fails("file", name, error.message))
    return digests, rows


def check_signature(evidence: Evidence) -> Check:
    """Whether the ledger key signed exactly this list of files."""
    name, source = "list signature", "c2sp.org/signed-note, RFC 8032"
    expected = note_text(evidence.key.origin, evidence.digests.get("bundle.json", ""))
    try:
        note = parse_note(evidence.files.read("bundle.note"))
    except MetadataMalformed as error:
        return fails(name, "bundle.note", error.message, source=source)
    if len(note.signatures) != 1 or not is_signed_by(note, evidence.key):
        sentence = "the ledger key did not sign this note over the list of files"
        return fails(name, "bundle.note", sentence, source=source)
    if note.text != expected or evidence.manifest.origin != evidence.key.origin:
        sentence = "the signed note is over another list of files than bundle.json"
        return fails(name, "bundle.note", sentence, source=source)
    compared = f"SHA-256 {evidence.digests['bundle.json']}"
    sentence = "the ledger key signed this list of files"
    return holds(name, "bundle.note", sentence, compared=compared, source=source)


def check_files(evidence: Evidence) -> list[Check]:
    """Whether the listed files are exactly the ones present, each with its digest and size."""
    listed = {row.path: row for row in evidence.manifest.files}
    present = set(evidence.files.sizes) - set(CLOSING_FILES)
    rows = [
        fails("file", path, f"{path} was removed: it is on the list and not in the bundle")
        for path in sorted(set(listed) - present)
    ]
    rows += [
        fails("file", path, f"{path} was added: it is in the bundle and not on the list")
        for path in sorted(present - set(listed))
    ]
    owner = {row.sha256: row.path for row in evidence.manifest.files}
    for path in sorted(present & set(listed) & set(evidence.digests)):
        actual, expected = evidence.digests[path], listed[path]
        if actual == expected.sha256 and evidence.files.sizes[path] == expected.bytes:
            continue
        other = owner.get(actual)
        what = f"holds the bytes of {other}: swapped" if other else "was changed"
        compared = f"listed {expected.sha256}, found {actual}"
        rows.append(fails("file", path, f"{path} {what}", compared=compared, source="FIPS 180-4"))
    if not rows:
        sentence = f"all {len(listed)} listed files are here, unchanged, and no others"
        rows.append(holds("file", "all files", sentence, source="FIPS 180-4"))
    return rows


def check_sums(files: BundleFiles, digests: Mapping[str, str]) -> Check:
    """Whether ``SHA256SUMS``, which people use without Remarque, says the same."""
    rows = [f"{digests[n]}  {n}\n" for n in sorted(digests) if n != "SHA256SUMS"]
    try:
        content = files.read("SHA256SUMS")
    except MetadataMalformed as error:
        return fails("checksum list", "SHA256SUMS", error.message)
    if content != "".join(rows).encode():
        sentence = "SHA256SUMS does not list exactly the digests of the files here"
        return fails("checksum list", "SHA256SUMS", sentence)
    return holds("checksum list", "SHA256SUMS", "SHA256SUMS lists the digest of every file here")
