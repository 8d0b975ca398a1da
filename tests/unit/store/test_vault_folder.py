"""Making and opening a vault, and what is said when that cannot be done."""

import contextlib
import os
import sqlite3
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from remarque.actions.ports import Author
from remarque.errors import (
    DiskFull,
    KeyDamaged,
    LedgerDamaged,
    PlaceUnusable,
    StoreError,
    VaultExists,
    VaultMissing,
    VaultTooNew,
)
from remarque.model.entry import Checkpoint, Stamp, StampState
from remarque.store import vault as vault_module
from remarque.store.vault import AuthorityEntry, create_store, is_vault, open_store, read_card
from stand_ins.store_entries import CARD, SEALED_KEYS, sealed_entry


def content_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_new_vault_has_its_files_and_nothing_else(place):
    assert sorted(path.name for path in place.iterdir()) == [
        "keys.json",
        "pictures",
        "vault.db",
        "vault.json",
    ]
    assert list(place.parent.iterdir()) == [place]
    assert is_vault(place)


def test_a_vault_remembers_its_author_and_keys(place):
    with open_store(place) as store:
        assert store.card == CARD
        assert store.card.author == Author(
            name="李某 Ada",
            key_id="ab12cd34",
            verifier_key=CARD.author.verifier_key,
            claim_chain=CARD.author.claim_chain,
            identity_chain="",
        )
        assert store.read_keys() == SEALED_KEYS
        store.write_keys(b"sealed anew")
    with open_store(place) as store:
        assert store.read_keys() == b"sealed anew"


def test_the_authorities_can_be_chosen_anew(place):
    chosen = (AuthorityEntry("https://a.example/"), AuthorityEntry("https://b.example/", "PEM"))
    with open_store(place) as store:
        store.set_authorities(chosen)
        assert store.card.authorities == chosen
    assert read_card(place) == replace(CARD, authorities=chosen)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_owner_can_read_the_vault(place):
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    for name in ("keys.json", "vault.db"):
        assert stat.S_IMODE((place / name).stat().st_mode) == 0o600


def test_a_vault_is_made_with_the_folders_above_it(tmp_path):
    deep = tmp_path / "pictures of mine" / "été #1?" / "vault%20"
    create_store(deep, card=CARD, sealed_keys=SEALED_KEYS).close()
    with open_store(deep) as store:
        assert store.ledger.append([sealed_entry(0)])[0].index == 0


def test_an_open_vault_stays_where_it_is_when_the_program_moves(place, monkeypatch, tmp_path):
    monkeypatch.chdir(place.parent)
    with open_store(Path("vault")) as store:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        store.ledger.append([sealed_entry(0)])
        digest = store.pictures.keep_bytes(b"thumbnail")
        assert store.pictures.read(digest) == b"thumbnail"


def test_an_empty_folder_is_taken_over(tmp_path):
    (tmp_path / "vault").mkdir()
    create_store(tmp_path / "vault", card=CARD, sealed_keys=SEALED_KEYS).close()
    assert is_vault(tmp_path / "vault")


def test_nothing_is_overwritten(place, tmp_path):
    before = content_of(place)
    with pytest.raises(VaultExists):
        create_store(place, card=CARD, sealed_keys=SEALED_KEYS)
    assert content_of(place) == before
    note = tmp_path / "note.txt"
    note.write_text("mine")
    with pytest.raises(VaultExists):
        create_store(note, card=CARD, sealed_keys=SEALED_KEYS)
    assert note.read_text() == "mine"
    assert sorted(tmp_path.iterdir()) == [note, place]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_no_half_made_vault_is_left(tmp_path, monkeypatch, error):
    def fail(*_args, **_options):
        raise error

    monkeypatch.setattr(vault_module, "_write_card", fail)
    expected = DiskFull if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        create_store(tmp_path / "vault", card=CARD, sealed_keys=SEALED_KEYS)
    assert list(tmp_path.iterdir()) == []


def test_a_vault_put_there_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    real = vault_module._write_card

    def write_and_be_overtaken(building, card):
        real(building, card)
        (tmp_path / "vault").mkdir()
        (tmp_path / "vault" / "mine.txt").write_text("mine")

    monkeypatch.setattr(vault_module, "_write_card", write_and_be_overtaken)
    with pytest.raises(VaultExists, match="meanwhile"):
        create_store(tmp_path / "vault", card=CARD, sealed_keys=SEALED_KEYS)
    assert content_of(tmp_path) == {"vault/mine.txt": b"mine"}


def test_no_vault_no_folder_or_no_card_is_a_missing_vault(tmp_path):
    for place in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(VaultMissing, match="no vault") as told:
            open_store(place)
        assert "remarque init" in told.value.hint
    assert not is_vault(tmp_path)


def test_a_file_is_not_a_vault(tmp_path):
    (tmp_path / "picture.png").write_bytes(b"")
    with pytest.raises(PlaceUnusable, match="is a file"):
        open_store(tmp_path / "picture.png")


@pytest.mark.parametrize(
    "card", [b"", b"{", b"[]", b'{"format":1}', b'{"format":"x","author":3}', b"\xff\xfe"]
)
def test_a_damaged_card_is_one_clear_sentence(place, card):
    (place / "vault.json").write_bytes(card)
    with pytest.raises(StoreError, match=r"card .*vault\.json is damaged"):
        open_store(place)


def test_a_card_of_a_newer_format_is_left_untouched(place):
    (place / "vault.json").write_bytes(b'{"format":2,"something":"new"}')
    before = content_of(place)
    with pytest.raises(VaultTooNew, match="format 2"):
        open_store(place)
    assert content_of(place) == before


def test_a_missing_database_is_not_made_anew(place):
    (place / "vault.db").unlink()
    with pytest.raises(PlaceUnusable, match=r"vault\.db is missing"):
        open_store(place)
    assert not (place / "vault.db").exists()


def test_a_database_of_something_else_is_refused(place):
    (place / "vault.db").write_bytes(b"this is no database at all, only some text" * 100)
    with pytest.raises(LedgerDamaged, match="damaged"):
        open_store(place)
    (place / "vault.db").unlink()
    with contextlib.closing(sqlite3.connect(place / "vault.db")) as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(LedgerDamaged, match="no schema version"):
        open_store(place)


def test_an_overwritten_page_of_the_database_is_one_clear_sentence(place):
    with open_store(place) as store:
        store.ledger.append([sealed_entry(number) for number in range(2000)])
    content = bytearray((place / "vault.db").read_bytes())
    content[4096 * 20 : -4096] = os.urandom(len(content[4096 * 20 : -4096]))
    (place / "vault.db").write_bytes(content)
    with open_store(place) as store, pytest.raises(LedgerDamaged):
        list(store.ledger.entries())


def test_a_missing_key_file_is_told(place):
    (place / "keys.json").unlink()
    with open_store(place) as store, pytest.raises(KeyDamaged, match="missing") as told:
        store.read_keys()
    assert "backup" in told.value.hint


def test_an_unknown_stamp_state_is_told(place):
    with open_store(place) as store:
        store.ledger.append([sealed_entry(0)])
        store.ledger.add_checkpoint(Checkpoint(1, bytes(32), b"note"))
        store.ledger.put_stamp(Stamp(1, "https://a.example/", StampState.PENDING))
    with contextlib.closing(sqlite3.connect(place / "vault.db")) as connection:
        connection.execute("UPDATE stamp SET state = 'nonsense'")
        connection.commit()
    with open_store(place) as store, pytest.raises(LedgerDamaged, match="nonsense"):
        store.ledger.stamps()


@contextlib.contextmanager
def another_user():
    """Become somebody without rights for a moment, where this is the administrator."""
    if not hasattr(os, "geteuid"):
        pytest.skip("there are no such users here")
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_ground():
    """A folder that every user can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_folder_that_may_not_be_written_is_named(open_ground):
    open_ground.chmod(0o555)
    with another_user(), pytest.raises(PlaceUnusable, match="cannot be used"):
        create_store(open_ground / "vault", card=CARD, sealed_keys=SEALED_KEYS)
    open_ground.chmod(0o755)
    assert list(open_ground.iterdir()) == []


def test_a_vault_that_may_not_be_read_is_named(open_ground):
    place = open_ground / "vault"
    create_store(place, card=CARD, sealed_keys=SEALED_KEYS).close()
    place.chmod(0o000)
    with another_user(), pytest.raises(PlaceUnusable, match="cannot be used"):
        open_store(place)
    place.chmod(0o700)


def append_one(place):
    with open_store(place) as store:
        store.ledger.append([sealed_entry(0)])


def test_a_vault_that_may_not_be_written_says_so(open_ground):
    place = open_ground / "vault"
    create_store(place, card=CARD, sealed_keys=SEALED_KEYS).close()
    for path in (place, *place.iterdir()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with another_user(), pytest.raises(PlaceUnusable, match="cannot be used"):
        append_one(place)
    place.chmod(0o700)
