"""Bundles judged: good ones, tampered ones and lying ones, by both verifiers alike."""

from dataclasses import replace
from datetime import timedelta

import pytest

from remarque.casefile.bundle import write_bundle
from remarque.ledger.keys import create_keys
from remarque.model.history import Manner
from remarque.model.reports import Outcome
from remarque.verifying.bundle import examine_bundle, verify_bundle
from stand_ins.bundle_judging import judged_by_both, lied
from stand_ins.bundle_surgery import (
    CLOSING,
    bundle_of,
    files_of,
    reseal,
    sums_of,
    unpack,
    write_files,
)
from stand_ins.proven_case import START, proven_case, stamp_note


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
