import cv2
import numpy as np
import pytest

from remarque.model.marks import Region
from remarque.pictures.agreement import agreement
from remarque.pictures.aligning import align, align_described
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.pictures.geometry import clipped, is_sane, transform_points
from remarque.pictures.keypoints import describe
from remarque.pictures.refining import refine, whole_on_whole
from remarque.pictures.scaling import fit, resize
from remarque.pictures.wording import transform_in_words
from stand_ins.samples import sample


@pytest.fixture(scope="module")
def coffee():
    return decode(sample("photos/skimage_coffee.png").read_bytes()).pixels


@pytest.fixture(scope="module")
def leaves():
    pixels = decode(sample("photos/plasma_fallenleaf.jpg").read_bytes()).pixels
    return fit(pixels, 800)[0]


def recompressed(pixels, quality=60):
    return decode(encode(np.ascontiguousarray(pixels), "image/jpeg", quality=quality)).pixels


def test_a_recompressed_copy_lies_exactly_on_the_original(coffee):
    found = align(recompressed(coffee, 30), coffee)
    assert found.score >= 50
    assert not found.mirrored
    assert np.allclose(
        transform_points(found.matrix, np.array([[300.0, 200]])), [[300, 200]], atol=0.5
    )
    assert found.share == pytest.approx(1, abs=0.01)
    assert transform_in_words(found) == "same size and frame"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: resize(p, 300, 200), "scaled to 50 %"),
        (lambda p: resize(p, 600, 300), "scaled to 100 % across and 75 % down"),
        (lambda p: p[:328], "cropped to 82 % (bottom missing)"),
        (lambda p: p[60:, :480], "cropped to 68 % (top and right missing)"),
        (lambda p: p[:, ::-1], "mirrored"),
        (np.rot90, "turned 90° counter-clockwise"),
        (lambda p: np.rot90(p, -1), "turned 90° clockwise"),
        (lambda p: np.rot90(p, 2), "turned upside down"),
    ],
)
def test_what_was_done_to_the_frame_is_said_in_words(coffee, change, words):
    assert transform_in_words(align(recompressed(change(coffee), 85), coffee)) == words


def test_all_at_once_is_still_described(coffee):
    copy = recompressed(resize(np.ascontiguousarray(coffee[:328, ::-1]), 300, 164))
    said = transform_in_words(align(copy, coffee))
    assert said == "scaled to 50 %, cropped to 82 % (bottom missing), mirrored"


def test_a_picture_on_a_page_is_outlined_there(coffee):
    page = np.full((700, 1000, 3), 240, np.uint8)
    page[100:420, 50:530] = resize(coffee, 480, 320)
    found = align(page, coffee)
    outline = np.array(found.region)
    assert np.allclose(outline.min(axis=0), (50, 100), atol=3)
    assert np.allclose(outline.max(axis=0), (530, 420), atol=3)
    assert found.cover == pytest.approx(480 * 320 / 700_000, abs=0.01)
    assert "placed in a larger picture, 22 % of it" in transform_in_words(found)


def test_different_pictures_do_not_align(coffee, leaves):
    found = align(leaves, coffee)
    assert found is None or found.score < 8


def test_a_mark_two_pictures_share_is_left_aside(coffee, leaves):
    marked = [pixels.copy() for pixels in (coffee, leaves)]
    for pixels in marked:
        cv2.putText(pixels, "STUDIO EXAMPLE", (20, 370), 3, 1.6, (255, 255, 255), 3, cv2.LINE_AA)
    box = Region(10, 320, 500, 70)
    shared = align(marked[1], marked[0])
    aside = align(marked[1], marked[0], without=box)
    assert shared is not None
    assert shared.inliers > 8
    assert aside is None or aside.score < 8


def test_pictures_that_share_only_a_mark_do_not_agree(coffee, leaves):
    marked = [pixels.copy() for pixels in (coffee, leaves)]
    for pixels in marked:
        cv2.putText(pixels, "STUDIO EXAMPLE", (20, 370), 3, 1.6, (255, 255, 255), 3, cv2.LINE_AA)
    suspect, reference = describe(marked[1]), describe(marked[0])
    found = align_described(suspect, reference)
    assert agreement(suspect, reference, found).share < 0.3


def test_a_copy_agrees_nearly_everywhere(coffee):
    suspect, reference = describe(recompressed(coffee)), describe(coffee)
    agreed = agreement(suspect, reference, align_described(suspect, reference))
    assert agreed.share > 0.95
    assert agreed.textured > 60
    assert agreed.tone > 0.99


def test_refining_moves_a_rough_alignment_home(coffee):
    suspect, reference = describe(resize(coffee, 570, 400)), describe(coffee)
    rough = whole_on_whole(
        describe(np.roll(coffee, 4, axis=1)), reference, quarter_turns=0, mirror=False
    )
    better = refine(describe(np.roll(coffee, 4, axis=1)), reference, rough)
    assert transform_points(better.matrix, np.array([[304.0, 200]]))[0] == pytest.approx(
        (300, 200), abs=0.3
    )
    assert refine(describe(np.zeros_like(coffee)), suspect, rough) is None


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("turns", range(4))
def test_a_whole_picture_is_laid_on_a_whole_picture_any_way(coffee, turns, mirror):
    turned = np.rot90(coffee, -turns)
    suspect = np.ascontiguousarray(turned[:, ::-1] if mirror else turned)
    laid = whole_on_whole(
        describe(suspect),
        describe(coffee),
        quarter_turns=turns if not mirror else -turns % 4 if turns % 2 == 0 else turns,
        mirror=mirror,
    )
    assert laid.share == pytest.approx(1, abs=0.01)
    assert laid.mirrored == mirror


def test_empty_and_tiny_pictures_are_no_trouble():
    blank, dot = np.full((80, 80, 3), 255, np.uint8), np.zeros((1, 1, 4), np.uint8)
    assert align(blank, blank) is None
    assert align(dot, blank) is None


def test_a_frame_is_clipped_like_paper():
    square = np.array([[-10.0, -10], [30, -10], [30, 30], [-10, 30]])
    assert clipped(square, (20, 15)).min() >= 0
    assert clipped(square, (20, 15)).max(axis=0).tolist() == [20, 15]
    assert len(clipped(square + 100, (20, 15))) == 0


def test_a_view_from_behind_is_not_sane():
    behind = np.array([[1.0, 0, 0], [0, 1, 0], [-0.02, 0, 1]])
    assert not is_sane(behind, (100, 100), (100, 100))
    assert not is_sane(np.zeros((3, 3)), (100, 100), (100, 100))
    assert is_sane(np.eye(3), (100, 100), (100, 100))
