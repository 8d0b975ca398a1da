"""Bundles judged: good ones, tampered ones and lying ones, by both verifiers alike."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from remarque.casefile.bundle import write_bundle
from remarque.errors import BundleRefused, MetadataMalformed, VerificationFailed
from remarque.ledger.checkpoint import sign_checkpoint, write_tlog_proof
from remarque.ledger.entry import seal_entry
from remarque.ledger.keys import create_keys
from remarque.ledger.merkle import Tree
from remarque.model.history import Manner
from remarque.model.reports import Outcome
from remarque.verifying.bundle import examine_bundle, verify_bundle
from stand_ins.bundle_surgery import (
    CLOSING,
    bundle_of,
    checker_status,
    files_of,
    loaded_checker,
    reseal,
    sums_of,
    unpack,
    write_files,
)
from stand_ins.proven_case import OUTSIDE_URL, START, proven_case, stamp_note, without_picture

HAS_OPENSSL = shutil.which("openssl") is not None
STATUS = {Outcome.HOLDS: 0, Outcome.FAILS: 1, Outcome.UNDECIDED: 3}


def judged_by_both(place, case, *, trusted=True):
    """The outcome, after both verifiers have come to it; a refusal counts as failing."""
    roots = [case.root_pem] if trusted else []
    try:
        report = examine_bundle(place, roots=roots)
        outcome, rows = report.outcome, report.checks
    except BundleRefused:
        outcome, rows = Outcome.FAILS, ()
    if HAS_OPENSSL:
        root = place.parent / "trusted-root.pem"
        root.write_bytes(case.root_pem)
        assert checker_status(place, [root] if trusted else []) == STATUS[outcome]
    return outcome, [check.sentence for check in rows if check.outcome is Outcome.FAILS]


@pytest.fixture
def no_openssl_for_the_checker(monkeypatch):
    """It then cannot decide the timestamps, and runs fast; digests decide all the same."""
    monkeypatch.setattr(loaded_checker()["shutil"], "which", lambda _name: None)


@pytest.fixture
def good(tmp_path):
    case = proven_case()
    return case, files_of(bundle_of(case, tmp_path / "good.zip"))


def lied(files, case, tmp_path, **changes):
    """The outcome of a bundle whose own author bent it and signed it again."""
    place = write_files(reseal(files, case.keys, **changes), tmp_path / "lied.zip")
    return judged_by_both(place, case)


def test_a_good_bundle_holds_as_zip_and_as_folder(good, tmp_path):
    case, files = good
    assert judged_by_both(tmp_path / "good.zip", case) == (Outcome.HOLDS, [])
    assert judged_by_both(unpack(files, tmp_path / "folder"), case) == (Outcome.HOLDS, [])
    report = verify_bundle(tmp_path / "good.zip", roots=[case.root_pem], now=START + timedelta(1))
    assert report.outcome is Outcome.HOLDS
    assert sum(check.name == "grade" for check in report.checks) == 8


def test_the_forger_in_these_tests_can_make_a_good_bundle(good, tmp_path):
    case, files = good
    assert lied(files, case, tmp_path) == (Outcome.HOLDS, [])


def test_without_its_root_an_authority_is_unknown(good, tmp_path):
    case, _ = good
    assert judged_by_both(tmp_path / "good.zip", case, trusted=False)[0] is Outcome.UNDECIDED


@pytest.mark.parametrize("stamps", ["loopback", "pending", "none"])
def test_without_an_outside_timestamp_nothing_is_decided(stamps, tmp_path):
    case = proven_case(stamps=stamps)
    place = bundle_of(case, tmp_path / "b.zip")
    assert judged_by_both(place, case, trusted=False) == (Outcome.UNDECIDED, [])
    sentences = [check.sentence for check in examine_bundle(place).checks]
    assert any("self-attested: no outside timestamp" in sentence for sentence in sentences)


def test_whoever_verifies_may_vouch_for_an_authority_on_the_same_machine(tmp_path):
    case = proven_case(stamps="loopback")
    place = bundle_of(case, tmp_path / "b.zip")
    assert judged_by_both(place, case) == (Outcome.HOLDS, [])


def test_an_import_is_graded_an_import(tmp_path):
    case = proven_case(manner=Manner.IMPORTED)
    place = bundle_of(case, tmp_path / "b.zip")
    assert judged_by_both(place, case) == (Outcome.HOLDS, [])
    report = examine_bundle(place, roots=[case.root_pem])
    grades = [c.sentence for c in report.checks if c.name == "grade" and "take" in c.about]
    assert [sentence.split(":")[0] for sentence in grades] == ["imported"] * 3


def test_an_unknown_stamp_beside_a_known_one_weakens_nothing(tmp_path):
    case = proven_case()
    note = case.material.checkpoints[1].note
    extra = stamp_note(note, 10, "http://localhost:1/", START + timedelta(hours=1))
    material = replace(case.material, stamps=(*case.material.stamps, extra))
    place = tmp_path / "b.zip"
    write_bundle(material, {}, place, case.keys.sign_ledger)
    assert judged_by_both(place, case) == (Outcome.HOLDS, [])


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_one_flipped_bit_in_any_file_fails(good, tmp_path):
    case, files = good
    folder = unpack(files, tmp_path / "folder")
    for number, name in enumerate(sorted(files)):
        bent = bytearray(files[name])
        at = number * 7919 % len(bent)
        bent[at] ^= 1 << at % 8
        (folder / name).write_bytes(bent)
        assert judged_by_both(folder, case)[0] is Outcome.FAILS, (name, at)
        (folder / name).write_bytes(files[name])
    assert examine_bundle(folder, roots=[case.root_pem]).outcome is Outcome.HOLDS


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_one_flipped_bit_anywhere_in_the_archive_fails(good, tmp_path):
    case, _ = good
    whole = (tmp_path / "good.zip").read_bytes()
    bent_place = tmp_path / "bent.zip"
    directory = whole.index(b"PK\x01\x02")
    places = [*range(0, len(whole), 2503), *range(0, 40, 3)]
    places += range(directory, directory + 70, 3)
    for at in [*places, *range(len(whole) - 22, len(whole), 2)]:
        bent = bytearray(whole)
        bent[at] ^= 1 << at % 8
        bent_place.write_bytes(bent)
        assert judged_by_both(bent_place, case)[0] is Outcome.FAILS, at


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_bytes_before_behind_and_between_fail(good, tmp_path):
    case, _ = good
    whole = (tmp_path / "good.zip").read_bytes()
    bent = tmp_path / "bent.zip"
    for content in (b"x" + whole, whole + b"x", whole[:-22], whole[: len(whole) // 2], b""):
        bent.write_bytes(content)
        assert judged_by_both(bent, case)[0] is Outcome.FAILS


def test_a_repacked_archive_says_what_to_do(good, tmp_path):
    import zipfile

    case, files = good
    place = tmp_path / "repacked.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    outcome, failed = judged_by_both(place, case)
    assert outcome is Outcome.FAILS
    assert len(failed) == 1
    assert "unpack it and verify the folder" in failed[0]


def picture_names(files):
    return sorted(name for name in files if name.startswith("pictures/") and name.endswith("png"))


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_added_removed_and_swapped_files_are_each_named(good, tmp_path):
    case, files = good
    one, two, *_ = picture_names(files)
    added = f"pictures/{'ab' * 32}.png"
    bent = {
        "was added": (added, {**files, added: b"new"}),
        "was removed": (one, {n: c for n, c in files.items() if n != one}),
        "swapped": (one, {**files, one: files[two], two: files[one]}),
    }
    for word, (name, changed) in bent.items():
        forged = {**changed, "SHA256SUMS": sums_of(changed)}
        place = write_files(forged, tmp_path / "bent.zip")
        outcome, failed = judged_by_both(place, case)
        assert outcome is Outcome.FAILS
        assert any(name in sentence and word in sentence for sentence in failed), word


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_each_closing_file_is_needed(good, tmp_path):
    case, files = good
    for name in (*CLOSING, "ledger/key.vkey", "ledger/key.pem", "VERIFY.md"):
        place = write_files({n: c for n, c in files.items() if n != name}, tmp_path / "bent.zip")
        assert judged_by_both(place, case)[0] is Outcome.FAILS, name


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_a_list_signed_by_another_key_fails(good, tmp_path):
    case, files = good
    place = write_files(reseal(files, create_keys()), tmp_path / "thief.zip")
    assert judged_by_both(place, case)[0] is Outcome.FAILS


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_a_signed_note_of_another_bundle_does_not_fit(good, tmp_path):
    case, files = good
    other = files_of(bundle_of(proven_case(takes=2), tmp_path / "other.zip"))
    changed = {**files, "bundle.note": other["bundle.note"]}
    place = write_files({**changed, "SHA256SUMS": sums_of(changed)}, tmp_path / "bent.zip")
    outcome, failed = judged_by_both(place, case)
    assert (outcome, len(failed)) == (Outcome.FAILS, 1)


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
