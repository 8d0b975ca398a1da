"""Where a take comes from: its parents in the graph of one work, and on which basis.

Everything here is *inferred* from files and recipes; the basis says how firmly.
"""

from dataclasses import dataclass
from enum import StrEnum

from remarque.model.digests import Digest
from remarque.model.marks import Region


class Relation(StrEnum):
    """What was done with the parent. VARIATION: another take of the same words and settings."""

    IMAGE_TO_IMAGE = "image-to-image"
    INPAINT = "inpaint"
    OUTPAINT = "outpaint"
    UPSCALE = "upscale"
    EDIT = "edit"
    RESAVE = "re-save"
    CONTROL = "control picture"
    VARIATION = "variation"


class Basis(StrEnum):
    """What the relation is concluded from, firmest first. MAKING is no conclusion: it was seen."""

    MAKING = "the making itself"
    DIGEST = "digest"
    NAME = "file name"
    FINGERPRINT = "picture comparison"
    RECIPE = "recipe"


@dataclass(frozen=True, slots=True)
class EditedRegion:
    """What an outside program changed between parent and child.

    ``mask`` is the digest of a kept one-channel PNG of the child's size, white where pixels
    differ; ``region`` its bounding box in pixels of the child; ``share`` the part of the child's
    pixels that differ (0 to 1); ``program`` what the child's metadata names, if anything.
    """

    mask: Digest
    region: Region
    share: float
    program: str | None = None


@dataclass(frozen=True, slots=True)
class Parent:
    """One parent: its picture, the take that made it if one is known, and why it is a parent."""

    picture: Digest
    take: str | None
    relation: Relation
    basis: Basis
    because: str
    edit: EditedRegion | None = None


@dataclass(frozen=True, slots=True)
class Descent:
    """The parents of one take, the most important first."""

    work: str
    take: str
    picture: Digest
    parents: tuple[Parent, ...]
