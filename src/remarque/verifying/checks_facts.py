"""The facts in a bundle: the pictures that entries name, and the grade of each fact."""

from collections.abc import Sequence

from remarque.errors import MetadataMalformed
from remarque.model.canonical import Json
from remarque.model.digests import parse_digest
from remarque.model.entry import TAKES
from remarque.model.reports import Check
from remarque.verifying.entries import ReadEntry
from remarque.verifying.evidence import Evidence, LedgerSeen, fails, holds, undecided
from remarque.verifying.grading import CoveringStamp, grade_entry, is_loopback

_PLACES = ("pictures/", "metadata/")
_REDACTED = "redacted/"


def check_pictures(evidence: Evidence, ledger: LedgerSeen) -> list[Check]:
    """Whether every picture and metadata record that an entry names is here, or said missing."""
    present, rows = _present(evidence)
    reasons = {missing.digest: missing.reason for missing in evidence.manifest.missing}
    named: dict[str, int] = {}
    for index, entry in sorted(ledger.proven.items()):
        for digest in _named_by(entry):
            named.setdefault(digest, index)
    for digest, index in sorted(named.items()):
        if digest in present:
            continue
        about = f"{digest}, named by entry {index}"
        if digest in reasons:
            sentence = f"the picture is not in the bundle: {reasons[digest]}"
            rows.append(undecided("picture", about, sentence))
        else:
            sentence = "the picture is not in the bundle, and no reason is given"
            rows.append(fails("picture", about, sentence))
    rows += [
        fails("picture", digest, "no entry here names this picture")
        for digest in sorted(present - set(named))
    ]
    rows += _redacted_copies(evidence, set(named) - present)
    if not rows:
        sentence = f"all {len(named)} files that entries name are here, byte for byte"
        rows.append(holds("picture", "all pictures", sentence, source="FIPS 180-4"))
    return rows


def check_grades(
    evidence: Evidence, ledger: LedgerSeen, stamps: Sequence[CoveringStamp]
) -> list[Check]:
    """One row for each entry: its grade, and what the grade rests on.

    Holds where a known outside authority dates the entry; otherwise the times are somebody's
    word and the row cannot be decided, whatever the grade.
    """
    counting = list(stamps) if ledger.joined else []
    rows = []
    for index, read in sorted(ledger.proven.items()):
        entry = read.as_entry()
        if entry is None:
            continue
        queued = any(
            pending.size > index and not is_loopback(pending.authority)
            for pending in evidence.manifest.pending
        )
        about = f"entry {index} ({entry.kind})"
        try:
            graded = grade_entry(entry, index, counting, stamp_queued=queued)
        except MetadataMalformed as error:
            rows.append(fails("grade", about, error.message))
            continue
        row = holds if graded.known else undecided
        rows.append(row("grade", about, graded.sentence, source="docs/explanation/words.md"))
    return rows


def _present(evidence: Evidence) -> tuple[set[str], list[Check]]:
    present: set[str] = set()
    rows = []
    for path, actual in evidence.digests.items():
        if path.startswith(_PLACES):
            stem = path.partition("/")[2].partition(".")[0]
            if stem == actual:
                present.add(f"sha256:{actual}")
            else:
                sentence = f"{path} does not have the digest it is named after"
                rows.append(fails("picture", path, sentence, compared=f"found {actual}"))
    return present, rows


def _redacted_copies(evidence: Evidence, absent: set[str]) -> list[Check]:
    """A redacted copy stands for one file that entries name, that is said missing, and is not here.

    The copy itself is only the author's word: it is not what the entry names.
    """
    said = {missing.digest for missing in evidence.manifest.missing}
    rows = []
    for path in evidence.files.matching(_REDACTED):
        digest = f"sha256:{path.removeprefix(_REDACTED).partition('.')[0]}"
        if digest not in absent or digest not in said:
            sentence = f"{path} is a copy of no file that entries name and that was withheld"
            rows.append(fails("picture", path, sentence))
    return rows


def _named_by(entry: ReadEntry) -> list[str]:
    metadata = _metadata_of(entry.body) if entry.kind in TAKES else None
    return [*entry.pictures, *([metadata] if metadata else [])]


def _metadata_of(body: Json) -> str | None:
    try:
        return parse_digest(body["metadata"])
    except (MetadataMalformed, KeyError, TypeError):
        return None
