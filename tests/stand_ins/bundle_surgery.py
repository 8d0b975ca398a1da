"""Take bundles apart and put them together again, honestly or as a forger with the key would.

files = files_of(path)          # name → bytes
files["case.pdf"] = b"other"
write_files(reseal(files, keys), target)
"""

import hashlib
import json
import zipfile
from functools import lru_cache
from pathlib import Path

from remarque.casefile.archive import open_archive
from remarque.casefile.bundle import write_bundle
from remarque.casefile.bundle_texts import checker_source
from remarque.ledger.keys import KeySet
from remarque.ledger.note import log_origin, sign_note
from stand_ins.proven_case import ProvenCase

Files = dict[str, bytes]
CLOSING = ("bundle.json", "bundle.note", "SHA256SUMS")


def bundle_of(case: ProvenCase, target: Path) -> Path:
    """The bundle of a case, written as the product writes it."""
    write_bundle(case.material, {"case.pdf": b"%PDF-1.7 case"}, target, case.keys.sign_ledger)
    return target


def files_of(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_files(files: Files, target: Path) -> Path:
    """A zip of these files in the form and order bundles have."""
    payload = sorted(name for name in files if name not in CLOSING)
    with open_archive(target) as archive:
        for name in [*payload, *(name for name in CLOSING if name in files)]:
            archive.add(name, files[name], "")
    return target


def unpack(files: Files, folder: Path) -> Path:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


def reseal(files: Files, keys: KeySet, **changes: object) -> Files:
    """The same files under a new list that the ledger key signs: what a lying author can do."""
    payload = {name: content for name, content in files.items() if name not in CLOSING}
    roles = {row["path"]: row["role"] for row in json.loads(files["bundle.json"])["files"]}
    listed = json.loads(files["bundle.json"]) | changes
    listed["files"] = [
        {
            "path": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "role": roles.get(name, "document"),
        }
        for name, content in sorted(payload.items())
    ]
    manifest = (json.dumps(listed, ensure_ascii=False, indent=1) + "\n").encode()
    origin = log_origin(keys.ledger_public())
    text = f"remarque bundle_v1\n{origin}\nsha256:{hashlib.sha256(manifest).hexdigest()}\n"
    note = sign_note(text, origin, keys.sign_ledger, keys.ledger_public())
    sealed = {**payload, "bundle.json": manifest, "bundle.note": note}
    return {**sealed, "SHA256SUMS": sums_of(sealed)}


def sums_of(files: Files) -> bytes:
    """The checksum list a careful forger without the key would write."""
    rows = sorted((n, c) for n, c in files.items() if n != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(c).hexdigest()}  {n}\n" for n, c in rows).encode()


@lru_cache(maxsize=1)
def loaded_checker() -> dict:
    """The single-file checker as a loaded module; it never sees the product."""
    names: dict = {"__name__": "check", "__file__": "check.py"}
    exec(compile(checker_source(), "check.py", "exec"), names)
    return names


def checker_status(place: Path, roots: list[Path]) -> int:
    """Exit status of the single-file checker: 0 holds, 1 fails, 3 cannot decide."""
    return loaded_checker()["check_place"](place, roots)
