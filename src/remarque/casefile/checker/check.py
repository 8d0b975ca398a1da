#!/usr/bin/env python3
"""Check this bundle with nothing but Python (3.8 or newer) and, for timestamps, openssl.

    python3 check.py                        the unpacked folder this file lies in
    python3 check.py bundle.zip             an archive, without unpacking it
    python3 check.py --root authority.pem   trust this timestamp authority's root certificate

One line for each judgement; exit status 0 holds, 1 fails, 2 wrong usage, 3 cannot decide.
Take this file from a source you trust: inside a bundle it comes from whoever made the bundle.

Standards: SHA-256 (FIPS 180-4), Ed25519 (RFC 8032), Merkle trees (RFC 9162), canonical JSON
(RFC 8785), signed notes, checkpoints and proofs (C2SP), timestamps (RFC 3161).
"""

from __future__ import annotations

import argparse
import calendar
import ipaddress
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from remarque.casefile.checker.opening import (
    BROKEN,
    DAMAGE,
    FAILS,
    HOLDS,
    UNDECIDED,
    Bundle,
    check_archive,
    check_files,
    check_list,
)
from remarque.casefile.checker.proofs import (
    Problem,
    canonical,
    extends,
    included,
    open_checkpoint,
    read_json,
    sha256,
    unbase64,
)

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = (
    "vault.opened",
    "work.opened",
    "intent.stated",
    "take.imported",
    "take.recorded",
    "lineage.inferred",
    "selection.inferred",
    "selection.made",
    "edition.published",
    "sighting.recorded",
    "gap.noted",
    "take.rerun",
    "take.explained",
)
TAKES = ("take.imported", "take.recorded")
KEYS = {"version", "kind", "time", "author", "work", "body", "pictures", "salt"}
DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,6})?Z\Z", re.ASCII)
STAMP_TIME = re.compile(r"Time stamp: (\w{3}) +(\d+) (\d\d):(\d\d):(\d\d)(\.\d+)? (\d{4}) GMT")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
SPKI = bytes.fromhex("302a300506032b6570032100")
MINUTE = 60


def check_author(bundle: Bundle) -> None:
    """One key throughout, and the vault's first entry names it."""
    key = bundle.key
    pem = bundle.read("ledger/key.pem").decode().strip().splitlines()
    good = unbase64("".join(pem[1:-1])) == SPKI + key["public"]
    good = good and bundle.manifest["key_id"] == key["fingerprint"]
    yes = f"{key['fingerprint']}: compare it with what the author says"
    bundle.judge("ledger key", good, yes, "the bundle names its key in two different ways")
    first = bundle.entries.get(0)
    if first is None or first["kind"] != "vault.opened":
        bundle.say(UNDECIDED, "vault opened", "the vault's first entry is not proven here")
        return
    said = (first["body"]["ledger_key"], first["body"]["author"])
    vkey = bundle.read("ledger/key.vkey").decode().strip()
    good = said == (vkey, bundle.manifest["author"])
    bundle.judge("vault opened", good, "by this author with this key", "by another author or key")


def check_heads(bundle: Bundle) -> None:
    """Every checkpoint is signed, and each extends the one before it."""
    for path in bundle.matching("ledger/checkpoints/", ".note"):
        raw = bundle.read(path)
        size, root = open_checkpoint(raw, bundle.key)
        if bundle.judge(path, path[19:-5] == f"{size:08d}", "signed", "is named wrongly"):
            bundle.heads[size] = (root, raw)
    sizes = sorted(bundle.heads)
    if not sizes:
        raise Problem("the bundle holds no checkpoint")
    for old, new in zip(sizes, sizes[1:]):  # noqa: B905, RUF007  Python 3.8 has neither
        path = f"ledger/consistency/{old:08d}-{new:08d}.json"
        proof = read_json(bundle.read(path))
        hashes = [unbase64(text) for text in proof["hashes"]]
        roots = (bundle.heads[old][0], bundle.heads[new][0])
        good = (proof["old_size"], proof["new_size"]) == (old, new)
        good = good and extends((old, new), hashes, roots)
        no = f"checkpoint {new} does not extend checkpoint {old}: forked or rewritten"
        bundle.judge("ledger history", good, f"the first {old} of {new} entries are the same", no)


def check_entry(bundle: Bundle, path: str) -> None:
    """One entry: its form, that it belongs here, and its inclusion proof."""
    leaf, number = bundle.read(path), path[15:-5]
    entry: Any = read_json(leaf)
    if canonical(entry).encode() != leaf or set(entry) != KEYS or entry["version"] != "entry_v1":
        raise Problem("not a canonical entry_v1")
    if not TIME.match(entry["time"]) or not all(DIGEST.match(d) for d in entry["pictures"]):
        raise Problem("not of the form entry_v1")
    if not re.match(r"[0-9a-f]{32}\Z", entry["salt"]) or number != f"{int(number):08d}":
        raise Problem("not of the form entry_v1")
    kind, work, index = entry["kind"], entry["work"], int(number)
    ours = work == bundle.manifest["work"] or (
        work is None
        and (
            (kind == "vault.opened" and index == 0)
            or (
                kind == "sighting.recorded"
                and bundle.manifest["sighting"] is not None
                and entry["body"].get("sighting") == bundle.manifest["sighting"]
            )
        )
    )
    if not ours or entry["author"] != bundle.key["fingerprint"]:
        raise Problem("belongs to another work or author")
    text = bundle.read(f"ledger/proofs/{number}.tlog-proof").decode()
    head, _, note = text.partition("\n\n")
    lines = [line for line in head.split("\n") if not line.startswith("extra ")]
    size, root = open_checkpoint(note.encode(), bundle.key)
    if bundle.heads.get(size, (root, b""))[0] != root:
        raise Problem(f"the ledger has forked: two signed checkpoints over {size} entries")
    if bundle.heads.get(size) != (root, note.encode()):
        raise Problem("its proof leads to a checkpoint that is not in the bundle")
    if lines[:2] != ["c2sp.org/tlog-proof@v1", f"index {index}"]:
        raise Problem("its proof is for another entry")
    path_up = [unbase64(line) for line in lines[2:]]
    if not included(index, size, sha256(b"\0" + leaf), path_up, root):
        raise Problem(f"is not in the ledger of checkpoint {size}")
    bundle.entries[index] = entry
    outcome = HOLDS if kind in KINDS else UNDECIDED
    bundle.say(outcome, f"entry {index}", f"{kind} of {entry['time']} is in the signed ledger")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """One run of openssl."""
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def check_stamp(bundle: Bundle, start: str, folder: Path) -> None:
    """One timestamp, by openssl: intact, and whether its authority is known here."""
    size = int(start.split("/")[1])
    names = {end: f"{start}.{end}" for end in ("tsr", "tsq", "chain.pem", "authority.txt")}
    for end in ("tsr", "tsq", "chain.pem"):
        if names[end] in bundle.sizes:
            (folder / end).write_bytes(bundle.read(names[end]))
    (folder / "note").write_bytes(bundle.heads[size][1])
    reply = run("openssl", "ts", "-reply", "-in", str(folder / "tsr"), "-text").stdout
    found = STAMP_TIME.search(reply)
    if not found:
        raise Problem("openssl cannot read the timestamp")
    month, day, hour, minute, second, part, year = found.groups()
    moment = (int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second))
    time = calendar.timegm(moment) + float(part or 0)
    verify = ["openssl", "ts", "-verify", "-in", str(folder / "tsr"), "-attime", str(int(time))]
    content, own = ["-data", str(folder / "note")], str(folder / "chain.pem")
    asked = ["-queryfile", str(folder / "tsq")] if names["tsq"] in bundle.sizes else content
    intact = [run(*verify, *given, "-CAfile", own, "-partial_chain") for given in (content, asked)]
    good = all(done.returncode == 0 for done in intact)
    authority = bundle.read(names["authority.txt"]).decode("utf-8", "replace").strip()
    existed = f"checkpoint {size} existed on {day} {month} {year} {hour}:{minute}:{second} UTC"
    no = "the timestamp does not hold"
    if not bundle.judge(start, good, f"{existed}, says {authority}", no):
        return
    (folder / "anchors").write_bytes(b"\n".join(bundle.anchors) + b"\n")
    known = run(*verify, *content, "-CAfile", str(folder / "anchors"), "-untrusted", own)
    sure = known.returncode == 0
    if is_loopback(authority) and not sure:
        bundle.loopback.append(size)
    else:
        bundle.stamps.append((size, time, sure))


def read_anchors(bundle: Bundle) -> list[bytes]:
    """The root certificates trusted here: those given, and the computer's own."""
    places = [*bundle.roots]
    for line in run("openssl", "version", "-d").stdout.splitlines():
        quoted = re.search(r'"(.*)"', line)
        places += [Path(quoted.group(1)) / "cert.pem"] if quoted else []
    places += [Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/cert.pem")]
    return [place.read_bytes() for place in places if place.is_file()]


def is_loopback(authority: str) -> bool:
    """Whether the authority is a program on the same machine."""
    host = (urlsplit(authority).hostname or "").rstrip(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def check_stamps(bundle: Bundle) -> None:
    """All timestamps, and whether known authorities cover every entry."""
    paths = bundle.matching("timestamps/", ".tsr")
    version = run("openssl", "version").stdout if paths and shutil.which("openssl") else ""
    if paths and not version.startswith("OpenSSL "):
        bundle.say(UNDECIDED, "timestamps", f"{len(paths)} are here; OpenSSL is needed for them")
        return
    bundle.anchors = read_anchors(bundle) if paths else []
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            guard(bundle, path, check_stamp, bundle, path[:-4], Path(folder))
    known = [size for size, _, sure in bundle.stamps if sure]
    for size in [s for s, _, sure in bundle.stamps if not sure] + bundle.loopback:
        if not any(other >= size for other in known):
            why = (
                "is a program on the author's machine" if size in bundle.loopback else "is unknown"
            )
            bundle.say(UNDECIDED, "timestamp authority", f"that of checkpoint {size} {why}")
    for row in bundle.manifest["pending"]:
        if not any(size >= row["size"] for size in known):
            bundle.say(UNDECIDED, "timestamp", f"of checkpoint {row['size']} has not come yet")
    bare = [index for index in bundle.entries if not any(size > index for size in known)]
    if bare:
        rows = ", ".join(map(str, bare[:9]))
        bundle.say(UNDECIDED, "outside time", f"no known authority dates entries {rows}")
    else:
        bundle.say(HOLDS, "outside time", "known authorities date every entry")


def check_clocks(bundle: Bundle) -> None:
    """The entries' own times against the timestamps and each other."""
    last = 0.0
    for index, entry in sorted(bundle.entries.items()):
        *parts, fraction = TIME.match(entry["time"]).groups()  # type: ignore[union-attr]
        own = calendar.timegm(tuple(map(int, parts))) + float(fraction or 0)
        earliest = min((time for size, time, _ in bundle.stamps if size > index), default=own)
        if earliest < own - MINUTE or own < last - MINUTE:
            bundle.say(UNDECIDED, "clocks", f"entry {index} is from before its own time")
        last = own


def check_pictures(bundle: Bundle) -> None:
    """Everything that entries name is here, or said to be missing."""
    here = set()
    for name, digest in bundle.digests.items():
        if name.startswith(("pictures/", "metadata/")):
            here.add(f"sha256:{digest}")
            if name.partition("/")[2].partition(".")[0] != digest:
                bundle.say(FAILS, "picture", f"{name} does not have the digest of its name")
    reasons = {row["digest"]: row["reason"] for row in bundle.manifest["missing"]}
    named = set()
    for entry in bundle.entries.values():
        named |= set(entry["pictures"])
        if entry["kind"] in TAKES:
            named.add(entry["body"]["metadata"])
    for digest in sorted(named - here):
        outcome = UNDECIDED if digest in reasons else FAILS
        bundle.say(outcome, "picture", f"{digest} is missing: {reasons.get(digest, 'no reason')}")
    for name in bundle.matching("redacted/", ""):
        digest = "sha256:" + name[9:73]
        if digest not in named - here or digest not in reasons:
            bundle.say(FAILS, "picture", f"{name} is a copy of no file that was withheld")
    bundle.judge("pictures", here <= named, f"{len(here)} are here", "one is named by no entry")


def check_certificates(bundle: Bundle) -> None:
    """Each chain is signed up to its own root, and the vault's first entry names the claim's."""
    for path in bundle.matching("certificates/", ".pem"):
        blocks = certificate_blocks(bundle.read(path).decode())
        if not shutil.which("openssl"):
            bundle.say(UNDECIDED, "certificates", f"OpenSSL is needed for {path}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            parts = {"leaf": blocks[0], "rest": "".join(blocks), "root": blocks[-1]}
            for name, text in parts.items():
                (Path(folder) / name).write_text(text)
            leaf, rest, root = (f"{folder}/{name}" for name in parts)
            trust = ("-no_check_time", "-CAfile", root, "-untrusted", rest)
            good = run("openssl", "verify", *trust, leaf).returncode == 0
        bundle.judge("certificates", good, f"{path} leads to its own root", f"{path} is broken")
        first = bundle.entries.get(0)
        said = first["body"]["certificates"] if first else ""
        ours = path == "certificates/claim_chain.pem" and bool(said)
        if ours and not set(blocks) <= set(certificate_blocks(said)):
            bundle.say(UNDECIDED, "certificates", "the first entry names other ones")


def certificate_blocks(pem: str) -> list[str]:
    """The certificates of a PEM text, each in one spelling."""
    bodies = re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END", pem, re.DOTALL)
    rows = ["\n".join(re.findall(".{1,64}", "".join(body.split()))) for body in bodies]
    return [f"-----BEGIN CERTIFICATE-----\n{row}\n-----END CERTIFICATE-----\n" for row in rows]


def guard(bundle: Bundle, name: str, check: Callable[..., None], *given: Any) -> bool:  # noqa: ANN401
    """One check; whatever it stumbles over is a failing row, never a traceback."""
    try:
        check(*given)
    except (*BROKEN, subprocess.SubprocessError) as error:
        bundle.say(FAILS, name, str(error) if isinstance(error, Problem) else "is not readable")
        return False
    return True


def check_bundle(bundle: Bundle) -> None:
    """All checks, in the order of belief."""
    guard(bundle, "archive form", check_archive, bundle)
    if not guard(bundle, "list signature", check_list, bundle):
        return
    guard(bundle, "files", check_files, bundle)
    guard(bundle, "checkpoints", check_heads, bundle)
    for path in bundle.matching("ledger/entries/", ".json"):
        guard(bundle, path, check_entry, bundle, path)
    if not bundle.entries:
        bundle.say(FAILS, "entries", "the bundle holds no entry that is proven")
    for check in (check_stamps, check_clocks, check_author, check_certificates, check_pictures):
        guard(bundle, check.__name__[6:], check, bundle)


def main() -> int:
    """Check one bundle and give the exit status."""
    parser = argparse.ArgumentParser(description="Check a bundle.")
    here = Path(__file__).resolve().parent
    parser.add_argument("bundle", nargs="?", type=Path, default=here)
    parser.add_argument("--root", action="append", type=Path, default=[])
    given = parser.parse_args()
    missing = [place for place in (given.bundle, *given.root) if not place.exists()]
    if missing:
        parser.error(f"{missing[0]} is not there")
    return check_place(given.bundle, given.root)


def check_place(place: Path, roots: list[Path]) -> int:
    """Check the bundle at a place, line by line; gives the exit status."""
    try:
        bundle = Bundle(place, roots)
    except DAMAGE as error:
        sys.stdout.write(f"{FAILS:13}  bundle: refused: {str(error)!a}\n")
        return 1
    check_bundle(bundle)
    status = 1 if FAILS in bundle.outcomes else 3 if UNDECIDED in bundle.outcomes else 0
    words = {0: "the bundle holds", 1: "the bundle FAILS", 3: "cannot be decided in full"}
    sys.stdout.write(f"\n{words[status]}; what was checked is above, line by line\n")
    if bundle.archive is not None:
        bundle.archive.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
