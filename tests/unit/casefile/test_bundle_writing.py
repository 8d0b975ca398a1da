"""Writing bundles: same in, same out; nothing of other works; nothing half-written."""

import errno
import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from remarque.casefile.bundle import write_bundle
from remarque.errors import (
    BundleError,
    DiskFull,
    KeyProblem,
    LedgerDamaged,
    MetadataMalformed,
    PictureGone,
    PlaceUnusable,
)
from remarque.ledger.checkpoint import sign_checkpoint
from remarque.ledger.keys import create_keys
from remarque.model.digests import hex_of
from remarque.model.entry import Checkpoint
from remarque.model.reports import Outcome
from remarque.verifying.bundle import examine_bundle
from stand_ins.bundle_surgery import bundle_of, files_of
from stand_ins.proven_case import OTHER_WORK, proven_case, without_picture

LAYOUT = (
    "bundle.json",
    "bundle.note",
    "SHA256SUMS",
    "VERIFY.md",
    "check.py",
    "case.pdf",
    "ledger/key.vkey",
    "ledger/key.pem",
    "ledger/entries/00000000.json",
    "ledger/proofs/00000009.tlog-proof",
    "ledger/checkpoints/00000010.note",
    "ledger/consistency/00000004-00000010.json",
    "timestamps/00000010/1.tsr",
    "timestamps/00000010/1.tsq",
    "timestamps/00000010/1.chain.pem",
    "timestamps/00000010/1.authority.txt",
    "timestamps/roots.pem",
    "certificates/claim_chain.pem",
)


def test_the_same_material_gives_the_same_bytes(tmp_path):
    case = proven_case()
    one = bundle_of(case, tmp_path / "one.zip").read_bytes()
    assert bundle_of(case, tmp_path / "two.zip").read_bytes() == one


def test_the_layout_and_the_summary(tmp_path):
    case = proven_case()
    heard = []
    summary = write_bundle(
        case.material,
        {"case.pdf": b"%PDF"},
        tmp_path / "bundle.zip",
        case.keys.sign_ledger,
        progress=heard.append,
    )
    files = files_of(summary.path)
    for name in LAYOUT:
        assert name in files, name
    assert (summary.files, summary.entries, summary.missing) == (len(files), 8, ())
    assert summary.size_bytes == summary.path.stat().st_size
    pictures = [name for name in files if name.startswith("pictures/")]
    assert sorted(Path(name).suffix for name in pictures) == [".jpg", ".png", ".png", ".png"]
    assert summary.pictures == len(pictures)
    assert [step.done for step in heard] == list(range(1, len(files) - 2))


def test_nothing_of_another_work_is_disclosed(tmp_path):
    case = proven_case()
    files = files_of(bundle_of(case, tmp_path / "bundle.zip"))
    text = b"".join(files.values())
    assert OTHER_WORK.encode() not in text
    assert b"Third" not in text
    assert "ledger/entries/00000001.json" not in files


def test_few_pictures_are_in_memory_at_once(tmp_path):
    case = proven_case(takes=24, picture_bytes=1 << 20)
    on_disk = tmp_path / "store"
    on_disk.mkdir()
    for digest, content in case.blobs.items():
        (on_disk / hex_of(digest)).write_bytes(content)
    material = replace(case.material, read_picture=lambda d: (on_disk / hex_of(d)).read_bytes())
    tracemalloc.start()
    write_bundle(material, {}, tmp_path / "b.zip", case.keys.sign_ledger)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_picture_that_has_gone_meanwhile_is_said_in_the_bundle(tmp_path):
    case = proven_case()
    gone = case.material.pictures[0]

    def read(digest):
        if digest == gone:
            raise PictureGone("the original is no longer where it was")
        return case.blobs[digest]

    target = tmp_path / "bundle.zip"
    summary = write_bundle(
        replace(case.material, read_picture=read), {}, target, case.keys.sign_ledger
    )
    assert summary.missing == ((gone, "the original is no longer where it was"),)
    assert not [name for name in files_of(target) if hex_of(gone) in name]
    report = examine_bundle(target, roots=[case.root_pem])
    assert report.outcome is Outcome.UNDECIDED
    assert any("no longer where it was" in check.sentence for check in report.checks)


def test_pictures_known_to_be_missing_are_listed(tmp_path):
    case = proven_case()
    gone = case.material.pictures[0]
    material = without_picture(case, gone, "lost with the old disk")
    target = tmp_path / "bundle.zip"
    write_bundle(material, {}, target, case.keys.sign_ledger)
    listed = json.loads(files_of(target)["bundle.json"])["missing"]
    assert listed == [{"digest": gone, "reason": "lost with the old disk"}]


def refuse_to_write(material, sign, tmp_path, error):
    target = tmp_path / "bundle.zip"
    with pytest.raises(error):
        write_bundle(material, {"case.pdf": b"%PDF"}, target, sign)
    assert list(tmp_path.iterdir()) == []


def test_wrong_bytes_from_the_store_stop_everything(tmp_path):
    case = proven_case()
    material = replace(case.material, read_picture=lambda digest: b"other bytes")
    refuse_to_write(material, case.keys.sign_ledger, tmp_path, BundleError)


def test_another_key_than_the_ledgers_stops_everything(tmp_path):
    refuse_to_write(proven_case().material, create_keys().sign_ledger, tmp_path, KeyProblem)


def test_a_verifier_key_that_is_none_is_said(tmp_path):
    case = proven_case()
    material = replace(case.material, verifier_key="nonsense")
    refuse_to_write(material, case.keys.sign_ledger, tmp_path, MetadataMalformed)


def test_a_forked_ledger_is_not_bundled(tmp_path):
    case = proven_case()
    keys = case.keys
    origin = case.material.verifier_key.split("+")[0]
    note = sign_checkpoint(origin, 4, bytes(32), keys.sign_ledger, keys.ledger_public())
    forked = (*case.material.checkpoints, Checkpoint(4, bytes(32), note))
    refuse_to_write(
        replace(case.material, checkpoints=forked), keys.sign_ledger, tmp_path, LedgerDamaged
    )


def test_a_proof_to_an_unknown_checkpoint_is_not_bundled(tmp_path):
    case = proven_case()
    material = replace(case.material, checkpoints=case.material.checkpoints[1:])
    refuse_to_write(material, case.keys.sign_ledger, tmp_path, LedgerDamaged)


def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    case = proven_case()

    def full(digest):
        raise OSError(errno.ENOSPC, "No space left on device")

    material = replace(case.material, read_picture=full)
    refuse_to_write(material, case.keys.sign_ledger, tmp_path, DiskFull)


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    case = proven_case()
    with pytest.raises(PlaceUnusable, match="cannot be written"):
        bundle_of(case, tmp_path / "absent" / "bundle.zip")


def test_an_old_bundle_stays_until_the_new_one_is_whole(tmp_path):
    case = proven_case()
    target = tmp_path / "bundle.zip"
    target.write_bytes(b"old")
    with pytest.raises(KeyProblem):
        write_bundle(case.material, {}, target, create_keys().sign_ledger)
    assert target.read_bytes() == b"old"


def test_more_than_a_bundle_may_hold_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("remarque.casefile.archive._LARGEST_BYTES", 1000)
    refuse_to_write(proven_case().material, proven_case().keys.sign_ledger, tmp_path, BundleError)


def test_a_hostile_title_stays_text(tmp_path):
    case = proven_case()
    title = "``` \n```sh\nrm -rf ~\n``` {{work}}"
    target = tmp_path / "bundle.zip"
    material = replace(case.material, title=title)
    write_bundle(material, {}, target, case.keys.sign_ledger)
    files = files_of(target)
    lines = files["VERIFY.md"].decode().splitlines()
    assert [line for line in lines if "rm -rf ~" in line] == [
        "Work: ''' '''sh rm -rf ~ ''' { {work}} (work-camellia)"
    ]
    assert json.loads(files["bundle.json"])["title"] == title
