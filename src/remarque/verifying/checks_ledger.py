"""The ledger in a bundle: checkpoints, each extending the one before, and every entry's proof."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from remarque.errors import MetadataMalformed
from remarque.model.canonical import Json, decode_json, value_from_json
from remarque.model.entry import Kind
from remarque.model.reports import Check
from remarque.verifying.entries import ReadEntry, read_entry
from remarque.verifying.evidence import Evidence, LedgerSeen, fails, holds, number_in, undecided
from remarque.verifying.merkle import consistency_holds, inclusion_holds
from remarque.verifying.notes import (
    TreeHead,
    VerifierKey,
    decode_base64,
    is_signed_by,
    parse_checkpoint,
    parse_tlog_proof,
)

_INCLUSION = "RFC 9162 §2.1.3.2, c2sp.org/tlog-proof"
_CONSISTENCY = "RFC 9162 §2.1.4.2"
_CHECKPOINT = "c2sp.org/tlog-checkpoint, RFC 8032"


@dataclass(frozen=True, slots=True)
class _ConsistencyFile:
    old_size: int
    new_size: int
    hashes: tuple[str, ...]


def check_ledger(evidence: Evidence) -> tuple[LedgerSeen, list[Check]]:
    """Judge all checkpoints, their order and every entry; gives back what held."""
    heads, rows = _check_heads(evidence)
    history = check_history(heads, _read_consistency(evidence, rows))
    proven, entry_rows = _check_entries(evidence, heads)
    joined = all(row.outcome.value == "holds" for row in history)
    return LedgerSeen(heads, proven, joined), [*rows, *history, *entry_rows]


def judge_head(raw: bytes, key: VerifierKey, about: str) -> tuple[TreeHead | None, Check]:
    """Whether these bytes are a checkpoint of this ledger, signed by its key."""
    try:
        head = parse_checkpoint(raw)
    except MetadataMalformed as error:
        return None, fails("checkpoint", about, error.message, source=_CHECKPOINT)
    if head.origin != key.origin:
        sentence = f"the checkpoint is of another ledger, {head.origin[:80]!r}"
        return None, fails("checkpoint", about, sentence, source=_CHECKPOINT)
    if not is_signed_by(head.note, key):
        sentence = "the ledger key did not sign this checkpoint"
        return None, fails("checkpoint", about, sentence, source=_CHECKPOINT)
    sentence = f"the ledger key signed this checkpoint over {head.size} entries"
    compared = f"root {head.root.hex()}"
    return head, holds("checkpoint", about, sentence, compared=compared, source=_CHECKPOINT)


def fork_row(one: TreeHead, other: TreeHead) -> Check:
    """The row that says a ledger has forked."""
    sentence = (
        f"the ledger has forked: two signed checkpoints over {one.size} entries have "
        "different roots"
    )
    compared = f"{one.root.hex()} and {other.root.hex()}"
    return fails("ledger history", f"checkpoint {one.size}", sentence, compared=compared)


def check_history(
    heads: dict[int, TreeHead], proofs: dict[tuple[int, int], tuple[bytes, ...]]
) -> list[Check]:
    """Whether each checkpoint extends the one before it: nothing was rewritten in between."""
    rows = []
    for old, new in pairwise(sorted(heads)):
        about = f"checkpoints {old} and {new}"
        proof = proofs.get((old, new))
        if proof is None:
            sentence = f"nothing shows that checkpoint {new} extends checkpoint {old}"
            rows.append(fails("ledger history", about, sentence, source=_CONSISTENCY))
        elif consistency_holds(old, new, proof, heads[old].root, heads[new].root):
            sentence = f"the first {old} of {new} entries are the same, none rewritten"
            rows.append(holds("ledger history", about, sentence, source=_CONSISTENCY))
        else:
            sentence = f"checkpoint {new} does not extend checkpoint {old}: forked or rewritten"
            rows.append(fails("ledger history", about, sentence, source=_CONSISTENCY))
    return rows


def _check_heads(evidence: Evidence) -> tuple[dict[int, TreeHead], list[Check]]:
    heads: dict[int, TreeHead] = {}
    rows = []
    for path in evidence.files.matching("ledger/checkpoints/", ".note"):
        try:
            size = number_in(path)
            raw = evidence.files.read(path)
        except MetadataMalformed as error:
            rows.append(fails("checkpoint", path, error.message))
            continue
        head, row = judge_head(raw, evidence.key, path)
        if head is not None and head.size != size:
            row = fails("checkpoint", path, f"the checkpoint is over {head.size} entries")
        elif head is not None:
            heads[size] = head
        rows.append(row)
    if not rows:
        rows.append(fails("checkpoint", "ledger", "the bundle holds no checkpoint"))
    return heads, rows


def _read_consistency(
    evidence: Evidence, rows: list[Check]
) -> dict[tuple[int, int], tuple[bytes, ...]]:
    found = {}
    for path in evidence.files.matching("ledger/consistency/", ".json"):
        try:
            raw = decode_json(evidence.files.read(path))
            proof = value_from_json(raw, _ConsistencyFile)
            hashes = tuple(decode_base64(text) for text in proof.hashes)
        except MetadataMalformed as error:
            rows.append(fails("ledger history", path, error.message, source=_CONSISTENCY))
            continue
        if path != f"ledger/consistency/{proof.old_size:08d}-{proof.new_size:08d}.json":
            rows.append(fails("ledger history", path, f"{path} is not named after its sizes"))
        found[proof.old_size, proof.new_size] = hashes
    return found


def _check_entries(
    evidence: Evidence, heads: dict[int, TreeHead]
) -> tuple[dict[int, ReadEntry], list[Check]]:
    proven: dict[int, ReadEntry] = {}
    rows = list(_find_unpaired(evidence))
    for path in evidence.files.matching("ledger/entries/", ".json"):
        try:
            index = number_in(path)
            entry = read_entry(evidence.files.read(path))
            forked, problem = _judge_proof(evidence, index, entry, heads)
        except MetadataMalformed as error:
            rows.append(fails("entry", path, error.message, source="RFC 8785"))
            continue
        rows += forked
        problem = problem or _foreign(evidence, index, entry)
        if problem:
            rows.append(fails("entry", f"entry {index}", problem, source=_INCLUSION))
            continue
        proven[index] = entry
        rows.append(_entry_row(index, entry))
    if not proven:
        rows.append(fails("entry", "ledger", "the bundle holds no entry that is proven"))
    return proven, rows


def _find_unpaired(evidence: Evidence) -> Iterable[Check]:
    entries = {p[15:-5] for p in evidence.files.matching("ledger/entries/", ".json")}
    proofs = {p[14:-11] for p in evidence.files.matching("ledger/proofs/", ".tlog-proof")}
    for number in sorted(proofs - entries):
        yield fails("entry", f"entry {int(number)}", "there is a proof and no entry")


def _judge_proof(
    evidence: Evidence, index: int, entry: ReadEntry, heads: dict[int, TreeHead]
) -> tuple[list[Check], str | None]:
    """Fork rows the proof brings to light, and why the proof does not hold (None if it does)."""
    proof = parse_tlog_proof(evidence.files.read(f"ledger/proofs/{index:08d}.tlog-proof"))
    head = proof.head
    if proof.index != index:
        return [], f"the proof is for entry {proof.index}"
    known = heads.get(head.size)
    if known is None or known.raw != head.raw:
        signed = head.origin == evidence.key.origin and is_signed_by(head.note, evidence.key)
        forked = known is not None and signed and known.root != head.root
        rows = [fork_row(known, head)] if known is not None and forked else []
        return rows, "its proof leads to a checkpoint that is not in the bundle"
    if not inclusion_holds(index, head.size, entry.leaf_digest, proof.hashes, head.root):
        return [], f"the entry is not in the ledger of checkpoint {head.size}"
    return [], None


def _foreign(evidence: Evidence, index: int, entry: ReadEntry) -> str | None:
    """Why the entry does not belong to this bundle, None if it does."""
    manifest = evidence.manifest
    if entry.author != evidence.key.fingerprint:
        return f"the entry names another author key, {entry.author[:60]!r}"
    if entry.work == manifest.work:
        return None
    if entry.work is None and entry.kind == Kind.VAULT_OPENED and index == 0:
        return None
    sighting = _sighting_of(entry.body) if entry.kind == Kind.SIGHTING_RECORDED else None
    if entry.work is None and sighting is not None and sighting == manifest.sighting:
        return None
    return f"the entry belongs to another work, {str(entry.work)[:60]!r}"


def _sighting_of(body: Json) -> str | None:
    named = body.get("sighting")
    return named if isinstance(named, str) else None


def _entry_row(index: int, entry: ReadEntry) -> Check:
    about = f"entry {index}"
    if entry.as_entry() is None:
        sentence = f"the entry is in the ledger; its kind {entry.kind!r} is newer than this program"
        return undecided("entry", about, sentence, source=_INCLUSION)
    sentence = f"{entry.kind} is in the signed ledger, unchanged"
    compared = f"leaf {entry.leaf_digest.hex()}"
    return holds("entry", about, sentence, compared=compared, source=_INCLUSION)
