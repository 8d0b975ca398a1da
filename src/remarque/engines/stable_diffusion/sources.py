"""The pictures that go into a run: found by digest, turned upright, fitted to the run's size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remarque.engines.stable_diffusion.sources_canvas import Margins, grown, margins_in
from remarque.engines.stable_diffusion.sources_fitting import (
    LARGEST_SIDE,
    covering,
    laid_flat,
    rounded_size,
)
from remarque.errors import UsageError
from remarque.model.digests import Digest
from remarque.model.recipe import Recipe, Size, SourceUse
from remarque.pictures.decoding import decode
from remarque.pictures.scaling import Pixels, resize

_KNOWN_ROLES = ("init", "mask", "control")
_HALF = 128


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """What goes in, fitted: ``start`` RGB or None, ``mask`` bool (True is painted anew) or None.

    ``controls`` are RGB in the order of the recipe. ``size`` is that of the run in pixels;
    ``margins`` those the canvas really grew by; ``assumed`` says what was fitted and how.
    """

    size: Size
    start: Pixels | None = None
    mask: NDArray[np.bool_] | None = None
    controls: tuple[Pixels, ...] = ()
    margins: Margins | None = None
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sizing:
    """What sizes a model takes: multiples of ``multiple`` pixels, ``usual`` where none is asked."""

    multiple: int
    usual: Size


def check_roles(recipe: Recipe) -> None:
    """See that each picture has a part to play.

    Raises:
        UsageError: A role this engine does not know, two of one kind, or a mask without a picture.
    """
    roles = [source.role for source in recipe.sources]
    for role in roles:
        if role not in _KNOWN_ROLES:
            raise UsageError(f"this engine has no use for a {role} picture; take it out")
    for role in ("init", "mask"):
        if roles.count(role) > 1:
            raise UsageError(f"{roles.count(role)} {role} pictures are given; give one")
    if "init" not in roles and ("mask" in roles or margins_in(recipe) is not None):
        raise UsageError("a mask or an outpainting needs the picture to start from; give it")


def gather(recipe: Recipe, pictures: Mapping[Digest, bytes], sizing: Sizing) -> Inputs:
    """The pictures of a recipe, fitted to the size it asks for.

    Raises:
        UsageError: Bytes are missing, or the size is impossible.
        PictureUnreadable, PictureTooLarge: Bytes are no picture that may be opened.
    """
    check_roles(recipe)
    told: list[str] = []
    start = _first(recipe, "init", pictures, 255, told)
    mask = _first(recipe, "mask", pictures, 0, told)
    margins = margins_in(recipe)
    if start is None:
        size = rounded_size(recipe.generated_size or sizing.usual, sizing.multiple, told)
        return Inputs(size, controls=_controls(recipe, pictures, size, told), assumed=tuple(told))
    painted = None if mask is None else _as_mask(mask, start, told)
    if margins is not None:
        _refuse_vast(start, margins)
        start, painted, margins = grown(start, painted, margins, sizing.multiple, told)
        size = Size(start.shape[1], start.shape[0])
        if recipe.generated_size not in {None, size}:
            told.append(f"Outpainting decides the size: {size.width} x {size.height}.")
    else:
        here = Size(start.shape[1], start.shape[0])
        size = rounded_size(recipe.generated_size or here, sizing.multiple, told)
        start = covering(start, size, "picture to start from", told)
        painted = None if painted is None else _fitted_mask(painted, size)
    controls = _controls(recipe, pictures, size, told)
    return Inputs(size, start, painted, controls, margins, tuple(told))


def used_bytes(recipe: Recipe, pictures: Mapping[Digest, bytes]) -> tuple[bytes, ...]:
    """The bytes of the recipe's pictures, each once, to be kept with the take."""
    digests = dict.fromkeys(one.digest for one in recipe.sources if one.digest is not None)
    return tuple(pictures[digest] for digest in digests if digest in pictures)


def _refuse_vast(start: Pixels, margins: Margins) -> None:
    height, width = start.shape[:2]
    if max(width + margins.across, height + margins.down) > LARGEST_SIDE:
        raise UsageError(
            f"the picture would grow beyond {LARGEST_SIDE} pixels a side; choose smaller margins"
        )


def _first(
    recipe: Recipe, role: str, pictures: Mapping[Digest, bytes], ground: int, told: list[str]
) -> Pixels | None:
    found = [source for source in recipe.sources if source.role == role]
    return _read(found[0], pictures, ground, told) if found else None


def _controls(
    recipe: Recipe, pictures: Mapping[Digest, bytes], size: Size, told: list[str]
) -> tuple[Pixels, ...]:
    found: Sequence[SourceUse] = [one for one in recipe.sources if one.role == "control"]
    return tuple(
        covering(_read(one, pictures, 0, told), size, "control picture", told) for one in found
    )


def _read(
    source: SourceUse, pictures: Mapping[Digest, bytes], ground: int, told: list[str]
) -> Pixels:
    """A source upright, in RGB, what is transparent on an even ground."""
    content = None if source.digest is None else pictures.get(source.digest)
    if content is None:
        named = source.name or (source.digest or "one without a digest")
        raise UsageError(f"the bytes of the {source.role} picture ({named}) were not given")
    return laid_flat(decode(content).pixels, source.role, ground, told)


def _as_mask(mask: Pixels, start: Pixels, told: list[str]) -> NDArray[np.bool_]:
    """True where the mask is light, in the size of the picture it belongs to."""
    height, width = start.shape[:2]
    if mask.shape[:2] != (height, width):
        told.append(
            f"The mask was stretched from {mask.shape[1]} x {mask.shape[0]} "
            f"to the picture's {width} x {height}."
        )
        mask = resize(mask, width, height)
    painted: NDArray[np.bool_] = mask.mean(axis=2) >= _HALF
    if not painted.any():
        raise UsageError("the mask is black all over, so that nothing would be painted")
    return painted


def _fitted_mask(painted: NDArray[np.bool_], size: Size) -> NDArray[np.bool_]:
    planes = np.repeat(painted[..., None].astype(np.uint8) * 255, 3, axis=2)
    fitted: NDArray[np.bool_] = covering(planes, size, "mask", [])[..., 0] >= _HALF
    return fitted
