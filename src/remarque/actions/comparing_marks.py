"""What became of an edition's marks in a copy: removed from the pixels, missing from the file."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from remarque.actions.ports import Vault
from remarque.actions.registered import Registered
from remarque.errors import InputError, StoreError
from remarque.marks.removal import judge_removal
from remarque.model.digests import Digest
from remarque.model.history import Edition
from remarque.model.marks import MarkFound, MarkKind, MarkState, Region
from remarque.pictures.aligning import Alignment
from remarque.pictures.comparing import difference_picture
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.pictures.scaling import Pixels

FILE_MARKS = (
    MarkKind.TEXT,
    MarkKind.EXIF,
    MarkKind.XMP,
    MarkKind.AIGC,
    MarkKind.C2PA,
    MarkKind.IDENTITY,
    MarkKind.TIMESTAMP,
)
THERE = (MarkState.PRESENT, MarkState.INTACT, MarkState.TRUSTED)


@dataclass(frozen=True, slots=True)
class Compared:
    """The edition a copy was compared with, what became of its marks, the difference picture."""

    edition: Edition | None = None
    removed: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    difference: Digest | None = None


def compare_marks(
    vault: Vault,
    row: Registered,
    suspect: Pixels,
    alignment: Alignment,
    marks: Sequence[MarkFound],
) -> Compared:
    """Hold a copy against the newest edition of the picture, or against the clean picture."""
    try:
        clean = decode(vault.pictures.read(row.picture)).pixels
        edition = row.editions[-1].body if row.editions else None
        published = decode(vault.pictures.read(edition.picture)).pixels if edition else clean
    except (InputError, StoreError):
        return Compared()
    shown = difference_picture(suspect, published, alignment)
    difference = vault.pictures.keep_bytes(encode(shown, "image/png"))
    if edition is None:
        return Compared(difference=difference)
    return Compared(
        edition=edition,
        removed=_removed(vault, edition, suspect, alignment, (published, clean)),
        missing=missing_marks(edition, marks),
        difference=difference,
    )


def missing_marks(edition: Edition, marks: Sequence[MarkFound]) -> tuple[str, ...]:
    """The kinds of mark in an edition's file that are not in the other file."""
    there = {mark.kind for mark in marks if mark.state in THERE}
    carried = {mark.kind for mark in edition.marks if mark.state in THERE}
    return tuple(str(kind) for kind in FILE_MARKS if kind in carried and kind not in there)


def _removed(
    vault: Vault,
    edition: Edition,
    suspect: Pixels,
    alignment: Alignment,
    pictures: tuple[Pixels, Pixels],
) -> dict[str, str]:
    drawn: tuple[tuple[MarkKind, Region | None, Digest | None], ...] = (
        (MarkKind.VISIBLE, edition.mark_region, edition.mark_layer),
        (MarkKind.AI_LABEL, edition.label_region, edition.label_layer),
    )
    published, clean = pictures
    return {
        str(kind): str(
            judge_removal(
                suspect,
                alignment,
                published,
                clean,
                region,
                decode(vault.pictures.read(layer)).pixels,
            ).state
        )
        for kind, region, layer in drawn
        if region is not None and layer is not None
    }
