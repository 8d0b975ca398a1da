"""Removed marks are seen to be removed; thresholds were set on other pictures than these."""

import cv2
import numpy as np
import pytest

from remarque.errors import MarkError
from remarque.marks.laying import Corner
from remarque.marks.removal import RemovalState, judge_removal
from remarque.marks.visible import VisibleMark, draw_mark
from remarque.model.marks import Region
from remarque.pictures.aligning import align_described
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.pictures.keypoints import describe
from remarque.pictures.scaling import fit, grey, resize
from stand_ins.samples import sample

PICTURES = (
    "generators/civitai/flux-goblin.jpeg",
    "generators/invokeai/000008.2772421987.png",
    "photos/plasma_onestandsout.jpg",
)


class Published:
    """A picture published with a mark, and thieves that take it."""

    def __init__(self, name, corner):
        self.clean = fit(decode(sample(name).read_bytes()).pixels[..., :3], 640)[0]
        drawn = draw_mark(
            self.clean, VisibleMark("© Li Wei 2026", corner=corner, height_share=0.04)
        )
        self.marked, self.box = drawn.pixels, drawn.region
        self.layer = decode(drawn.layer).pixels
        self.known = describe(self.clean)

    @property
    def place(self):
        top, left = self.box.top, self.box.left
        return slice(top, top + self.box.height), slice(left, left + self.box.width)

    def locate(self, copy):
        return align_described(describe(copy), self.known)

    def judge(self, copy):
        found = self.locate(copy)
        return judge_removal(copy, found, self.marked, self.clean, self.box, self.layer)


@pytest.fixture(scope="module", params=range(len(PICTURES)), ids=lambda index: PICTURES[index])
def published(request):
    return Published(PICTURES[request.param], list(Corner)[request.param])


def recompressed(pixels, quality=75):
    return decode(encode(np.ascontiguousarray(pixels), "image/jpeg", quality=quality)).pixels


def scaled(pixels, factor):
    height, width = pixels.shape[:2]
    return resize(pixels, round(width * factor), round(height * factor))


def greyed(pixels):
    return np.repeat(grey(pixels)[..., None], 3, axis=2)


HANDLING = {
    "recompressed": recompressed,
    "scaled down": lambda p: recompressed(scaled(p, 0.6)),
    "scaled up": lambda p: recompressed(scaled(p, 1.5)),
    "grey": lambda p: recompressed(greyed(p)),
    "mirrored": lambda p: recompressed(p[:, ::-1]),
    "darker": lambda p: recompressed(cv2.convertScaleAbs(p, alpha=0.85, beta=-5)),
}


def inpainted(published):
    ink = np.zeros(published.marked.shape[:2], np.uint8)
    ink[published.place] = published.layer[..., 3] > 20
    return cv2.inpaint(published.marked, cv2.dilate(ink, np.ones((5, 5))), 5, cv2.INPAINT_TELEA)


def smeared(published):
    copy = published.marked.copy()
    copy[published.place] = cv2.GaussianBlur(copy, (0, 0), 10)[published.place]
    return copy


def boxed(published):
    copy = published.marked.copy()
    copy[published.place] = (250, 250, 250) if copy[published.place].mean() < 128 else (5, 5, 5)
    return copy


def stickered(published):
    copy = published.marked.copy()
    rows, columns = published.place
    copy[rows, columns] = (250, 210, 40) if copy[rows, columns].mean() < 128 else (60, 10, 20)
    place = (columns.start + 4, rows.stop - published.box.height // 3)
    cv2.putText(copy, "@reposter", place, 0, published.box.height / 45, (255, 255, 255), 2)
    return copy


def cut_off(published):
    below = published.box.top > published.marked.shape[0] // 2
    copy = published.marked
    if below:
        return copy[: published.box.top - 3]
    return copy[published.box.top + published.box.height + 3 :]


@pytest.mark.parametrize("handling", HANDLING)
def test_a_mark_that_is_there_is_kept(published, handling):
    assert published.judge(HANDLING[handling](published.marked)).state is RemovalState.KEPT


@pytest.mark.parametrize("handling", ["recompressed", "scaled down", "grey"])
@pytest.mark.parametrize(
    ("thief", "state"),
    [
        (inpainted, RemovalState.RECONSTRUCTED),
        (boxed, RemovalState.COVERED),
        (stickered, RemovalState.COVERED),
        (cut_off, RemovalState.CROPPED),
        (lambda published: published.clean, RemovalState.RECONSTRUCTED),
    ],
    ids=["inpainted", "boxed", "stickered", "cut off", "never there"],
)
def test_a_removed_mark_is_seen_to_be_removed(published, thief, state, handling):
    assert published.judge(HANDLING[handling](thief(published))).state is state


@pytest.mark.parametrize("handling", ["recompressed", "scaled up", "darker"])
def test_a_smeared_mark_is_never_called_kept(published, handling):
    found = published.judge(HANDLING[handling](smeared(published)))
    assert found.state is not RemovalState.KEPT


def test_a_mark_too_faint_at_this_size_is_left_undecided(published):
    tiny = recompressed(scaled(published.marked, 0.12), 20)
    found = published.locate(tiny)
    assert found is not None
    assert published.judge(tiny).state in (RemovalState.UNDECIDED, RemovalState.KEPT)


def test_a_layer_as_large_as_the_picture_is_cut_to_its_box(published):
    whole = np.zeros((*published.marked.shape[:2], 4), np.uint8)
    whole[published.place] = published.layer
    copy = recompressed(published.marked)
    found = published.locate(copy)
    judged = judge_removal(copy, found, published.marked, published.clean, published.box, whole)
    assert judged.state is RemovalState.KEPT


def test_a_layer_of_another_size_is_refused(published):
    copy = recompressed(published.marked)
    found = published.locate(copy)
    with pytest.raises(MarkError, match="does not fit its box"):
        judge_removal(
            copy, found, published.marked, published.clean, published.box, published.layer[1:]
        )


def test_a_mark_that_fills_the_picture_gives_an_answer(published):
    height, width = published.marked.shape[:2]
    everything = Region(0, 0, width, height)
    layer = np.full((height, width, 4), 80, np.uint8)
    found = published.locate(published.clean)
    judged = judge_removal(
        published.clean, found, published.marked, published.clean, everything, layer
    )
    assert judged.state is not RemovalState.KEPT
