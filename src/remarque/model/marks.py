"""Marks as values: what was put into a published copy, and what was found in a picture."""

from dataclasses import dataclass
from enum import StrEnum


class MarkKind(StrEnum):
    """The kinds of mark, in the order they are written (DESIGN §6).

    ``AIGC`` is the GB 45438 label, ``EXIF``/``TEXT`` the plain metadata of a file.
    """

    VISIBLE = "visible"
    AI_LABEL = "ai-label"
    WATERMARK = "watermark"
    TEXT = "text"
    EXIF = "exif"
    XMP = "xmp"
    AIGC = "aigc"
    C2PA = "c2pa"
    IDENTITY = "cawg-identity"
    TIMESTAMP = "c2pa-timestamp"


class MarkState(StrEnum):
    """What state a mark is in.

    PRESENT: found, nothing to check it against. INTACT: checks out, signer not known to the
    reader. TRUSTED: checks out and the signer is known. BROKEN: found and does not check out.
    ABSENT: looked for, not there. UNDECIDED: this program cannot tell.
    """

    PRESENT = "present"
    INTACT = "intact"
    TRUSTED = "trusted"
    BROKEN = "broken"
    ABSENT = "absent"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Region:
    """A box in pixels: left, top, width, height."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class MarkFound:
    """One mark found in a picture: kind, state and a plain sentence about it.

    ``text`` is the mark's own content where it has one (XMP creator, label JSON, signer name).
    """

    kind: MarkKind
    state: MarkState
    detail: str
    text: str = ""
