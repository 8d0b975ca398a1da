"""``ledger.jsonl``, attached to the PDF: entries, proofs, checkpoints and stamps, one a line."""

from collections.abc import Iterator

from remarque.casefile.chapters import CheckpointSeen, Story
from remarque.model.canonical import Json, encode_canonical
from remarque.model.times import format_time


def ledger_lines(story: Story) -> bytes:
    """The key files of the case as JSON lines.

    ``leaf`` is the exact text of an entry: SHA-256 over a zero byte and its UTF-8 bytes is the
    leaf digest (RFC 9162 §2.1.1); ``proof`` a C2SP tlog-proof, ``note`` a C2SP signed note.
    """
    return b"".join(encode_canonical(line) + b"\n" for line in _lines(story))


def _lines(story: Story) -> Iterator[Json]:
    yield {
        "what": "case",
        "work": story.work,
        "title": story.title,
        "author": story.author,
        "verifier_key": story.verifier_key,
        "written_at": format_time(story.written_at),
    }
    for entry in story.entries:
        yield {
            "what": "entry",
            "index": entry.index,
            "leaf_digest": entry.leaf_digest.hex(),
            "leaf": _text(entry.leaf),
            "proof": _text(entry.proof),
            "grade": entry.dated.grade.value,
        }
    for checkpoint in story.checkpoints:
        yield {
            "what": "checkpoint",
            "size": checkpoint.size,
            "root": checkpoint.root,
            "note": _text(checkpoint.note),
        }
        yield from _stamps(checkpoint)


def _stamps(checkpoint: CheckpointSeen) -> Iterator[Json]:
    for stamp in checkpoint.stamps:
        yield {
            "what": "stamp",
            "size": stamp.size,
            "authority": stamp.authority,
            "state": stamp.state.value,
            "time": format_time(stamp.time) if stamp.time else None,
            "intact": stamp.holds,
            "known": stamp.is_known,
            "on_this_machine": stamp.is_on_this_machine,
        }


def _text(content: bytes) -> str:
    """Entries, proofs and notes are UTF-8 text; bytes that are not stay visible."""
    return content.decode("utf-8", errors="backslashreplace")
