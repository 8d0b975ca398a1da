"""Opening hostile archives: each is refused with one sentence, and nothing is ever unpacked."""

import io
import struct
import zipfile

import pytest

from remarque.errors import BundleRefused, MetadataMalformed
from remarque.verifying.bundle import examine_bundle
from remarque.verifying.bundle_reading import open_bundle
from stand_ins.bundle_surgery import bundle_of, files_of, unpack
from stand_ins.proven_case import proven_case


def archive(tmp_path, *members, compression=zipfile.ZIP_STORED):
    place = tmp_path / "hostile.zip"
    with zipfile.ZipFile(place, "w", compression) as writer:
        for member, content in members:
            writer.writestr(member, content)
    return place


def refused(place):
    with pytest.raises(BundleRefused) as caught:
        examine_bundle(place)
    return caught.value.message


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../bundle.json",
        "ledger/../../x",
        "ledger\\..\\x",
        "C:/x",
        "C:x",
        "\\\\host\\share",
    ],
)
def test_names_that_lead_outside_are_refused(name, tmp_path):
    member = zipfile.ZipInfo("x")
    member.filename = name
    assert "leads outside" in refused(archive(tmp_path, (member, b"x")))


@pytest.mark.parametrize(
    "name",
    [
        "notes.exe",
        "ledger/",
        "ledger/entries/1.json",
        "pictures/x.png",
        "LEDGER/key.pem",
        "bundle.json ",
        "bundle.json\n",
        "caf\u00e9.pdf",
        "ledger/entries/\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661.json",
        "",
    ],
)
def test_names_a_bundle_never_has_are_refused(name, tmp_path):
    assert "not a file a bundle has" in refused(archive(tmp_path, (zipfile.ZipInfo(name), b"x")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_doubled_names_are_refused(tmp_path):
    place = archive(tmp_path, ("bundle.json", b"1"), ("bundle.json", b"2"))
    assert "twice" in refused(place)


@pytest.mark.parametrize("kind", [0o120777, 0o020666, 0o010666])
def test_links_and_devices_are_refused(kind, tmp_path):
    member = zipfile.ZipInfo("bundle.json")
    member.external_attr = kind << 16
    assert "link or device" in refused(archive(tmp_path, (member, b"/etc/passwd")))


def test_encrypted_files_are_refused(tmp_path):
    place = archive(tmp_path, ("bundle.json", b"{}"))
    content = bytearray(place.read_bytes())
    at = content.index(b"PK\x01\x02") + 8
    content[at : at + 2] = struct.pack("<H", 1)
    place.write_bytes(content)
    assert "encrypted" in refused(place)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    bomb = ("bundle.json", bytes(50 << 20))
    place = archive(tmp_path, bomb, compression=zipfile.ZIP_DEFLATED)
    assert place.stat().st_size < 100_000
    assert "would unpack" in refused(place)


def test_overlapping_files_are_refused(tmp_path):
    """One body, listed under many names: the trick of bombs without recursion."""
    place = archive(tmp_path, ("a.txt", bytes(range(256)) * 40))
    content = place.read_bytes()
    start = content.index(b"PK\x01\x02")
    row, end = content[start:-22], content[-22:]
    rows = b"".join(row.replace(b"a.txt", b"%c.txt" % letter) for letter in b"abcdefgh")
    tail = end[:8] + struct.pack("<HHLL", 8, 8, len(rows), start) + end[20:]
    place.write_bytes(content[:start] + rows + tail)
    assert "overlap" in refused(place)


def test_a_size_that_lies_is_damage_and_not_a_flood(tmp_path):
    place = archive(tmp_path, ("bundle.json", bytes(1000)), compression=zipfile.ZIP_DEFLATED)
    content = bytearray(place.read_bytes())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<L", 2000)
    place.write_bytes(content)
    with open_bundle(place) as files, pytest.raises(MetadataMalformed):
        files.read("bundle.json")


def test_more_than_a_bundle_may_hold_is_refused(tmp_path):
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    place = tmp_path / "many.zip"
    place.write_bytes(end)
    assert "lists more than" in refused(place)
    members = [(zipfile.ZipInfo(f"pictures/{n:064x}.png"), b"") for n in range(3)]
    place = archive(tmp_path, *members)
    content = place.read_bytes()
    huge = content.replace(struct.pack("<LL", 0, 0), struct.pack("<LL", 0xF0000000, 0xF0000000))
    place.write_bytes(huge)
    assert refused(place)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip", b"PK\x05\x06" + bytes(9)])
def test_what_is_no_zip_is_refused(content, tmp_path):
    place = tmp_path / "some.zip"
    place.write_bytes(content)
    assert str(place) in refused(place)


def test_an_empty_zip_fails(tmp_path):
    assert examine_bundle(archive(tmp_path)).outcome == "fails"


def test_what_is_not_there_is_refused(tmp_path):
    assert "cannot be read" in refused(tmp_path / "absent.zip")


def test_an_empty_folder_fails(tmp_path):
    assert examine_bundle(tmp_path).outcome == "fails"


def test_links_in_a_folder_are_refused(tmp_path):
    files = files_of(bundle_of(proven_case(), tmp_path / "b.zip"))
    folder = unpack(files, tmp_path / "folder")
    (folder / "case.pdf").unlink()
    (folder / "case.pdf").symlink_to(tmp_path / "b.zip")
    assert "link or device" in refused(folder)
    (folder / "case.pdf").unlink()
    (folder / "ledger" / "more").symlink_to(tmp_path)
    assert "not a file a bundle has" in refused(folder)


def test_deep_folders_are_refused(tmp_path):
    deep = tmp_path / "a/b/c/d/e/f"
    deep.mkdir(parents=True)
    assert refused(tmp_path)


def test_no_hostile_archive_leaves_anything_behind(tmp_path):
    place = archive(tmp_path, (zipfile.ZipInfo("../escaped"), b"x"))
    refused(place)
    assert [path.name for path in tmp_path.rglob("*")] == ["hostile.zip"]
    assert io.BytesIO(place.read_bytes())
