"""The drawn world: the same picture for the same scene, and the truth about what is in it."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from training.world.canvas import SIDE
from training.world.drawing import draw
from training.world.scene import (
    STYLES,
    Scene,
    is_held_out,
    sample_scene,
    sample_scenes,
)

THIRDS = {"left": (0, SIDE / 3), "middle": (SIDE / 3, 2 * SIDE / 3), "right": (2 * SIDE / 3, SIDE)}


def scenes(count, seed=5):
    rng = np.random.default_rng(seed)
    return [sample_scene(rng) for _ in range(count)]


def box(mask):
    return cv2.boundingRect((mask > 127).astype(np.uint8))


def middle(mask):
    left, _, width, _ = box(mask)
    return left + width / 2


DRAWN = [(scene, draw(scene)) for scene in scenes(48)]


def test_same_scene_same_pixels():
    for scene, drawing in DRAWN[:4]:
        assert (draw(scene).picture == drawing.picture).all()


def test_another_seed_is_another_picture():
    scene, drawing = DRAWN[0]
    other = draw(replace(scene, seed=scene.seed + 1)).picture
    assert np.abs(other.astype(int) - drawing.picture).mean() > 2


def test_pictures_are_whole_and_256_wide():
    for _, drawing in DRAWN:
        assert drawing.picture.shape == (SIDE, SIDE, 3)
        assert drawing.picture.dtype == np.uint8


@pytest.mark.parametrize("style", STYLES)
def test_every_style_has_a_finish_of_its_own(style):
    scene = replace(DRAWN[0][0], style=style, soft=False)
    others = [draw(replace(scene, style=other)).picture for other in STYLES if other != style]
    mine = draw(scene).picture.astype(int)
    assert min(np.abs(mine - other).mean() for other in others) > 5


def expected(scene: Scene) -> dict[str, int]:
    """How many masks of each name the truth of a scene holds."""
    orb = "moon" if scene.time == "night" else "sun"
    counts = {
        orb: int(scene.orb is not None),
        "stars": int(scene.stars),
        "clouds": int(scene.clouds),
        "mountain": scene.mountains,
        "boat": scene.boats,
        "house": int(scene.house is not None),
        "tree": scene.trees,
        "flowers": int(scene.flowers is not None),
        "bird": scene.birds,
    }
    return {name: count for name, count in counts.items() if count}


def test_truth_names_everything_drawn_and_nothing_else():
    for scene, drawing in DRAWN:
        assert {name: len(masks) for name, masks in drawing.truth.items()} == expected(scene)
        for masks in drawing.truth.values():
            assert all((mask > 127).sum() > 30 for mask in masks)


def test_sides_are_where_the_words_say():
    seen = set()
    for scene, drawing in DRAWN:
        for name, side in (
            ("sun", scene.orb),
            ("moon", scene.orb),
            ("boat", scene.boat_side),
            ("house", scene.house_side),
        ):
            if side is None or name not in drawing.truth:
                continue
            low, high = THIRDS[side]
            assert low <= middle(drawing.truth[name][0]) <= high
            seen.add((name, side))
    assert len(seen) >= 9


def test_things_are_large_enough_to_be_seen():
    least = {"moon": 35, "sun": 35, "bird": 30, "house": 55, "boat": 40, "tree": 30}
    for _, drawing in DRAWN:
        for name, width in least.items():
            for mask in drawing.truth.get(name, []):
                assert box(mask)[2] >= width


def test_boats_houses_and_trees_stand_apart():
    for _, drawing in DRAWN:
        masks = [m > 127 for n in ("boat", "house", "tree") for m in drawing.truth.get(n, [])]
        together = sum(mask.astype(int) for mask in masks) if masks else np.zeros(1)
        assert (together > 1).sum() <= 40  # twigs may touch, bodies may not


def test_soft_scenes_lack_detail():
    scene = replace(DRAWN[0][0], style="woodblock", soft=False)
    sharp = cv2.Laplacian(draw(scene).picture, cv2.CV_64F).std()
    assert cv2.Laplacian(draw(replace(scene, soft=True)).picture, cv2.CV_64F).std() < sharp / 4


def test_held_out_combinations_never_come_up_for_training():
    rng = np.random.default_rng(1)
    assert not any(is_held_out(scene) for scene in sample_scenes(rng, 200, held_out=False))
    assert all(is_held_out(scene) for scene in sample_scenes(rng, 20, held_out=True))
    share = np.mean([is_held_out(scene) for scene in scenes(1500)])
    assert 0.04 < share < 0.16


def test_small_things_count_more_than_large_ones_and_empty_places_nothing():
    from training.stacks import emphasis

    for scene, drawing in DRAWN:
        weights = emphasis(drawing).astype(float) / 60
        assert weights.shape == (32, 32)
        painted = np.zeros((256, 256), bool)
        for masks in drawing.truth.values():
            painted |= np.maximum.reduce(masks) > 0
        far = cv2.dilate(painted.astype(np.uint8), np.ones((49, 49))) == 0
        assert not weights[far[4::8, 4::8]].any(), scene
        if scene.birds and scene.mountains:
            bird, mountain = drawing.truth["bird"][0], drawing.truth["mountain"][0]
            assert mountain.mean() > bird.mean()
            assert weights_under(bird, weights).max() > np.median(weights_under(mountain, weights))


def weights_under(mask, weights):
    return weights[cv2.resize(mask, (32, 32), interpolation=cv2.INTER_AREA) > 20]
