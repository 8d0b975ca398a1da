"""What a backup and a restore refuse: mixtures, damage, links, lists that lie, newer versions."""

import contextlib
import os
import sqlite3
from dataclasses import replace

import pytest

from remarque.errors import (
    BackupDamaged,
    RemarqueError,
    UsageError,
    VaultExists,
    VaultMissing,
    VaultTooNew,
)
from remarque.model.digests import digest_of, hex_of
from remarque.store.backup import check_backup, restore_backup, write_backup
from remarque.store.backup_list import picture_path, read_list, write_list
from remarque.store.vault import create_store, open_store
from stand_ins.backups import CONTENTS, database_in, rewrite, root_of, state_of
from stand_ins.store_entries import CARD, SEALED_KEYS, sealed_entry


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


def test_a_folder_that_is_no_backup_is_told(tmp_path, back):
    for source in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(BackupDamaged, match="not a finished backup"):
            restore_backup(source, back)
