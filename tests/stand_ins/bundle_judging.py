"""A bundle held against both verifiers, which must come to the same outcome."""

import shutil

from remarque.errors import BundleRefused
from remarque.model.reports import Outcome
from remarque.verifying.bundle import examine_bundle
from stand_ins.bundle_surgery import (
    checker_status,
    reseal,
    write_files,
)

HAS_OPENSSL = shutil.which("openssl") is not None
STATUS = {Outcome.HOLDS: 0, Outcome.FAILS: 1, Outcome.UNDECIDED: 3}


def judged_by_both(place, case, *, trusted=True):
    """The outcome, after both verifiers have come to it; a refusal counts as failing."""
    roots = [case.root_pem] if trusted else []
    try:
        report = examine_bundle(place, roots=roots)
        outcome, rows = report.outcome, report.checks
    except BundleRefused:
        outcome, rows = Outcome.FAILS, ()
    if HAS_OPENSSL:
        root = place.parent / "trusted-root.pem"
        root.write_bytes(case.root_pem)
        assert checker_status(place, [root] if trusted else []) == STATUS[outcome]
    return outcome, [check.sentence for check in rows if check.outcome is Outcome.FAILS]


def lied(files, case, tmp_path, **changes):
    """The outcome of a bundle whose own author bent it and signed it again."""
    place = write_files(reseal(files, case.keys, **changes), tmp_path / "lied.zip")
    return judged_by_both(place, case)
