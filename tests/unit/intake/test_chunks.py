"""What is taken out of picture files, byte for byte, and what is refused."""

import base64
import io
import json
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from remarque.errors import PictureUnreadable
from remarque.intake import chunks_as_json, read_chunks, read_picture
from remarque.model.recipe import Recipe
from stand_ins.samples import sample, samples_under

_TEXT = (
    "a fox\nNegative prompt: a dog\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768, Model: m"
)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def png(*chunks: bytes) -> bytes:
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(b"\0\0\0\0"))
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + head + b"".join(chunks) + pixels + png_chunk(b"IEND", b"")


def exif_with_comment(comment: bytes, *, little: bool) -> bytes:
    """A TIFF block with a UserComment in its EXIF directory."""
    order = "<" if little else ">"
    sub_start = 8 + 2 + 12 + 4
    value_start = sub_start + 2 + 12 + 4
    return b"".join(
        (
            b"II*\0" if little else b"MM\0*",
            struct.pack(order + "I", 8),
            struct.pack(order + "HHHIII", 1, 0x8769, 4, 1, sub_start, 0),
            struct.pack(order + "HHHIII", 1, 0x9286, 7, len(comment), value_start, 0),
            comment,
        )
    )


def jpeg(*segments: tuple[int, bytes]) -> bytes:
    parts = [b"\xff\xd8"]
    for marker, body in segments:
        parts.append(bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body)
    return b"".join(parts) + b"\xff\xda\0\x02\xff\xd9"


class TestPng:
    def test_all_three_kinds_of_text_before_and_after_the_pixels(self):
        content = png(
            png_chunk(b"tEXt", b"one\0caf\xe9"),
            png_chunk(b"iTXt", b"two\0\0\0\0\0" + "テスト".encode()),
            png_chunk(b"iTXt", b"three\0\1\0\0\0" + zlib.compress("éé".encode())),
        )
        content = content[:-12] + png_chunk(b"zTXt", b"four\0\0" + zlib.compress(b"late"))
        found = {chunk.key: (chunk.place, chunk.text) for chunk in read_chunks(content)}
        assert found == {
            "one": ("PNG tEXt", "café"),
            "two": ("PNG iTXt", "テスト"),
            "three": ("PNG iTXt", "éé"),
            "four": ("PNG zTXt", "late"),
        }

    def test_utf_8_in_a_latin_1_chunk_is_read_as_what_it_is(self):
        (chunk,) = read_chunks(png(png_chunk(b"tEXt", b"k\0" + "テスト".encode())))
        assert chunk.text == "テスト"

    def test_what_is_left_of_a_cut_chunk_is_kept_and_gives_no_facts(self):
        content = png(
            png_chunk(b"tEXt", b"parameters\0" + _TEXT.replace("Seed: 5", "Seed: 5123").encode())
        )
        reading = read_picture(content[: content.index(b"Seed: 5123") + 8])
        assert reading.chunks[0].text is not None
        assert reading.chunks[0].text.endswith("Seed: 51")
        assert (reading.recipe, reading.generator) == (Recipe(), None)
        assert "ends inside" in reading.remarks[0]
        assert "lacks its end and was not searched" in reading.remarks[1]

    def test_json_that_is_all_there_counts_whatever_the_length_says(self):
        text = json.dumps({"sui_image_params": {"prompt": "a fox", "seed": 5, "model": "m"}})
        content = png(png_chunk(b"tEXt", b"parameters\0" + text.encode()))
        reading = read_picture(content[: content.index(text.encode()) + len(text)])
        assert reading.recipe.seed == 5

    def test_a_changed_chunk_is_read_and_said(self):
        content = png(png_chunk(b"tEXt", b"parameters\0" + _TEXT.encode()))
        reading = read_picture(content.replace(b"Seed: 5", b"Seed: 6"))
        assert reading.recipe.seed == 6
        assert "checksum" in reading.remarks[0]

    def test_a_bomb_is_refused_and_hides_nothing(self):
        bomb = zlib.compress(b"\0" * (17 * 1024 * 1024))
        reading = read_picture(
            png(
                png_chunk(b"zTXt", b"bomb\0\0" + bomb),
                png_chunk(b"tEXt", b"parameters\0" + _TEXT.encode()),
            )
        )
        assert [chunk.key for chunk in reading.chunks] == ["parameters"]
        assert "16 MiB" in reading.remarks[0]

    def test_many_bombs_stay_under_the_limit_together(self):
        part = png_chunk(b"zTXt", b"part\0\0" + zlib.compress(b"\0" * (9 * 1024 * 1024)))
        chunks = read_chunks(png(*[part] * 20))
        assert sum(len(chunk.raw) for chunk in chunks) <= 32 * 1024 * 1024

    def test_a_heap_of_long_texts_does_not_hide_a_short_one(self):
        long = png_chunk(b"tEXt", b"long\0" + b"x" * (3 * 1024 * 1024))
        content = png(*[long] * 5, png_chunk(b"tEXt", b"parameters\0" + _TEXT.encode()))
        reading = read_picture(content)
        assert reading.recipe.seed == 5
        assert reading.remarks == ('PNG tEXt "long" is too long to be searched for facts.',)

    def test_a_thousand_chunks_and_no_more(self):
        content = png(*[png_chunk(b"tEXt", b"k\0v")] * 1500)
        assert len(read_chunks(content)) == 1000

    def test_damaged_packing_and_wrong_utf_8_are_said(self):
        reading = read_picture(
            png(
                png_chunk(b"zTXt", b"bad\0\0not zlib"),
                png_chunk(b"iTXt", b"worse\0\0\0\0\0\xff\xfe"),
                png_chunk(b"iTXt", b"short"),
            )
        )
        assert [(chunk.key, chunk.text) for chunk in reading.chunks] == [("worse", None)]
        assert len(reading.remarks) == 3

    def test_exif_inside_png(self):
        exif = exif_with_comment(b"ASCII\0\0\0" + _TEXT.encode(), little=True)
        assert read_picture(png(png_chunk(b"eXIf", exif))).recipe.prompt == "a fox"

    def test_exif_as_imagemagick_keeps_it(self):
        exif = b"Exif\0\0" + exif_with_comment(b"ASCII\0\0\0" + _TEXT.encode(), little=True)
        profile = b"\nexif\n%8d\n%s\n" % (len(exif), exif.hex().encode())
        body = b"Raw profile type exif\0\0" + zlib.compress(profile)
        assert read_picture(png(png_chunk(b"zTXt", body))).recipe.prompt == "a fox"


@pytest.mark.parametrize("little", [True, False], ids=["II", "MM"])
@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\0\0\0" + _TEXT.encode(),
        b"UNICODE\0" + _TEXT.encode("utf-16-be"),
        b"UNICODE\0" + _TEXT.encode("utf-16-le"),
        b"UNICODE\0" + _TEXT.encode("utf-16"),
        b"UNICODE\0" + _TEXT.encode(),
        b"JIS\0\0\0\0\0" + _TEXT.encode("iso2022_jp"),
        b"\0\0\0\0\0\0\0\0" + _TEXT.encode(),
        b"\0\0\0\0\0\0\0\0" + _TEXT.encode("utf-16-le"),
        _TEXT.encode(),
        _TEXT.encode("utf-16"),
    ],
    ids=[
        "ascii",
        "utf-16-be",
        "utf-16-le",
        "bom",
        "utf-8",
        "jis",
        "none",
        "none-16",
        "bare",
        "bare-bom",
    ],
)
def test_user_comments_in_every_encoding_seen(comment, little):
    block = exif_with_comment(comment, little=little)
    content = jpeg((0xE1, b"Exif\0\0" + block))
    recipe = read_picture(content).recipe
    assert (recipe.prompt, recipe.negative_prompt, recipe.seed) == ("a fox", "a dog", 5)


def test_japanese_utf_16_is_not_read_the_wrong_way_round():
    text = "テスト、春の海、浮世絵\nSteps: 9, Seed: 1, CFG scale: 2, Size: 8x8"
    for name in ("utf-16-be", "utf-16-le"):
        block = exif_with_comment(b"UNICODE\0" + text.encode(name), little=True)
        assert read_chunks(jpeg((0xE1, b"Exif\0\0" + block)))[0].text == text


def test_exif_tags_that_all_point_at_the_same_bytes_stay_under_the_limit():
    entry = struct.pack("<HHII", 0x010E, 2, 6 * 1024 * 1024, 100)
    directory = struct.pack("<H", 1000) + entry * 1000 + struct.pack("<I", 0)
    content = b"II*\0" + struct.pack("<I", 8) + directory + b"x" * (6 * 1024 * 1024)
    chunks = read_chunks(content)
    assert sum(len(chunk.raw) for chunk in chunks) <= 32 * 1024 * 1024


def test_jpeg_comment_xmp_and_iptc():
    iptc = b"\x1c\x02\x78\0\x03abc"
    resource = b"8BIM" + struct.pack(">H", 0x0404) + b"\0\0" + struct.pack(">I", len(iptc)) + iptc
    content = jpeg(
        (0xFE, _TEXT.encode()),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"),
        (0xED, b"Photoshop 3.0\0" + resource),
    )
    found = {chunk.place: (chunk.raw, chunk.text) for chunk in read_chunks(content)}
    assert found["JPEG APP1 XMP"] == (b"<x:xmpmeta/>", "<x:xmpmeta/>")
    assert found["JPEG APP13"] == (iptc, None)
    assert read_picture(content).recipe.prompt == "a fox"


def test_webp_with_exif_and_xmp():
    stream = io.BytesIO()
    exif = b"Exif\0\0" + exif_with_comment(b"UNICODE\0" + _TEXT.encode("utf-16-be"), little=False)
    Image.new("RGB", (8, 8)).save(stream, "WEBP", exif=exif, xmp=b"<x:xmpmeta/>")
    places = {chunk.place for chunk in read_chunks(stream.getvalue())}
    assert places == {"EXIF UserComment", "WebP XMP"}
    assert read_picture(stream.getvalue()).recipe.seed == 5


def test_avif_with_exif_and_xmp():
    stream = io.BytesIO()
    exif = b"Exif\0\0" + exif_with_comment(b"UNICODE\0" + _TEXT.encode("utf-16-be"), little=False)
    Image.new("RGB", (16, 16)).save(stream, "AVIF", exif=exif, xmp=b"<x:xmpmeta/>")
    reading = read_picture(stream.getvalue())
    assert {chunk.place for chunk in reading.chunks} == {"EXIF UserComment", "HEIF XMP"}
    assert reading.recipe.seed == 5


def test_tiff_and_bmp():
    for kind, found in (("TIFF", 1), ("BMP", 0)):
        stream = io.BytesIO()
        Image.new("RGB", (4, 4)).save(stream, kind, **({"software": "GIMP"} if found else {}))
        assert len(read_chunks(stream.getvalue())) == found


def test_gif_comment():
    stream = io.BytesIO()
    Image.new("P", (4, 4)).save(stream, "GIF", comment=_TEXT.encode())
    assert read_picture(stream.getvalue()).recipe.model == "m"


def _with_hidden_text(text: str, *, bits: int | None = None, visible: str = "") -> bytes:
    """A 64x64 PNG with text in the lowest alpha bits, column by column, not packed."""
    raw = text.encode()
    payload = b"stealth_pnginfo" + struct.pack(">I", bits or len(raw) * 8) + raw
    picture = Image.new("RGBA", (64, 64), (1, 2, 3, 254))
    for place, bit in enumerate("".join(f"{byte:08b}" for byte in payload)):
        x, y = divmod(place, 64)
        picture.putpixel((x, y), (1, 2, 3, 254 | int(bit)))
    marks = PngImagePlugin.PngInfo()
    if visible:
        marks.add_text("parameters", visible)
    stream = io.BytesIO()
    picture.save(stream, "PNG", pnginfo=marks)
    return stream.getvalue()


def test_hidden_text_unpacked():
    assert read_picture(_with_hidden_text(_TEXT)).recipe.prompt == "a fox"


def test_hidden_text_of_impossible_length_is_said():
    reading = read_picture(_with_hidden_text(_TEXT, bits=2**31))
    assert reading.recipe == Recipe()
    assert "impossible length" in reading.remarks[0]


def test_text_and_hidden_text_that_disagree_are_reported():
    visible = _TEXT.replace("Seed: 5", "Seed: 7")
    reading = read_picture(_with_hidden_text(_TEXT, visible=visible))
    assert reading.recipe.seed == 7
    assert reading.contradictions == (
        'PNG tEXt "parameters" and stealth alpha "stealth_pnginfo" disagree about the seed: '
        "7 against 5.",
    )


def test_the_kept_form_names_each_chunk_and_is_the_same_each_time():
    content = png(png_chunk(b"tEXt", b"k\0v"), png_chunk(b"iTXt", b"b\0\0\0\0\0\xff"))
    kept = chunks_as_json(read_chunks(content))
    assert kept == [
        {"place": "PNG tEXt", "key": "k", "text": "v"},
        {"place": "PNG iTXt", "key": "b", "base64": base64.b64encode(b"\xff").decode()},
    ]
    assert json.dumps(kept) == json.dumps(chunks_as_json(read_chunks(content)))


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7", b"BMW"])
def test_what_is_no_picture_gets_one_sentence(content):
    with pytest.raises(PictureUnreadable) as caught:
        read_picture(content)
    assert caught.value.message.endswith(".")


_NO_PICTURES = {"pngsuite__xs1n0g01.png", "sd-parsers__empty_file.png"}
_MALFORMED = [path.name for path in samples_under("malformed")]


@pytest.mark.parametrize("name", _MALFORMED)
def test_malformed_files_give_an_empty_recipe_or_one_sentence(name):
    content = sample(f"malformed/{name}").read_bytes()
    if name in _NO_PICTURES:
        with pytest.raises(PictureUnreadable):
            read_picture(content)
    else:
        assert read_picture(content).recipe == Recipe()


def test_two_texts_of_one_key_that_disagree_are_reported():
    texts = [_TEXT, _TEXT.replace("Seed: 5", "Seed: 6")]
    content = png(*(png_chunk(b"tEXt", b"parameters\0" + text.encode()) for text in texts))
    reading = read_picture(content)
    assert reading.recipe.seed == 5
    assert "disagree about the seed: 5 against 6" in reading.contradictions[0]
