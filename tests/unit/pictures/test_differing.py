"""How far two pictures differ, and which grade that is."""

import numpy as np
import pytest

from remarque.actions.rerun_comparing import DEEPER, TOO_PLAIN, compare_pictures
from remarque.model.reruns import PictureDifference, RerunGrade
from remarque.pictures.decoding import decode
from remarque.pictures.differing import (
    ALIKE_MEAN,
    ALIKE_PLACE,
    difference_of,
    grade_of,
    one_scale,
)
from remarque.pictures.encoding import encode
from remarque.pictures.scaling import resize
from stand_ins.making import scene


def test_equal_pictures_differ_in_nothing():
    found = difference_of(scene(1), scene(1), distance=0)
    assert found == PictureDifference(0, 0.0, 0.0, 0, place=0.0)
    assert grade_of(found) is RerunGrade.BIT_EXACT


@pytest.mark.parametrize(
    ("levels", "grade"), [(2, RerunGrade.WITHIN_TOLERANCE), (3, RerunGrade.VISUALLY_SAME)]
)
def test_single_samples_are_tolerated_up_to_two_levels(levels, grade):
    other = scene(1)
    other[40, 40] = np.where(other[40, 40] > 127, other[40, 40] - levels, other[40, 40] + levels)
    found = difference_of(scene(1), other, distance=0)
    assert found.largest == levels
    assert 0 < found.changed_share < 0.0001
    assert grade_of(found) is grade


def test_many_small_differences_are_more_than_a_tolerance():
    other = np.where(scene(1) > 127, scene(1) - 1, scene(1) + 1).astype(np.uint8)
    assert grade_of(difference_of(scene(1), other, distance=0)) is RerunGrade.VISUALLY_SAME


def test_another_picture_differs_even_where_its_mean_is_near():
    found = difference_of(scene(1), scene(2), distance=120)
    assert grade_of(found) is RerunGrade.DIFFERS
    assert grade_of(PictureDifference(90, 2.0, 0.2, 120)) is RerunGrade.DIFFERS


def test_the_fingerprint_alone_does_not_make_two_pictures_the_same():
    assert grade_of(PictureDifference(255, 30.0, 1.0, 0)) is RerunGrade.DIFFERS


def test_without_fingerprints_only_a_difference_nobody_sees_passes():
    assert grade_of(PictureDifference(4, 0.8, 0.5, None)) is RerunGrade.VISUALLY_SAME
    assert grade_of(PictureDifference(40, 3.0, 0.5, None)) is RerunGrade.DIFFERS


def test_a_moved_picture_is_laid_on_the_original_and_the_way_is_said():
    wide = scene(1, (400, 528))
    found = difference_of(wide[8:392, 8:520], wide[8:392, 11:523], distance=10)
    assert (found.largest, found.mean) == (0, 0.0)
    assert found.shift_px == pytest.approx(3.0)
    assert grade_of(found) is RerunGrade.VISUALLY_SAME


def test_another_size_is_never_more_than_visually_the_same():
    ours = scene(1)
    small = resize(ours, 256, 192)
    found = difference_of(ours, small, distance=2)
    assert found.shift_px == 0
    assert grade_of(found, same_size=False) is RerunGrade.VISUALLY_SAME
    assert grade_of(PictureDifference(0, 0, 0, 0), same_size=False) is RerunGrade.VISUALLY_SAME
    assert one_scale(ours, small)
    assert not one_scale(ours, resize(ours, 384, 384))


@pytest.mark.parametrize("side", [128, 512])
def test_an_object_that_is_gone_is_never_the_same_picture(side):
    bare = resize(scene(1), side, side)
    with_boat, size = bare.copy(), side // 16
    place = slice(side // 2, side // 2 + size)
    light = 255 if bare[place, place].mean() < 128 else 0
    with_boat[place, place] = light
    found = difference_of(with_boat, bare, distance=4)
    assert found.mean < ALIKE_MEAN
    assert found.place > 2 * ALIKE_PLACE
    assert grade_of(found) is RerunGrade.DIFFERS


def test_another_colour_of_the_same_brightness_is_another_object():
    grey = np.full((128, 128, 3), 128, np.uint8)
    sealed = grey.copy()
    sealed[100:112, 100:112] = (206, 95, 99)
    found = difference_of(grey, sealed, distance=0)
    assert found.place > ALIKE_PLACE
    assert grade_of(found) is RerunGrade.DIFFERS


@pytest.mark.parametrize("quality", [95, 75, 50])
def test_what_jpeg_loses_is_within_every_place(quality):
    again = decode(encode(scene(1), "image/jpeg", quality=quality)).pixels
    found = difference_of(scene(1), again, distance=2)
    assert found.place < ALIKE_PLACE / 2
    assert grade_of(found) is RerunGrade.VISUALLY_SAME


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud])
def test_a_mirrored_picture_differs(turn):
    assert compare_pictures(scene(1), turn(scene(1)).copy()).grade is RerunGrade.DIFFERS


def test_a_little_more_light_is_the_same_picture_and_no_exact_one():
    again = np.clip(scene(1).astype(int) + 2, 0, 255).astype(np.uint8)
    assert compare_pictures(scene(1), again).grade is RerunGrade.VISUALLY_SAME


def test_a_plain_picture_is_told_to_be_undecidable():
    grey = np.full((64, 64, 3), 120, np.uint8)
    again = compare_pictures(grey, grey + 3)
    assert (again.grade, again.remarks) == (RerunGrade.DIFFERS, (TOO_PLAIN,))


def test_sixteen_bits_are_never_bit_exact():
    compared = compare_pictures(scene(1), scene(1), bit_depth=16)
    assert (compared.grade, compared.remarks) == (RerunGrade.WITHIN_TOLERANCE, (DEEPER,))


def test_what_shows_through_is_compared_too():
    ours = np.dstack([scene(1), np.full(scene(1).shape[:2], 255, np.uint8)])
    clear = ours.copy()
    clear[:100, :100, 3] = 0
    assert difference_of(ours, scene(1)).largest == 0
    assert difference_of(ours, clear).largest == 255


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 40, 3), (16, 16, 4)])
def test_tiny_and_even_pictures_are_no_trouble(shape):
    found = difference_of(np.zeros(shape, np.uint8), np.full(shape, 9, np.uint8))
    assert found.largest == 9
    assert found.shift_px == 0
