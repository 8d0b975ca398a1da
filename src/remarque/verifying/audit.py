"""Audit a whole ledger from its stored bytes: entries, roots, signatures, stamps.

One pass, whatever the size: entries stream through, roots are rebuilt on the way.
"""

from collections.abc import Iterable, Iterator, Sequence

from remarque.errors import MetadataMalformed
from remarque.model.entry import Checkpoint, Stamp, StampState
from remarque.model.reports import Check, Report
from remarque.progress import Progress, Step, be_silent
from remarque.verifying.checks_ledger import judge_head
from remarque.verifying.checks_stamps import authority_rows, self_attested_row, stamp_row
from remarque.verifying.entries import read_entry
from remarque.verifying.evidence import aside, fails, holds, undecided
from remarque.verifying.grading import CoveringStamp
from remarque.verifying.merkle import leaf_digest, rebuild_roots
from remarque.verifying.notes import VerifierKey, parse_verifier_key
from remarque.verifying.timestamps import check_token

_MOST_BAD_ENTRIES_NAMED = 20
_STEP = 1000


class _Leaves:
    """Counts and judges entries while their digests stream into the tree."""

    def __init__(self, leaves: Iterable[bytes], author: str, progress: Progress) -> None:
        self._leaves = leaves
        self._author = author
        self._progress = progress
        self.count = 0
        self.bad: list[tuple[int, str]] = []

    def digests(self) -> Iterator[bytes]:
        for index, leaf in enumerate(self._leaves):
            problem = self._judge(leaf)
            if problem:
                self.bad.append((index, problem))
            self.count = index + 1
            if self.count % _STEP == 0:
                self._progress(Step("audit", self.count, 0, "entries"))
            yield leaf_digest(leaf)

    def _judge(self, leaf: bytes) -> str | None:
        try:
            entry = read_entry(leaf)
        except MetadataMalformed as error:
            return error.message
        return None if entry.author == self._author else "the entry names another author key"


def audit_ledger(
    leaves: Iterable[bytes],
    checkpoints: Sequence[Checkpoint],
    stamps: Sequence[Stamp],
    verifier_key: str,
    *,
    roots: Sequence[bytes] = (),
    progress: Progress = be_silent,
) -> Report:
    """Judge a ledger from its stored bytes; shares no code with what wrote it.

    Args:
        leaves: The exact bytes of every entry, in order.
        checkpoints: All checkpoints; only their ``size`` and ``note`` are looked at.
        stamps: All timestamps and queued wishes.
        verifier_key: The C2SP verifier key of the ledger.
        roots: PEM root certificates of timestamp authorities that are trusted here.
        progress: Told every thousand entries.

    Raises:
        MetadataMalformed: The verifier key or a root is not one.
    """
    key = parse_verifier_key(verifier_key)
    stream = _Leaves(leaves, key.fingerprint, progress)
    rebuilt = rebuild_roots(stream.digests(), {checkpoint.size for checkpoint in checkpoints})
    rows = _entry_rows(stream)
    rows += [_checkpoint_row(checkpoint, key, rebuilt) for checkpoint in checkpoints]
    rows += _cover_rows(stream.count, checkpoints)
    rows += _stamp_rows(checkpoints, stamps, roots)
    return Report(f"ledger {key.origin}", tuple(rows))


def _entry_rows(stream: _Leaves) -> list[Check]:
    rows = [
        fails("entry", f"entry {index}", problem, source="RFC 8785")
        for index, problem in stream.bad[:_MOST_BAD_ENTRIES_NAMED]
    ]
    more = len(stream.bad) - len(rows)
    if more > 0:
        rows.append(fails("entry", "ledger", f"{more} more entries are not of the entry format"))
    if not rows:
        sentence = f"all {stream.count} entries are in canonical form and name this ledger's key"
        rows.append(holds("entry", "all entries", sentence, source="RFC 8785"))
    return rows


def _checkpoint_row(checkpoint: Checkpoint, key: VerifierKey, rebuilt: dict[int, bytes]) -> Check:
    about = f"checkpoint {checkpoint.size}"
    head, row = judge_head(checkpoint.note, key, about)
    if head is None:
        return row
    root = rebuilt.get(head.size)
    if head.size != checkpoint.size or root is None:
        sentence = f"a checkpoint over {head.size} entries was signed and they are not all stored"
        return fails("checkpoint", about, sentence, source="RFC 9162 §2.1.1")
    if root != head.root:
        sentence = f"the first {head.size} stored entries are not the ones that were signed"
        compared = f"signed {head.root.hex()}, rebuilt {root.hex()}"
        return fails("checkpoint", about, sentence, compared=compared, source="RFC 9162 §2.1.1")
    sentence = f"the root over {head.size} entries, rebuilt from their bytes, is the signed one"
    compared = f"root {root.hex()}"
    return holds("checkpoint", about, sentence, compared=compared, source="RFC 9162 §2.1.1")


def _cover_rows(count: int, checkpoints: Sequence[Checkpoint]) -> list[Check]:
    newest = max((checkpoint.size for checkpoint in checkpoints), default=0)
    if newest >= count:
        return []
    sentence = f"the {count - newest} newest entries are under no signed checkpoint yet"
    return [undecided("checkpoint", f"entries from {newest} on", sentence)]


def _stamp_rows(
    checkpoints: Sequence[Checkpoint], stamps: Sequence[Stamp], roots: Sequence[bytes]
) -> list[Check]:
    notes = {checkpoint.size: checkpoint.note for checkpoint in checkpoints}
    judged: list[CoveringStamp] = []
    rows = []
    for stamp in stamps:
        about = f"{stamp.authority} over checkpoint {stamp.size}"
        if stamp.state is not StampState.HELD:
            rows.append(aside("timestamp", about, f"{stamp.state}: {stamp.problem}"))
        elif stamp.size not in notes:
            rows.append(fails("timestamp", about, "the checkpoint it is over is not stored"))
        else:
            token = check_token(
                stamp.response, stamp.request or None, notes[stamp.size], roots, chain=stamp.chain
            )
            # Whoever audits is the reader here: the roots are those they configured.
            judged.append(CoveringStamp(stamp.size, stamp.authority, token, by_reader=True))
            rows.append(stamp_row(judged[-1], about))
    rows += authority_rows(judged)
    if checkpoints and not any(stamp.outside for stamp in judged):
        # A vault is whole with or without outside witnesses; what it lacks is said all the same.
        row = self_attested_row()
        rows.append(aside(row.name, row.about, row.sentence))
    return rows
