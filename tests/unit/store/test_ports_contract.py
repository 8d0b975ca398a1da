"""One set of promises, kept by the vault on disk and by the stand-in in memory alike."""

from dataclasses import replace

import pytest

from remarque.actions.ports import Keeping
from remarque.errors import (
    EntryRejected,
    LedgerDamaged,
    NotFound,
    PictureDamaged,
    PictureGone,
    PlaceUnusable,
)
from remarque.model.digests import digest_of
from remarque.model.entry import Checkpoint, Kind, Stamp, StampState
from remarque.store.vault import open_store
from stand_ins.memory_vault import build_memory_vault
from stand_ins.samples import sample
from stand_ins.store_entries import sealed_entry

ROOT = bytes(range(32))
OTHER_ROOT = bytes(reversed(ROOT))
AUTHORITY = "https://tsa.example/"


@pytest.fixture(params=["disk", "memory"])
def vault(request, tmp_path):
    if request.param == "memory":
        yield build_memory_vault(tmp_path)
    else:
        with open_store(request.getfixturevalue("place")) as store:
            yield store


@pytest.fixture
def ledger(vault):
    return vault.ledger


@pytest.fixture
def pictures(vault):
    return vault.pictures


@pytest.fixture
def original(tmp_path):
    path = tmp_path / "original.png"
    path.write_bytes(b"the bytes of a picture")
    return path


def test_entries_come_back_byte_for_byte_in_order(ledger):
    sealed = [sealed_entry(number) for number in range(3)]
    receipts = ledger.append(sealed)
    assert [receipt.index for receipt in receipts] == [0, 1, 2]
    assert [receipt.leaf_digest for receipt in receipts] == [one.leaf_digest for one in sealed]
    stored = list(ledger.entries())
    assert [one.leaf for one in stored] == [one.leaf for one in sealed]
    assert [one.entry for one in stored] == [one.entry for one in sealed]
    assert ledger.size() == 3
    assert ledger.entry(1) == stored[1]


def test_an_empty_ledger_is_no_error(ledger):
    assert ledger.append([]) == []
    assert ledger.size() == 0
    assert list(ledger.entries()) == []
    assert list(ledger.leaf_digests(0, 0)) == []
    assert ledger.checkpoints() == []
    assert ledger.stamps() == []


@pytest.mark.parametrize("index", [-1, 2, 10**6])
def test_an_entry_that_is_not_there_is_not_found(ledger, index):
    ledger.append([sealed_entry(0), sealed_entry(1)])
    with pytest.raises(NotFound, match="no entry"):
        ledger.entry(index)


def test_entries_can_be_had_by_work_kind_and_start(ledger):
    ledger.append(
        [
            sealed_entry(0, work=None, kind=Kind.VAULT_OPENED),
            sealed_entry(1, work="a", kind=Kind.WORK_OPENED),
            sealed_entry(2, work="b", kind=Kind.WORK_OPENED),
            sealed_entry(3, work="a", kind=Kind.INTENT_STATED),
            sealed_entry(4, work="a", kind=Kind.TAKE_IMPORTED),
        ]
    )

    def indices(**wanted):
        return [stored.index for stored in ledger.entries(**wanted)]

    assert indices(work="a") == [1, 3, 4]
    assert indices(kinds=[Kind.WORK_OPENED]) == [1, 2]
    assert indices(work="a", kinds=[Kind.WORK_OPENED, Kind.TAKE_IMPORTED]) == [1, 4]
    assert indices(start=3) == [3, 4]
    assert indices(work="a", start=2) == [3, 4]
    assert indices(work="nobody's") == []


def test_long_ledgers_are_read_to_the_end(ledger):
    sealed = [sealed_entry(number) for number in range(1200)]
    ledger.append(sealed)
    assert [stored.leaf for stored in ledger.entries()] == [one.leaf for one in sealed]
    assert list(ledger.leaf_digests(7, 1200)) == [one.leaf_digest for one in sealed[7:]]


def test_entries_are_found_by_the_pictures_they_name(ledger):
    first, second = digest_of(b"first"), digest_of(b"second")
    ledger.append(
        [
            sealed_entry(0, pictures=[first]),
            sealed_entry(1, pictures=[second, first, first]),
            sealed_entry(2),
        ]
    )
    assert [stored.index for stored in ledger.entries_naming(first)] == [0, 1]
    assert [stored.index for stored in ledger.entries_naming(second)] == [1]
    assert ledger.entries_naming(digest_of(b"third")) == []


def test_asking_beyond_the_end_is_refused_not_cut_short(ledger):
    ledger.append([sealed_entry(0)])
    with pytest.raises(NotFound):
        list(ledger.leaf_digests(0, 2))


def test_a_leaf_digest_of_other_bytes_is_refused(ledger):
    wrong = replace(sealed_entry(0), leaf_digest=bytes(32))
    with pytest.raises(EntryRejected):
        ledger.append([sealed_entry(1), wrong])
    assert ledger.size() == 0


def test_checkpoints_come_back_smallest_first_with_their_frontier(ledger):
    ledger.append([sealed_entry(number) for number in range(3)])
    large = Checkpoint(3, ROOT, b"note of three", (ROOT, OTHER_ROOT))
    small = Checkpoint(1, OTHER_ROOT, b"note of one")
    ledger.add_checkpoint(large)
    ledger.add_checkpoint(small)
    assert ledger.checkpoints() == [small, large]


def test_the_same_checkpoint_twice_is_kept_once_and_a_fork_is_refused(ledger):
    ledger.append([sealed_entry(0)])
    ledger.add_checkpoint(Checkpoint(1, ROOT, b"note"))
    ledger.add_checkpoint(Checkpoint(1, ROOT, b"note"))
    with pytest.raises(LedgerDamaged, match="fork"):
        ledger.add_checkpoint(Checkpoint(1, OTHER_ROOT, b"another note"))
    assert ledger.checkpoints() == [Checkpoint(1, ROOT, b"note")]


def test_a_checkpoint_cannot_cover_entries_that_are_not_there(ledger):
    with pytest.raises(LedgerDamaged):
        ledger.add_checkpoint(Checkpoint(1, ROOT, b"note"))


def test_a_stamp_replaces_a_pending_or_refused_one_and_never_a_held(ledger):
    ledger.append([sealed_entry(0)])
    ledger.add_checkpoint(Checkpoint(1, ROOT, b"note"))
    pending = Stamp(1, AUTHORITY, StampState.PENDING, request=b"q", problem="no network")
    refused = replace(pending, state=StampState.REFUSED, problem="wrong nonce")
    held = replace(pending, state=StampState.HELD, response=b"r", chain=b"c", time="now")
    ledger.put_stamp(pending)
    assert ledger.stamps(pending_only=True) == [pending]
    ledger.put_stamp(refused)
    assert ledger.stamps() == [refused]
    assert ledger.stamps(pending_only=True) == []
    ledger.put_stamp(held)
    ledger.put_stamp(pending)
    ledger.put_stamp(replace(held, response=b"another"))
    assert ledger.stamps() == [held]


def test_stamps_are_in_order_of_size_then_authority(ledger):
    ledger.append([sealed_entry(0), sealed_entry(1)])
    for size in (2, 1):
        ledger.add_checkpoint(Checkpoint(size, ROOT, b"note"))
        for authority in ("https://b.example/", "https://a.example/"):
            ledger.put_stamp(Stamp(size, authority, StampState.PENDING))
    assert [(stamp.size, stamp.authority[8]) for stamp in ledger.stamps()] == [
        (1, "a"),
        (1, "b"),
        (2, "a"),
        (2, "b"),
    ]


def test_a_stamp_needs_its_checkpoint(ledger):
    with pytest.raises(NotFound, match="checkpoint"):
        ledger.put_stamp(Stamp(5, AUTHORITY, StampState.PENDING))


def test_bytes_taken_in_are_read_back(pictures):
    digest = pictures.keep_bytes(b"thumbnail")
    assert digest == digest_of(b"thumbnail")
    assert pictures.keep_bytes(b"thumbnail") == digest
    assert pictures.read(digest) == b"thumbnail"
    assert pictures.path_of(digest).read_bytes() == b"thumbnail"
    assert pictures.holds(digest)
    assert list(pictures.digests()) == [digest]


def test_a_real_picture_taken_in_is_read_back(pictures, tmp_path):
    copy = tmp_path / "copy.png"
    copy.write_bytes(sample("generators/forge/forge.png").read_bytes())
    digest = digest_of(copy.read_bytes())
    assert pictures.keep_file(copy, digest) in set(Keeping) - {Keeping.IN_PLACE}
    copy.unlink()
    assert digest_of(pictures.read(digest)) == digest


def test_a_file_that_changed_meanwhile_is_not_taken_in(pictures, original):
    digest = digest_of(b"what it was before")
    with pytest.raises(PictureDamaged):
        pictures.keep_file(original, digest)
    assert not pictures.holds(digest)
    assert list(pictures.digests()) == []


def test_a_missing_file_is_named(pictures, tmp_path):
    with pytest.raises(PlaceUnusable, match=r"nowhere\.png"):
        pictures.keep_file(tmp_path / "nowhere.png", digest_of(b""))
    with pytest.raises(PlaceUnusable, match=r"nowhere\.png"):
        pictures.note_place(tmp_path / "nowhere.png", digest_of(b""))


def test_an_unknown_picture_is_not_found(pictures):
    digest = digest_of(b"never seen")
    assert not pictures.holds(digest)
    with pytest.raises(NotFound):
        pictures.read(digest)
    with pytest.raises(NotFound):
        pictures.path_of(digest)


def test_a_picture_kept_in_place_is_read_where_it_lies(pictures, original):
    digest = digest_of(original.read_bytes())
    pictures.note_place(original, digest)
    pictures.note_place(original, digest)
    assert pictures.holds(digest)
    assert pictures.read(digest) == original.read_bytes()
    assert list(pictures.digests()) == [digest]


def test_a_picture_kept_in_place_may_be_gone_and_come_back(pictures, original):
    content = original.read_bytes()
    digest = digest_of(content)
    pictures.note_place(original, digest)
    original.unlink()
    assert not pictures.holds(digest)
    with pytest.raises(PictureGone, match=r"original\.png"):
        pictures.read(digest)
    assert list(pictures.digests()) == [digest]
    pictures.keep_bytes(content)
    assert pictures.read(digest) == content


def test_a_picture_kept_in_place_may_be_overwritten(pictures, original):
    digest = digest_of(original.read_bytes())
    pictures.note_place(original, digest)
    original.write_bytes(b"something else")
    with pytest.raises(PictureDamaged, match=digest):
        pictures.read(digest)


def test_a_second_place_serves_when_the_first_is_gone(pictures, original, tmp_path):
    second = tmp_path / "second.png"
    second.write_bytes(original.read_bytes())
    digest = digest_of(original.read_bytes())
    pictures.note_place(original, digest)
    pictures.note_place(second, digest)
    original.unlink()
    assert pictures.read(digest) == second.read_bytes()


def test_the_last_fingerprint_of_a_picture_counts(vault):
    one, two = digest_of(b"one"), digest_of(b"two")
    vault.fingerprints.put([(one, "pdq_v1", b"1"), (two, "pdq_v1", b"2"), (one, "other", b"x")])
    vault.fingerprints.put(iter([(one, "pdq_v1", b"3"), (one, "pdq_v1", b"4")]))
    vault.fingerprints.put([])
    assert vault.fingerprints.all_of("pdq_v1") == sorted([(one, b"4"), (two, b"2")])
    assert vault.fingerprints.all_of("other") == [(one, b"x")]
    assert vault.fingerprints.all_of("unknown") == []


def test_many_fingerprints_are_kept_at_once_and_anew(vault):
    rows = [(digest_of(b"%d" % number), "pdq_v1", b"old") for number in range(700)]
    vault.fingerprints.put(rows)
    vault.fingerprints.put((picture, version, b"new") for picture, version, _ in rows)
    found = vault.fingerprints.all_of("pdq_v1")
    assert [picture for picture, _ in found] == sorted(picture for picture, _, _ in rows)
    assert {content for _, content in found} == {b"new"}


def test_the_picture_of_a_past_run_is_remembered_and_the_last_one_counts(vault):
    run, one, other = (digest_of(name) for name in (b"run", b"one", b"other"))
    assert vault.runs.picture_of(run) is None
    vault.runs.note(run, one)
    vault.runs.note(run, other)
    assert vault.runs.picture_of(run) == other
