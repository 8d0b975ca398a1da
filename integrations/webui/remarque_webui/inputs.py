"""Pictures that went into a run: start pictures, masks, what ControlNet was given."""

import base64
import io

from PIL import Image

_MOST = 12
_MOST_UNITS = 20


def input_pictures(p):
    """Role and picture of each, copied: the program goes on to work on them."""
    found = [("init", one) for one in getattr(p, "init_images", None) or ()]
    found.append(("mask", getattr(p, "image_mask", None)))
    found += [("control", one) for one in _control_pictures(p)]
    return [(role, one.copy()) for role, one in found if _is_picture(one)][:_MOST]


def _control_pictures(p):
    """What the enabled units of ControlNet hold, in the extension and in Forge.

    Their place is ``script_args``, as objects or, asked for by the API, as dictionaries; the
    picture is an array, a pair of picture and mask, or Base64 text.
    """
    for unit in list(getattr(p, "script_args", None) or ())[:400]:
        if not _is_unit(unit) or not _of(unit, "enabled"):
            continue
        for name in ("image", "input_image"):
            picture = _as_picture(_of(unit, name))
            if picture is not None:
                yield picture
                break


def _is_unit(one):
    if isinstance(one, dict):
        return {"enabled", "module", "model"} <= one.keys()
    return type(one).__name__.endswith("ControlNetUnit")


def _of(unit, name):
    return unit.get(name) if isinstance(unit, dict) else getattr(unit, name, None)


def _as_picture(held):
    if isinstance(held, dict):
        held = held.get("image")
    if isinstance(held, str):
        return _from_text(held)
    if _is_picture(held):
        return held
    if hasattr(held, "__array_interface__"):
        try:
            return Image.fromarray(held)
        except (TypeError, ValueError):
            return None
    return None


def _from_text(text):
    """A picture in Base64, with or without the head of a data URL."""
    try:
        content = base64.b64decode(text.rpartition(",")[2], validate=True)
        with Image.open(io.BytesIO(content)) as picture:
            return picture.copy()
    except (OSError, ValueError):
        return None


def _is_picture(one):
    return hasattr(one, "getbands") and hasattr(one, "copy")
