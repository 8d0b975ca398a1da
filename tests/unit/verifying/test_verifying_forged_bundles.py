"""Bundles bent by their own author and signed again, rewritten and forked ledgers."""

import json
from datetime import timedelta

import pytest

from remarque.casefile.bundle import write_bundle
from remarque.errors import MetadataMalformed, VerificationFailed
from remarque.ledger.checkpoint import sign_checkpoint, write_tlog_proof
from remarque.ledger.entry import seal_entry
from remarque.ledger.merkle import Tree
from remarque.model.reports import Outcome
from remarque.verifying.bundle import examine_bundle, verify_bundle
from stand_ins.bundle_judging import judged_by_both, lied
from stand_ins.bundle_surgery import (
    bundle_of,
    files_of,
    reseal,
    write_files,
)
from stand_ins.proven_case import OUTSIDE_URL, START, proven_case, stamp_note, without_picture


def test_verify_raises_with_the_report(good, tmp_path):
    case, files = good
    place = write_files({**files, "case.pdf": b"other"}, tmp_path / "bent.zip")
    with pytest.raises(VerificationFailed) as caught:
        verify_bundle(place, roots=[case.root_pem])
    assert caught.value.report.outcome is Outcome.FAILS
    assert verify_bundle(tmp_path / "good.zip").outcome is Outcome.UNDECIDED


def test_roots_that_are_no_certificates_are_said(good, tmp_path):
    with pytest.raises(MetadataMalformed):
        examine_bundle(tmp_path / "good.zip", roots=[b"not a certificate"])


def test_times_in_the_future_are_said(good, tmp_path):
    case, _ = good
    report = examine_bundle(tmp_path / "good.zip", roots=[case.root_pem], now=START)
    assert report.outcome is Outcome.UNDECIDED
    assert any("in the future" in check.sentence for check in report.checks)


# --- what an author with the key could try -------------------------------------------------


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_a_changed_entry_signed_again_fails(good, tmp_path):
    case, files = good
    name = "ledger/entries/00000004.json"
    bent = {**files, name: files[name].replace(b"camellia 0", b"camellia 9")}
    outcome, failed = lied(bent, case, tmp_path)
    assert (outcome, "is not in the ledger" in failed[0]) == (Outcome.FAILS, True)


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_an_entry_in_another_spelling_fails(good, tmp_path):
    case, files = good
    name = "ledger/entries/00000004.json"
    bent = {**files, name: json.dumps(json.loads(files[name])).encode()}
    assert lied(bent, case, tmp_path)[0] is Outcome.FAILS


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_an_entry_of_another_work_fails(good, tmp_path):
    case, files = good
    tree = Tree(seal_leaf(leaf) for leaf in case.leaves)
    note = files["ledger/checkpoints/00000004.note"]
    proof = write_tlog_proof(1, tree.inclusion_proof(1, 4), note)
    bent = {
        **files,
        "ledger/entries/00000001.json": case.leaves[1],
        "ledger/proofs/00000001.tlog-proof": proof,
    }
    outcome, failed = lied(bent, case, tmp_path)
    assert (outcome, "belongs to another work" in failed[0]) == (Outcome.FAILS, True)


def seal_leaf(leaf):
    from remarque.ledger.entry import leaf_digest_of

    return leaf_digest_of(leaf)


@pytest.mark.parametrize(
    "name",
    [
        "ledger/proofs/00000004.tlog-proof",
        "ledger/entries/00000004.json",
        "ledger/consistency/00000004-00000010.json",
        "ledger/checkpoints/00000004.note",
        "timestamps/00000004/1.authority.txt",
    ],
)
def test_a_part_of_the_proof_left_out_fails(name, good, tmp_path):
    case, files = good
    assert lied({n: c for n, c in files.items() if n != name}, case, tmp_path)[0] is Outcome.FAILS


def swapped(files, one, two):
    return {**files, one: files[two], two: files[one]}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("ledger/entries/00000004.json", "ledger/entries/00000005.json"),
        ("ledger/proofs/00000004.tlog-proof", "ledger/proofs/00000005.tlog-proof"),
        ("ledger/checkpoints/00000004.note", "ledger/checkpoints/00000010.note"),
        ("timestamps/00000004/1.tsr", "timestamps/00000010/1.tsr"),
        ("timestamps/00000004/1.tsq", "timestamps/00000010/1.tsq"),
        ("certificates/claim_chain.pem", "ledger/key.pem"),
    ],
)
def test_swapped_parts_signed_again_fail(one, two, good, tmp_path):
    case, files = good
    assert lied(swapped(files, one, two), case, tmp_path)[0] is Outcome.FAILS


def second_history(case):
    """The same key signs another past: entry 3 was never written."""
    digests = [seal_leaf(leaf) for leaf in case.leaves]
    digests[3] = seal_leaf(case.leaves[2])
    keys, tree = case.keys, Tree(digests)
    origin = case.material.verifier_key.split("+")[0]

    def note(size):
        return sign_checkpoint(
            origin, size, tree.root(size), keys.sign_ledger, keys.ledger_public()
        )

    return tree, note


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_a_ledger_rewritten_between_checkpoints_fails(good, tmp_path):
    case, files = good
    tree, note = second_history(case)
    bent = {
        **files,
        "ledger/checkpoints/00000010.note": note(10),
        "ledger/consistency/00000004-00000010.json": consistency(tree, 4, 10),
    }
    for index in (4, 5, 6, 8, 9):
        proof = write_tlog_proof(index, tree.inclusion_proof(index, 10), note(10))
        bent[f"ledger/proofs/{index:08d}.tlog-proof"] = proof
    outcome, failed = lied(bent, case, tmp_path)
    assert outcome is Outcome.FAILS
    assert any("does not extend" in sentence for sentence in failed)


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_a_forked_ledger_fails(good, tmp_path):
    case, files = good
    tree, note = second_history(case)
    proof = write_tlog_proof(0, tree.inclusion_proof(0, 4), note(4))
    outcome, failed = lied({**files, "ledger/proofs/00000000.tlog-proof": proof}, case, tmp_path)
    assert outcome is Outcome.FAILS
    assert any("the ledger has forked" in sentence for sentence in failed)


def consistency(tree, old, new):
    import base64

    from remarque.model.canonical import encode_canonical

    hashes = [base64.b64encode(h).decode() for h in tree.consistency_proof(old, new)]
    return encode_canonical({"old_size": old, "new_size": new, "hashes": hashes})


def test_a_picture_left_out_in_silence_fails_and_with_a_reason_is_undecided(tmp_path):
    case = proven_case()
    gone = case.material.pictures[0]
    for reason, expected in ((None, Outcome.FAILS), ("lost", Outcome.UNDECIDED)):
        place = tmp_path / f"{expected}.zip"
        material = without_picture(case, gone, reason)
        if reason is None:  # the writer itself would say so: an author's own tool need not
            write_bundle(without_picture(case, gone, "x"), {}, place, case.keys.sign_ledger)
            place = write_files(reseal(files_of(place), case.keys, missing=[]), place)
        else:
            write_bundle(material, {}, place, case.keys.sign_ledger)
        assert judged_by_both(place, case)[0] is expected


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_a_picture_no_entry_names_fails(good, tmp_path):
    case, files = good
    from remarque.model.digests import digest_of, hex_of

    extra = {**files, f"pictures/{hex_of(digest_of(b'x'))}.bin": b"x"}
    assert lied(extra, case, tmp_path)[0] is Outcome.FAILS


@pytest.mark.parametrize(
    "changes",
    [
        {"work": "another"},
        {"format": "bundle_v9"},
        {"origin": "another"},
        {"author": "Somebody Else"},
        {"key_id": "0000"},
        {"missing": 3},
        {"pending": [{"size": "x"}]},
    ],
)
def test_a_list_that_says_other_things_fails(changes, good, tmp_path):
    case, files = good
    assert lied(files, case, tmp_path, **changes)[0] is Outcome.FAILS


def test_clocks_that_contradict_are_said(tmp_path):
    case = proven_case(stamp_delay=timedelta(minutes=-3))
    place = bundle_of(case, tmp_path / "b.zip")
    assert judged_by_both(place, case) == (Outcome.UNDECIDED, [])
    report = examine_bundle(place, roots=[case.root_pem])
    assert any("one of the clocks is wrong" in check.sentence for check in report.checks)
    grades = [c.sentence.split(":")[0] for c in report.checks if c.name == "grade"]
    assert grades.count("recorded") > 3


def test_a_kind_newer_than_this_program_is_undecided(tmp_path):
    case = proven_case()
    entry = case.material.entries[2].stored.entry
    sealed = seal_entry(entry, salt=bytes(16))
    leaf = sealed.leaf.replace(b"intent.stated", b"intent.refined")
    keys = case.keys
    leaves = [seal_leaf(each) for each in case.leaves]
    leaves[3] = seal_leaf(leaf)
    tree = Tree(leaves)
    origin = case.material.verifier_key.split("+")[0]
    files = files_of(bundle_of(case, tmp_path / "good.zip"))
    moved = {}
    for size in (4, 10):
        note = sign_checkpoint(
            origin, size, tree.root(size), keys.sign_ledger, keys.ledger_public()
        )
        stamp = stamp_note(note, size, OUTSIDE_URL, START + timedelta(minutes=20))
        moved[f"ledger/checkpoints/{size:08d}.note"] = note
        moved[f"timestamps/{size:08d}/1.tsr"] = stamp.response
        moved[f"timestamps/{size:08d}/1.tsq"] = stamp.request
        for index in (0, 2, 3) if size == 4 else (4, 5, 6, 8, 9):
            proof = write_tlog_proof(index, tree.inclusion_proof(index, size), note)
            moved[f"ledger/proofs/{index:08d}.tlog-proof"] = proof
    moved["ledger/consistency/00000004-00000010.json"] = consistency(tree, 4, 10)
    moved["ledger/entries/00000003.json"] = leaf
    assert lied({**files, **moved}, case, tmp_path) == (Outcome.UNDECIDED, [])
