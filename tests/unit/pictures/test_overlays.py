"""What changed between two runs, where, and maps over pictures."""

import numpy as np
import pytest

from remarque.errors import UsageError
from remarque.pictures.overlays import (
    beside,
    changed_between,
    difference_map,
    map_in_grey,
    map_over,
    peak_of,
    share_above_half,
)
from remarque.pictures.overlays_wording import place_in_words, share_in_words


def ground(height=120, width=160):
    return np.random.default_rng(1).integers(60, 160, (height, width, 3), dtype=np.uint8)


def test_a_patch_is_found_where_it_is_and_no_larger():
    before, after = ground(), ground()
    after[20:60, 100:150] = (230, 40, 30)
    changed = changed_between(before, after)
    assert changed.visible
    assert changed.share == pytest.approx(40 * 50 / (120 * 160), rel=0.06)
    box = changed.region
    found = (box.left, box.top, box.right, box.bottom)
    assert np.abs(np.subtract(found, (100, 20, 150, 60))).max() <= 2
    drawn = difference_map(before, changed).astype(int)
    assert (drawn[30:50, 110:140, 0] - drawn[30:50, 110:140, 2] > 20).all()
    grey = drawn[80:, :80]
    assert (grey.max(axis=2) == grey.min(axis=2)).all(), "washed out where nothing changed"


def test_equal_pictures_single_pixels_and_rounding_are_no_change():
    before = ground()
    assert changed_between(before, before).share == 0
    after = before.copy()
    after[::31, ::37] = 255
    after[:, :80] = np.clip(after[:, :80].astype(int) + 1, 0, 255)
    changed = changed_between(before, after)
    assert not changed.visible
    assert changed.region is None


def test_colour_alone_is_a_change_and_alpha_lies_on_white():
    before = np.full((64, 64, 3), 128, np.uint8)
    after = before.copy()
    after[:32] = (128, 128, 90)
    assert changed_between(before, after).share == pytest.approx(0.5, abs=0.02)
    clear = np.dstack([before, np.full((64, 64), 255, np.uint8)])
    assert changed_between(before, clear).share == 0


def test_two_sizes_are_refused():
    with pytest.raises(UsageError, match="160 x 120 pixels and one of 160 x 60"):
        changed_between(ground(), ground(60))


def at(rows, columns):
    mask = np.zeros((90, 90), bool)
    mask[rows, columns] = True
    return mask


ALL = slice(None)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (at(slice(0, 20), slice(70, 90)), "upper right"),
        (at(slice(40, 50), slice(40, 50)), "in the centre"),
        (at(slice(70, 90), ALL), "across the lower part"),
        (at(slice(35, 55), ALL), "across the middle"),
        (at(ALL, slice(0, 20)), "down the left side"),
        (at(ALL, slice(40, 50)), "down the centre"),
        (at(slice(0, 80, 7), slice(0, 90, 7)), "in several places"),
        (at(ALL, ALL), "over most of the picture"),
        (at(slice(0, 0), ALL), "nowhere"),
    ],
)
def test_places_in_words(mask, words):
    assert place_in_words(mask) == words


def test_shares_in_words():
    said = [share_in_words(share) for share in (0.00001, 0.004, 0.0421, 1.0)]
    assert said == ["under 0.1 %", "0.4 %", "4 %", "100 %"]


def test_a_map_is_brought_to_the_picture_and_peaks_where_it_did():
    weights = np.full((6, 8), 0.1, np.float32)
    weights[1, 6] = 0.9
    grey = map_in_grey(weights, 160, 120)
    assert (grey.min(), grey.max()) == (0, 255)
    x, y = peak_of(grey)
    assert abs(x - 130) <= 4
    assert abs(y - 30) <= 4
    assert 0.01 < share_above_half(grey) < 0.06
    over = map_over(ground(), grey).astype(int)
    assert over[y, x, 0] - over[y, x, 2] > 60


def test_a_flat_or_undefined_map_shows_nothing():
    for weights in (np.ones((4, 4), np.float32), np.full((4, 4), np.nan, np.float32)):
        grey = map_in_grey(weights, 40, 40)
        assert not grey.any()
        assert share_above_half(grey) == 0
        assert peak_of(grey) == (19, 19)


def test_two_pictures_stand_beside_each_other():
    sheet = beside(ground(40, 50), ground(60, 30), gap_px=10)
    assert sheet.shape == (60, 90, 3)
    assert (sheet[50, 5] == 255).all()
