"""The small notations of ``remarque make``: sizes, weights, passes."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from remarque.errors import UsageError

if TYPE_CHECKING:
    from remarque.actions.making_wishes import ControlWish, HiresWish, LoraWish, Outpaint
    from remarque.model.recipe import Size

_SIZE = re.compile(r"\s*(-?\d{1,9})\s*[xX×*]\s*(-?\d{1,9})\s*")
_WHOLE = re.compile(r"\s*[+-]?\d{1,9}\s*")
_HIRES_PARTS = 3
_SIDES = 4
_SHOWN = 80


def read_size(text: str) -> "Size":
    """``512x768``: width and height in pixels.

    Raises:
        UsageError: It is not of that form.
    """
    from remarque.model.recipe import Size

    found = _SIZE.fullmatch(text)
    if found is None:
        raise _wrong("--size", text, "WxH, as in 512x768")
    return Size(int(found[1]), int(found[2]))


def read_lora(text: str) -> "LoraWish":
    """``NAME:WEIGHT``; without a weight it is 1.

    Raises:
        UsageError: The weight is no number.
    """
    from remarque.actions.making_wishes import LoraWish

    place, parted, tail = text.rpartition(":")
    if not parted or _is_file(text):
        return LoraWish(text)
    return LoraWish(place, _number("--lora", text, tail, "NAME:WEIGHT, as in ink:0.8"))


def read_control(text: str) -> "ControlWish":
    """``MODEL:PICTURE`` or ``MODEL:PICTURE:STRENGTH``. Of Windows paths the drive is no part.

    Raises:
        UsageError: It names no picture.
    """
    from remarque.actions.making_wishes import ControlWish

    before, _, tail = text.rpartition(":")
    strength = _number_or_none(tail) if ":" in before else None
    both = before if strength is not None else text
    for place in (found.start() for found in re.finditer(":", both)):
        model, picture = both[:place], both[place + 1 :]
        if model and _is_file(picture):
            return ControlWish(model, picture, 1.0 if strength is None else strength)
    model, _, picture = both.partition(":")
    if not (model and picture):
        raise _wrong("--control", text, "MODEL:PICTURE[:STRENGTH]")
    return ControlWish(model, picture, 1.0 if strength is None else strength)


def read_hires(text: str) -> "HiresWish":
    """``FACTOR``, ``FACTOR:STRENGTH`` or ``FACTOR:STRENGTH:STEPS``.

    Raises:
        UsageError: It is not of that form.
    """
    from remarque.actions.making_wishes import HiresWish

    form = "FACTOR[:STRENGTH[:STEPS]], as in 2:0.5:20"
    parts = text.split(":")
    if len(parts) > _HIRES_PARTS:
        raise _wrong("--hires", text, form)
    factor = _number("--hires", text, parts[0], form)
    strength = _number("--hires", text, parts[1], form) if len(parts) > 1 else None
    steps = _whole("--hires", text, parts[2], form) if len(parts) == _HIRES_PARTS else None
    return HiresWish(factor, strength, steps)


def read_outpaint(text: str) -> "Outpaint":
    """``LEFT,TOP,RIGHT,BOTTOM`` in pixels.

    Raises:
        UsageError: It is not of that form.
    """
    from remarque.actions.making_wishes import Outpaint

    parts = text.split(",")
    form = "four numbers of pixels: LEFT,TOP,RIGHT,BOTTOM, as in 64,0,64,0"
    if len(parts) != _SIDES:
        raise _wrong("--outpaint", text, form)
    return Outpaint(*(_whole("--outpaint", text, part, form) for part in parts))


def _number(option: str, text: str, part: str, form: str) -> float:
    found = _number_or_none(part)
    if found is None:
        raise _wrong(option, text, form)
    return found


def _number_or_none(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _whole(option: str, text: str, part: str, form: str) -> int:
    if not _WHOLE.fullmatch(part):
        raise _wrong(option, text, form)
    return int(part)


def _is_file(text: str) -> bool:
    try:
        return Path(text).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        return False


def _wrong(option: str, text: str, form: str) -> UsageError:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return UsageError(f"{option} is {form}; “{shown}” is not")
