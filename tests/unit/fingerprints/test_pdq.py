import numpy as np
import pdqhash
import pytest

from remarque.errors import MetadataMalformed
from remarque.fingerprints.pdq import (
    ORIENTATIONS,
    Fingerprint,
    distance,
    nearest,
    pack,
    pdq,
    pdq_all_ways,
    tabulate,
    turn,
    unpack,
)
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.pictures.scaling import on_ground, resize
from stand_ins.samples import sample, samples_under

VECTOR = "bbd5242ee9724a80452b917e3fd5be916923646b636f4ed44adcca94ca93c684"


def drawn(width=300, height=200):
    """Whole-number shapes without symmetry, so that no frequency is zero by accident."""
    rows, columns = np.mgrid[0:height, 0:width]
    across, down = columns * 300 // width, rows * 200 // height
    near = (across - 83) ** 2 + (down - 61) ** 2
    far = (across - 217) ** 2 + (down - 148) ** 2
    planes = [near // 150, (across * 3 + down * down // 31) % 256, 255 - far // 130]
    drawing = np.stack(planes, axis=2).clip(0, 255).astype(np.uint8)
    drawing[near < 900] = (240, 30, 60)
    drawing[(across > 150) & (across - down < 40)] = (20, 90, 160)
    return drawing


def oracle(pixels):
    bits, quality = pdqhash.compute(np.ascontiguousarray(on_ground(pixels)))
    return Fingerprint(np.packbits(bits).tobytes(), quality)


def test_every_photo_has_the_reference_s_fingerprint():
    paths = samples_under("photos")
    if not paths:
        pytest.skip("the shared photos are not beside this checkout")
    for path in paths[::3]:
        pixels = decode(path.read_bytes()).pixels
        ours, theirs = pdq(pixels), oracle(pixels)
        assert distance(ours, theirs) <= 2, path.name
        assert abs(ours.quality - theirs.quality) <= 1, path.name


@pytest.mark.parametrize("size", [(300, 200), (64, 64), (65, 513), (1030, 700), (40, 30)])
def test_sizes_with_odd_windows_agree_with_the_reference(size):
    pixels = drawn(*size)
    assert distance(pdq(pixels), oracle(pixels)) <= 2


def test_the_published_vector_never_changes():
    found = pdq(drawn())
    assert found.bits.hex() == VECTOR
    assert found.quality == 100


@pytest.mark.parametrize("orientation", range(ORIENTATIONS))
def test_a_turned_picture_has_the_fingerprint_that_was_foretold(orientation):
    pixels = decode(sample("photos/skimage_coffee.png").read_bytes()).pixels
    foretold = pdq_all_ways(pixels)[orientation]
    assert distance(foretold, pdq(turn(pixels, orientation))) <= 16


def test_a_recompressed_small_copy_is_near_and_another_picture_is_not():
    coffee = decode(sample("photos/skimage_coffee.png").read_bytes()).pixels
    path = decode(sample("photos/plasma_path.jpg").read_bytes()).pixels
    copy = decode(encode(resize(coffee, 240, 160), "image/jpeg", quality=30)).pixels
    assert distance(pdq(copy), pdq(coffee)) <= 31
    assert distance(pdq(path), pdq(coffee)) > 90


def test_the_nearest_row_comes_first_with_its_orientation():
    coffee = decode(sample("photos/skimage_coffee.png").read_bytes()).pixels
    others = [np.roll(drawn(), shift, axis=1) for shift in (0, 40, 80)]
    table = tabulate([pdq(other) for other in others] + [pdq(coffee)])
    ranked = nearest(pdq_all_ways(turn(coffee, 5)), table)
    assert ranked[0].index == 3
    assert ranked[0].distance <= 16
    assert np.array_equal(turn(turn(coffee, 5), ranked[0].orientation), coffee)
    assert len(ranked) == 4
    assert nearest(pdq_all_ways(coffee), tabulate([])) == []


def test_a_flat_picture_has_no_quality():
    assert pdq(np.full((100, 100, 3), 77, np.uint8)).quality == 0


def test_stored_bytes_come_back():
    fingerprint = pdq(drawn())
    assert unpack(pack(fingerprint)) == fingerprint
    with pytest.raises(MetadataMalformed, match="33 bytes"):
        unpack(b"short")


def test_very_large_pictures_are_taken_in_strips():
    large = np.repeat(np.repeat(drawn(), 7, axis=0), 7, axis=1)
    assert distance(pdq(large), pdq(drawn())) <= 8
