import io
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from remarque.errors import MarkError, MetadataMalformed
from remarque.marks.containers.surgery import insert_xmp
from remarque.marks.xmp import NAMESPACES, TRAINED, XmpFields, build_xmp, parse_xmp

FULL = XmpFields(
    creators=("李某", "O'Neil & <Sons>"),
    rights='© 2026 "李某" — all rights reserved',
    ai_system="Forge",
    ai_system_version="f2.0.1",
    prompt_writer="李某",
    prompt="a cat, (masterpiece:1.2)\nNegative prompt: ]]> &amp; <b>",
    digital_source_type=TRAINED,
    marked=True,
    web_statement="https://example.org/licence?a=1&b=2",
    aigc='{"Label":"1"}',
    work="w-1",
    commitment="sha256:00",
    software="Remarque 0.1",
)
PLAIN = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=50
)


def rdf(body: str, attributes: str = "") -> bytes:
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {declared}>'
        f'<rdf:Description rdf:about="" {attributes}>{body}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def test_every_field_comes_back_as_it_was():
    assert parse_xmp(build_xmp(FULL)) == FULL
    assert FULL.says_something


def test_an_empty_packet_says_nothing():
    found = parse_xmp(build_xmp(XmpFields()))
    assert found == XmpFields()
    assert not found.says_something


@given(PLAIN, PLAIN)
def test_any_name_and_prompt_come_back(name, prompt):
    fields = XmpFields(creators=(name,) if name else (), prompt=prompt + "\r\n\ttail")
    assert parse_xmp(build_xmp(fields)) == fields


def test_no_prompt_is_written_unless_it_is_given():
    packet = build_xmp(replace(FULL, prompt=""))
    assert b"AIPromptInformation" not in packet


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x85", "\ud800", "\uffff"])
def test_characters_xml_cannot_hold_are_refused_by_name(character):
    with pytest.raises(MarkError, match=rf"dc:creator|rdf:li.*U\+{ord(character):04X}|U\+"):
        build_xmp(XmpFields(creators=(f"Li{character}",)))


def test_properties_written_as_attributes_are_read():
    packet = rdf(
        "",
        'Iptc4xmpExt:AISystemUsed="Midjourney" Iptc4xmpExt:DigitalSourceType="x" '
        'TC260:AIGC="{&quot;Label&quot;:&quot;1&quot;}"',
    )
    found = parse_xmp(packet)
    assert (found.ai_system, found.digital_source_type) == ("Midjourney", "x")
    assert found.aigc == '{"Label":"1"}'


def test_the_default_language_comes_first():
    items = '<rdf:li xml:lang="zh">版权</rdf:li><rdf:li xml:lang="x-default">mine</rdf:li>'
    found = parse_xmp(rdf(f"<dc:rights><rdf:Alt>{items}</rdf:Alt></dc:rights>"))
    assert found.rights == "mine"


def test_who_made_an_ingredient_is_not_who_made_the_picture():
    inner = (
        "<xmp:Pantry><rdf:Bag><rdf:li><rdf:Description><dc:creator><rdf:Seq><rdf:li>Another"
        "</rdf:li></rdf:Seq></dc:creator></rdf:Description></rdf:li></rdf:Bag></xmp:Pantry>"
    )
    assert parse_xmp(rdf(inner)).creators == ()


@pytest.mark.parametrize(
    "hostile",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>',
        b"<!DOCTYPE lolz [<!ENTITY l0 'lol'>"
        + b"".join(b"<!ENTITY l%d '%s'>" % (n + 1, b"&l%d;" % n * 10) for n in range(9))
        + b"]><x>&l9;</x>",
    ],
)
def test_hostile_xml_is_not_opened(hostile):
    with pytest.raises(MetadataMalformed, match="declares entities"):
        parse_xmp(hostile)


@pytest.mark.parametrize("packet", [b"", b"<x", b"\xff\xfe\x00", b"<a></b>", b"x" * (5 << 20)])
def test_what_is_no_packet_is_said_in_a_sentence(packet):
    with pytest.raises(MetadataMalformed, match="XMP packet"):
        parse_xmp(packet)


def test_a_packet_nested_a_hundred_thousand_deep_is_survived():
    deep = rdf("<dc:rights>" + "<rdf:li>" * 100_000 + "</rdf:li>" * 100_000 + "</dc:rights>")
    assert parse_xmp(deep).rights == ""


def test_a_second_reader_finds_the_same_fields(tmp_path, exiftool):
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    path = tmp_path / "x.png"
    path.write_bytes(insert_xmp(file.getvalue(), "image/png", build_xmp(FULL)))
    said = subprocess.run(
        [exiftool, "-G1", "-s", "-s", str(path)], capture_output=True, text=True, check=True
    ).stdout
    assert "Warning" not in said
    assert "[XMP-dc] Creator: 李某, O'Neil & <Sons>" in said
    assert f"[XMP-iptcExt] DigitalSourceType: {TRAINED}" in said
    assert "AISystemUsed: Forge" in said
    assert '{"Label":"1"}' in said
    assert "[XMP-xmpRights] Marked: True" in said
