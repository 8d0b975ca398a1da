"""Check a whole bundle offline: every judgement a row, nothing decided by a single number.

The module keeps the order of belief: first the files and their signed list, then the ledger they
show, then the outside time over it, and last what may be said about each fact.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from remarque.errors import MetadataMalformed, VerificationFailed
from remarque.model.reports import Check, Outcome, Report
from remarque.verifying.bundle_reading import BundleFiles, open_bundle
from remarque.verifying.certificates import certificates_from_pem
from remarque.verifying.checks_author import check_author
from remarque.verifying.checks_facts import check_grades, check_pictures
from remarque.verifying.checks_files import (
    check_archive,
    check_files,
    check_signature,
    check_sums,
    digest_files,
)
from remarque.verifying.checks_ledger import check_ledger
from remarque.verifying.checks_stamps import check_clocks, check_stamps
from remarque.verifying.evidence import Evidence, fails
from remarque.verifying.manifest import read_manifest
from remarque.verifying.notes import parse_verifier_key


def examine_bundle(
    path: Path, *, roots: Sequence[bytes] = (), now: datetime | None = None
) -> Report:
    """Judge a bundle, a zip or its unpacked folder; never writes, never calls anybody.

    Args:
        path: The zip or the folder.
        roots: PEM root certificates of timestamp authorities whom whoever verifies trusts,
            besides the publicly known ones. Roots inside the bundle are never trusted.
        now: This computer's time; given, times in the future are said.

    Raises:
        BundleRefused: Not a bundle at all, or a hostile archive.
        MetadataMalformed: ``roots`` holds something that is not PEM certificates.
    """
    for root in roots:
        certificates_from_pem(root)
    with open_bundle(path) as files:
        rows = [check_archive(path)]
        evidence = _read(files, rows)
        if evidence is not None:
            rows += _judge(evidence, roots, now)
    return Report(str(path), tuple(rows))


def verify_bundle(
    path: Path, *, roots: Sequence[bytes] = (), now: datetime | None = None
) -> Report:
    """As ``examine_bundle``, but bad evidence cannot be overlooked. The report may be undecided.

    Raises:
        VerificationFailed: A check failed; the error holds the report.
        BundleRefused: Not a bundle at all, or a hostile archive.
    """
    report = examine_bundle(path, roots=roots, now=now)
    failed = [check for check in report.checks if check.outcome is Outcome.FAILS]
    if failed:
        raise VerificationFailed(
            f"{path} does not verify: {failed[0].sentence}",
            report=report,
            hint=f"{len(failed)} of {len(report.checks)} checks failed; see the report.",
        )
    return report


def _read(files: BundleFiles, rows: list[Check]) -> Evidence | None:
    """Open the list and the key; without them nothing more can be judged."""
    digests, damaged = digest_files(files)
    rows += damaged
    rows.append(check_sums(files, digests))
    try:
        manifest = read_manifest(files.read("bundle.json"))
    except MetadataMalformed as error:
        rows.append(fails("list", "bundle.json", error.message))
        return None
    try:
        text = files.read("ledger/key.vkey").decode("utf-8")
        key = parse_verifier_key(text.removesuffix("\n"))
    except (MetadataMalformed, UnicodeDecodeError) as error:
        rows.append(fails("ledger key", "ledger/key.vkey", f"no verifier key: {error}"))
        return None
    return Evidence(files, manifest, key, digests)


def _judge(evidence: Evidence, roots: Sequence[bytes], now: datetime | None) -> list[Check]:
    rows = [check_signature(evidence), *check_files(evidence)]
    ledger, ledger_rows = check_ledger(evidence)
    rows += ledger_rows
    stamps, stamp_rows = check_stamps(evidence, ledger, roots)
    rows += stamp_rows
    rows += check_clocks(ledger.proven, stamps, now)
    rows += check_author(evidence, ledger)
    rows += check_pictures(evidence, ledger)
    rows += check_grades(evidence, ledger, stamps)
    return rows
