"""The timestamps in a bundle: each token, who vouches for its authority, and the clocks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from remarque.errors import MetadataMalformed
from remarque.model.reports import Check
from remarque.model.times import format_time
from remarque.verifying.entries import ReadEntry
from remarque.verifying.evidence import (
    Evidence,
    LedgerSeen,
    aside,
    fails,
    holds,
    number_in,
    undecided,
)
from remarque.verifying.grading import (
    CLOCK_TOLERANCE,
    LOOPBACK_SENTENCE,
    CoveringStamp,
    is_loopback,
)
from remarque.verifying.timestamps import TokenJudgement, check_token

_SOURCE = "RFC 3161 §2.4.2, RFC 5652 §5.4"


def check_stamps(
    evidence: Evidence, ledger: LedgerSeen, roots: Sequence[bytes]
) -> tuple[list[CoveringStamp], list[Check]]:
    """Judge every token over its checkpoint; gives back the stamps over signed checkpoints."""
    stamps: list[CoveringStamp] = []
    rows = []
    for path in evidence.files.matching("timestamps/", ".tsr"):
        try:
            stamp = _judge(evidence, ledger, path.removesuffix(".tsr"), roots)
        except MetadataMalformed as error:
            rows.append(fails("timestamp", path, error.message, source=_SOURCE))
            continue
        stamps.append(stamp)
        rows.append(stamp_row(stamp, path))
    rows += authority_rows(stamps)
    rows += [
        undecided(
            "timestamp",
            f"checkpoint {pending.size}",
            f"a timestamp by {pending.authority} was asked for and has not come yet",
        )
        for pending in evidence.manifest.pending
        if not any(stamp.known and stamp.size >= pending.size for stamp in stamps)
    ]
    if not any(stamp.outside for stamp in stamps):
        rows.append(self_attested_row())
    return [stamp for stamp in stamps if stamp.judgement.intact], rows


def stamp_row(stamp: CoveringStamp, about: str) -> Check:
    """The row for one token."""
    judged = stamp.judgement
    if not judged.intact or judged.time is None:
        sentence = f"the timestamp does not hold: {'; '.join(judged.reasons)}"
        return fails("timestamp", about, sentence, source=_SOURCE)
    sentence = (
        f"checkpoint {stamp.size} existed at {format_time(judged.time)}, says {stamp.authority}"
    )
    return holds(
        "timestamp", about, sentence, compared=f"signed by {judged.signer}", source=_SOURCE
    )


def authority_rows(stamps: Sequence[CoveringStamp]) -> list[Check]:
    """For each intact token, whether its authority is known to whoever verifies.

    An unknown one is passed over where a known authority covers the same entries: one more
    stamp must never make a bundle weaker.
    """
    known = [stamp.size for stamp in stamps if stamp.known]
    return [
        _authority_row(stamp, spare=any(size >= stamp.size for size in known))
        for stamp in stamps
        if stamp.judgement.intact
    ]


def self_attested_row() -> Check:
    """The row for a record nobody outside vouches for."""
    sentence = "self-attested: no outside timestamp covers anything here, so every time in it is \
the author's own word"
    return undecided("outside time", "all entries", sentence, source="docs/explanation/words.md")


def check_clocks(
    entries: Mapping[int, ReadEntry], stamps: Iterable[CoveringStamp], now: datetime | None
) -> list[Check]:
    """Whether the author's clock, the authorities' and this computer's can all be right."""
    trusted = [(s.size, s.judgement.time) for s in stamps if s.outside and s.judgement.time]
    rows = []
    for index, entry in sorted(entries.items()):
        earliest = min((time for size, time in trusted if size > index), default=None)
        if earliest is not None and earliest < entry.moment - CLOCK_TOLERANCE:
            sentence = (
                f"the entry says {entry.time}, but a timestamp shows that it existed at "
                f"{format_time(earliest)} already: one of the clocks is wrong"
            )
            rows.append(undecided("clocks", f"entry {index}", sentence))
    for (before, old), (index, entry) in pairwise(sorted(entries.items())):
        if entry.moment < old.moment - CLOCK_TOLERANCE:
            sentence = f"the entry says {entry.time}, earlier than entry {before} ({old.time})"
            rows.append(undecided("clocks", f"entry {index}", sentence))
    moments = [*(time for _, time in trusted), *(entry.moment for entry in entries.values())]
    if now is not None and moments and max(moments) > now + CLOCK_TOLERANCE:
        sentence = f"{format_time(max(moments))} is in the future by this computer's clock"
        rows.append(undecided("clocks", "this computer", sentence))
    if not rows:
        rows.append(holds("clocks", "all entries", "no time here contradicts another"))
    return rows


def _judge(
    evidence: Evidence, ledger: LedgerSeen, start: str, roots: Sequence[bytes]
) -> CoveringStamp:
    files = evidence.files
    size = number_in(start.rsplit("/", 1)[0])
    head = ledger.heads.get(size)
    if head is None:
        raise MetadataMalformed(f"the timestamp is over checkpoint {size}, which does not hold")
    request, chain = f"{start}.tsq", f"{start}.chain.pem"
    judgement: TokenJudgement = check_token(
        files.read(f"{start}.tsr"),
        files.read(request) if request in files.sizes else None,
        head.raw,
        roots,
        chain=files.read(chain) if chain in files.sizes else b"",
    )
    authority = files.read(f"{start}.authority.txt").decode("utf-8", "replace").strip()
    return CoveringStamp(size, authority[:200], judgement, by_reader=True)


def _authority_row(stamp: CoveringStamp, *, spare: bool) -> Check:
    name, about = "timestamp authority", f"{stamp.authority} over checkpoint {stamp.size}"
    signer = stamp.judgement.signer
    if stamp.known:
        return holds(name, about, f"a root known here vouches for {signer}", source="RFC 5280 §6")
    if is_loopback(stamp.authority):
        sentence = LOOPBACK_SENTENCE
    else:
        sentence = f"nobody known here vouches for {signer}: {'; '.join(stamp.judgement.reasons)}"
    if spare:
        return aside(name, about, f"{sentence}; a known authority covers the same entries")
    return undecided(name, about, sentence, source="RFC 5280 §6")
