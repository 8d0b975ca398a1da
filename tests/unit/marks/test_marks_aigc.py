import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from remarque.errors import MetadataMalformed
from remarque.marks.aigc import (
    AigcLabel,
    allowed_form,
    encode_label,
    find_labels,
    label_of_author,
    parse_label,
)
from remarque.marks.containers.surgery import insert_xmp, read_metadata
from remarque.marks.xmp import XmpFields, build_xmp

INNER = {
    "Label": "1",
    "ContentProducer": "001191110000000000000X00001",
    "ProduceID": "p-1",
    "ReservedCode1": "",
    "ContentPropagator": "",
    "PropagateID": "",
    "ReservedCode2": "",
}
WRAPPED = json.dumps({"AIGC": INNER})
TWICE = json.dumps({"AIGC": json.dumps(INNER)})


def saved(kind: str = "PNG", **settings: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, kind, **settings)
    return file.getvalue()


def with_text(key: str, text: str) -> bytes:
    info = PngInfo()
    info.add_itxt(key, text)
    return saved(pnginfo=info)


def with_comment(kind: str, text: str) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\x00\x00\x00" + text.encode()
    return saved(kind, exif=exif)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (insert_xmp(saved(), "image/png", build_xmp(XmpFields(aigc=json.dumps(INNER)))), "XMP"),
        (insert_xmp(saved(), "image/png", build_xmp(XmpFields(aigc=WRAPPED))), "XMP"),
        (with_text("AIGC", json.dumps(INNER)), "PNG text"),
        (with_text("AIGC", WRAPPED), "PNG text"),
        (with_text("Description", WRAPPED), "PNG text"),
        (with_comment("JPEG", WRAPPED), "EXIF UserComment"),
        (with_comment("WEBP", TWICE), "EXIF UserComment"),
        (saved("JPEG", comment=WRAPPED.encode()), "JPEG comment"),
    ],
)
def test_the_label_is_read_in_every_form_that_occurs(content, place):
    (found,) = find_labels(read_metadata(content))
    assert found.place == place
    assert found.label == parse_label(json.dumps(INNER))
    assert found.label.content_producer == INNER["ContentProducer"]


def test_a_label_that_cannot_be_parsed_is_found_and_broken():
    (found,) = find_labels(read_metadata(with_text("AIGC", "{not json")))
    assert found.label is None


def test_a_picture_without_a_label_has_none():
    assert find_labels(read_metadata(saved())) == ()


def test_the_inner_object_has_the_seven_keys_of_the_standard_in_order():
    label, _ = label_of_author("Li", "w-1", "sha256:00")
    assert list(json.loads(encode_label(label))) == list(INNER)
    assert encode_label(label).startswith('{"Label":"1","ContentProducer":"Li"')
    assert parse_label(encode_label(label)) == label


def test_a_private_author_is_told_that_they_have_no_company_code():
    label, warnings = label_of_author("李 某", "w-1", "sha256:00")
    assert label.producer_name == "李 某"
    assert label.content_producer == "%E6%9D%8E%20%E6%9F%90"
    assert any("company code" in warning for warning in warnings)
    assert any("%E6%9D%8E" in warning for warning in warnings)
    assert len(label_of_author("Li", "w-1", "c")[1]) == 1


@given(st.text(max_size=80))
def test_every_written_character_is_one_annex_e_allows(text):
    form = allowed_form(text)
    assert all(c == "\x21" or "\x23" <= c <= "\x5b" or "\x5d" <= c <= "\x7e" for c in form)
    assert AigcLabel(content_producer=form).producer_name == text


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", '{"AIGC":[]}', '"x"', '{"AIGC":"{"}', "[" * 9000, "x" * 70_000],
)
def test_what_is_no_label_is_said_in_a_sentence(text):
    with pytest.raises(MetadataMalformed):
        parse_label(text)


def test_values_of_other_types_are_read_as_text():
    assert parse_label('{"Label":1,"ProduceID":null}') == AigcLabel(label="1", produce_id="null")
