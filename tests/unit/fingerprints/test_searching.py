import cv2
import numpy as np
import pytest

from remarque.fingerprints.measured import false_accusation_rate
from remarque.fingerprints.pdq import Fingerprint, pdq_all_ways, tabulate
from remarque.fingerprints.searching import (
    ALL_ARE_JUDGED_UP_TO,
    SHORT_LIST,
    Method,
    Recollection,
    judge,
    judge_described,
    shortlist,
)
from remarque.model.history import Verdict
from remarque.model.marks import Region
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.pictures.keypoints import describe
from remarque.pictures.scaling import fit, resize
from stand_ins.samples import sample

TEXTURED, OTHER, SMOOTH = (
    "photos/skimage_coffee.png",
    "photos/plasma_eveningglow.jpg",
    "photos/plasma_kokkini.jpg",
)


def load(name):
    return fit(decode(sample(name).read_bytes()).pixels[..., :3], 800)[0]


@pytest.fixture(scope="module")
def coffee():
    return load(TEXTURED)


@pytest.fixture(scope="module")
def evening():
    return load(OTHER)


@pytest.fixture(scope="module")
def known_coffee(coffee):
    return describe(coffee)


def recompressed(pixels, quality=70):
    return decode(encode(np.ascontiguousarray(pixels), "image/jpeg", quality=quality)).pixels


def lettered(pixels):
    drawn = pixels.copy()
    cv2.putText(drawn, "FREE WALLPAPER", (30, 200), 3, 1.8, (255, 230, 0), 4, cv2.LINE_AA)
    return drawn


def warmer(pixels):
    return (pixels * np.array([1.0, 0.85, 0.6])).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: recompressed(p, 30),
        lambda p: resize(p, 150, 100),
        lambda p: resize(p, 2400, 1600),
        warmer,
        lettered,
        lambda p: p[:, :570],
        lambda p: p[20:-40, 30:-60],
        lambda p: p[:, ::-1],
        np.rot90,
    ],
    ids=[
        "jpeg 30", "25 %", "400 %", "colour", "text", "5 % cut", "25 % cut", "mirror", "turned"
    ],
)  # fmt: skip
def test_a_lightly_edited_copy_is_a_copy(coffee, known_coffee, change):
    found = judge_described(describe(recompressed(change(coffee))), known_coffee)
    assert found.verdict is Verdict.COPY
    assert found.score >= 8
    assert 0 < found.false_accusation_rate < 0.001
    assert len(found.alignment.region) >= 4


def test_half_a_picture_is_partial(coffee, known_coffee):
    found = judge_described(describe(recompressed(coffee[:190, :400])), known_coffee)
    assert found.verdict is Verdict.PARTIAL
    assert found.alignment.share == pytest.approx(190 * 400 / 240_000, abs=0.02)


def test_a_picture_inside_a_collage_is_partial_and_outlined(coffee, evening, known_coffee):
    page = np.full((820, 820, 3), 255, np.uint8)
    page[:266, :400] = resize(coffee, 400, 266)
    page[:250, 420:820] = resize(evening, 400, 250)
    found = judge_described(describe(recompressed(page)), known_coffee)
    assert found.verdict is Verdict.PARTIAL
    assert np.array(found.alignment.region).max() < 420


def test_an_unrelated_picture_is_none(evening, known_coffee):
    found = judge_described(describe(evening), known_coffee)
    assert found.verdict is Verdict.NONE
    assert found.alignment is None
    assert found.transform == ""
    assert found.pdq_distance > 60


def test_pictures_that_share_a_mark_are_not_copies_of_one_another(coffee, evening):
    box = Region(20, 300, 560, 90)
    marked = []
    for pixels in (coffee, evening):
        drawn = pixels.copy()
        cv2.putText(drawn, "STUDIO EXAMPLE", (30, 370), 3, 1.7, (255, 255, 255), 3, cv2.LINE_AA)
        marked.append(drawn)
    assert judge(marked[1], coffee).verdict is Verdict.NONE
    assert judge(marked[1], marked[0], without=box).verdict is Verdict.NONE
    assert judge(marked[1], marked[0]).verdict in (Verdict.NONE, Verdict.UNDECIDED)


def test_a_smooth_picture_is_found_as_a_whole():
    smooth = load(SMOOTH)
    found = judge(recompressed(cv2.GaussianBlur(smooth, (0, 0), 2), 10), smooth)
    assert found.verdict is Verdict.COPY
    assert found.false_accusation_rate < 0.001


def test_smooth_pictures_are_not_taken_for_one_another():
    assert judge(load(SMOOTH), load("photos/plasma_darkesthour.jpg")).verdict is Verdict.NONE


def test_flat_pictures_prove_nothing():
    one, other = np.full((200, 300, 3), 250, np.uint8), np.full((90, 90, 3), 10, np.uint8)
    assert judge(one, other).verdict is Verdict.NONE
    assert judge(one, one.copy()).verdict is Verdict.NONE


def test_the_whole_picture_method_says_so_and_counts_blocks():
    small = load("photos/plasma_elarun.jpg")
    found = judge(recompressed(small, 10), small)
    assert found.verdict is Verdict.COPY
    if found.method is Method.WHOLE_PICTURE:
        assert found.score == found.agreement.agreeing


def random_table(rows):
    numbers = np.random.default_rng(5).integers(0, 256, (rows, 32), dtype=np.uint8)
    return [Fingerprint(bytes(row), 100) for row in numbers]


def test_few_registered_pictures_are_all_judged(coffee):
    ways = pdq_all_ways(coffee)
    rows = [*random_table(ALL_ARE_JUDGED_UP_TO - 1), ways[0]]
    listed = shortlist(ways, tabulate(rows))
    assert len(listed) == ALL_ARE_JUDGED_UP_TO
    assert (listed[0].index, listed[0].pdq_distance) == (ALL_ARE_JUDGED_UP_TO - 1, 0)


def test_of_many_registered_pictures_only_the_nearest_are_judged(coffee):
    ways = pdq_all_ways(coffee)
    rows = [*random_table(ALL_ARE_JUDGED_UP_TO), ways[6]]
    listed = shortlist(ways, tabulate(rows))
    assert len(listed) == SHORT_LIST
    assert listed[0].pdq_distance == 0
    distances = [candidate.pdq_distance for candidate in listed]
    assert distances == sorted(distances)


def test_an_empty_register_has_no_candidates(coffee):
    assert shortlist(pdq_all_ways(coffee), tabulate([])) == []


def test_described_pictures_are_kept_and_let_go(known_coffee):
    made = []
    kept = Recollection(capacity=2)

    def load_again(key):
        return kept.recall(key, lambda: made.append(key) or known_coffee)

    for key in ("one", "two", "one", "three", "one", "two"):
        load_again(key)
    assert made == ["one", "two", "three", "two"]


def test_the_bound_for_wrong_accusations_falls_with_the_score(monkeypatch):
    from remarque.fingerprints import measured

    monkeypatch.setattr(measured, "COMPARISONS", 10_000)
    monkeypatch.setattr(measured, "ACCUSED", {"keypoints": (8, 9, 20)})
    assert false_accusation_rate("keypoints", 21) == pytest.approx(3 / 10_000)
    assert false_accusation_rate("keypoints", 9) == pytest.approx((5 + 2 * 2**0.5) / 10_000)
    assert false_accusation_rate("whole-picture", 1) == pytest.approx(3 / 10_000)
