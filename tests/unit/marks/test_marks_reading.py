import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from remarque.errors import PictureUnreadable
from remarque.marks.containers.surgery import insert_exif, insert_xmp
from remarque.marks.exif import ExifFields
from remarque.marks.reading import read_marks
from remarque.marks.wording import shown
from remarque.marks.xmp import COMPOSITE, XmpFields, build_xmp
from remarque.model.marks import MarkKind, MarkState
from stand_ins.samples import sample, samples_under

NOT_PICTURES = ("pngsuite__xs1n0g01.png", "sd-parsers__empty_file.png")


def png(texts: dict[str, str] | None = None) -> bytes:
    info = PngInfo()
    for key, text in (texts or {}).items():
        info.add_itxt(key, text)
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def by_kind(content: bytes) -> dict[MarkKind, tuple[MarkState, str, str]]:
    return {mark.kind: (mark.state, mark.detail, mark.text) for mark in read_marks(content)}


def test_a_bare_picture_says_what_was_looked_for():
    assert {kind: state for kind, (state, _, _) in by_kind(png()).items()} == {
        MarkKind.XMP: MarkState.ABSENT,
        MarkKind.AIGC: MarkState.ABSENT,
        MarkKind.C2PA: MarkState.ABSENT,
    }


@pytest.mark.parametrize(
    "path",
    [*samples_under("generators"), *samples_under("malformed"), *samples_under("c2pa", "*.jpg")],
    ids=lambda path: path.name,
)
def test_every_real_and_every_broken_file_is_read_or_refused(path):
    content = path.read_bytes()
    if path.name in NOT_PICTURES:
        with pytest.raises(PictureUnreadable, match="not a picture"):
            read_marks(content)
        return
    marks = read_marks(content)
    kinds = [mark.kind for mark in marks]
    assert {MarkKind.XMP, MarkKind.AIGC, MarkKind.C2PA} <= set(kinds)
    for mark in marks:
        assert mark.detail
        assert "\n" not in mark.detail
        assert len(mark.detail) < 700


def test_generators_are_noticed_wherever_they_write():
    for path in samples_under("generators"):
        if path.parent.name == "gimp_re-save":
            continue
        marks = read_marks(path.read_bytes())
        assert any("generation text" in mark.detail for mark in marks), path.name


def test_xmp_is_told_in_words():
    fields = XmpFields(creators=("李某",), ai_system="X", digital_source_type=COMPOSITE, prompt="p")
    state, detail, text = by_kind(insert_xmp(png(), "image/png", build_xmp(fields)))[MarkKind.XMP]
    assert (state, text) == (MarkState.PRESENT, "李某")
    assert "holds parts made by a trained model" in detail
    assert "AI system X" in detail
    assert "holds a prompt" in detail


def test_xmp_that_cannot_be_parsed_is_undecided():
    hostile = b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'
    state, detail, _ = by_kind(insert_xmp(png(), "image/png", hostile))[MarkKind.XMP]
    assert state is MarkState.UNDECIDED
    assert "not opened" in detail


def test_author_and_software_are_named():
    state, detail, text = by_kind(
        insert_exif(png(), "image/png", ExifFields(artist="Li", software="Remarque 0.1"))
    )[MarkKind.TEXT]
    assert (state, text) == (MarkState.PRESENT, "Li")
    assert "Software: Remarque 0.1" in detail


def test_a_broken_label_is_told_apart_from_none():
    assert by_kind(png({"AIGC": "{oops"}))[MarkKind.AIGC][0] is MarkState.BROKEN
    state, detail, _ = by_kind(png({"AIGC": '{"Label":"3"}'}))[MarkKind.AIGC]
    assert state is MarkState.PRESENT
    assert "suspected" in detail


def test_foreign_text_cannot_drive_a_terminal():
    marks = by_kind(png({"Author": "Li\x1b[2J\u202e\nx" + "y" * 500}))
    detail = marks[MarkKind.TEXT][1]
    assert not {"\x1b", "\n", "\u202e"} & set(detail)
    assert len(detail) < 200
    assert shown("a\tb\n c") == "a b c"


def test_an_identity_and_a_timestamp_are_marks_of_their_own():
    marks = by_kind(sample("c2pa/c2pa-rs/C_with_CAWG_data.jpg").read_bytes())
    assert marks[MarkKind.IDENTITY][0] is MarkState.INTACT
    assert marks[MarkKind.TIMESTAMP][0] is MarkState.INTACT
    assert marks[MarkKind.TIMESTAMP][2].startswith("2025-07-29")


def test_xmp_in_other_formats_is_found_too():
    packet = build_xmp(XmpFields(creators=("Li",)))
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "TIFF", tiffinfo={700: packet, 0x013B: "Li"})
    marks = by_kind(file.getvalue())
    assert marks[MarkKind.XMP][2] == "Li"
    assert marks[MarkKind.EXIF][2] == "Li"


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 ...", b"<html>", b"\x00" * 100])
def test_what_is_no_picture_says_so(content):
    with pytest.raises(PictureUnreadable, match="not a picture"):
        read_marks(content)
