"""The audit of a whole ledger: holds when whole, and names what is wrong when not."""

from dataclasses import replace

from remarque.ledger.checkpoint import sign_checkpoint
from remarque.ledger.keys import create_keys
from remarque.model.entry import Checkpoint, Stamp, StampState
from remarque.model.reports import Outcome
from remarque.verifying.audit import audit_ledger
from stand_ins.proven_case import LOOPBACK_URL, START, proven_case, stamp_note


def audit(case, leaves=None, checkpoints=None, stamps=None, roots=None):
    material = case.material
    return audit_ledger(
        case.leaves if leaves is None else leaves,
        material.checkpoints if checkpoints is None else checkpoints,
        material.stamps if stamps is None else stamps,
        material.verifier_key,
        roots=[case.root_pem] if roots is None else roots,
    )


def failing(report):
    return [check.sentence for check in report.checks if check.outcome is Outcome.FAILS]


def test_a_whole_ledger_holds():
    report = audit(proven_case())
    assert (report.outcome, failing(report)) == (Outcome.HOLDS, [])
    assert any("all 10 entries" in check.sentence for check in report.checks)


def test_a_changed_entry_breaks_every_root_over_it():
    case = proven_case()
    leaves = list(case.leaves)
    leaves[5] = leaves[5].replace(b"camellia", b"camelliA")
    assert len(failing(audit(case, leaves))) == 1
    leaves[3] = leaves[4]
    assert len(failing(audit(case, leaves))) == 2


def test_an_entry_taken_away_or_added_inside_is_seen():
    case = proven_case()
    assert failing(audit(case, case.leaves[:-1]))
    assert failing(audit(case, [*case.leaves[:5], case.leaves[4], *case.leaves[5:]]))


def test_entries_under_no_checkpoint_cannot_be_decided():
    case = proven_case()
    report = audit(case, [*case.leaves, case.leaves[-1]])
    assert report.outcome is Outcome.UNDECIDED
    assert any("1 newest entries" in check.sentence for check in report.checks)


def test_a_checkpoint_of_another_key_is_seen():
    case, thief = proven_case(), create_keys()
    good = case.material.checkpoints[0]
    origin = case.material.verifier_key.split("+")[0]
    note = sign_checkpoint(origin, good.size, good.root, thief.sign_ledger, thief.ledger_public())
    assert failing(audit(case, checkpoints=[Checkpoint(good.size, good.root, note)]))
    assert failing(audit(case, checkpoints=[replace(good, note=b"garbage")]))
    assert failing(audit(case, checkpoints=[replace(good, size=5)]))


def test_a_fork_is_seen():
    case = proven_case()
    keys, good = case.keys, case.material.checkpoints[0]
    origin = case.material.verifier_key.split("+")[0]
    other = sign_checkpoint(origin, 4, bytes(32), keys.sign_ledger, keys.ledger_public())
    forked = [good, Checkpoint(4, bytes(32), other), case.material.checkpoints[1]]
    assert failing(audit(case, checkpoints=forked))


def test_bad_stamps_are_seen_and_queued_ones_set_aside():
    case = proven_case()
    first, second = case.material.stamps
    assert failing(audit(case, stamps=[replace(first, response=second.response)]))
    assert failing(audit(case, stamps=[replace(first, size=7)]))
    wish = Stamp(10, "https://stamps.example/tsa", StampState.PENDING, problem="no network")
    assert audit(case, stamps=[first, second, wish]).outcome is Outcome.HOLDS


def test_nobody_outside_is_said_and_makes_the_vault_no_less_whole():
    report = audit(proven_case(), stamps=[])
    assert report.outcome is Outcome.HOLDS
    (row,) = [check for check in report.checks if check.name == "outside time"]
    assert row.outcome is Outcome.NOT_APPLICABLE
    assert "self-attested" in row.sentence


def test_stamps_of_nobody_known_cannot_be_decided():
    case = proven_case()
    assert audit(case, roots=[]).outcome is Outcome.UNDECIDED
    note = case.material.checkpoints[1].note
    same_machine = [stamp_note(note, 10, LOOPBACK_URL, START)]
    assert audit(case, stamps=same_machine, roots=[]).outcome is Outcome.UNDECIDED
    assert audit(case, stamps=same_machine).outcome is Outcome.HOLDS


def test_an_unknown_authority_beside_a_known_one_weakens_nothing():
    case = proven_case()
    note = case.material.checkpoints[1].note
    extra = stamp_note(note, 10, LOOPBACK_URL, START)
    assert audit(case, stamps=[*case.material.stamps, extra]).outcome is Outcome.HOLDS


def test_many_bad_entries_are_counted_and_not_all_listed():
    case = proven_case()
    report = audit(case, [b"{}"] * 100, checkpoints=[], stamps=[])
    assert len(failing(report)) == 21
    assert "80 more" in failing(report)[-1]


def test_an_empty_ledger_holds_nothing_against_anybody():
    assert audit(proven_case(), [], checkpoints=[], stamps=[]).outcome is Outcome.HOLDS
