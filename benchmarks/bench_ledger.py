"""Appends per second, single and batched, and a full audit of 100,000 entries.

Beside them, in the same run on the same disk: plain SQLite rows with the same durability, and
pymerkle's SQLite tree where it is installed (GPL, so not a dependency of ours).
"""

import secrets
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from remarque.actions.auditing import audit
from remarque.actions.checkpointing import make_checkpoint
from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, record, record_all
from remarque.ledger.entry import seal_entry
from remarque.model.entry import Entry, Kind, SealedEntry
from remarque.model.history import IntentStated
from remarque.verifying.merkle import leaf_digest, rebuild_roots
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault
from table import Row

ENTRIES = 100_000
SINGLE = 300
WRITERS = 16
PASSPHRASE = "benchmark only"
BODY = "w" * 300


def measure() -> Iterator[Row]:
    """The rows of this table, measured now."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "vault"
        make_vault(place, Founding("Benchmark", PASSPHRASE))
        with open_vault(place, passphrase=PASSPHRASE) as vault:
            yield _single(vault)
            yield _many_threads(vault)
            yield from _plain_sqlite(Path(folder) / "plain.db")
            yield from _pymerkle(Path(folder) / "pymerkle.db")
            yield _batched(vault)
            yield _checkpoint(vault)
            yield _audit(vault)
            yield _rebuild_roots(vault)


def _fact(number: int) -> Fact:
    return Fact(IntentStated(work="0" * 16, text=f"{number} {BODY}"), "0" * 16)


def _single(vault: Vault) -> Row:
    start = time.perf_counter()
    for number in range(SINGLE):
        record(vault, _fact(number))
    return Row("append, one at a time", SINGLE / (time.perf_counter() - start), "entries/s")


def _many_threads(vault: Vault) -> Row:
    def write() -> None:
        for number in range(SINGLE // 4):
            record(vault, _fact(number))

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    return Row(
        f"append, one at a time from {WRITERS} threads",
        WRITERS * (SINGLE // 4) / seconds,
        "entries/s",
        "group commit",
    )


def _batched(vault: Vault) -> Row:
    missing = ENTRIES - vault.ledger.size()
    start = time.perf_counter()
    for first in range(0, missing, 1000):
        record_all(vault, [_fact(n) for n in range(first, min(first + 1000, missing))])
    return Row("append, 1,000 at a time", missing / (time.perf_counter() - start), "entries/s")


def _plain_sqlite(path: Path) -> Iterator[Row]:
    leaves = [_sealed(number).leaf for number in range(20_000)]
    for batch, count in ((1, SINGLE), (1000, 20_000)):
        path.unlink(missing_ok=True)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        connection.execute("create table line (seq integer primary key, leaf blob)")
        start = time.perf_counter()
        for first in range(0, count, batch):
            connection.execute("begin immediate")
            connection.executemany(
                "insert into line (leaf) values (?)",
                [(leaf,) for leaf in leaves[first : first + batch]],
            )
            connection.execute("commit")
        seconds = time.perf_counter() - start
        connection.close()
        yield Row(
            f"peer: plain SQLite rows, {batch:,} at a time",
            count / seconds,
            "entries/s",
            "no hashing, no sealing",
        )


def _pymerkle(path: Path) -> Iterator[Row]:
    try:
        from pymerkle import SqliteTree
    except ImportError:
        yield Row("peer: pymerkle SqliteTree", None, "entries/s", "not installed")
        return
    tree = SqliteTree(str(path), algorithm="sha256")
    leaves = [_sealed(number).leaf for number in range(SINGLE)]
    start = time.perf_counter()
    for leaf in leaves:
        tree.append_entry(leaf)
    yield Row("peer: pymerkle SqliteTree", SINGLE / (time.perf_counter() - start), "entries/s")


def _checkpoint(vault: Vault) -> Row:
    start = time.perf_counter()
    make_checkpoint(vault)
    return Row(
        f"checkpoint over {vault.ledger.size():,} entries",
        time.perf_counter() - start,
        "s",
        "includes opening the key",
    )


def _audit(vault: Vault) -> Row:
    start = time.perf_counter()
    report = audit(vault)
    seconds = time.perf_counter() - start
    return Row(
        f"full audit of {vault.ledger.size():,} entries",
        vault.ledger.size() / seconds,
        "entries/s",
        f"{seconds:.1f} s, outcome {report.outcome}",
    )


def _rebuild_roots(vault: Vault) -> Row:
    leaves = [stored.leaf for stored in vault.ledger.entries()]
    sizes = [checkpoint.size for checkpoint in vault.ledger.checkpoints()]
    start = time.perf_counter()
    rebuild_roots((leaf_digest(leaf) for leaf in leaves), sizes)
    return Row(
        "  of it the hashing: every leaf and node anew",
        len(leaves) / (time.perf_counter() - start),
        "entries/s",
        "one core; aim 100,000",
    )


def _sealed(number: int) -> SealedEntry:
    entry = Entry(
        Kind.INTENT_STATED,
        "2026-01-01T00:00:00.000Z",
        "key",
        None,
        {"work": "0" * 16, "text": f"{number} {BODY}"},
    )
    return seal_entry(entry, salt=secrets.token_bytes(16))
