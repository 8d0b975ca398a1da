"""The files of the single-file checker: a bundle opened safely, its list and its digests.

Standard library only, Python 3.8 or newer; joined with its neighbours into the one file that
lies in every bundle.
"""
# ruff: noqa: PLR2004  the numbers of the formats stand where they are used

from __future__ import annotations

import hashlib
import re
import stat
import struct
import sys
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from remarque.casefile.checker.proofs import Problem, open_note, read_json, sha256, unbase64

if TYPE_CHECKING:
    from pathlib import Path

HOLDS, FAILS, UNDECIDED = "holds", "FAILS", "cannot decide"
LAYOUT = re.compile(
    r"(?:bundle\.json|bundle\.note|SHA256SUMS|VERIFY\.md|check\.py"
    r"|[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.(?:pdf|html|txt)|ledger/key\.(?:vkey|pem)"
    r"|ledger/entries/\d{8,18}\.json|ledger/proofs/\d{8,18}\.tlog-proof"
    r"|ledger/checkpoints/\d{8,18}\.note|ledger/consistency/\d{8,18}-\d{8,18}\.json"
    r"|timestamps/roots\.pem"
    r"|timestamps/\d{8,18}/\d{1,4}\.(?:tsr|tsq|chain\.pem|authority\.txt)"
    r"|pictures/[0-9a-f]{64}\.[a-z0-9]{1,5}|metadata/[0-9a-f]{64}\.json"
    r"|redacted/[0-9a-f]{64}\.(?:json|png|jpg|webp)"
    r"|certificates/[a-z_]{1,40}\.pem)\Z",
    re.ASCII,
)
CLOSING = ("bundle.json", "bundle.note", "SHA256SUMS")
LARGEST, MOST_FILES, RATIO = 4 << 30, 60_000, 200
BROKEN = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OSError)
DAMAGE = (*BROKEN, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class Bundle:
    """The files of a bundle, in a zip or a folder, and the judgements so far."""

    def __init__(self, place: Path, roots: list[Path]) -> None:
        self.place, self.roots = place, roots
        self.outcomes: set[str] = set()
        self.archive = None if place.is_dir() else zipfile.ZipFile(place)
        self.sizes = self._list_folder() if self.archive is None else self._list_zip(self.archive)
        self.digests: dict[str, str] = {}
        self.manifest: Any = {}
        self.key: dict[str, Any] = {}
        self.heads: dict[int, tuple[bytes, bytes]] = {}  # size: root, note
        self.entries: dict[int, Any] = {}
        self.stamps: list[tuple[int, float, bool]] = []  # size, time, known; outside ones only
        self.loopback: list[int] = []
        self.anchors: list[bytes] = []
        if len(self.sizes) > MOST_FILES or sum(self.sizes.values()) > LARGEST:
            raise Problem("more or larger files than a bundle may have")

    def say(self, outcome: str, name: str, sentence: str) -> None:
        """Print one judgement and remember its outcome."""
        self.outcomes.add(outcome)
        text = f"{outcome:13}  {name}: {sentence}\n"
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))

    def judge(self, name: str, good: bool, yes: str, no: str) -> bool:  # noqa: FBT001
        """Print that something holds, or that it fails."""
        self.say(HOLDS if good else FAILS, name, yes if good else no)
        return good

    def read(self, name: str) -> bytes:
        """The bytes of one file."""
        if name not in self.sizes:
            raise Problem(f"{name} is not in the bundle")
        try:
            if self.archive is None:
                return (self.place / name).read_bytes()
            return self.archive.read(name)
        except DAMAGE as error:
            raise Problem(f"{name} is damaged in the archive") from error

    def matching(self, start: str, end: str) -> list[str]:
        """Names that begin and end like this."""
        return sorted(n for n in self.sizes if n.startswith(start) and n.endswith(end))

    def _list_folder(self) -> dict[str, int]:
        sizes = {}
        for path in sorted(self.place.rglob("*")):
            mode = path.lstat().st_mode
            if not stat.S_ISDIR(mode):
                name = path.relative_to(self.place).as_posix()
                self._check_name(name, stat.S_ISREG(mode))
                sizes[name] = path.lstat().st_size
        return sizes

    def _list_zip(self, archive: zipfile.ZipFile) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for row in archive.infolist():
            name, kind = row.orig_filename, stat.S_IFMT(row.external_attr >> 16)
            bomb = row.file_size > RATIO * max(row.compress_size, 1)
            hostile = bomb or row.flag_bits & 1 or kind not in (0, stat.S_IFREG)
            self._check_name(name, not hostile and name not in sizes)
            sizes[name] = row.file_size
        return sizes

    def _check_name(self, name: str, plain: bool) -> None:  # noqa: FBT001
        if not plain or not LAYOUT.match(name):
            raise Problem(f"{name[:120]!a} is not a file a bundle has")


def check_archive(bundle: Bundle) -> None:
    """The zip must be of the one form bundles are written in, to its last byte."""
    if bundle.archive is None:
        return
    rows, offset, good = [], 0, True
    with bundle.place.open("rb") as stream:
        for row in bundle.archive.infolist():
            name = row.orig_filename.encode()
            fields = (20, 0, 0, 0, 33, row.CRC, row.file_size, row.file_size, len(name), 0)
            head = struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + name
            stream.seek(offset)
            good = good and row.compress_type == 0 and stream.read(len(head)) == head
            tail = (0, 0, 0, 0o100644 << 16, offset)
            packed = struct.pack("<4s6H3L5H2L", b"PK\1\2", 3 << 8 | 20, *fields, *tail)
            rows.append((name.decode(), packed + name))
            offset += len(head) + row.file_size
        stream.seek(offset)
        body = b"".join(row for _, row in rows)
        end = (0, 0, len(rows), len(rows), len(body), offset, 0)
        good = good and stream.read() == body + struct.pack("<4s4H2LH", b"PK\5\6", *end)
    names = [name for name, _ in rows]
    ordered = sorted(names, key=lambda n: (CLOSING.index(n) + 1 if n in CLOSING else 0, n))
    no = "the archive was changed or packed anew; unpack it and check the folder"
    bundle.judge("archive form", good and names == ordered, "exactly as bundles are written", no)


def check_files(bundle: Bundle) -> None:
    """Every file has the digest on the list, and no file is added or removed."""
    for name in sorted(bundle.sizes):
        try:
            bundle.digests[name] = hashlib.sha256(bundle.read(name)).hexdigest()
        except Problem as error:
            bundle.say(FAILS, "file", str(error))
    rows = [f"{d}  {n}\n" for n, d in sorted(bundle.digests.items()) if n != "SHA256SUMS"]
    same = bundle.read("SHA256SUMS") == "".join(rows).encode()
    bundle.judge("checksum list", same, "lists every file here", "is not that of the files here")
    listed = {row["path"]: row for row in bundle.manifest["files"]}
    present, wrong = set(bundle.sizes) - set(CLOSING), 0
    for name in sorted(present | set(listed)):
        what = "was removed" if name not in present else "was added"
        if name in present and name in listed:
            what = "was changed or swapped"
            row = listed[name]
            if (bundle.digests.get(name), bundle.sizes[name]) == (row["sha256"], row["bytes"]):
                continue
        wrong += 1
        bundle.say(FAILS, "file", f"{name} {what}")
    if not wrong:
        bundle.say(HOLDS, "file", f"all {len(listed)} listed files are here, unchanged")


def check_list(bundle: Bundle) -> None:
    """Read the list and the key, and check that the key signed the list."""
    bundle.manifest = read_json(bundle.read("bundle.json"))
    name, note_id, material = bundle.read("ledger/key.vkey").decode().rstrip("\n").split("+", 2)
    raw = unbase64(material)
    expected = sha256(name.encode() + b"\n" + raw)[:4]
    if len(raw) != 33 or raw[0] != 1 or expected.hex() != note_id:
        raise Problem("ledger/key.vkey is not an Ed25519 verifier key")
    digits = hashlib.sha256(raw[1:]).hexdigest()[:32]
    bundle.key = {"name": name, "id": expected, "public": raw[1:]}
    bundle.key["fingerprint"] = "-".join(digits[at : at + 4] for at in range(0, 32, 4))
    digest = hashlib.sha256(bundle.read("bundle.json")).hexdigest()
    lines = open_note(bundle.read("bundle.note"), bundle.key, alone=True)
    good = lines == ["remarque bundle_v1", name, f"sha256:{digest}"]
    good = good and bundle.manifest["format"] == "bundle_v1" and bundle.manifest["origin"] == name
    no = "the ledger key signed another list of files"
    bundle.judge("list signature", good, "the ledger key signed this list of files", no)
