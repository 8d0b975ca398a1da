"""The ground marks are written on: the source's pixels, coded for the copy, without metadata."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from remarque.marks.containers import webp
from remarque.marks.containers.surgery import WRITABLE, read_metadata, strip_metadata
from remarque.marks.exif import parse_exif
from remarque.marks.hidden import find_hidden_text, without_hidden_text
from remarque.marks.laying import Corner, DrawnMark, overlap
from remarque.marks.visible import draw_ai_label, draw_mark, label_warning
from remarque.marks.wishes import AiLabelWish, MarkWishes
from remarque.pictures.decoding import Picture, decode
from remarque.pictures.encoding import encode
from remarque.pictures.scaling import on_ground

_LOSSLESS, _FINE = 100, 95
_DEEP = 16
_COLOURS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A picture without metadata, ready for marks.

    ``pixels`` is what a decoder should see (upright), ``clean`` the same without visible marks.
    ``orientation`` is the EXIF code that has to stay because the pixels were not touched.
    ``exact`` says that decoding gives ``pixels`` bit by bit. ``edits`` are sentences about every
    change of pixels, ``warnings`` about what the author should know.
    """

    content: bytes
    media_type: str
    pixels: NDArray[np.uint8]
    clean: NDArray[np.uint8]
    orientation: int = 1
    exact: bool = True
    mark: DrawnMark | None = None
    label: DrawnMark | None = None
    edits: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def prepare_ground(source: bytes, wishes: MarkWishes) -> Ground:
    """Decode, draw what is to be seen, and code again only where pixels really change.

    Raises:
        PictureUnreadable: The source cannot be decoded.
        PictureTooLarge: It has more pixels than the limits allow.
        MarkError: A visible mark cannot be drawn.
    """
    picture = decode(source)
    media_type = wishes.media_type or picture.media_type
    ground = Ground(source, media_type, picture.pixels, picture.pixels)
    if media_type not in WRITABLE:
        ground = _converted_to_png(ground)
    ground = _without_hidden(ground, picture, source)
    if ground.media_type == "image/jpeg":
        ground = _flattened(ground)
    ground = _labelled(_marked(ground, wishes), wishes.ai_label)
    if ground.media_type == picture.media_type and ground.pixels is picture.pixels:
        orientation = _orientation(source)
        stripped = strip_metadata(source, ground.media_type)
        return replace(ground, content=stripped, orientation=orientation)
    return _coded(ground, picture, source)


def _converted_to_png(ground: Ground) -> Ground:
    warning = f"marks cannot be written into {ground.media_type}; the copy is a PNG"
    return _changed(replace(ground, media_type="image/png"), warning=warning)


def _without_hidden(ground: Ground, picture: Picture, source: bytes) -> Ground:
    """Generators hide whole prompts in pixels; a copy that should carry none must not."""
    lossless = picture.media_type == "image/png" or webp.is_lossless(source)
    found = find_hidden_text(ground.pixels) if lossless and picture.bit_depth < _DEEP else None
    if found is None or ground.media_type == "image/jpeg":
        return ground
    cleaned = without_hidden_text(ground.pixels, found)
    said = f"text hidden in the lowest bits of the {found.channels} was taken out"
    return _changed(
        replace(ground, pixels=cleaned, clean=cleaned),
        edit=said,
        warning=f"{said}: the generator ({found.name}) had put its prompt there",
    )


def _flattened(ground: Ground) -> Ground:
    if ground.pixels.shape[2] == _COLOURS:
        return ground
    flat = on_ground(ground.pixels)
    return _changed(
        replace(ground, pixels=flat, clean=flat),
        edit="transparent parts were laid on white",
        warning="JPEG has no transparency: transparent parts lie on white in the copy",
    )


def _marked(ground: Ground, wishes: MarkWishes) -> Ground:
    if wishes.visible is None:
        return ground
    drawn = draw_mark(ground.pixels, wishes.visible)
    return _changed(
        replace(ground, pixels=drawn.pixels, mark=drawn), edit="the author's visible mark was drawn"
    )


def _labelled(ground: Ground, wish: AiLabelWish | None) -> Ground:
    if wish is None:
        return ground
    drawn = draw_ai_label(ground.pixels, wish.text, font=wish.font)
    for corner in (Corner.TOP_LEFT, Corner.TOP_RIGHT):
        if ground.mark is None or not overlap(drawn.region, ground.mark.region):
            break
        drawn = draw_ai_label(ground.pixels, wish.text, font=wish.font, corner=corner)
    return _changed(
        replace(ground, pixels=drawn.pixels, label=drawn),
        edit=f"the label {wish.text!r} was drawn",
        warning=label_warning(wish.text),
    )


def _coded(ground: Ground, picture: Picture, source: bytes) -> Ground:
    if ground.media_type != picture.media_type:
        ground = _changed(
            ground, edit=f"coded anew from {picture.media_type} to {ground.media_type}"
        )
    if picture.bit_depth == _DEEP:
        ground = _changed(ground, warning="the copy has 8 bits a channel, the source has 16")
    if picture.frames > 1:
        warning = f"the source has {picture.frames} frames; the copy shows the first one only"
        ground = _changed(ground, warning=warning)
    lossy_source = picture.media_type == "image/jpeg" or (
        picture.media_type == "image/webp" and not webp.is_lossless(source)
    )
    lossy = ground.media_type == "image/jpeg" or (
        ground.media_type == "image/webp" and lossy_source
    )
    content = encode(
        ground.pixels, ground.media_type, icc=picture.icc, quality=_FINE if lossy else _LOSSLESS
    )
    return replace(ground, content=content, exact=not lossy)


def _changed(ground: Ground, *, edit: str = "", warning: str = "") -> Ground:
    return replace(
        ground,
        edits=(*ground.edits, edit) if edit else ground.edits,
        warnings=(*ground.warnings, warning) if warning else ground.warnings,
    )


def _orientation(source: bytes) -> int:
    exif = read_metadata(source).exif
    return parse_exif(exif).orientation if exif else 1
