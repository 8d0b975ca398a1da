import io
import json
import re
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageCms

from remarque.errors import (
    CredentialsRejected,
    MarkError,
    MarkNotReadable,
    PictureUnreadable,
    RemarqueError,
)
from remarque.marks import composing
from remarque.marks.aigc import parse_label
from remarque.marks.composing import apply_marks
from remarque.marks.containers.surgery import read_metadata
from remarque.marks.credentials.found import Anchors
from remarque.marks.credentials.reading import read_credentials
from remarque.marks.hidden import find_hidden_text
from remarque.marks.reading import read_marks
from remarque.marks.visible import VisibleMark
from remarque.marks.wishes import AiLabelWish, AiUse, MarkWishes
from remarque.marks.xmp import TRAINED, parse_xmp
from remarque.model.marks import MarkKind, MarkState
from remarque.pictures.decoding import decode
from stand_ins.samples import sample, samples_under

VISIBLE = VisibleMark("(c) Li 2026")
REAL = [
    "generators/comfyui/sdxlturbo_example.png",
    "generators/forge/forge-neo.jpeg",
    "generators/forge/forge-classic-hires.webp",
    "generators/comfyui/mochi_simple_checkpoint.webp",
    "photos/plasma_kokkini.jpg",
]
PROMPT_SIGNS = [b"Steps: ", b"class_type", b"sampler", b"stealth", b"sd-metadata", b"workflow"]


def written(kind: str, mode: str = "RGB", **settings: object) -> bytes:
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(0, 256, (12, 16, len(mode)), dtype=np.uint8))
    file = io.BytesIO()
    small.resize((320, 240), Image.Resampling.BICUBIC).save(file, kind, **settings)
    return file.getvalue()


def kinds_of(copy) -> dict[MarkKind, MarkState]:
    return {mark.kind: mark.state for mark in copy.marks}


@pytest.mark.parametrize("path", REAL)
def test_a_signed_copy_carries_everything_and_not_one_pixel_changed(path, wishes, credentials):
    source = sample(path).read_bytes()
    copy = apply_marks(source, replace(wishes, credentials=credentials))
    np.testing.assert_array_equal(decode(copy.content).pixels, decode(source).pixels)
    plain = MarkKind.TEXT if copy.media_type == "image/png" else MarkKind.EXIF
    assert kinds_of(copy) == {
        plain: MarkState.PRESENT,
        MarkKind.XMP: MarkState.PRESENT,
        MarkKind.AIGC: MarkState.PRESENT,
        MarkKind.C2PA: MarkState.TRUSTED,
        MarkKind.IDENTITY: MarkState.TRUSTED,
    }
    assert [sign for sign in PROMPT_SIGNS if sign in copy.content] == []
    metadata = read_metadata(copy.content)
    fields = parse_xmp(metadata.xmp[0])
    assert fields.creators == ("李某",)
    assert fields.digital_source_type == TRAINED
    assert (fields.ai_system, fields.ai_system_version) == ("Forge", "f2.0.1")
    assert (fields.work, fields.commitment) == (wishes.work, wishes.commitment)
    assert fields.prompt == ""
    label = parse_label(fields.aigc)
    assert (label.label, label.producer_name) == ("1", "李某")
    assert label.reserved_code_1 == wishes.commitment
    assert any("company code" in warning for warning in copy.warnings)


@pytest.mark.parametrize("path", REAL)
def test_a_copy_with_visible_marks_shows_both_of_them(path, wishes, credentials):
    source = sample(path).read_bytes()
    copy = apply_marks(
        source, replace(wishes, visible=VISIBLE, ai_label=AiLabelWish(), credentials=credentials)
    )
    kinds = kinds_of(copy)
    assert list(kinds)[:2] == [MarkKind.VISIBLE, MarkKind.AI_LABEL]
    assert kinds[MarkKind.C2PA] is MarkState.TRUSTED
    clean, seen = decode(source).pixels, decode(copy.content).pixels
    assert (copy.width_px, copy.height_px) == (seen.shape[1], seen.shape[0])
    for region, layer in (
        (copy.mark_region, copy.mark_layer),
        (copy.label_region, copy.label_layer),
    ):
        assert Image.open(io.BytesIO(layer)).size == (region.width, region.height)
    assert copy.mark_region.left > copy.label_region.left + copy.label_region.width
    above = min(copy.mark_region.top, copy.label_region.top) - 16
    elsewhere = np.abs(seen[:above, :, :3].astype(int) - clean[:above, :, :3])
    assert elsewhere.mean() < 4
    if path.endswith(".png"):
        assert elsewhere.max() == 0
    found = read_credentials(copy.content, copy.media_type)
    assert found.actions == ("c2pa.created", "c2pa.edited", "c2pa.edited")


def test_no_generator_file_leaks_its_words_into_the_copy(wishes):
    for path in samples_under("generators"):
        source = path.read_bytes()
        copy = apply_marks(source, wishes)
        marks = read_marks(copy.content)
        assert not [mark for mark in marks if "generation text" in mark.detail], path.name
        assert [sign for sign in PROMPT_SIGNS if sign in copy.content] == [], path.name
        assert kinds_of(copy)[MarkKind.C2PA] is MarkState.ABSENT


@pytest.mark.parametrize(
    "path", ["generators/forge/forge.png", "generators/automatic1111/automatic1111_stealth.png"]
)
def test_a_prompt_hidden_in_the_pixels_is_taken_out_and_said(path, wishes):
    source = sample(path).read_bytes()
    before = decode(source).pixels
    assert find_hidden_text(before).name == "stealth_pngcomp"
    copy = apply_marks(source, wishes)
    after = decode(copy.content).pixels
    assert find_hidden_text(after) is None
    assert np.abs(before.astype(int) - after).max() <= 1
    assert any("hidden" in warning for warning in copy.warnings)


def test_text_hidden_in_the_colours_is_found_too(wishes):
    pixels = np.full((64, 64, 3), 128, np.uint8)
    body = b"stealth_rgbinfo" + (40).to_bytes(4, "big") + b"hello"
    bits = np.unpackbits(np.frombuffer(body, np.uint8))
    columns = pixels.transpose(1, 0, 2).reshape(-1)
    columns[: bits.size] |= bits
    pixels = columns.reshape(64, 64, 3).transpose(1, 0, 2)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG")
    copy = apply_marks(file.getvalue(), wishes)
    assert any("colours" in warning for warning in copy.warnings)
    assert find_hidden_text(decode(copy.content).pixels) is None


def test_the_prompt_is_published_only_when_the_author_says_so(wishes, credentials):
    said = replace(wishes, ai=replace(wishes.ai, prompt="a cat <3"), credentials=credentials)
    copy = apply_marks(written("PNG"), said)
    assert parse_xmp(read_metadata(copy.content).xmp[0]).prompt == "a cat <3"
    found = read_credentials(copy.content, copy.media_type)
    assert found.metadata["Iptc4xmpExt:AIPromptInformation"] == "a cat <3"


@pytest.mark.parametrize("orientation", [3, 6, 8])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_turned_picture_still_stands_upright(kind, orientation, wishes):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera maker"
    source = written(kind, exif=exif)
    for wish in (wishes, replace(wishes, visible=VISIBLE)):
        copy = apply_marks(source, wish)
        seen, upright = decode(copy.content).pixels, decode(source).pixels
        assert seen.shape == upright.shape
        assert np.abs(seen.astype(int) - upright)[: seen.shape[0] // 2].mean() < 4
        assert b"Camera maker" not in copy.content


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("is_visible", [True, False])
def test_the_colour_profile_stays(kind, is_visible, wishes):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = written(kind, icc_profile=profile)
    copy = apply_marks(source, replace(wishes, visible=VISIBLE if is_visible else None))
    assert decode(copy.content).icc == profile


def test_transparency_stays_where_the_format_has_it(wishes):
    wish = replace(wishes, visible=VISIBLE)
    source = written("PNG", "RGBA")
    for media_type in ("image/png", "image/webp"):
        copy = apply_marks(source, replace(wish, media_type=media_type))
        after, before = decode(copy.content).pixels, decode(source).pixels
        np.testing.assert_array_equal(after[:150, :, 3], before[:150, :, 3])
    flat = apply_marks(source, replace(wish, media_type="image/jpeg"))
    assert any("white" in warning for warning in flat.warnings)


@pytest.mark.parametrize(
    ("kind", "suffix"), [("GIF", "gif"), ("TIFF", "tiff"), ("BMP", "bmp"), ("AVIF", "avif")]
)
def test_other_formats_become_png_and_that_is_said(kind, suffix, wishes):
    source = written(kind)
    copy = apply_marks(source, wishes)
    assert copy.media_type == "image/png"
    assert any(suffix in warning for warning in copy.warnings)
    np.testing.assert_array_equal(decode(copy.content).pixels, decode(source).pixels)


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg", "image/webp"])
def test_any_of_the_three_formats_can_be_asked_for(media_type, wishes, credentials):
    wish = replace(wishes, media_type=media_type, credentials=credentials)
    copy = apply_marks(written("PNG"), wish)
    assert copy.media_type == media_type
    actions = read_credentials(copy.content, media_type).actions
    assert len(actions) == (1 if media_type == "image/png" else 2)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("media_type", ["image/png", "image/webp"])
def test_lossless_stays_lossless(mode, media_type, wishes):
    wish = replace(wishes, visible=VISIBLE, media_type=media_type)
    for source in (written("PNG", mode), written("WEBP", mode, lossless=True)):
        copy = apply_marks(source, wish)
        above = copy.mark_region.top
        np.testing.assert_array_equal(
            decode(copy.content).pixels[:above], decode(source).pixels[:above]
        )


def test_an_alpha_channel_that_is_opaque_everywhere_may_go(wishes):
    file = io.BytesIO()
    Image.new("RGBA", (160, 160), (90, 10, 200, 255)).save(file, "PNG")
    wish = replace(wishes, visible=VisibleMark("Li"), media_type="image/webp")
    assert apply_marks(file.getvalue(), wish).media_type == "image/webp"


def test_sixteen_bits_stay_unless_something_is_drawn_and_then_it_is_said(wishes):
    file = io.BytesIO()
    ramp = np.linspace(0, 65535, 200 * 200).astype(np.uint16).reshape(200, 200)
    Image.fromarray(ramp).save(file, "PNG")
    assert decode(apply_marks(file.getvalue(), wishes).content).bit_depth == 16
    drawn = apply_marks(file.getvalue(), replace(wishes, visible=VisibleMark("Li")))
    assert any("16" in warning for warning in drawn.warnings)


def test_an_animation_is_kept_unless_something_is_drawn(wishes):
    frames = [Image.new("RGB", (160, 160), (shade, 0, 0)) for shade in (0, 120, 240)]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert decode(apply_marks(file.getvalue(), wishes).content).frames == 3
    drawn = apply_marks(file.getvalue(), replace(wishes, visible=VisibleMark("Li")))
    assert any("3 frames" in warning for warning in drawn.warnings)


def test_somebodys_credentials_are_kept_or_the_copy_is_refused(wishes, credentials):
    source = sample("c2pa/adobe_firefly/firefly-1.jpg").read_bytes()
    with pytest.raises(MarkError, match="cai-prod") as refused:
        apply_marks(source, wishes)
    assert "ingredient" in refused.value.hint
    for wish in (wishes, replace(wishes, visible=VISIBLE)):
        copy = apply_marks(source, replace(wish, credentials=credentials))
        found = read_credentials(copy.content, copy.media_type)
        assert found.actions[0] == "c2pa.opened"
        assert found.ingredients[0].has_credentials


def test_broken_credentials_are_kept_with_a_warning_never_laundered(wishes, credentials):
    source = sample("c2pa/c2pa-rs/XCA.jpg").read_bytes()
    with pytest.raises(MarkError):
        apply_marks(source, wishes)
    copy = apply_marks(source, replace(wishes, credentials=credentials))
    assert any("do not check out" in warning for warning in copy.warnings)
    found = read_credentials(copy.content, copy.media_type)
    assert "assertion.dataHash.mismatch" in found.ingredients[0].failures


def test_credentials_that_cannot_be_parsed_stop_the_publication(wishes, credentials):
    source = sample("c2pa/c2pa-rs/no_alg.jpg").read_bytes()
    with pytest.raises(CredentialsRejected, match="cannot be parsed"):
        apply_marks(source, replace(wishes, credentials=credentials))


def test_a_copy_of_a_copy_keeps_the_first_one(wishes, credentials, author):
    first = apply_marks(written("PNG"), replace(wishes, credentials=credentials))
    second = apply_marks(first.content, replace(wishes, work="w-2", credentials=credentials))
    found = read_credentials(second.content, "image/png", Anchors(own_root=author.root))
    assert found.own
    assert found.record["work"] == "w-2"
    assert found.ingredients[0].has_credentials
    assert len(read_metadata(second.content).xmp) == 1


def test_an_authority_out_of_reach_is_a_warning(wishes, credentials):
    wish = replace(wishes, credentials=replace(credentials, tsa_url="http://127.0.0.1:9/"))
    copy = apply_marks(written("PNG"), wish)
    assert copy.credentials_timestamp == ""
    assert any("127.0.0.1:9" in warning for warning in copy.warnings)


@pytest.mark.parametrize("step", ["insert_xmp", "insert_exif", "build_xmp"])
def test_a_mark_that_did_not_get_in_stops_the_publication(step, wishes, monkeypatch):
    broken = {
        "insert_xmp": lambda content, *_: content,
        "insert_exif": lambda content, *_: content,
        "build_xmp": lambda _fields: b"<x/>",
    }
    monkeypatch.setattr(composing, step, broken[step])
    with pytest.raises(MarkNotReadable, match="could not be read back"):
        apply_marks(written("JPEG"), wishes)


def test_a_visible_mark_nobody_can_see_stops_the_publication(wishes):
    white = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(white, "PNG")
    logo = io.BytesIO()
    Image.new("RGBA", (50, 50), (255, 255, 255, 255)).save(logo, "PNG")
    with pytest.raises(MarkNotReadable, match="cannot be told from the ground"):
        apply_marks(white.getvalue(), replace(wishes, visible=VisibleMark(picture=logo.getvalue())))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"author": "  "}, "author's name"),
        ({"author": "Li\x00"}, "U\\+0000"),
        ({"title": "a\ud800"}, "U\\+D800"),
        ({"media_type": "image/gif"}, "image/gif"),
        ({"ai": AiUse(prompt="x" * 70_000)}, "bytes"),
    ],
)
def test_wishes_that_cannot_be_fulfilled_say_why(change, said, wishes):
    with pytest.raises(MarkError, match=said):
        apply_marks(written("JPEG"), replace(wishes, **change))


def test_the_shortest_wish_is_an_author_and_a_work():
    copy = apply_marks(written("PNG"), MarkWishes("Li", "w-1", "sha256:00", aigc=False))
    assert kinds_of(copy)[MarkKind.AIGC] is MarkState.ABSENT
    assert copy.warnings == ()


@pytest.mark.parametrize("path", samples_under("malformed"), ids=lambda path: path.name)
def test_a_broken_file_is_published_whole_or_refused_in_a_sentence(path, wishes, credentials):
    for wish in (wishes, replace(wishes, visible=VisibleMark("Li"), credentials=credentials)):
        try:
            copy = apply_marks(path.read_bytes(), wish)
        except RemarqueError as error:
            refused = error.message
        else:
            assert decode(copy.content).pixels.size
            continue
        assert refused[0].islower()
        assert "\n" not in refused


def test_what_is_no_picture_is_refused(wishes):
    with pytest.raises(PictureUnreadable):
        apply_marks(b"not a picture", wishes)


@pytest.mark.parametrize("path", REAL[:3])
def test_a_second_reader_agrees_and_sees_no_camera(path, wishes, credentials, tmp_path, exiftool):
    copy = apply_marks(sample(path).read_bytes(), replace(wishes, credentials=credentials))
    file = tmp_path / ("copy." + copy.media_type.removeprefix("image/"))
    file.write_bytes(copy.content)
    done = subprocess.run([exiftool, "-j", "-G1", str(file)], capture_output=True, check=True)
    said = json.loads(done.stdout)[0]
    assert "ExifTool:Warning" not in said
    assert said["XMP-dc:Creator"] == "李某"
    assert said["XMP-dc:Rights"] == "© 2026 李某"
    assert said["XMP-iptcExt:DigitalSourceType"] == TRAINED
    assert said["XMP-iptcExt:AISystemUsed"] == "Forge"
    assert json.loads(said["XMP-TC260:Aigc"])["Label"] == "1"
    camera = re.compile(r"(Make|Model|Lens|Exposure|ISO|GPS|Serial|FNumber|DateTime|UserComment)")
    own_groups = ("ExifTool", "System", "File", "JUMBF", "Composite", "ICC")
    tags = [tag for tag in said if not tag.startswith(own_groups) and camera.search(tag)]
    assert tags == []
    assert said.get("IFD0:Artist", said.get("PNG:Author")) == "李某"
