import io

import numpy as np
import pytest
from PIL import Image

from remarque.errors import UsageError
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode, thumbnail


@pytest.fixture
def noisy():
    return np.random.default_rng(3).integers(0, 256, (40, 60, 4), dtype=np.uint8)


def test_png_and_full_quality_webp_lose_nothing(noisy):
    assert np.array_equal(decode(encode(noisy, "image/png")).pixels, noisy)
    assert np.array_equal(decode(encode(noisy, "image/webp", quality=100)).pixels, noisy)


def test_jpeg_keeps_full_colour_resolution_from_quality_90(noisy):
    def layers(quality):
        with Image.open(io.BytesIO(encode(noisy, "image/jpeg", quality=quality))) as image:
            return [layer[1:3] for layer in image.layer]

    assert layers(90) == [(1, 1)] * 3
    assert layers(89)[0] == (2, 2)


def test_transparency_lies_on_white_in_a_jpeg():
    clear = np.zeros((16, 16, 4), np.uint8)
    assert decode(encode(clear, "image/jpeg")).pixels.min() > 250


def test_nothing_but_the_profile_is_written(noisy):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for media_type in ("image/png", "image/jpeg", "image/webp"):
        content = encode(noisy[..., :3], media_type, icc=profile)
        with Image.open(io.BytesIO(content)) as image:
            kept = set(image.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert "icc_profile" in kept
        assert kept <= {"icc_profile", "loop", "background", "timestamp", "duration"}


def test_other_formats_are_refused(noisy):
    with pytest.raises(UsageError, match="image/tiff"):
        encode(noisy, "image/tiff")


def test_a_side_too_long_for_the_format_is_one_sentence():
    with pytest.raises(UsageError, match="20000 x 1"):
        encode(np.zeros((1, 20_000, 3), np.uint8), "image/webp")


def test_thumbnails_are_small_and_keep_their_shape():
    pixels = decode(thumbnail(np.zeros((900, 1200, 3), np.uint8), 256)).pixels
    assert pixels.shape == (192, 256, 3)
    assert decode(thumbnail(np.zeros((30, 20, 4), np.uint8), 256)).pixels.shape == (30, 20, 3)
