"""A vault goes to another folder and comes back, or it is said what is wrong."""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
import threading
from dataclasses import replace

import pytest

from remarque.actions.ports import Keeping
from remarque.errors import (
    BackupDamaged,
    Cancelled,
    DiskFull,
    RemarqueError,
    UsageError,
    VaultExists,
    VaultMissing,
    VaultTooNew,
)
from remarque.ledger.merkle import Frontier
from remarque.model.digests import digest_of, hex_of
from remarque.model.entry import Checkpoint
from remarque.store import backup_writing
from remarque.store.backup import check_backup, restore_backup, write_backup
from remarque.store.backup_list import picture_path, read_list, write_list
from remarque.store.vault import create_store, open_store
from stand_ins.samples import samples_under
from stand_ins.store_entries import CARD, SEALED_KEYS, sealed_entry

CONTENTS = [b"picture %d" % number * 100 for number in range(3)]


@pytest.fixture
def store(place):
    with open_store(place) as store:
        digests = [store.pictures.keep_bytes(content) for content in CONTENTS]
        store.ledger.append(
            [sealed_entry(number, pictures=[digest]) for number, digest in enumerate(digests)]
        )
        store.ledger.add_checkpoint(Checkpoint(3, root_of(store), b"note"))
        store.fingerprints.put([(digest_of(CONTENTS[0]), "pdq_v1", b"fingerprint")])
        yield store


@pytest.fixture
def target(tmp_path):
    return tmp_path / "backups" / "mine"


@pytest.fixture
def back(tmp_path):
    return tmp_path / "elsewhere" / "vault"


def root_of(store):
    frontier = Frontier()
    for leaf_digest in store.ledger.leaf_digests(0, store.ledger.size()):
        frontier.add(leaf_digest)
    return frontier.root()


def state_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def database_in(target):
    (path,) = (target / "records").glob("*/vault.db")
    return path


def test_a_whole_vault_comes_back_elsewhere(store, target, back):
    summary = write_backup(store, target)
    assert (summary.entries, summary.pictures, summary.copied) == (3, 3, 3)
    assert summary.copied_bytes == sum(map(len, CONTENTS))
    expected, entries = root_of(store), [stored.leaf for stored in store.ledger.entries()]
    shutil.rmtree(store.place / "pictures")
    restored = restore_backup(target, back)
    assert (restored.target, restored.entries, restored.pictures) == (back, 3, 3)
    with open_store(back) as again:
        assert root_of(again) == expected
        assert [stored.leaf for stored in again.ledger.entries()] == entries
        assert again.ledger.checkpoints()[0].root == expected
        assert [again.pictures.read(digest_of(content)) for content in CONTENTS] == CONTENTS
        assert again.fingerprints.all_of("pdq_v1") == [(digest_of(CONTENTS[0]), b"fingerprint")]
        assert again.read_keys() == SEALED_KEYS
        assert again.card == CARD
        again.ledger.append([sealed_entry(99)])
    assert list(back.parent.iterdir()) == [back]


def test_real_pictures_come_back_byte_for_byte(store, target, back):
    files = samples_under("generators", "*.png")[:8]
    if not files:
        pytest.skip("the shared samples are not beside this checkout")
    digests = [digest_of(path.read_bytes()) for path in files]
    for path, digest in zip(files, digests, strict=True):
        store.pictures.keep_file(path, digest, copy_always=True)
    write_backup(store, target)
    restore_backup(target, back)
    with open_store(back) as again:
        assert [again.pictures.read(digest) for digest in digests] == [
            path.read_bytes() for path in files
        ]


def test_the_standard_tool_checks_a_backup(store, target):
    write_backup(store, target)
    if shutil.which("sha256sum") is None:
        pytest.skip("there is no sha256sum here")
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=target, check=True
    )
    assert check_backup(target) == len((target / "SHA256SUMS").read_text().splitlines())


def test_a_second_backup_copies_only_what_is_new(store, target, back):
    write_backup(store.place, target)
    before = {path: path.stat().st_mtime_ns for path in target.glob("pictures/*/*")}
    digest = store.pictures.keep_bytes(b"a new picture")
    store.ledger.append([sealed_entry(3, pictures=[digest])])
    summary = write_backup(store.place, target)
    assert (summary.entries, summary.pictures, summary.copied) == (4, 4, 1)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list((target / "records").iterdir())) == 1
    assert check_backup(target)
    assert restore_backup(target, back).entries == 4


def test_a_vault_in_use_is_backed_up_in_one_consistent_state(store, target, back):
    stop = threading.Event()

    def go_on():
        number = 1000
        while not stop.is_set():
            digest = store.pictures.keep_bytes(b"%d" % number)
            store.ledger.append([sealed_entry(number, pictures=[digest])])
            number += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        summary = write_backup(store, target)
    finally:
        stop.set()
        writer.join()
    assert restore_backup(target, back).entries == summary.entries >= 3
    with open_store(back) as again:
        for stored in again.ledger.entries():
            assert all(map(again.pictures.read, stored.entry.pictures))


def test_pictures_kept_in_place_are_named_and_not_copied(store, target, back, tmp_path):
    there, gone, also_stored = (tmp_path / f"{name}.png" for name in ("there", "gone", "stored"))
    there.write_bytes(b"still there")
    gone.write_bytes(b"soon gone")
    also_stored.write_bytes(CONTENTS[0])
    for path in (there, gone, also_stored):
        store.pictures.note_place(path, digest_of(path.read_bytes()))
    gone.unlink()
    summary = write_backup(store, target)
    assert summary.in_place == ((digest_of(b"still there"), there),)
    assert summary.gone == ((digest_of(b"soon gone"), gone),)
    assert summary.pictures == 3
    restored = restore_backup(target, back)
    assert (restored.in_place, restored.gone) == (summary.in_place, summary.gone)


def test_a_linked_picture_is_a_file_of_its_own_in_the_backup(store, target, tmp_path):
    original = tmp_path / "original.png"
    original.write_bytes(b"an original")
    keeping = store.pictures.keep_file(original, digest_of(b"an original"))
    write_backup(store, target)
    original.write_bytes(b"overwritten")
    assert check_backup(target)
    if keeping is not Keeping.HARD_LINK:
        return
    summary = write_backup(store, target)
    assert summary.pictures == 4
    assert check_backup(target)


def test_a_damaged_picture_is_told_and_not_copied(store, target):
    spoil(store, digest_of(CONTENTS[1]))
    summary = write_backup(store, target)
    assert summary.damaged == (digest_of(CONTENTS[1]),)
    assert summary.pictures == 2
    assert check_backup(target)


def test_a_picture_damaged_since_stays_whole_in_the_backup(store, target, back):
    write_backup(store, target)
    spoil(store, digest_of(CONTENTS[1]))
    (store.place / picture_path(hex_of(digest_of(CONTENTS[2])))).unlink()
    summary = write_backup(store, target)
    assert (summary.pictures, summary.copied) == (3, 0)
    restore_backup(target, back)
    with open_store(back) as again:
        assert [again.pictures.read(digest_of(content)) for content in CONTENTS] == CONTENTS


def spoil(store, digest):
    path = store.place / picture_path(hex_of(digest))
    path.chmod(0o600)
    path.write_bytes(b"bit rot")


def cancel_at(step_number):
    def progress(step):
        if step.done == step_number:
            raise Cancelled("stopped")

    return progress


def test_an_interrupted_first_backup_is_no_backup_and_can_go_on(store, target, back):
    with pytest.raises(Cancelled):
        write_backup(store, target, cancel_at(2))
    with pytest.raises(BackupDamaged, match="not a finished backup") as told:
        restore_backup(target, back)
    assert "goes on where it stopped" in told.value.hint
    assert not back.exists()
    summary = write_backup(store, target)
    assert (summary.pictures, summary.copied) == (3, 1)
    assert restore_backup(target, back).entries == 3


def test_half_a_picture_of_an_interrupted_backup_is_copied_again(store, target):
    with pytest.raises(Cancelled):
        write_backup(store, target, cancel_at(2))
    for path in target.glob("pictures/*/*"):
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert write_backup(store, target).copied == 3
    assert check_backup(target)


@pytest.mark.parametrize("broken", ["_copy_pictures", "_finish"])
def test_an_interrupted_second_backup_leaves_the_first_whole(
    store, target, back, monkeypatch, broken
):
    write_backup(store, target)
    store.ledger.append([sealed_entry(3)])
    store.pictures.keep_bytes(b"a new picture")

    def fail(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup_writing, broken, fail)
    with pytest.raises(DiskFull):
        write_backup(store, target)
    assert check_backup(target)
    assert restore_backup(target, back).entries == 3


def test_an_interrupted_restore_leaves_nothing(store, target, back):
    write_backup(store, target)
    with pytest.raises(Cancelled):
        restore_backup(target, back, cancel_at(3))
    assert list(back.parent.iterdir()) == []


def test_progress_is_told(store, target, back):
    steps = []
    write_backup(store, target, steps.append)
    assert [(step.operation, step.done, step.total) for step in steps] == [
        ("backup", number, 3) for number in (1, 2, 3)
    ]
    steps.clear()
    restore_backup(target, back, steps.append)
    assert [step.done for step in steps] == [1, 2, 3, 4, 5, 6]


def test_a_backup_does_not_mix_with_other_things(store, target, tmp_path):
    target.mkdir(parents=True)
    (target / "holiday.png").write_bytes(b"mine")
    with pytest.raises(VaultExists, match="something other"):
        write_backup(store, target)
    assert state_of(target) == {"holiday.png": b"mine"}
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(RemarqueError, match="file"):
        write_backup(store, file)


def test_a_backup_of_another_vault_is_not_overwritten(store, target, tmp_path):
    write_backup(store, target)
    before = state_of(target)
    card = replace(CARD, author=replace(CARD.author, key_id="ffffffff"))
    with (
        create_store(tmp_path / "other", card=card, sealed_keys=SEALED_KEYS) as other,
        pytest.raises(VaultExists),
    ):
        write_backup(other, target)
    assert state_of(target) == before


def test_an_older_state_does_not_push_out_newer_entries(store, target, back, tmp_path):
    write_backup(store, target)
    restore_backup(target, back)
    store.ledger.append([sealed_entry(3)])
    write_backup(store, target)
    before = state_of(target)
    with pytest.raises(VaultExists, match="does not have"):
        write_backup(back, target)
    with open_store(back) as forked:
        forked.ledger.append([sealed_entry(77), sealed_entry(78)])
        with pytest.raises(VaultExists, match="does not have"):
            write_backup(forked, target)
    assert state_of(target) == before


def test_a_backup_does_not_lie_inside_the_vault(store):
    with pytest.raises(UsageError, match="inside the vault"):
        write_backup(store, store.place / "backup")
    assert not (store.place / "backup").exists()


def test_no_vault_no_backup(tmp_path, target):
    with pytest.raises(VaultMissing):
        write_backup(tmp_path, target)
    assert not target.exists()


def test_what_is_at_the_target_of_a_restore_stays(store, target):
    write_backup(store, target)
    before = root_of(store)
    with pytest.raises(VaultExists):
        restore_backup(target, store.place)
    assert root_of(store) == before


def test_any_changed_byte_is_found_and_its_file_named(store, target, back):
    write_backup(store, target)
    for path in [path for path in sorted(target.rglob("*")) if path.is_file()]:
        content = path.read_bytes()
        path.chmod(0o600)
        for position in {0, len(content) // 2, len(content) - 1}:
            spoiled = bytearray(content)
            spoiled[position] ^= 1
            path.write_bytes(spoiled)
            with pytest.raises((BackupDamaged, VaultTooNew)) as told:
                restore_backup(target, back)
            named = path.name in told.value.message or path.name == "SHA256SUMS"
            assert named or path.name == "backup.json"
            with pytest.raises(BackupDamaged):
                check_backup(target)
        path.write_bytes(content)
    assert not back.exists()
    assert restore_backup(target, back).entries == 3


def test_a_missing_file_is_named(store, target, back):
    write_backup(store, target)
    name = picture_path(hex_of(digest_of(CONTENTS[0])))
    (target / name).unlink()
    with pytest.raises(BackupDamaged, match=f"{name} .* is missing"):
        restore_backup(target, back)
    with pytest.raises(BackupDamaged, match="missing"):
        check_backup(target)
    assert not back.exists()


@pytest.mark.parametrize("depth", ["file", "folder"])
def test_links_in_a_backup_are_refused(store, target, back, tmp_path, depth):
    write_backup(store, target)
    name = picture_path(hex_of(digest_of(CONTENTS[0])))
    linked = target / name if depth == "file" else target / "pictures"
    linked.rename(tmp_path / "moved")
    linked.symlink_to(tmp_path / "moved")
    with pytest.raises(BackupDamaged, match="is a link"):
        restore_backup(target, back)
    assert not back.exists()


@pytest.mark.parametrize(
    "line",
    [
        f"{'0' * 64}  ../outside",
        f"{'0' * 64}  /etc/passwd",
        f"{'0' * 64}  pictures/../../outside",
        f"{'0' * 64}  pictures/00/{'1' * 64}",
        f"{'0' * 64}  pictures/11/{'0' * 64}",
        f"{'0' * 64}  records/0123456789abcdef/vault.db-wal",
        f"{'0' * 64}  records/0123456789abcdef/vault.db",
        f"{'0' * 64}  pictures/00/{'0' * 64}\r",
        f"{'0' * 64} *backup.json",
        f"{'0' * 63}  backup.json",
        "",
        "x" * 100_000,
        "é",
    ],
)
def test_a_list_that_leads_elsewhere_is_refused(store, target, back, line):
    write_backup(store, target)
    with (target / "SHA256SUMS").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(BackupDamaged):
        restore_backup(target, back)
    assert not back.exists()


@pytest.mark.parametrize("left_out", ["backup.json", "vault.db", "vault.json", "keys.json"])
def test_a_list_without_one_of_its_parts_is_refused(store, target, back, left_out):
    write_backup(store, target)
    listed = read_list(target)
    write_list(target, {path: d for path, d in listed.items() if not path.endswith(left_out)})
    with pytest.raises(BackupDamaged):
        restore_backup(target, back)


def test_a_doubled_line_is_refused(store, target, back):
    write_backup(store, target)
    text = (target / "SHA256SUMS").read_text()
    (target / "SHA256SUMS").write_text(text + text.splitlines()[0] + "\n")
    with pytest.raises(BackupDamaged, match="line"):
        restore_backup(target, back)


def test_a_backup_of_a_newer_format_is_told(store, target, back):
    write_backup(store, target)
    rewrite(target, target / "backup.json", b'{"format":2}')
    with pytest.raises(VaultTooNew, match="format 2"):
        restore_backup(target, back)


def test_a_backup_of_a_newer_vault_is_told(store, target, back):
    write_backup(store, target)
    with contextlib.closing(sqlite3.connect(database_in(target))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    rewrite(target, database_in(target), database_in(target).read_bytes())
    with pytest.raises(VaultTooNew):
        restore_backup(target, back)
    assert not back.exists()


def test_a_database_damaged_before_it_was_listed_is_not_restored(store, target, back):
    store.ledger.append([sealed_entry(number) for number in range(100, 600)])
    write_backup(store, target)
    content = bytearray(database_in(target).read_bytes())
    content[40_000:80_000] = os.urandom(40_000)
    rewrite(target, database_in(target), bytes(content))
    with pytest.raises(BackupDamaged, match="database"):
        restore_backup(target, back)
    assert not back.exists()


def rewrite(target, path, content):
    """Put other bytes into a backup and into its list."""
    path.chmod(0o600)
    path.write_bytes(content)
    listed = read_list(target)
    listed[str(path.relative_to(target))] = hashlib.sha256(content).hexdigest()
    write_list(target, listed)


def test_a_folder_that_is_no_backup_is_told(tmp_path, back):
    for source in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(BackupDamaged, match="not a finished backup"):
            restore_backup(source, back)
