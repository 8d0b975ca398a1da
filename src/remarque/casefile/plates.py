"""Pictures made ready for the page: decoded once, scaled down, written beside the document."""

import io
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path
from typing import TYPE_CHECKING

from remarque.errors import PlaceUnusable, RemarqueError
from remarque.model.digests import Digest

if TYPE_CHECKING:
    from remarque.pictures.scaling import Pixels

THUMBNAIL_PX = 256
LARGE_PX = 1400
_QUALITY = 88

ReadPicture = Callable[[Digest], bytes]
_Scaled = tuple[bytes, int, int]


@dataclass(frozen=True, slots=True)
class Plate:
    """A picture as it is printed, or why it is not.

    ``width_px`` and ``height_px`` are those of the whole picture, upright. ``file`` is empty and
    ``absence`` a sentence where the picture cannot be shown.
    """

    file: str
    width_px: int
    height_px: int
    alt: str
    absence: str = ""


class PlateMaker:
    """Writes each picture at most once a size into the document's folder."""

    def __init__(
        self, folder: Path, read_picture: ReadPicture, absences: Mapping[Digest, str]
    ) -> None:
        """Take the folder to write to, where bytes come from, and what is known to be gone."""
        self._folder = folder
        self._read_picture = read_picture
        self._absences = absences
        self._made: dict[tuple[Digest, int], Plate] = {}

    def make(self, picture: Digest, alt: str, *, longest_px: int = LARGE_PX) -> Plate:
        """The picture as a JPEG on white, longer side at most ``longest_px``.

        A picture that is gone or cannot be decoded gives a plate that says so.

        Raises:
            PlaceUnusable: The folder cannot be written to.
        """
        key = (picture, longest_px)
        if key not in self._made:
            self._made[key] = self._make(picture, longest_px)
        made = self._made[key]
        return Plate(made.file, made.width_px, made.height_px, alt, made.absence)

    def prepare(self, pictures: Iterable[Digest], *, longest_px: int) -> None:
        """Make many plates at once, on all cores; ``make`` then finds them.

        Raises:
            PlaceUnusable: The folder cannot be written to.
        """
        keys = [(picture, longest_px) for picture in dict.fromkeys(pictures)]
        fresh = [key for key in keys if key not in self._made]
        with ThreadPoolExecutor(cpu_count() or 2) as pool:
            for key, scaled in zip(fresh, pool.map(lambda k: self._scale(*k), fresh), strict=True):
                self._made[key] = self._place(scaled)

    def _make(self, picture: Digest, longest_px: int) -> Plate:
        return self._place(self._scale(picture, longest_px))

    def _scale(self, picture: Digest, longest_px: int) -> _Scaled | str:
        """The small picture, or the sentence that says why there is none."""
        if picture in self._absences:
            return self._absences[picture]
        try:
            return _scaled(self._read_picture(picture), longest_px)
        except RemarqueError as error:
            return error.message

    def _place(self, scaled: _Scaled | str) -> Plate:
        if isinstance(scaled, str):
            return Plate("", 0, 0, "", scaled)
        content, width_px, height_px = scaled
        name = f"p{len(self._made)}.jpg"
        try:
            self._folder.joinpath(name).write_bytes(content)
        except OSError as error:
            raise PlaceUnusable(
                f"a picture for the case file cannot be written to {self._folder}: {error}",
                hint="Free some room for temporary files and write the case file again.",
            ) from error
        return Plate(name, width_px, height_px, "")


def _scaled(content: bytes, longest_px: int) -> _Scaled:
    """JPEG bytes in sRGB, and the size in pixels of the picture they were made from."""
    from remarque.pictures.decoding import decode
    from remarque.pictures.encoding import encode
    from remarque.pictures.scaling import fit

    picture = decode(content)
    height_px, width_px = picture.pixels.shape[:2]
    small, _ = fit(picture.pixels, longest_px)
    if picture.icc:
        small = _in_srgb(small, picture.icc)
    return encode(small, "image/jpeg", quality=_QUALITY), width_px, height_px


def _in_srgb(pixels: "Pixels", profile: bytes) -> "Pixels":
    """The same colours in sRGB, so that no foreign profile enters the document."""
    import numpy as np
    from PIL import Image, ImageCms

    from remarque.pictures.scaling import on_ground

    image = Image.fromarray(on_ground(pixels))
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):
        return pixels  # an unusable profile says nothing: the numbers are taken as sRGB
    return np.array(converted or image, dtype=np.uint8)
