"""The log on a real disk: kills, crowds, full disks and careless programs."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from remarque.errors import DiskFull, LedgerDamaged, StoreError, VaultBusy
from remarque.model.digests import digest_of
from remarque.store.vault import create_store, open_store
from stand_ins.store_entries import CARD, SEALED_KEYS, sealed_entry

APPENDER = """
import sys
from pathlib import Path
from remarque.store.vault import open_store
from stand_ins.store_entries import sealed_entry
place, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
with open_store(place) as store:
    for number in range(first, first + count):
        receipt, = store.ledger.append([sealed_entry(number)])
        print(number, receipt.index, flush=True)
"""


def start_appender(place, first, count):
    return subprocess.Popen(
        [sys.executable, "-c", APPENDER, str(place), str(first), str(count)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def assert_no_gap(ledger):
    assert [stored.index for stored in ledger.entries()] == list(range(ledger.size()))


def test_every_acknowledged_entry_survives_a_kill(place):
    with start_appender(place, 0, 100_000) as process:
        acknowledged = [process.stdout.readline().split() for _ in range(40)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [line.split() for line in process.stdout]
    with open_store(place) as store:
        for number, index in acknowledged:
            assert store.ledger.entry(int(index)).leaf == sealed_entry(int(number)).leaf
        assert store.ledger.size() >= len(acknowledged)
        assert_no_gap(store.ledger)
        assert store.ledger.append([sealed_entry(10**6)])[0].index == store.ledger.size() - 1


def test_two_processes_write_to_one_vault(place):
    with start_appender(place, 0, 60) as one, start_appender(place, 1000, 60) as two:
        lines = [line.split() for process in (one, two) for line in process.stdout]
    assert (one.returncode, two.returncode) == (0, 0)
    assert sorted(int(index) for _, index in lines) == list(range(120))
    with open_store(place) as store:
        assert_no_gap(store.ledger)
        for number, index in lines:
            assert store.ledger.entry(int(index)).leaf == sealed_entry(int(number)).leaf


def test_many_threads_share_commits_and_each_gets_its_own_receipts(place):
    with open_store(place) as store, ThreadPoolExecutor(16) as pool:
        sealed = [[sealed_entry(3 * group + n) for n in range(3)] for group in range(100)]
        receipts = list(pool.map(store.ledger.append, sealed))
        for entries, given in zip(sealed, receipts, strict=True):
            assert [one.index for one in given] == list(range(given[0].index, given[0].index + 3))
            for entry, receipt in zip(entries, given, strict=True):
                assert store.ledger.entry(receipt.index).leaf == entry.leaf
        assert store.ledger.size() == 300
        assert_no_gap(store.ledger)


def test_readers_do_not_wait_for_a_writer(place):
    with open_store(place) as store, contextlib.closing(holding_the_lock(place)):
        assert store.ledger.size() == 0
        assert list(store.ledger.entries()) == []


def test_a_vault_that_another_process_will_not_let_go_is_busy(place):
    with (
        open_store(place, patience_seconds=0.05) as store,
        contextlib.closing(holding_the_lock(place)) as holder,
    ):
        with pytest.raises(VaultBusy) as told:
            store.ledger.append([sealed_entry(0)])
        assert "other Remarque process" in told.value.hint
        holder.execute("ROLLBACK")
        assert store.ledger.append([sealed_entry(0)])[0].index == 0


def test_a_closed_ledger_takes_no_more_entries(place):
    store = open_store(place)
    store.ledger.append([sealed_entry(0)])
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.ledger.append([sealed_entry(1)])


def test_closing_waits_for_what_is_under_way(place):
    store = open_store(place)
    threads = [
        threading.Thread(target=store.ledger.append, args=([sealed_entry(number)],))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    with open_store(place) as again:
        assert again.ledger.size() == 8


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET leaf = x'00' WHERE seq = 1",
        "UPDATE entry SET seq = 9 WHERE seq = 1",
        "DELETE FROM entry WHERE seq = 1",
        "DELETE FROM entry",
        "INSERT INTO entry VALUES (1, x'00', x'00', 'k', NULL)",
        "INSERT OR REPLACE INTO entry VALUES (1, x'00', x'00', 'k', NULL)",
        "INSERT OR IGNORE INTO entry VALUES (1, x'00', x'00', 'k', NULL)",
        "INSERT INTO entry VALUES (1, x'00', x'00', 'k', NULL)"
        " ON CONFLICT (seq) DO UPDATE SET leaf = x'00'",
        "INSERT INTO entry VALUES (5, x'00', x'00', 'k', NULL)",
        "INSERT INTO entry VALUES (-1, x'00', x'00', 'k', NULL)",
        "INSERT INTO entry (leaf, leaf_digest, kind) VALUES (x'00', x'00', 'k')",
        "UPDATE entry_picture SET seq = 0",
        "DELETE FROM entry_picture",
        "INSERT OR REPLACE INTO entry_picture SELECT digest, seq FROM entry_picture",
        "UPDATE checkpoint SET root = x'00'",
        "DELETE FROM checkpoint",
        "INSERT OR REPLACE INTO checkpoint VALUES (1, x'00', x'00', x'')",
        "INSERT INTO checkpoint VALUES (99, x'00', x'00', x'')",
        "UPDATE stamp SET response = x'00'",
        "DELETE FROM stamp",
        "INSERT OR REPLACE INTO stamp VALUES (1, 'a', 'held', x'', x'', x'', '', '')",
    ],
)
def test_no_program_can_rewrite_the_log(place, statement):
    """Also one that opens the database without any of the settings Remarque uses."""
    with open_store(place) as store:
        fill(store)
    with contextlib.closing(sqlite3.connect(place / "vault.db")) as careless:
        before = careless.execute("SELECT * FROM entry").fetchall()
        with pytest.raises(sqlite3.IntegrityError):
            careless.execute(statement)
        careless.commit()
        assert careless.execute("SELECT * FROM entry").fetchall() == before


def test_a_leaf_rewritten_behind_the_triggers_back_is_reported(place):
    with open_store(place) as store:
        fill(store)
    with contextlib.closing(sqlite3.connect(place / "vault.db")) as forger:
        forger.execute("DROP TRIGGER entry_no_update")
        forger.execute("UPDATE entry SET leaf = x'7b7d' WHERE seq = 1")
        forger.commit()
    with open_store(place) as store, pytest.raises(LedgerDamaged, match="entry 1") as told:
        list(store.ledger.entries())
    assert "audit" in told.value.hint


def test_a_missing_entry_is_reported_not_skipped(place):
    with open_store(place) as store:
        fill(store)
    with contextlib.closing(sqlite3.connect(place / "vault.db")) as forger:
        forger.execute("DROP TRIGGER entry_no_delete")
        forger.execute("DELETE FROM entry WHERE seq = 1")
        forger.commit()
    with open_store(place) as store, pytest.raises(LedgerDamaged, match="missing"):
        list(store.ledger.leaf_digests(0, 3))


def test_a_full_disk_keeps_earlier_entries_and_writes_no_half(small_disk):
    place = small_disk / "vault"
    acknowledged = []
    with create_store(place, card=CARD, sealed_keys=SEALED_KEYS) as store:
        with pytest.raises(DiskFull) as told:
            append_without_end(store.ledger, acknowledged)
        written = len(acknowledged)
        assert "acknowledged is safe" in told.value.hint
        with pytest.raises(DiskFull):
            store.pictures.keep_bytes(bytes(8 << 20))
        assert store.ledger.size() == written
        assert list(store.pictures.digests()) == []
    with open_store(place) as store:
        assert store.ledger.size() == written
        assert store.ledger.entry(written - 1).leaf == sealed_entry(written - 1).leaf
        assert_no_gap(store.ledger)


def test_no_vault_is_left_on_a_disk_that_is_full_from_the_start(small_disk):
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb") as file:
        while file.write(bytes(4096)):
            pass
    with pytest.raises(DiskFull):
        create_store(small_disk / "vault", card=CARD, sealed_keys=SEALED_KEYS)
    assert list(small_disk.iterdir()) == [filler]


def append_without_end(ledger, acknowledged):
    while True:
        first = len(acknowledged)
        acknowledged += ledger.append([sealed_entry(first + n) for n in range(200)])


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("there is no mount command here")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def holding_the_lock(place):
    holder = sqlite3.connect(place / "vault.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    return holder


def fill(store):
    store.ledger.append([sealed_entry(n, pictures=[digest_of(b"picture")]) for n in range(3)])
    with contextlib.closing(sqlite3.connect(store.place / "vault.db")) as connection:
        connection.execute("INSERT INTO checkpoint VALUES (1, x'00', x'00', x'')")
        connection.execute("INSERT INTO stamp VALUES (1, 'a', 'held', x'', x'', x'', '', '')")
        connection.commit()
