"""Facts go in sealed, checkpoints go over them, and a ledger that lost entries is never signed."""

from datetime import timedelta

import pytest

from remarque.actions.checkpointing import close_sitting, make_checkpoint
from remarque.actions.ports import Author
from remarque.actions.recording import Fact, record, record_all
from remarque.actions.works import find_work, history_of, open_work, state_intent
from remarque.errors import Ambiguous, LedgerDamaged, NotFound, TimestampRejected, UsageError
from remarque.ledger.keys import create_keys
from remarque.model.entry import Checkpoint, StampState
from remarque.model.history import IntentStated
from remarque.verifying.merkle import rebuild_roots
from remarque.verifying.notes import is_signed_by, parse_checkpoint, parse_verifier_key
from remarque.wiring.clock import SystemClock
from stand_ins.memory_vault import FakeAuthority, FixedClock, MemorySigner, build_memory_vault

KEYS = create_keys()
AUTHOR = Author("Ada", KEYS.key_id(), KEYS.verifier_key(), "", "")


@pytest.fixture
def vault(tmp_path):
    return build_memory_vault(tmp_path, author=AUTHOR, signer=KEYS)


def fact(text: str) -> Fact:
    return Fact(IntentStated(work="w", text=text), "w")


def test_two_equal_facts_have_different_leaves(vault):
    first, second = record_all(vault, [fact("same"), fact("same")])
    assert first.leaf_digest != second.leaf_digest


def test_a_checkpoint_is_signed_over_the_root_an_independent_reader_rebuilds(vault):
    record_all(vault, [fact(str(n)) for n in range(7)])
    checkpoint = make_checkpoint(vault)
    head = parse_checkpoint(checkpoint.note)
    assert is_signed_by(head.note, parse_verifier_key(AUTHOR.verifier_key))
    digests = list(vault.ledger.leaf_digests(0, 7))
    assert rebuild_roots(digests, [7])[7] == head.root


def test_checkpoints_grow_from_the_one_before(vault):
    for size in (1, 2, 5, 9):
        record_all(vault, [fact("x")] * (size - vault.ledger.size()))
        make_checkpoint(vault)
    digests = list(vault.ledger.leaf_digests(0, 9))
    roots = rebuild_roots(digests, [1, 2, 5, 9])
    assert {c.size: c.root for c in vault.ledger.checkpoints()} == roots


def test_nothing_new_makes_no_new_checkpoint(vault):
    assert make_checkpoint(vault) is None
    record(vault, fact("x"))
    assert make_checkpoint(vault) is make_checkpoint(vault)


def test_a_ledger_that_lost_entries_is_not_signed_again(vault):
    record_all(vault, [fact("a"), fact("b")])
    make_checkpoint(vault)
    vault.ledger._entries.pop()
    with pytest.raises(LedgerDamaged, match="taken away"):
        make_checkpoint(vault)


def test_a_stored_tree_that_does_not_fold_to_the_signed_root_is_not_continued(vault):
    record_all(vault, [fact("a"), fact("b")])
    good = make_checkpoint(vault)
    bad = Checkpoint(good.size, good.root, good.note, (bytes(32),))
    vault.ledger._checkpoints[good.size] = bad
    record(vault, fact("c"))
    with pytest.raises(LedgerDamaged, match="does not fold"):
        make_checkpoint(vault)


def test_a_dead_network_queues_the_wish(tmp_path):
    dead = FakeAuthority()
    vault = build_memory_vault(tmp_path, author=AUTHOR, signer=KEYS, authorities=[dead])
    record(vault, fact("x"))
    (stamp,) = close_sitting(vault)
    assert stamp.state is StampState.PENDING
    assert stamp.problem
    assert [s.state for s in vault.ledger.stamps()] == [StampState.PENDING]


def test_an_answer_that_is_no_token_is_refused_and_kept(tmp_path):
    liar = FakeAuthority(answers=[b"not a token"])
    vault = build_memory_vault(tmp_path, author=AUTHOR, signer=KEYS, authorities=[liar])
    record(vault, fact("x"))
    (stamp,) = close_sitting(vault)
    assert stamp.state is StampState.REFUSED
    assert stamp.response == b"not a token"


def test_a_rejection_is_refused_and_asked_for_again(tmp_path):
    moody = FakeAuthority(answers=[TimestampRejected("no"), TimestampRejected("still no")])
    vault = build_memory_vault(tmp_path, author=AUTHOR, signer=KEYS, authorities=[moody])
    record(vault, fact("x"))
    assert close_sitting(vault)[0].problem == "no"
    assert close_sitting(vault)[0].problem == "still no"
    assert len(moody.requests) == 2


def test_works_are_found_by_title_and_by_the_start_of_their_id(vault):
    work, opened = open_work(vault, "Harbour")
    assert opened
    assert open_work(vault, " Harbour ") == (work, False)
    assert find_work(vault, work[:6]) == work
    with pytest.raises(NotFound, match="Harbor"):
        find_work(vault, "Harbor")


def test_a_start_that_fits_two_works_is_ambiguous(vault, monkeypatch):
    ids = iter(["aaaa000000000001", "aaaa000000000002"])
    monkeypatch.setattr("remarque.actions.works.new_id", lambda: next(ids))
    open_work(vault, "One")
    open_work(vault, "Two")
    with pytest.raises(Ambiguous):
        find_work(vault, "aaaa")


@pytest.mark.parametrize("title", ["", "   ", "x" * 301])
def test_a_work_needs_a_name_of_sensible_length(vault, title):
    with pytest.raises(UsageError):
        open_work(vault, title)


def test_a_revised_intent_keeps_the_earlier_one(tmp_path):
    clock = FixedClock()
    vault = build_memory_vault(
        tmp_path, author=AUTHOR, signer=MemorySigner(KEYS.ledger), clock=clock
    )
    work, _ = open_work(vault, "Harbour")
    state_intent(vault, work, "calm")
    clock.move(timedelta(days=1))
    state_intent(vault, work, "a storm")
    intents = history_of(vault, "Harbour").intents
    assert [intent.body.text for intent in intents] == ["calm", "a storm"]
    assert intents[0].time < intents[1].time


def test_the_system_clock_knows_its_zone():
    assert SystemClock().now().utcoffset() == timedelta(0)
