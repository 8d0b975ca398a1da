import cv2
import numpy as np
import pytest

from remarque.pictures.aligning import align
from remarque.pictures.comparing import compare, difference_picture
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.pictures.scaling import grey, resize
from stand_ins.samples import sample


@pytest.fixture(scope="module")
def coffee():
    return decode(sample("photos/skimage_coffee.png").read_bytes()).pixels


def recompressed(pixels, quality=70):
    return decode(encode(np.ascontiguousarray(pixels), "image/jpeg", quality=quality)).pixels


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p,
        lambda p: resize(p, 300, 200),
        lambda p: np.repeat(grey(p)[..., None], 3, axis=2),
        lambda p: cv2.GaussianBlur(p, (0, 0), 1.5),
        lambda p: cv2.convertScaleAbs(p, alpha=1.15, beta=-12),
        lambda p: p[:, ::-1],
    ],
)
def test_what_recompressing_explains_is_not_called_changed(coffee, change):
    copy = recompressed(change(coffee))
    comparison = compare(copy, coffee, align(copy, coffee))
    assert comparison.changed_share < 0.015
    assert comparison.seen.mean() > 0.98


def test_what_was_painted_in_is_found_where_it_is(coffee):
    copy = coffee.copy()
    cv2.circle(copy, (450, 120), 40, (30, 200, 90), -1)
    copy = recompressed(copy)
    comparison = compare(copy, coffee, align(copy, coffee))
    rows, columns = np.nonzero(comparison.changed)
    assert (rows.mean(), columns.mean()) == pytest.approx((120, 450), abs=5)
    assert comparison.changed.sum() == pytest.approx(np.pi * 40**2, rel=0.35)


def test_the_exhibit_shows_three_panels_and_marks_the_change(coffee):
    copy = coffee[:330].copy()
    copy[40:120, 60:160] = (20, 90, 220)
    found = align(copy, coffee)
    exhibit = difference_picture(copy, coffee, found)
    assert exhibit.dtype == np.uint8
    assert exhibit.shape == (400 * 3 + 24, 600, 3)
    ours, laid, shown = exhibit[:400], exhibit[412:812], exhibit[824:]
    assert np.array_equal(ours, coffee)
    assert np.abs(laid[200, 300].astype(int) - coffee[200, 300]).max() < 40
    tinted = shown[80, 110].astype(int)
    assert tinted[0] - tinted[2] > 40
    assert laid[380].std(axis=1).max() < 20


def test_portraits_stand_side_by_side():
    portrait = decode(sample("photos/plasma_safelanding.jpg").read_bytes()).pixels
    exhibit = difference_picture(portrait, portrait, align(portrait, portrait))
    assert exhibit.shape[1] > exhibit.shape[0]


def test_transparent_pictures_are_compared_on_white(coffee):
    clear = np.dstack([coffee, np.full(coffee.shape[:2], 255, np.uint8)])
    clear[:40, :, 3] = 0
    comparison = compare(clear, coffee, align(clear, coffee))
    assert comparison.changed[:36].mean() > 0.8
    assert comparison.changed[60:].mean() < 0.02
