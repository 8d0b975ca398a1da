import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from remarque.errors import MarkError
from remarque.marks.laying import Corner, is_drawn, overlap
from remarque.marks.lettering import letter
from remarque.marks.visible import (
    AI_LABEL,
    AI_LABEL_CHINESE,
    VisibleMark,
    draw_ai_label,
    draw_mark,
    label_warning,
)
from remarque.pictures.decoding import decode
from stand_ins.samples import sample

MARK = VisibleMark("(c) Li 2026")


def ground(value: int = 128, height: int = 400, width: int = 600, depth: int = 3):
    return np.full((height, width, depth), value, np.uint8)


def layer_of(drawn) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(drawn.layer)))


def stamp(colour=(200, 30, 40, 255)) -> bytes:
    image = Image.new("RGBA", (100, 100))
    image.paste(colour, (20, 30, 80, 70))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_the_mark_stands_bottom_right_and_the_rest_is_untouched():
    clean = decode(sample("photos/skimage_coffee.png").read_bytes()).pixels
    drawn = draw_mark(clean, MARK)
    box = drawn.region
    assert box.left > clean.shape[1] / 2
    assert box.top > clean.shape[0] / 2
    changed = np.argwhere((drawn.pixels != clean).any(axis=2))
    assert changed[:, 0].min() >= box.top
    assert changed[:, 1].min() >= box.left
    assert changed[:, 0].max() < box.top + box.height < clean.shape[0]
    assert changed[:, 1].max() < box.left + box.width < clean.shape[1]


@pytest.mark.parametrize("depth", [3, 4])
@pytest.mark.parametrize("mark", [MARK, VisibleMark(picture=stamp())])
def test_the_layer_over_the_clean_picture_is_the_marked_picture(depth, mark):
    rng = np.random.default_rng(7)
    clean = rng.integers(0, 256, (300, 500, depth), dtype=np.uint8)
    drawn = draw_mark(clean, mark)
    box = drawn.region
    part = (slice(box.top, box.top + box.height), slice(box.left, box.left + box.width))
    below = Image.fromarray(clean[part]).convert("RGBA")
    wanted = np.asarray(Image.alpha_composite(below, Image.open(io.BytesIO(drawn.layer))))
    seen = np.asarray(Image.fromarray(drawn.pixels[part]).convert("RGBA"))
    visible = wanted[..., 3] > 8
    assert np.abs(wanted.astype(int) - seen)[visible].max() <= 2


@pytest.mark.parametrize(
    ("value", "is_light"), [(10, True), (90, True), (200, False), (250, False)]
)
def test_the_ink_contrasts_with_the_ground(value, is_light):
    drawn = draw_mark(ground(value), MARK)
    layer = layer_of(drawn)
    ink = layer[layer[..., 3] > 235][:, :3].mean()
    assert (ink > 180) == (value < 128)
    assert is_drawn(drawn.pixels, drawn, ground(value))
    assert not is_drawn(ground(value), drawn, ground(value))


@pytest.mark.parametrize("size", [(64, 200), (200, 64 * 3), (1024, 768), (480, 2000)])
def test_the_ai_label_is_at_least_five_percent_high(size):
    clean = ground(20, *size)
    drawn = draw_ai_label(clean, "AI generated")
    layer = layer_of(drawn)
    rows = np.flatnonzero((layer[..., :3].min(axis=2) > 200).any(axis=1))
    capitals = letter("AI", int(np.ceil(min(size) * 0.05)), None)
    assert capitals.shape[0] >= min(size) * 0.05
    assert rows.max() - rows.min() + 1 >= min(size) * 0.05
    assert drawn.region.left < size[1] / 4
    assert drawn.region.top > size[0] / 2


def test_the_authors_mark_and_the_ai_label_do_not_meet():
    marked = draw_mark(ground(), MARK)
    labelled = draw_ai_label(marked.pixels)
    assert not overlap(marked.region, labelled.region)
    assert is_drawn(labelled.pixels, marked, ground())


@pytest.mark.parametrize("corner", Corner)
def test_any_corner_can_be_chosen(corner):
    box = draw_mark(ground(), replace(MARK, corner=corner)).region
    assert (box.left > 300) == corner.value.endswith("right")
    assert (box.top > 200) == corner.value.startswith("bottom")


def test_a_text_that_is_long_is_drawn_smaller():
    mark = VisibleMark("(c) 2026 somebody with quite a long name, all rights reserved")
    box = draw_mark(ground(height=1000, width=1000), mark).region
    assert box.width < 500


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (VisibleMark(""), "one line"),
        (VisibleMark("a\nb"), "one line"),
        (VisibleMark("x" * 200), "200 characters"),
        (VisibleMark("a word " * 16), "too long"),
        (VisibleMark("李某"), "U\\+674E"),
        (VisibleMark("José"), "U\\+00E9"),
        (VisibleMark("Li", font=b"no font"), "font"),
        (VisibleMark(picture=b"no picture"), "cannot be used"),
        (VisibleMark(picture=stamp((0, 0, 0, 0))), "transparent"),
        (VisibleMark("Li\x1b[31m"), "U\\+001B"),
        (VisibleMark("Li", height_share=0), "share"),
    ],
)
def test_a_mark_that_cannot_be_drawn_says_why(mark, said):
    with pytest.raises(MarkError, match=said):
        draw_mark(ground(height=120, width=160), mark)


@pytest.mark.parametrize("size", [(63, 500), (500, 20), (1, 1)])
def test_a_picture_that_is_too_small_says_so(size):
    for draw in (lambda p: draw_mark(p, MARK), draw_ai_label):
        with pytest.raises(MarkError, match="too small"):
            draw(ground(128, *size))


def test_a_label_too_wide_for_the_picture_is_not_shrunk_below_the_standard():
    with pytest.raises(MarkError, match="does not fit"):
        draw_ai_label(ground(128, 300, 300), "This picture was generated by AI, all of it, really")


def test_a_font_of_ones_own_draws_other_scripts():
    fonts = sorted(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"))
    if not fonts:
        pytest.skip("no DejaVu font on this machine")
    drawn = draw_mark(ground(), VisibleMark("© José Łuk", font=fonts[0].read_bytes()))
    assert is_drawn(drawn.pixels, drawn, ground())


def test_a_picture_mark_keeps_its_colours_and_transparency():
    drawn = draw_mark(ground(240, depth=4), VisibleMark(picture=stamp()))
    box = drawn.region
    middle = drawn.pixels[box.top + box.height // 2, box.left + box.width // 2]
    assert tuple(middle) == (200, 30, 40, 255)
    assert box.height == round(400 * 0.06)


def test_marking_a_transparent_picture_makes_the_ink_opaque_only():
    clean = ground(0, depth=4)
    drawn = draw_mark(clean, MARK)
    assert drawn.pixels[0, 0, 3] == 0
    assert drawn.pixels[..., 3].max() > 230


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        (AI_LABEL, True),
        (AI_LABEL_CHINESE, True),
        ("人工智能合成", True),
        ("Synthesised with AI", True),
        ("painted and generated", False),
        ("AI", False),
        ("by Li", False),
    ],
)
def test_a_label_that_does_not_say_it_gets_a_warning(text, fine):
    assert (label_warning(text) == "") == fine
