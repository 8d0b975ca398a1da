"""The making of a picture as a short film: one frame a step, its number on it, the last one held.

MP4 is written by OpenCV (MPEG-4 part 2, which every build of it can write) and read back before
it is handed over; WebP by Pillow, and shown by any browser.
"""

import io
import tempfile
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from remarque.errors import MakingFailed, UsageError
from remarque.pictures.scaling import Pixels, on_ground, resize

FRAMES_A_SECOND = 12
HELD_S = 2.0
LONGEST_SIDE_PX = 1024
SHORTEST_SIDE_PX = 256
MOST_FRAMES = 2000

_WEBP_QUALITY = 90
_BAND = 0.09
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class FilmKind(StrEnum):
    """The formats a film is written in, by the ending of the file's name."""

    MP4 = ".mp4"
    WEBP = ".webp"


def film_kind(path: Path) -> FilmKind:
    """The kind of film a file's name asks for.

    Raises:
        UsageError: The name ends in neither.
    """
    suffix = path.suffix.lower()
    if suffix not in set(FilmKind):
        raise UsageError(
            f"a film is written as .mp4 or .webp, not as “{path.name}”",
            hint="Name the file like film.mp4.",
        )
    return FilmKind(suffix)


class StepFilm:
    """Collects the picture after each step and makes one film of them.

    The frames are held in memory, scaled to at most 1024 pixels a side; beyond 2,000 steps only
    the later ones are shown.
    """

    def __init__(self, kind: FilmKind) -> None:
        """Take the format it shall have."""
        self._kind = kind
        self._frames: list[tuple[int, int, Pixels]] = []

    def add(self, step: int, total: int, pixels: Pixels) -> None:
        """One more picture, (H, W, 3) RGB; ``step`` counts from 1."""
        if len(self._frames) == MOST_FRAMES:
            del self._frames[0]
        self._frames.append((step, total, _fitted(on_ground(pixels))))

    def finish(self, pixels: Pixels) -> bytes:
        """The film, with the finished picture held at its end.

        Raises:
            MakingFailed: It was written and does not play back.
        """
        last = _fitted(on_ground(pixels))
        height, width = last.shape[:2]
        frames = [
            _numbered(resize(frame, width, height), f"step {step} of {total}")
            for step, total, frame in self._frames
        ]
        held = _numbered(last, f"finished after {self._frames[-1][1]} steps" if frames else "")
        if self._kind is FilmKind.WEBP:
            return _webp(frames, held)
        return _mp4(frames, held)


def _fitted(pixels: Pixels) -> Pixels:
    """Even sides of 256 to 1024 pixels, as the codec and a reader's eye need them."""
    height, width = pixels.shape[:2]
    longest = max(height, width)
    scale = min(1.0, LONGEST_SIDE_PX / longest)
    if longest < SHORTEST_SIDE_PX:
        scale = float(-(-SHORTEST_SIDE_PX // longest))
    wide, high = (max(16, round(side * scale / 2) * 2) for side in (width, height))
    return pixels if (wide, high) == (width, height) else resize(pixels, wide, high)


def _numbered(pixels: Pixels, text: str) -> Pixels:
    """The frame with a dark band below the picture that says where it stands."""
    height, width = pixels.shape[:2]
    band = max(20, round(height * _BAND / 2) * 2)
    frame = np.full((height + band, width, 3), 24, dtype=np.uint8)
    frame[:height] = pixels
    scale = band / 44
    place = (round(band * 0.3), height + round(band * 0.68))
    cv2.putText(frame, text, place, _FONT, scale, (235, 235, 235), 1, cv2.LINE_AA)
    return frame


def _webp(frames: Sequence[Pixels], held: Pixels) -> bytes:
    written = io.BytesIO()
    images = [Image.fromarray(frame) for frame in (*frames, held)]
    lasting = [round(1000 / FRAMES_A_SECOND)] * len(frames) + [round(1000 * HELD_S)]
    images[0].save(
        written,
        "WEBP",
        save_all=True,
        append_images=images[1:],
        duration=lasting,
        loop=0,
        quality=_WEBP_QUALITY,
    )
    return written.getvalue()


def _mp4(frames: Sequence[Pixels], held: Pixels) -> bytes:
    shown = [*frames, *([held] * round(FRAMES_A_SECOND * HELD_S))]
    height, width = held.shape[:2]
    with tempfile.TemporaryDirectory(prefix="remarque-film-") as folder:
        path = Path(folder) / "film.mp4"
        codec = cv2.VideoWriter.fourcc(*"mp4v")
        writer = cv2.VideoWriter(str(path), codec, FRAMES_A_SECOND, (width, height))
        try:
            for frame in shown:
                writer.write(np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)))
        finally:
            writer.release()
        content = path.read_bytes() if path.is_file() else b""
        if _frames_in(path) != len(shown):
            raise MakingFailed(
                "the film was written and does not play back whole",
                hint="Name a file that ends in .webp: that needs no video codec.",
            )
    return content


def _frames_in(path: Path) -> int:
    """How many frames a player finds."""
    reader = cv2.VideoCapture(str(path))
    count = 0
    try:
        while reader.read()[0]:
            count += 1
    finally:
        reader.release()
    return count
