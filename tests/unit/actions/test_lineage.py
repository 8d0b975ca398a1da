"""Parents found by digest, by name, by comparison of pictures; and none where there is none."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from remarque.actions.lineage import infer_lineage, infer_work
from remarque.errors import NotFound
from remarque.model.descent import Basis, Relation
from remarque.model.digests import digest_of
from remarque.model.entry import Kind
from remarque.model.recipe import Recipe, Setting, Size, SourceUse
from remarque.pictures.decoding import decode
from stand_ins.making import Making, png, saved, scene, text_to_image
from stand_ins.memory_vault import build_memory_vault
from stand_ins.samples import sample, samples_under


@pytest.fixture
def making(tmp_path):
    return Making(build_memory_vault(tmp_path))


def retouched(pixels: np.ndarray) -> np.ndarray:
    """The picture with one box painted over, at rows 100 to 180 and columns 200 to 320."""
    changed = pixels.copy()
    changed[100:180, 200:320] = (200, 30, 40)
    return changed


def only(descent):
    assert descent is not None
    (parent,) = descent.parents
    return parent


def infer(making: Making, take):
    return infer_lineage(making.vault, take)


def test_the_digest_a_recorder_saw_comes_first(making):
    first = making.enter(png(scene(1)), text_to_image(1))
    source = SourceUse("init", name="other.png", digest=first.picture.digest)
    second = making.enter(png(scene(2)), text_to_image(2, sources=(source,), denoise=0.7))
    parent = only(infer(making, second))
    assert (parent.take, parent.picture) == (first.take, first.picture.digest)
    assert (parent.relation, parent.basis) == (Relation.IMAGE_TO_IMAGE, Basis.DIGEST)
    assert first.picture.digest in parent.because


def test_a_source_nobody_here_made_is_a_parent_without_a_take(making):
    digest = digest_of(b"a photograph")
    take = making.enter(
        png(scene(2)), text_to_image(2, sources=(SourceUse("init", digest=digest),))
    )
    parent = only(infer(making, take))
    assert (parent.picture, parent.take) == (digest, None)
    assert "no take of this vault made it" in parent.because


def test_a_file_name_that_one_take_has_is_a_weaker_basis(making):
    first = making.enter(png(scene(1)), text_to_image(1), name="ComfyUI_00007_.png")
    mask = SourceUse("mask", name="ComfyUI_00007_.png [output]")
    sources = (SourceUse("init", name="ComfyUI_00007_.png [output]"), mask)
    second = making.enter(png(scene(2)), text_to_image(2, sources=sources))
    parent = only(infer(making, second))
    assert (parent.take, parent.basis) == (first.take, Basis.NAME)
    assert parent.relation is Relation.INPAINT


def test_a_file_name_that_two_pictures_have_says_nothing(making):
    making.enter(png(scene(1)), text_to_image(1), name="example.png")
    making.enter(png(scene(2)), text_to_image(2), name="example.png")
    sources = (SourceUse("init", name="example.png"),)
    assert infer(making, making.enter(png(scene(3)), text_to_image(3, sources=sources))) is None


def test_the_main_parent_stands_before_the_control_picture(making):
    control = making.enter(png(scene(1)), text_to_image(1))
    initial = making.enter(png(scene(2)), text_to_image(2))
    sources = (
        SourceUse("control", digest=control.picture.digest),
        SourceUse("init", digest=initial.picture.digest),
    )
    descent = infer(making, making.enter(png(scene(3)), text_to_image(3, sources=sources)))
    assert [parent.relation for parent in descent.parents] == [
        Relation.IMAGE_TO_IMAGE,
        Relation.CONTROL,
    ]


def test_asked_again_it_gives_what_is_recorded_and_writes_nothing(making):
    first = making.enter(png(scene(1)), text_to_image(1))
    source = SourceUse("init", digest=first.picture.digest)
    second = making.enter(png(scene(2)), text_to_image(2, sources=(source,)))
    descent = infer(making, second)
    size = making.vault.ledger.size()
    assert infer(making, second) == descent
    assert making.vault.ledger.size() == size
    (entry,) = making.vault.ledger.entries(kinds=[Kind.LINEAGE_INFERRED])
    assert set(entry.entry.pictures) == {second.picture.digest, first.picture.digest}


def test_a_take_that_is_not_recorded_has_no_lineage(making):
    take = making.enter(png(scene(1)), text_to_image(1))
    with pytest.raises(NotFound, match="not recorded in this vault"):
        infer(making, replace(take, take="0" * 16))


def test_a_picture_is_no_parent_of_itself_and_a_later_take_none_of_an_earlier(making):
    recipe = text_to_image(1, sources=(SourceUse("init", name="b.png"),))
    first = making.enter(png(scene(1)), recipe, name="a.png")
    making.enter(png(scene(2)), text_to_image(2), name="b.png")
    assert infer(making, first) is None


def test_two_text_to_image_takes_are_not_compared(making):
    making.enter(png(scene(1)), text_to_image(1))
    assert infer(making, making.enter(png(scene(1) // 2 * 2), text_to_image(2))) is None


def test_image_to_image_that_names_no_picture_is_found_by_comparison(making):
    making.enter(png(scene(4)), text_to_image(4))
    first = making.enter(png(scene(1)), text_to_image(1))
    soft = np.asarray(Image.fromarray(scene(1)).rotate(0.6, resample=Image.Resampling.BICUBIC))
    varied = (0.8 * soft + 0.2 * scene(7)).astype(np.uint8)
    second = making.enter(png(varied), text_to_image(2, denoise=0.4))
    parent = only(infer(making, second))
    assert (parent.take, parent.basis) == (first.take, Basis.FINGERPRINT)
    assert parent.relation is Relation.IMAGE_TO_IMAGE
    # Its neighbour with another seed came from the same parent, not from this one.
    third = making.enter(png((varied * 0.97).astype(np.uint8)), text_to_image(3, denoise=0.4))
    assert only(infer(making, third)).take == first.take


def test_inpainting_is_told_by_the_recipe(making):
    first = making.enter(png(scene(1)), text_to_image(1))
    recipe = text_to_image(2, denoise=0.8, settings=(Setting("Mask blur", "4"),))
    parent = only(infer(making, making.enter(png(retouched(scene(1))), recipe)))
    assert (parent.take, parent.relation) == (first.take, Relation.INPAINT)


def test_an_upscale_is_the_same_picture_larger(making):
    recipe = text_to_image(1, generated_size=Size(512, 384))
    first = making.enter(png(scene(1)), recipe)
    large = np.asarray(Image.fromarray(scene(1)).resize((1024, 768), Image.Resampling.LANCZOS))
    parent = only(infer(making, making.enter(png(large), recipe)))
    assert (parent.take, parent.relation) == (first.take, Relation.UPSCALE)
    stripped = making.enter(saved(large, "JPEG", quality=88))
    assert only(infer(making, stripped)).relation in (Relation.UPSCALE, Relation.RESAVE)


def test_outpainting_holds_its_parent_as_a_part(making):
    first = making.enter(png(scene(1)), text_to_image(1))
    wide = scene(9, (384, 768))
    wide[:, 128:640] = scene(1)
    mask = SourceUse("mask", name="pad")
    recipe = text_to_image(2, sources=(SourceUse("init", name="not kept.png"), mask))
    parent = only(infer(making, making.enter(png(wide), recipe)))
    assert (parent.take, parent.relation) == (first.take, Relation.OUTPAINT)


def test_an_edit_is_recorded_with_its_mask_region_and_share(making):
    first = making.enter(png(scene(1)), text_to_image(1))
    edited = png(retouched(scene(1)), Software="Adobe Photoshop 25.0 (Windows)")
    take = making.enter(edited, name="final.png")
    parent = only(infer(making, take))
    assert (parent.take, parent.relation) == (first.take, Relation.EDIT)
    assert parent.edit.program == "Adobe Photoshop 25.0 (Windows)"
    assert parent.edit.share == pytest.approx(80 * 120 / (384 * 512), rel=0.001)
    box = parent.edit.region
    assert (box.left, box.top, box.width, box.height) == (200, 100, 120, 80)
    mask = making.vault.pictures.read(parent.edit.mask)
    with Image.open(io.BytesIO(mask)) as picture:
        assert (picture.mode, picture.size) == ("L", (512, 384))
    assert "Photoshop" in parent.because


def test_an_edit_saved_as_jpeg_is_found_and_measured_through_the_noise(making):
    first = making.enter(png(scene(1)), text_to_image(1))
    take = making.enter(saved(retouched(scene(1)), "JPEG", quality=75), name="final.jpg")
    parent = only(infer(making, take))
    assert (parent.take, parent.relation) == (first.take, Relation.EDIT)
    assert parent.edit.share == pytest.approx(80 * 120 / (384 * 512), rel=0.25)
    assert parent.edit.program is None
    assert "names no program" in parent.because


@pytest.mark.parametrize("quality", [95, 80, 60])
def test_a_mere_re_save_is_no_edit(making, quality):
    first = making.enter(png(scene(1)), text_to_image(1))
    parent = only(infer(making, making.enter(saved(scene(1), "JPEG", quality=quality))))
    assert (parent.take, parent.relation, parent.edit) == (first.take, Relation.RESAVE, None)


def test_the_same_pixels_in_another_file_are_said_to_be_equal(making):
    recipe = text_to_image(1)
    making.enter(png(scene(1)), recipe)
    parent = only(infer(making, making.enter(png(scene(1), note="again"), recipe)))
    assert parent.relation is Relation.RESAVE
    assert "every pixel is equal" in parent.because


def test_a_graded_picture_is_changed_as_a_whole(making):
    making.enter(png(scene(1)), text_to_image(1))
    warm = ImageEnhance.Color(ImageEnhance.Brightness(Image.fromarray(scene(1))).enhance(1.25))
    graded = saved(np.asarray(warm.enhance(1.6)), "JPEG", quality=90)
    parent = only(infer(making, making.enter(graded, name="graded.jpg")))
    assert parent.relation is Relation.EDIT
    assert parent.edit.share == 1.0
    assert "colours of the whole picture" in parent.because


def test_a_crop_in_an_editor_is_an_edit(making):
    first = making.enter(png(scene(1)), text_to_image(1))
    cut = png(scene(1)[40:360, 30:330], Software="GIMP 2.10.36")
    parent = only(infer(making, making.enter(cut, name="cut.png")))
    assert (parent.take, parent.relation) == (first.take, Relation.EDIT)


def test_the_same_recipe_rerun_to_another_picture_gives_no_parent(making):
    making.enter(png(scene(1)), text_to_image(1))
    assert infer(making, making.enter(png(scene(2)), text_to_image(1))) is None


def test_a_parent_whose_bytes_are_gone_is_not_claimed(making):
    first = making.enter(png(scene(1)), text_to_image(1))
    take = making.enter(saved(scene(1), "JPEG", quality=90))
    del making.vault.pictures._contents[first.picture.digest]
    assert infer(making, take) is None


def test_unrelated_real_pictures_never_get_a_parent(making):
    files = [*samples_under("photos"), *samples_under("generators")]
    if not files:
        pytest.skip("the shared samples are not beside this checkout")
    claimed = []
    for path in files[::4]:
        try:
            pixels = decode(path.read_bytes()).pixels
        except Exception:  # noqa: BLE001 - damaged samples are for other tests
            continue
        if min(pixels.shape[:2]) < 64:
            continue
        # Without metadata nothing but the pixels is left to judge by.
        take = making.enter(png(pixels), name=path.name)
        if (descent := infer(making, take)) is not None:
            claimed.append((path.name, descent.parents[0].because))
    assert claimed == []


def test_screenshots_of_one_program_share_panels_and_are_no_parents(making):
    for name in ("esrgan_example.png", "lora_multiple.png", "img2img_workflow.png"):
        content = sample(f"generators/comfyui/{name}").read_bytes()
        assert infer(making, making.enter(content, name=name)) is None
        stripped = png(decode(content).pixels)
        descent = infer(making, making.enter(stripped, name=f"stripped-{name}"))
        # Without metadata it is the very screenshot saved anew, and nothing else.
        assert only(descent).relation is Relation.RESAVE
        assert only(descent).picture == digest_of(content)


def test_a_whole_work_is_gone_through_in_order(making):
    first = making.enter(png(scene(1)), text_to_image(1))
    making.enter(saved(scene(1), "JPEG", quality=90))
    found = list(infer_work(making.vault, making.work))
    assert [descent is not None for _, descent in found] == [False, True]
    assert found[1][1].parents[0].take == first.take


def test_takes_that_another_process_recorded_are_seen(making):
    other = Making(making.vault)
    first = other.enter(png(scene(1)), text_to_image(1))
    making.work = other.work
    source = SourceUse("init", digest=first.picture.digest)
    take = making.enter(png(scene(2)), text_to_image(2, sources=(source,)))
    assert only(infer(making, take)).take == first.take


def test_an_empty_recipe_and_unreadable_pixels_are_no_error(making):
    making.enter(png(scene(1)), text_to_image(1))
    content = png(scene(2))
    assert infer(making, making.enter(content[: len(content) // 2], Recipe())) is None


def nearly(pixels: np.ndarray, seed: int) -> np.ndarray:
    """What the same seed gives with other words: alike everywhere, the same nowhere."""
    other = scene(seed + 500, pixels.shape[:2]).astype(float)
    rows, columns = np.indices(pixels.shape[:2])
    down = (rows + 2.2 * np.sin(columns / 31)).round().astype(int) % pixels.shape[0]
    across = (columns + 2.2 * np.sin(rows / 27)).round().astype(int) % pixels.shape[1]
    return (0.82 * pixels[down, across] + 0.18 * other).astype(np.uint8)


def test_pictures_alike_everywhere_and_untouched_nowhere_are_no_edits(making):
    making.enter(png(scene(1)), text_to_image(1))
    assert infer(making, making.enter(png(nearly(scene(1), 1)))) is None
    named = png(nearly(scene(1), 2), Software="GIMP 2.10.36")
    assert infer(making, making.enter(named)) is None


def test_image_to_image_takes_of_one_unrecorded_picture_are_not_called_parent_and_child(making):
    first = nearly(scene(1), 1)
    making.enter(png(first), text_to_image(1, "a fox", denoise=0.3))
    sibling = (0.9 * scene(1) + 0.1 * scene(7)).astype(np.uint8)
    assert infer(making, making.enter(png(sibling), text_to_image(2, "a dog", denoise=0.3))) is None


def test_a_chain_of_image_to_image_takes_is_told_from_its_beginning(making):
    first = making.enter(png(scene(1)), text_to_image(1))
    varied = (0.85 * scene(1) + 0.15 * scene(7)).astype(np.uint8)
    making.enter(png(varied), text_to_image(2, "a fox", denoise=0.4))
    again = (0.85 * varied + 0.15 * scene(8)).astype(np.uint8)
    making.enter(png(again), text_to_image(3, "a red fox", denoise=0.4))
    found = [descent for _, descent in infer_work(making.vault, making.work)]
    assert found[0] is None
    assert only(found[1]).take == first.take
    assert only(found[2]).take in {take.take for take in making.takes[:2]}


@pytest.mark.parametrize("change", [np.fliplr, np.rot90])
def test_a_mirrored_or_turned_picture_is_an_edit(making, change):
    first = making.enter(png(scene(1)), text_to_image(1))
    take = making.enter(png(np.ascontiguousarray(change(scene(1)))), name="turned.png")
    parent = only(infer(making, take))
    assert (parent.take, parent.relation, parent.edit) == (first.take, Relation.EDIT, None)


def test_a_crop_of_the_same_shape_is_found_among_the_last_takes(making):
    takes = [making.enter(png(scene(n)), text_to_image(n)) for n in range(1, 9)]
    cut = png(scene(3)[:320, :427])
    parent = only(infer(making, making.enter(cut, name="cut.png")))
    assert (parent.take, parent.relation) == (takes[2].take, Relation.EDIT)


def test_what_a_silent_file_leaves_open_is_said(making):
    first = making.enter(png(scene(1)), name="found.png")
    parent = only(infer(making, making.enter(saved(scene(1), "JPEG", quality=90))))
    assert parent.take == first.take
    assert "both may come from a third picture" in parent.because
    known = making.enter(png(scene(2)), text_to_image(2))
    parent = only(infer(making, making.enter(saved(scene(2), "JPEG", quality=90))))
    assert parent.take == known.take
    assert "third picture" not in parent.because


def test_icons_on_one_plate_are_no_edits_of_one_another(making):
    plate = np.full((256, 256, 3), 255, np.uint8)
    rows, columns = np.indices((256, 256))
    plate[abs(np.hypot(rows - 128, columns - 128) - 110) < 6] = 40
    for size in (30, 50, 70):
        icon = plate.copy()
        icon[128 - size : 128 + size, 128 - size // 2 : 128 + size // 2] = (200, 60, 40)
        assert infer(making, making.enter(png(icon), name=f"icon-{size}.png")) is None
