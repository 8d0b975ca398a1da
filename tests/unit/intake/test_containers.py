"""Places for text beyond the common ones: IPTC, JPEG XL, hidden colours, odd HEIF items."""

import gzip
import io
import struct
import zlib

import pytest
from PIL import Image

from remarque.intake.chunks import read_chunks, scan_chunks
from remarque.intake.containers.first_column import first_values, shape_of

_TEXT = "a fox ☃"


def dataset(number: int, value: bytes, record: int = 2) -> bytes:
    return bytes((0x1C, record, number)) + struct.pack(">H", len(value)) + value


def resource(identity: int, data: bytes, name: bytes = b"\0\0") -> bytes:
    padding = b"\0" * (len(data) % 2)
    return (
        b"8BIM" + struct.pack(">H", identity) + name + struct.pack(">I", len(data)) + data + padding
    )


def jpeg(marker: int, body: bytes) -> bytes:
    head = bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2)
    return b"\xff\xd8" + head + body + b"\xff\xda\0\x02\xff\xd9"


def png_with(kind: bytes, body: bytes) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (1, 1)).save(stream, "PNG")
    whole = struct.pack(">I", len(body)) + kind + body
    whole += struct.pack(">I", zlib.crc32(kind + body))
    return stream.getvalue()[:33] + whole + stream.getvalue()[33:]


def exif_block(tag: int, value: bytes) -> bytes:
    entry = struct.pack("<HHII", tag, 7, len(value), 26)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0) + value


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def texts(content: bytes) -> dict[str, str | None]:
    return {chunk.place: chunk.text for chunk in read_chunks(content)}


_EXPECTED = {
    "IPTC Caption-Abstract": _TEXT,
    "IPTC SpecialInstructions": "café",
    "IPTC Keywords": "one",
}


class TestIptc:
    _BLOCK = (
        dataset(90, b"\x1b%G", record=1)
        + dataset(120, _TEXT.encode())
        + dataset(40, b"caf\xe9")
        + dataset(25, b"one")
        + dataset(199, b"unnamed")
    )

    def test_in_jpeg_behind_another_resource(self):
        blocks = resource(0x03ED, b"xyz", b"\x03abc") + resource(0x0404, self._BLOCK)
        found = read_chunks(jpeg(0xED, b"Photoshop 3.0\0" + blocks))
        assert (found[0].place, found[0].key, found[0].raw) == ("JPEG APP13", "IPTC", self._BLOCK)
        assert {chunk.place: chunk.text for chunk in found[1:]} == _EXPECTED

    def test_in_png_as_imagemagick_keeps_it(self):
        blocks = resource(0x0404, self._BLOCK)
        body = b"Raw profile type iptc\0\0" + zlib.compress(
            b"\niptc\n" + str(len(blocks)).encode() + b"\n" + blocks.hex().encode() + b"\n"
        )
        assert texts(png_with(b"zTXt", body)).items() >= _EXPECTED.items()

    def test_in_tiff(self):
        found = texts(exif_block(0x83BB, self._BLOCK))
        assert found == {"EXIF IPTC": None, **_EXPECTED}

    def test_a_text_cut_off_is_kept_and_said(self):
        block = dataset(120, b"whole")[:-2]
        chunks, remarks = scan_chunks(jpeg(0xED, b"Photoshop 3.0\0" + resource(0x0404, block)))
        assert chunks[-1].text == "who"
        assert "ends inside" in remarks[0]

    @pytest.mark.parametrize("size", [b"\x80\x00", b"\x80\x04\x7f\xff\xff\xff", b"\xff\xff"])
    def test_lying_lengths_end_the_walk(self, size):
        block = b"\x1c\x02\x78" + size + b"text"
        assert read_chunks(jpeg(0xED, b"Photoshop 3.0\0" + resource(0x0404, block)))


class TestXmpInPng:
    @pytest.mark.parametrize(
        ("kind", "start"), [(b"xmp", b""), (b"APP1", b"http://ns.adobe.com/xap/1.0/\0")]
    )
    def test_as_imagemagick_keeps_it(self, kind, start):
        packet = start + b"<x:xmpmeta/>"
        body = (
            b"Raw profile type "
            + kind
            + b"\0\0"
            + zlib.compress(
                b"\n" + kind + b"\n" + str(len(packet)).encode() + b"\n" + packet.hex().encode()
            )
        )
        assert texts(png_with(b"zTXt", body))["PNG raw XMP"] == "<x:xmpmeta/>"


def xmp_in_jpeg(inside: str) -> bytes:
    packet = (
        '<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/" '
        'xmlns:comfy="https://github.com/Comfy-Org/ComfyUI" '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f"{inside}</rdf:RDF></x:xmpmeta>"
    )
    return jpeg(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode())


class TestTextsInsideXmp:
    def test_comments_as_editors_mirror_them(self):
        item = '<rdf:li xml:lang="x-default">a &lt;lora:b:1&gt;\nc</rdf:li>'
        found = read_chunks(
            xmp_in_jpeg(f"<exif:UserComment><rdf:Alt>{item}</rdf:Alt></exif:UserComment>")
        )
        assert [(chunk.place, chunk.key, chunk.text) for chunk in found[1:]] == [
            ("XMP exif:UserComment", "UserComment", "a <lora:b:1>\nc")
        ]

    def test_comfyuis_graph_as_element_and_as_attribute(self):
        inside = '<comfy:prompt>{"1"}</comfy:prompt><rdf:Description comfy:workflow="{}"/>'
        assert texts(xmp_in_jpeg(inside)).items() >= {
            ("XMP comfy:prompt", '{"1"}'),
            ("XMP comfy:workflow", "{}"),
        }

    @pytest.mark.parametrize(
        "inside", ["<exif:UserComment>", "<!DOCTYPE a>UserComment", "UserComment &a; "]
    )
    def test_what_is_no_xml_gives_the_packet_alone(self, inside):
        assert len(read_chunks(xmp_in_jpeg(inside))) == 1

    def test_nested_comments_are_read_in_bounded_steps(self):
        inside = "<exif:UserComment>" * 800 + "x" + "</exif:UserComment>" * 800
        assert len(read_chunks(xmp_in_jpeg(inside))) == 2


class TestJpegXl:
    _SIGNATURE = b"\0\0\0\x0cJXL \r\n\x87\n"

    def test_exif_and_xmp_boxes(self):
        exif = exif_block(0x9286, b"ASCII\0\0\0" + b"a fox")
        content = self._SIGNATURE + box(b"Exif", b"\0\0\0\0" + exif) + box(b"xml ", b"<x/>")
        assert texts(content) == {"EXIF UserComment": "a fox", "JXL XMP": "<x/>"}

    def test_a_packed_box_is_said(self):
        chunks, remarks = scan_chunks(self._SIGNATURE + box(b"brob", b"Exif\x0b\x02"))
        assert chunks == ()
        assert "'Exif' is packed with Brotli" in remarks[0]

    def test_a_bare_stream_has_none(self):
        assert scan_chunks(b"\xff\x0a\xfa\x1f") == ((), ())


class TestHeif:
    def test_exif_that_stands_in_the_item_data(self):
        exif = b"\0\0\0\0" + exif_block(0x9286, b"ASCII\0\0\0" + b"a fox")
        entry = box(b"infe", b"\x02\0\0\0" + struct.pack(">HH", 1, 0) + b"Exif\0")
        kinds = box(b"iinf", b"\0\0\0\0" + struct.pack(">H", 1) + entry)
        place = struct.pack(">HHHHII", 1, 1, 0, 1, 0, len(exif))
        places = box(b"iloc", b"\x01\0\0\0\x44\0" + struct.pack(">H", 1) + place)
        meta = box(b"meta", b"\0\0\0\0" + kinds + places + box(b"idat", exif))
        head = box(b"ftyp", b"xxxx\0\0\0\0mif1")
        assert texts(head + meta) == {"EXIF UserComment": "a fox"}

    def test_an_unknown_main_brand_needs_a_known_one_beside_it(self):
        assert read_chunks(box(b"ftyp", b"heim\0\0\0\0")) == ()
        assert read_chunks(box(b"ftyp", b"qqqq\0\0\0\0xxxxavif")) == ()


def hidden(name: str, raw: bytes, *, mode: str, size: tuple[int, int]) -> Image.Image:
    """A picture with text in its lowest bits, column by column, red, green and blue in turn."""
    payload = name.encode() + struct.pack(">I", len(raw) * 8) + raw
    bits = "".join(f"{byte:08b}" for byte in payload)
    picture = Image.new(mode, size, (10, 20, 30, 200)[: len(mode)])
    for start in range(0, len(bits), 3):
        x, y = divmod(start // 3, size[1])
        old = picture.getpixel((x, y))
        new = [value & ~1 | int(bit) for value, bit in zip(old, bits[start:], strict=False)]
        picture.putpixel((x, y), (*new[:3], *old[len(new[:3]) :]))
    return picture


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("size", [(9, 300), (300, 9)])
@pytest.mark.parametrize(
    ("form", "options"), [("PNG", {}), ("WEBP", {"lossless": True, "exact": True})]
)
@pytest.mark.parametrize("packed", [False, True])
def test_text_hidden_in_colours(mode, size, form, options, packed):
    name = "stealth_rgbcomp" if packed else "stealth_rgbinfo"
    raw = gzip.compress(_TEXT.encode()) if packed else _TEXT.encode()
    stream = io.BytesIO()
    hidden(name, raw, mode=mode, size=size).save(stream, form, **options)
    (chunk,) = read_chunks(stream.getvalue())
    assert (chunk.place, chunk.key, chunk.text) == ("stealth RGB", name, _TEXT)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_the_first_column_is_that_of_the_decoded_picture(mode):
    picture = Image.effect_noise((40, 130), 90)
    bands = [picture.rotate(turn, expand=False) for turn in (0, 90, 180, 270)][: len(mode)]
    whole = Image.merge(mode, bands) if len(mode) > 1 else picture
    stream = io.BytesIO()
    whole.save(stream, "PNG", optimize=True)
    shape = shape_of(stream.getvalue())
    assert shape is not None
    values = first_values(stream.getvalue(), shape, 120)
    expected = [whole.getpixel((0, y)) for y in range(120)]
    assert values == [bytes(pixel if isinstance(pixel, tuple) else (pixel,)) for pixel in expected]


def test_a_first_column_that_would_need_too_much_is_not_read():
    head = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 6, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + b"\0\0\0\0"
    shape = shape_of(content)
    assert shape is not None
    assert first_values(content, shape, 120) is None
    assert read_chunks(content) == ()


@pytest.mark.parametrize("kind", [b"VP8X", b"VP8L"])
def test_a_huge_webp_is_not_decoded(kind):
    flagged = b"\x10\0\0\0" + b"\xff" * 6
    body = flagged if kind == b"VP8X" else b"\x2f" + b"\xff" * 9
    chunks = kind + struct.pack("<I", len(body)) + body
    if kind == b"VP8X":
        chunks += b"VP8L" + struct.pack("<I", 6) + b"\x2f" + b"\0" * 5
    content = b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks
    assert "million pixels" in scan_chunks(content)[1][0]
