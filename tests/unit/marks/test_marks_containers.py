import io
import re
import subprocess
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from remarque.errors import MarkError, PictureUnreadable
from remarque.marks.containers import jpeg, png, webp
from remarque.marks.containers.surgery import (
    insert_exif,
    insert_xmp,
    media_type_of,
    read_metadata,
    strip_metadata,
)
from remarque.marks.exif import ExifFields, build_exif, parse_exif
from remarque.marks.xmp import XmpFields, build_xmp, parse_xmp
from remarque.pictures.decoding import decode
from stand_ins.samples import sample

REAL = [
    ("generators/forge/forge.png", "image/png", b"Steps: "),
    ("generators/comfyui/sdxlturbo_example.png", "image/png", b"class_type"),
    ("generators/automatic1111/text_after_idat.png", "image/png", b"Steps: "),
    ("generators/forge/forge-neo.jpeg", "image/jpeg", "Steps: ".encode("utf-16-be")),
    ("generators/swarmui/model-sd15.jpg", "image/jpeg", "sui_image".encode("utf-16-le")),
    ("generators/forge/forge-classic-hires.webp", "image/webp", "Steps: ".encode("utf-16-be")),
    ("generators/comfyui/mochi_simple_checkpoint.webp", "image/webp", b"class_type"),
    ("c2pa/c2pa-rs/CA.jpg", "image/jpeg", b"c2pa"),
]
FIELDS = ExifFields(artist="李某", copyright="© 2026 李某", software="Remarque 0.1")


def coded_pixels(content: bytes) -> bytes:
    """The compressed pixels as they stand in the file."""
    if content.startswith(b"\x89PNG"):
        found, at = b"", 8
        while at < len(content):
            length = int.from_bytes(content[at : at + 4], "big")
            if content[at + 4 : at + 8] == b"IDAT":
                found += content[at + 8 : at + 8 + length]
            at += 12 + length
        return found
    if content.startswith(b"RIFF"):
        at = re.search(rb"VP8[ L]", content).start()
        return content[at : at + 8 + int.from_bytes(content[at + 4 : at + 8], "little")]
    return content[content.rindex(b"\xff\xda") : content.rindex(b"\xff\xd9")]


def written(image: Image.Image, kind: str, **settings: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def picture(mode: str = "RGB") -> Image.Image:
    ramp = np.linspace(0, 255, 48 * 32 * len(mode)).astype(np.uint8)
    return Image.fromarray(ramp.reshape(32, 48, len(mode)))


FILES = {
    "image/png": written(picture(), "PNG"),
    "image/jpeg": written(picture(), "JPEG"),
    "image/webp": written(picture(), "WEBP"),
}


@pytest.mark.parametrize(("path", "media_type", "prompt"), REAL)
def test_the_prompt_goes_and_the_coded_pixels_stay(path, media_type, prompt):
    source = sample(path).read_bytes()
    assert prompt in source or media_type == "image/png"  # PNG texts may be compressed

    packet = build_xmp(XmpFields(creators=("李某",)))
    stripped = strip_metadata(source, media_type)
    copy = insert_xmp(insert_exif(stripped, media_type, FIELDS), media_type, packet)

    assert media_type_of(copy) == media_type
    assert coded_pixels(copy) == coded_pixels(source)
    np.testing.assert_array_equal(decode(copy).pixels, decode(source).pixels)
    assert prompt not in copy
    metadata = read_metadata(copy)
    assert [parse_xmp(found).creators for found in metadata.xmp] == [("李某",)]
    assert read_metadata(stripped).texts == ()
    assert read_metadata(stripped).exif is None


@pytest.mark.parametrize("media_type", FILES)
def test_inserting_twice_replaces(media_type):
    once = insert_xmp(FILES[media_type], media_type, build_xmp(XmpFields(rights="old")))
    once = insert_exif(once, media_type, ExifFields(artist="old", orientation=6))
    packet = build_xmp(XmpFields(rights="new"))
    twice = insert_exif(insert_xmp(once, media_type, packet), media_type, FIELDS)

    metadata = read_metadata(twice)
    assert metadata.xmp == (packet,)
    assert b"old" not in twice
    if media_type == "image/png":
        assert {piece.key: piece.text for piece in metadata.texts} == {
            "Author": "李某",
            "Copyright": "© 2026 李某",
            "Software": "Remarque 0.1",
        }
    else:
        assert parse_exif(metadata.exif).texts["Artist"] == "李某"


def test_a_text_after_the_pixels_is_replaced_too():
    source = sample("generators/automatic1111/text_after_idat.png").read_bytes()
    copy = png.insert_texts(source, {"parameters": "mine"})
    found = [piece.text for piece in read_metadata(copy).texts if piece.key == "parameters"]
    assert found == ["mine"]


@pytest.mark.parametrize("media_type", FILES)
def test_pillow_reads_what_was_inserted(media_type):
    copy = insert_exif(FILES[media_type], media_type, FIELDS)
    copy = insert_xmp(copy, media_type, build_xmp(XmpFields(rights="© 李")))
    with Image.open(io.BytesIO(copy)) as image:
        image.load()
        assert "© 李" in str(image.getxmp())
        if media_type != "image/png":
            assert image.getexif()[0x0131] == "Remarque 0.1"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_colour_profile_and_the_resolution_stay(kind):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = written(picture(), kind, icc_profile=profile, dpi=(300, 300))
    copy = strip_metadata(source, f"image/{kind.lower()}")
    with Image.open(io.BytesIO(copy)) as image:
        assert image.info["icc_profile"] == profile
        if kind != "WEBP":
            assert image.info["dpi"][0] == pytest.approx(300, abs=0.1)


def test_an_adobe_cmyk_jpeg_still_looks_the_same():
    source = written(picture("RGBA").convert("CMYK"), "JPEG", comment=b"my secret")
    copy = strip_metadata(source, "image/jpeg")
    assert b"Adobe" in copy
    assert b"secret" not in copy
    np.testing.assert_array_equal(decode(copy).pixels, decode(source).pixels)


def test_a_progressive_jpeg_with_comments_between_scans_survives():
    source = written(picture(), "JPEG", progressive=True)
    scan = source.rindex(b"\xff\xda")
    source = source[:scan] + b"\xff\xfe\x00\x08secret" + source[scan:]
    copy = strip_metadata(source, "image/jpeg")
    assert b"secret" not in copy
    np.testing.assert_array_equal(decode(copy).pixels, decode(source).pixels)


def test_a_thumbnail_in_jfif_and_bytes_after_the_end_are_dropped():
    source = FILES["image/jpeg"]
    at = source.index(b"JFIF\x00")
    size = int.from_bytes(source[at - 2 : at], "big")
    header = source[at : at + 12] + b"\x01\x01" + b"\xaa\xbb\xcc"
    source = source[: at - 2] + b"\x00\x13" + header + source[at - 2 + size :] + b"hidden tail"
    copy = strip_metadata(source, "image/jpeg")
    assert b"\xaa\xbb\xcc" not in copy
    assert copy.endswith(b"\xff\xd9")
    np.testing.assert_array_equal(decode(copy).pixels, decode(FILES["image/jpeg"]).pixels)


@pytest.mark.parametrize("settings", [{"lossless": True}, {"quality": 80}])
def test_a_simple_webp_becomes_an_extended_one_that_keeps_its_transparency(settings):
    image = picture("RGBA")
    source = written(image, "WEBP", **settings)
    copy = insert_xmp(source, "image/webp", build_xmp(XmpFields(rights="mine")))
    assert copy[12:16] == b"VP8X"
    assert copy[20] & 0x10  # alpha
    assert copy[20] & 0x04  # XMP
    assert webp.is_lossless(copy) == settings.get("lossless", False)
    np.testing.assert_array_equal(decode(copy).pixels, decode(source).pixels)


def test_a_packet_too_long_for_a_jpeg_is_refused_with_a_way_out():
    with pytest.raises(MarkError, match="at most") as refused:
        insert_xmp(FILES["image/jpeg"], "image/jpeg", b"x" * 70_000)
    assert "PNG" in refused.value.hint
    assert insert_xmp(FILES["image/png"], "image/png", b"x" * 70_000)


def test_other_formats_are_refused_in_a_sentence():
    with pytest.raises(MarkError, match="image/gif"):
        strip_metadata(written(picture().convert("P"), "GIF"), "image/gif")
    with pytest.raises(PictureUnreadable, match="not a picture"):
        media_type_of(b"%PDF-1.7")


@pytest.mark.parametrize("media_type", FILES)
def test_a_file_cut_anywhere_is_read_or_refused(media_type):
    whole = insert_exif(FILES[media_type], media_type, FIELDS)
    whole = insert_xmp(whole, media_type, build_xmp(XmpFields(rights="mine")))
    for length in range(16, len(whole) - 1, max(1, len(whole) // 150)):
        read_metadata(whole[:length])
        with pytest.raises(PictureUnreadable):
            strip_metadata(whole[:length], media_type)


@pytest.mark.parametrize("media_type", FILES)
def test_a_file_with_any_byte_changed_is_read_without_a_traceback(media_type):
    whole = bytearray(insert_exif(FILES[media_type], media_type, FIELDS))
    for at in range(12, len(whole), max(1, len(whole) // 200)):
        changed = bytes(whole[:at]) + bytes([whole[at] ^ 0xFF]) + bytes(whole[at + 1 :])
        read_metadata(changed)
        parse_exif(read_metadata(changed).exif or b"")
        with suppress(PictureUnreadable):
            strip_metadata(changed, media_type)


def test_text_that_is_a_bomb_is_read_up_to_a_limit():
    body = b"big\x00\x00" + zlib.compress(b"A" * 60_000_000)
    chunk = len(body).to_bytes(4, "big") + b"zTXt" + body + zlib.crc32(b"zTXt" + body).to_bytes(4)
    bomb = FILES["image/png"][:33] + chunk * 3 + FILES["image/png"][33:]
    assert max(len(piece.text) for piece in read_metadata(bomb).texts) == 1 << 20


@given(st.text(max_size=60), st.text(max_size=60), st.integers(1, 8))
def test_exif_gives_back_what_was_written(artist, rights, orientation):
    artist, rights = (text.rstrip("\x00") for text in (artist, rights))
    found = parse_exif(
        build_exif(ExifFields(artist=artist, copyright=rights, orientation=orientation))
    )
    assert found.orientation == orientation
    assert found.texts.get("Artist", "") == artist
    assert found.texts.get("Copyright", "") == rights


@given(st.binary(max_size=200))
def test_no_exif_is_too_strange_to_read(noise):
    for order in (b"II*\x00", b"MM\x00*"):
        parse_exif(order + noise)
        parse_exif(order + b"\x08\x00\x00\x00" + noise)


def test_directories_that_point_at_each_other_end():
    loop = b"II*\x00\x08\x00\x00\x00\x01\x00\x69\x87\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00"
    assert parse_exif(loop).texts == {}


def test_a_second_reader_finds_the_author_and_no_camera(tmp_path, exiftool):
    for media_type, content in FILES.items():
        path = tmp_path / ("copy." + media_type.removeprefix("image/"))
        path.write_bytes(insert_exif(content, media_type, FIELDS))
        said = subprocess.run(
            [exiftool, "-s", "-s", str(path)], capture_output=True, text=True, check=True
        ).stdout
        assert "李某" in said
        assert "Remarque 0.1" in said
        assert not re.search(r"^(Make|Model|LensModel|ExposureTime|GPS\w*|SerialNumber):", said)


def test_jpeg_reading_stops_at_the_pixels():
    assert jpeg.read(FILES["image/jpeg"] + b"\xff\xfe\x00\x06tail").texts == ()
