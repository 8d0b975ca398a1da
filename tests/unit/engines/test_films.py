"""The film of a take's steps: it plays back, its last frame stays, in both formats."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from remarque.engines.films import (
    FRAMES_A_SECOND,
    FilmKind,
    StepFilm,
    film_kind,
)
from remarque.errors import UsageError
from stand_ins.making import scene

STEPS = 5
LAST = scene(9, (96, 128))


def film_of(kind: FilmKind, frames: int = STEPS, last: np.ndarray = LAST) -> bytes:
    film = StepFilm(kind)
    for step in range(1, frames + 1):
        film.add(step, frames, np.full((48, 64, 3), 20 * step, np.uint8))
    return film.finish(last)


def frames_of(content: bytes, tmp_path: Path) -> list[np.ndarray]:
    place = tmp_path / "film.mp4"
    place.write_bytes(content)
    reader, found = cv2.VideoCapture(str(place)), []
    assert round(reader.get(cv2.CAP_PROP_FPS)) == FRAMES_A_SECOND
    while True:
        is_one, frame = reader.read()
        if not is_one:
            reader.release()
            return found
        found.append(frame[..., ::-1])


def test_an_mp4_shows_every_step_and_holds_the_last_for_two_seconds(tmp_path):
    frames = frames_of(film_of(FilmKind.MP4), tmp_path)
    assert len(frames) == STEPS + 2 * FRAMES_A_SECOND
    assert all(frame.shape[1] == 256 and frame.shape[0] > 192 for frame in frames)
    greys = [float(frame[:180].mean()) for frame in frames[:STEPS]]
    assert greys == pytest.approx([20, 40, 60, 80, 100], abs=4)
    shown = cv2.resize(LAST, (256, 192), interpolation=cv2.INTER_CUBIC)
    assert float(np.abs(frames[-1][:192].astype(int) - shown).mean()) < 8


def test_the_number_of_the_step_stands_below_the_picture(tmp_path):
    frames = frames_of(film_of(FilmKind.MP4), tmp_path)
    first, second = (frame[192:].astype(int) for frame in frames[:2])
    assert first.max() > 150
    assert np.abs(first - second).max() > 60


def test_a_webp_is_an_animation_that_holds_its_last_frame():
    with Image.open(io.BytesIO(film_of(FilmKind.WEBP))) as image:
        assert image.n_frames == STEPS + 1
        image.seek(STEPS)
        image.load()
        assert image.info["duration"] == 2000
        assert image.size[0] == 256


@pytest.mark.parametrize("kind", list(FilmKind))
def test_a_run_without_previews_still_gives_a_film(kind):
    assert len(film_of(kind, frames=0)) > 500


def test_odd_and_large_pictures_are_fitted(tmp_path):
    frames = frames_of(film_of(FilmKind.MP4, 1, scene(2, (499, 1101))), tmp_path)
    assert frames[0].shape[1] == 1024
    assert frames[0].shape[0] % 2 == 0


def test_the_ending_says_the_format():
    assert film_kind(Path("a/Film.MP4")) is FilmKind.MP4
    with pytest.raises(UsageError, match=r"not as “film\.avi”"):
        film_kind(Path("film.avi"))
