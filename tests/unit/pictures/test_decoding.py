import io
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from remarque.errors import PictureTooLarge, PictureUnreadable
from remarque.pictures.decoding import Limits, decode, measure
from stand_ins.samples import sample, samples_under

MALFORMED = "malformed"


def written(image, **settings):
    out = io.BytesIO()
    image.save(out, **settings)
    return out.getvalue()


@pytest.fixture
def gradient():
    across = np.linspace(0, 255, 64).astype(np.uint8)
    return np.stack(
        [np.tile(across, (48, 1)), np.tile(across[::-1], (48, 1)), np.full((48, 64), 90)], 2
    ).astype(np.uint8)


@pytest.mark.parametrize(
    ("form", "media_type", "worst"),
    [
        ("PNG", "image/png", 0),
        ("BMP", "image/bmp", 0),
        ("TIFF", "image/tiff", 0),
        ("JPEG", "image/jpeg", 12),
        ("WEBP", "image/webp", 30),
        ("AVIF", "image/avif", 30),
    ],
)
def test_every_format_gives_its_pixels(gradient, form, media_type, worst):
    picture = decode(written(Image.fromarray(gradient), format=form))
    assert picture.media_type == media_type
    assert picture.pixels.shape == (48, 64, 3)
    assert picture.bit_depth == 8
    assert np.abs(picture.pixels.astype(int) - gradient).max() <= worst


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_pictures_come_upright(orientation, form):
    upright = Image.new("RGB", (80, 40), "white")
    upright.paste("red", (0, 0, 20, 20))
    back = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    stored = upright if back is None else upright.transpose(Image.Transpose(back))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(written(stored, format=form, exif=exif, quality=95))
    assert picture.pixels.shape == (40, 80, 3)
    corner = picture.pixels[5, 5].astype(int)
    assert corner[0] > 200
    assert corner[1] < 60


def test_16_bit_grey_is_scaled_not_clipped():
    deep = (np.arange(64 * 64).reshape(64, 64) * 16).astype(np.uint16)
    picture = decode(written(Image.fromarray(deep), format="PNG"))
    assert picture.bit_depth == 16
    assert picture.pixels[0, 0, 0] == 0
    assert picture.pixels[-1, -1, 0] == 255
    assert np.array_equal(picture.pixels[..., 1], deep >> 8)


def test_16_bit_tiff_is_scaled_not_clipped():
    deep = (np.arange(64 * 64).reshape(64, 64) * 16).astype(np.uint16)
    picture = decode(written(Image.fromarray(deep), format="TIFF"))
    assert picture.bit_depth == 16
    assert np.array_equal(picture.pixels[..., 1], deep >> 8)


def test_float_tiff_is_taken_as_0_to_1():
    picture = decode(written(Image.fromarray(np.full((4, 4), 0.5, np.float32)), format="TIFF"))
    assert picture.pixels[0, 0].tolist() == [128, 128, 128]


def test_palette_with_transparency_keeps_its_alpha():
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    image.putpixel((0, 0), 0)
    picture = decode(written(image, format="PNG", transparency=0))
    assert picture.pixels.shape == (8, 8, 4)
    assert picture.pixels[0, 0, 3] == 0
    assert picture.pixels[4, 4].tolist() == [200, 100, 50, 255]


def test_cmyk_jpeg_becomes_rgb():
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    pixels = decode(written(image, format="JPEG", quality=95)).pixels
    assert pixels.shape == (16, 16, 3)
    assert pixels[8, 8, 0] > 200
    assert pixels[8, 8, 1] < 60


def test_the_colour_profile_is_handed_on_only_while_it_fits():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.new("RGB", (8, 8))
    for form in ("PNG", "JPEG", "WEBP"):
        assert decode(written(image, format=form, icc_profile=profile)).icc == profile
    grey = profile[:16] + b"GRAY" + profile[20:]
    assert decode(written(Image.new("L", (8, 8)), format="PNG", icc_profile=grey)).icc is None


def test_an_animation_gives_its_first_frame_and_their_number():
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    for form in ("GIF", "PNG", "WEBP"):
        content = written(
            frames[0], format=form, save_all=True, append_images=frames[1:], duration=50
        )
        assert measure(content).frames == 3
        picture = decode(content)
        assert picture.frames == 3
        assert picture.pixels[8, 8, 0] > 200
        assert picture.pixels[8, 8, 1] < 60


def test_measuring_agrees_with_decoding_on_real_files():
    for path in samples_under("generators"):
        content = path.read_bytes()
        if path.suffix == ".json":
            continue
        found, picture = measure(content), decode(content)
        assert (found.height_px, found.width_px) == picture.pixels.shape[:2], path.name


@pytest.mark.parametrize(
    "name", [path.name for path in samples_under(MALFORMED)] or ["no samples here"]
)
def test_broken_files_give_pixels_or_one_sentence(name):
    content = sample(f"{MALFORMED}/{name}").read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = outcome(content)
    assert said == "pixels" or (len(said) > 20 and "\n" not in said)


def outcome(content):
    try:
        return "pixels" if decode(content).pixels.ndim == 3 else ""
    except (PictureUnreadable, PictureTooLarge) as error:
        return error.message


@pytest.mark.parametrize("name", ["pillow__truncated_image.png", "pillow__truncated_jpeg.jpg"])
def test_a_cut_file_is_called_truncated(name):
    with pytest.raises(PictureUnreadable, match="truncated"):
        decode(sample(f"{MALFORMED}/{name}").read_bytes())


def test_text_bombs_do_not_hide_fine_pixels():
    content = sample(f"{MALFORMED}/pillow__png_decompression_dos.png").read_bytes()
    assert decode(content).pixels.shape == (1, 1, 3)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_cut_anywhere_a_file_never_breaks_out(gradient, form):
    content = written(Image.fromarray(gradient), format=form)
    for end in range(0, len(content), max(1, len(content) // 40)):
        try:
            decode(content[:end])
        except PictureUnreadable:
            continue


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_flipped_bytes_never_break_out(gradient, form):
    content = bytearray(written(Image.fromarray(gradient), format=form))
    numbers = np.random.default_rng(7)
    for _ in range(60):
        damaged = bytearray(content)
        for at in numbers.integers(0, len(content), 4):
            damaged[at] ^= 1 << int(numbers.integers(0, 8))
        try:
            decode(bytes(damaged))
        except (PictureUnreadable, PictureTooLarge):
            continue


def test_limits_hold_before_anything_is_decoded(gradient):
    content = written(Image.fromarray(gradient), format="PNG")
    with pytest.raises(PictureTooLarge, match="64 x 48"):
        decode(content, limits=Limits(pixels=1000))
    with pytest.raises(PictureTooLarge, match="bytes"):
        measure(content, limits=Limits(bytes=10))


def test_a_header_that_asks_for_gigapixels_is_refused():
    huge = bytearray(written(Image.new("L", (8, 8)), format="PNG"))
    huge[16:24] = (200_000).to_bytes(4, "big") * 2
    with pytest.raises(PictureTooLarge):
        decode(bytes(huge))


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"%PDF-1.7 ...", b"<svg/>", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_picture_is_said_to_be_none(content):
    with pytest.raises(PictureUnreadable):
        measure(content)


def test_many_threads_may_decode_at_once(gradient):
    contents = [written(Image.fromarray(gradient), format=form) for form in ("PNG", "TIFF", "GIF")]
    with ThreadPoolExecutor(4) as pool:
        shapes = set(pool.map(lambda content: decode(content).pixels.shape, contents * 30))
    assert shapes == {(48, 64, 3)}


def test_a_very_high_picture_is_whole():
    rows = np.arange(5000, dtype=np.uint8)[:, None, None]
    tall = np.ascontiguousarray(np.broadcast_to(rows, (5000, 7, 3)))
    assert np.array_equal(decode(written(Image.fromarray(tall), format="PNG")).pixels, tall)
