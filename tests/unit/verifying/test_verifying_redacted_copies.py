"""Redacted copies in a bundle: listed, covered to the last bit, never taken for the original."""

import json
from dataclasses import replace

import pytest

from remarque.casefile.bundle import write_bundle
from remarque.casefile.material import RedactedTwin
from remarque.model.digests import digest_of, hex_of
from remarque.model.reports import Outcome
from remarque.verifying.bundle import examine_bundle
from stand_ins.bundle_judging import judged_by_both, lied
from stand_ins.bundle_surgery import files_of, unpack, write_files
from stand_ins.proven_case import proven_case

TWINS = {
    "json": b'[{"key":"parameters","text":"[key withheld]"}]',
    "png": b"\x89PNG\r\n\x1a\n twin",
}


@pytest.fixture
def withheld(tmp_path):
    """A bundle whose first picture and first metadata record are redacted copies."""
    case = proven_case()
    picture = next(d for d in case.material.pictures if case.blobs[d].startswith(b"\x89PNG"))
    record = next(d for d in case.material.pictures if case.blobs[d].startswith(b"[{"))
    digests = {"png": picture, "json": record}
    material = replace(
        case.material,
        pictures=tuple(d for d in case.material.pictures if d not in digests.values()),
        missing=tuple((d, "withheld: names 1 key") for d in digests.values()),
        redacted=tuple(
            RedactedTwin(digest, kind, lambda kind=kind: TWINS[kind])
            for kind, digest in digests.items()
        ),
    )
    target = tmp_path / "withheld.zip"
    write_bundle(material, {"case.pdf": b"%PDF"}, target, case.keys.sign_ledger)
    names = {kind: f"redacted/{hex_of(digest)}.{kind}" for kind, digest in digests.items()}
    return case, target, names


def test_the_copies_are_in_and_the_originals_cannot_be_decided(withheld):
    case, target, names = withheld
    files = files_of(target)
    assert {kind: files[name] for kind, name in names.items()} == TWINS
    listed = {row["path"]: row["role"] for row in json.loads(files["bundle.json"])["files"]}
    assert {listed[name] for name in names.values()} == {"redacted copy"}
    assert judged_by_both(target, case) == (Outcome.UNDECIDED, [])
    report = examine_bundle(target, roots=[case.root_pem])
    undecided = [check for check in report.checks if check.outcome is Outcome.UNDECIDED]
    assert [check.name for check in undecided] == ["picture", "picture"]


@pytest.mark.usefixtures("no_openssl_for_the_checker")
@pytest.mark.parametrize("kind", ["json", "png"])
def test_every_flipped_bit_of_a_copy_fails_in_both_verifiers(kind, withheld, tmp_path):
    case, target, names = withheld
    files = files_of(target)
    content = files[names[kind]]
    for at in range(0, 8 * len(content), 7):
        bent = bytearray(content)
        bent[at // 8] ^= 1 << at % 8
        place = write_files({**files, names[kind]: bytes(bent)}, tmp_path / "bent.zip")
        assert judged_by_both(place, case)[0] is Outcome.FAILS, at


@pytest.mark.usefixtures("no_openssl_for_the_checker")
def test_a_copy_left_out_or_added_fails(withheld, tmp_path):
    case, target, names = withheld
    files = files_of(target)
    without = {name: content for name, content in files.items() if name != names["png"]}
    assert judged_by_both(write_files(without, tmp_path / "a.zip"), case)[0] is Outcome.FAILS
    added = {**files, names["png"].replace(".png", ".jpg"): b"\xff\xd8\xff"}
    assert judged_by_both(unpack(added, tmp_path / "b"), case)[0] is Outcome.FAILS


@pytest.mark.usefixtures("no_openssl_for_the_checker")
@pytest.mark.parametrize("what", ["nobody names it", "the original is here", "nobody says why"])
def test_a_copy_of_nothing_withheld_fails_though_its_author_signed_it(what, withheld, tmp_path):
    case, target, names = withheld
    files, changes = files_of(target), {}
    if what == "nobody names it":
        files[f"redacted/{hex_of(digest_of(b'x'))}.json"] = b"[]"
    elif what == "the original is here":
        digest = hex_of(next(d for d in case.blobs if hex_of(d) in names["png"]))
        files[f"pictures/{digest}.png"] = case.blobs[f"sha256:{digest}"]
    else:
        changes = {"missing": []}
    assert lied(files, case, tmp_path, **changes)[0] is Outcome.FAILS


@pytest.mark.parametrize(
    "name", ["redacted/x.json", f"redacted/{'0' * 64}.exe", "redacted/a/b.png"]
)
def test_no_other_names_are_allowed(name, withheld, tmp_path):
    case, target, _ = withheld
    place = write_files({**files_of(target), name: b"x"}, tmp_path / "named.zip")
    assert judged_by_both(place, case)[0] is Outcome.FAILS
