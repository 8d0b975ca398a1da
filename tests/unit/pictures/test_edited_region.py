"""What was changed between parent and child, and re-saves that change nothing."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from remarque.pictures.aligning import Alignment
from remarque.pictures.decoding import decode
from remarque.pictures.edited_region import Edited, find_edited, mask_png
from remarque.pictures.keypoints import describe
from remarque.pictures.refining import whole_on_whole
from stand_ins.making import saved, scene
from stand_ins.samples import sample

PHOTOS = (
    "photos/plasma_milkyway.jpg",
    "photos/plasma_safelanding.jpg",
    "photos/gnome_truchet-l.jpg",
    "photos/plasma_summer_1am.jpg",
    "generators/comfyui/sdxl_simple_example.png",
    "generators/automatic1111/sd-webui.png",
)


def whole(child: np.ndarray, parent: np.ndarray) -> Alignment:
    found = whole_on_whole(describe(child), describe(parent), quarter_turns=0, mirror=False)
    assert found is not None
    return found


def edited(child: np.ndarray, parent: np.ndarray) -> Edited:
    return find_edited(child, parent, whole(child, parent))


def photo(name: str) -> np.ndarray:
    picture = Image.fromarray(decode(sample(name).read_bytes()).pixels[..., :3])
    picture.thumbnail((1024, 1024))
    return np.asarray(picture)


def again(pixels: np.ndarray, kind: str, quality: int) -> np.ndarray:
    return decode(saved(pixels, kind, quality=quality)).pixels[..., :3]


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize(("kind", "quality"), [("JPEG", 92), ("JPEG", 60), ("WEBP", 80)])
def test_saving_a_real_picture_anew_changes_nothing(name, kind, quality):
    pixels = photo(name)
    found = edited(again(pixels, kind, quality), pixels)
    assert found.nothing
    assert found.share == 0
    assert not found.mask.any()


@pytest.mark.parametrize("name", PHOTOS)
def test_a_patch_on_a_real_picture_is_found_through_recompression(name):
    pixels = photo(name)
    height, width = pixels.shape[:2]
    rows, columns = slice(height // 3, height // 2), slice(width // 4, width // 3)
    changed = pixels.copy()
    changed[rows, columns] = 255 - changed[rows, columns]
    found = edited(again(changed, "JPEG", 80), pixels)
    true = np.zeros((height, width), dtype=bool)
    true[rows, columns] = True
    overlap = (found.mask & true).sum() / (found.mask | true).sum()
    assert overlap > 0.5
    assert not found.exact


def test_without_recompression_every_pixel_counts_and_only_those():
    pixels = scene(1)
    changed = pixels.copy()
    changed[10, 20] ^= 1
    changed[300, 400] ^= 255
    found = edited(changed, pixels)
    assert found.exact
    assert found.mask.sum() == 2
    assert (found.region.left, found.region.top) == (20, 10)
    assert (found.region.width, found.region.height) == (381, 291)
    assert found.share == 2 / pixels[..., 0].size


def test_a_graded_and_a_softened_picture_are_changed_as_a_whole():
    pixels = scene(1)
    picture = Image.fromarray(pixels)
    graded = np.asarray(ImageEnhance.Contrast(picture).enhance(1.5))
    found = edited(again(graded, "JPEG", 90), pixels)
    assert (found.share, bool(found.whole)) == (1.0, True)
    soft = edited(np.asarray(picture.filter(ImageFilter.GaussianBlur(4))), pixels)
    assert soft.whole == "the whole picture was softened"


def test_grading_and_a_local_change_are_both_said():
    changed = scene(1)
    changed[50:150, 50:200] = (255, 0, 0)
    graded = np.asarray(ImageEnhance.Brightness(Image.fromarray(changed)).enhance(0.7))
    assert "beyond that" in edited(again(graded, "JPEG", 92), scene(1)).whole


def test_what_the_parent_does_not_have_is_changed():
    wide = scene(9, (384, 768))
    wide[:, 128:640] = scene(1)
    parent = scene(1)
    alignment = Alignment(
        matrix=np.array([[1.0, 0, -128], [0, 1, 0], [0, 0, 1]]),
        mirrored=False,
        inliers=99,
        score=99,
        region=((128, 0), (640, 0), (640, 384), (128, 384)),
        share=1.0,
        cover=512 / 768,
        suspect_size=(768, 384),
        reference_size=(512, 384),
    )
    found = find_edited(wide, parent, alignment)
    assert found.share == pytest.approx(1 / 3, abs=0.03)
    assert not found.mask[:, 200:560].any()


def test_the_mask_is_a_png_of_one_channel_of_the_childs_size():
    mask = np.zeros((7, 5), dtype=bool)
    mask[2, 3] = True
    with Image.open(io.BytesIO(mask_png(mask))) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (5, 7))
        assert np.asarray(picture)[2, 3] == 255
        assert np.asarray(picture).sum() == 255


def test_a_picture_scaled_by_an_editor_has_its_mask_in_its_own_pixels():
    changed = scene(1)
    changed[100:200, 100:200] = (0, 255, 0)
    large = np.asarray(Image.fromarray(changed).resize((1024, 768), Image.Resampling.LANCZOS))
    found = edited(again(large, "JPEG", 90), scene(1))
    assert found.mask.shape == (768, 1024)
    assert found.region.left == pytest.approx(200, abs=24)
    assert found.region.width == pytest.approx(200, abs=48)


@pytest.mark.parametrize("quality", [95, 90])
def test_ringing_around_hard_edges_is_no_edit(quality):
    flag = np.full((400, 600, 3), 255, np.uint8)
    flag[:, 170:260], flag[150:250] = (0, 47, 108), (0, 47, 108)
    for row in range(20, 400, 60):
        flag[row : row + 12, 300:560] = (200, 16, 46)
    found = edited(decode(saved(flag, "JPEG", quality=quality)).pixels, flag)
    assert found.nothing
    assert not found.whole


def test_a_large_picture_is_compared_small_and_its_mask_is_full_size():
    large = np.asarray(Image.fromarray(scene(1)).resize((2048, 1536), Image.Resampling.BICUBIC))
    changed = large.copy()
    changed[400:720, 800:1280] = (200, 30, 40)
    found = edited(decode(saved(changed, "JPEG", quality=85)).pixels, large)
    assert found.mask.shape == (1536, 2048)
    assert found.share == pytest.approx(320 * 480 / (2048 * 1536), rel=0.15)
    assert found.intact.share > 0.8
