"""Sizes a model can make, and pictures scaled and cropped to them."""

import numpy as np

from remarque.errors import UsageError
from remarque.model.recipe import Size
from remarque.pictures.scaling import Pixels, on_ground, resize

LARGEST_SIDE = 4096
_GROUNDS = {255: "white", 0: "black"}


def rounded_size(size: Size, multiple: int, told: list[str]) -> Size:
    """The nearest size the model can make; ``told`` is given a sentence where it is another.

    Raises:
        UsageError: No picture can have this size, or none that is made here.
    """
    if min(size.width, size.height) < 1 or max(size.width, size.height) > LARGEST_SIDE:
        raise UsageError(
            f"a picture of {size.width} x {size.height} pixels cannot be made; "
            f"choose 1 to {LARGEST_SIDE} pixels a side"
        )
    found = Size(_nearest(size.width, multiple), _nearest(size.height, multiple))
    if found != size:
        told.append(
            f"{size.width} x {size.height} was rounded to {found.width} x {found.height}: "
            f"this model makes multiples of {multiple} pixels."
        )
    return found


def covering(pixels: Pixels, size: Size, what: str, told: list[str]) -> Pixels:
    """The picture scaled to cover ``size`` and cropped about its middle."""
    height, width = pixels.shape[:2]
    if (width, height) == (size.width, size.height):
        return pixels
    told.append(
        f"The {what} was scaled and cropped about its middle from {width} x {height} "
        f"to {size.width} x {size.height}."
    )
    scale = max(size.width / width, size.height / height)
    wide = max(size.width, round(width * scale))
    high = max(size.height, round(height * scale))
    scaled = resize(pixels, wide, high)
    left, top = (wide - size.width) // 2, (high - size.height) // 2
    return np.ascontiguousarray(scaled[top : top + size.height, left : left + size.width])


def laid_flat(pixels: Pixels, role: str, ground: int, told: list[str]) -> Pixels:
    """RGB of a picture; where it is transparent it lies on an even ground, and ``told`` says so."""
    if pixels.shape[2] == 4 and int(pixels[..., 3].min()) < 255:  # noqa: PLR2004
        told.append(f"The {role} picture is transparent in places; it was laid on {_name(ground)}.")
    return on_ground(pixels, ground)


def _name(ground: int) -> str:
    return _GROUNDS.get(ground, f"grey {ground}")


def _nearest(side: int, multiple: int) -> int:
    return min(max(1, round(side / multiple)) * multiple, LARGEST_SIDE // multiple * multiple)
