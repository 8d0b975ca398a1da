"""Which picture editor a file names in its own metadata."""

import re
from collections.abc import Iterator

from remarque.actions.ports import Vault
from remarque.errors import MetadataMalformed, StoreError
from remarque.model.canonical import Json, decode_json
from remarque.model.history import Take

EDITORS = (
    "Photoshop", "GIMP", "Krita", "Affinity", "Lightroom", "Paint.NET", "Clip Studio", "Procreate",
    "Pixelmator", "darktable", "RawTherapee", "Capture One", "ImageMagick", "Topaz", "Gigapixel",
    "Snapseed", "Canva", "PaintShop", "Paint Shop Pro", "Photopea", "Inkscape", "digiKam",
    "Luminar", "PhotoScape", "XnView", "IrfanView", "FastStone", "SAI", "MediBang", "Picsart",
)  # fmt: skip
"""Names as these programs write them in ``Software`` or XMP ``CreatorTool``."""

_LONGEST_NAME = 60
_LONGEST_TEXT = 1 << 20
_NAMES = re.compile(
    r"(?<![A-Za-z])(" + "|".join(re.escape(name) for name in EDITORS) + r")(?![A-Za-z])"
)
_TOOL = re.compile(r"(?:CreatorTool|softwareAgent)\s*(?:=\s*[\"']|>)\s*([^<\"']{1,200})")
_FIELDS = frozenset({"software", "creatortool", "processingsoftware"})
_COMMENTS = frozenset({"comment", "usercomment"})
_CREATED_WITH = re.compile(r"^\s*Created with ([^\r\n]{1,60})")


def editor_of(vault: Vault, take: Take) -> str | None:
    """The editor the take's kept metadata names, in the words of the file; None where none is."""
    try:
        chunks = decode_json(vault.pictures.read(take.metadata))
    except (StoreError, MetadataMalformed):
        return None
    return next(filter(None, map(_editor_in, _claims(chunks))), None)


def _claims(chunks: Json) -> Iterator[str]:
    """The texts in which a program names itself. A prompt that mentions an editor is none."""
    for chunk in chunks if isinstance(chunks, list) else ():
        if not isinstance(chunk, dict):
            continue
        key, text = str(chunk.get("key", "")).lower(), chunk.get("text")
        if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
            continue
        if key in _FIELDS:
            yield text
        elif key in _COMMENTS:
            created = _CREATED_WITH.match(text)
            yield created.group(1) if created else ""
        elif "xmp" in key or "xmp" in str(chunk.get("place", "")).lower():
            yield from _TOOL.findall(text)


def _editor_in(claim: str) -> str | None:
    named = " ".join(claim.split())[:_LONGEST_NAME]
    return named if _NAMES.search(named) else None
