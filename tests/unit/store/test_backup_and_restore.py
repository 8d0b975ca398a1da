"""A vault goes to another folder and comes back, or it is said what is wrong."""

import shutil
import subprocess
import threading

import pytest

from remarque.actions.ports import Keeping
from remarque.errors import (
    BackupDamaged,
    Cancelled,
    DiskFull,
)
from remarque.model.digests import digest_of, hex_of
from remarque.store import backup_writing
from remarque.store.backup import check_backup, restore_backup, write_backup
from remarque.store.backup_list import picture_path
from remarque.store.vault import open_store
from stand_ins.backups import CONTENTS, cancel_at, root_of, spoil
from stand_ins.samples import samples_under
from stand_ins.store_entries import CARD, SEALED_KEYS, sealed_entry


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
