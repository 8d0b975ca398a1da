"""Reading a finished copy back: every wished mark must be in the file, and nothing foreign."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remarque.errors import InputError, MarkNotReadable
from remarque.marks.aigc import AigcLabel, find_labels
from remarque.marks.containers.metadata import FileMetadata
from remarque.marks.containers.surgery import png_texts, read_metadata
from remarque.marks.credentials.found import Anchors, Credentials
from remarque.marks.credentials.manifest import record_of
from remarque.marks.credentials.reading import read_credentials
from remarque.marks.credentials.wording import describe_credentials, reason_broken
from remarque.marks.exif import ORIENTATION, ExifFields, parse_exif
from remarque.marks.ground import Ground
from remarque.marks.laying import DrawnMark, is_drawn
from remarque.marks.reading import read_marks
from remarque.marks.xmp import XmpFields, parse_xmp
from remarque.model.marks import MarkFound, MarkKind, MarkState, Region
from remarque.pictures.decoding import decode

_CHECKS_OUT = (MarkState.INTACT, MarkState.TRUSTED)
_OPAQUE = 255
_TAGS = frozenset((0x010E, ORIENTATION, 0x0131, 0x013B, 0x8298))


@dataclass(frozen=True, slots=True)
class Expected:
    """What was written: plain fields, XMP, label; with or without credentials by ``anchors``."""

    exif: ExifFields
    xmp: XmpFields
    label: AigcLabel | None
    signed: bool
    timestamped: bool
    anchors: Anchors


def read_back(content: bytes, ground: Ground, expected: Expected) -> tuple[MarkFound, ...]:
    """The marks of the finished file, all of them as wished.

    Raises:
        MarkNotReadable: A mark is missing or different, pixels changed, or something foreign is
            left in the file.
    """
    try:
        visible = _check_pixels(content, ground)
        metadata = read_metadata(content)
        _check_plain(metadata, expected.exif)
        _check_xmp(metadata, expected)
        found = read_credentials(content, ground.media_type, expected.anchors)
        _check_credentials(found, expected)
        return (*visible, *read_marks(content, anchors=expected.anchors))
    except InputError as error:
        raise MarkNotReadable(f"the finished copy cannot be read back: {error.message}") from error


def _check_pixels(content: bytes, ground: Ground) -> tuple[MarkFound, ...]:
    seen = decode(content).pixels
    if ground.exact and not _same(seen, ground.pixels):
        raise _unread("the pixels", "they are not the ones that were written")
    found: list[MarkFound] = []
    for kind, drawn, what in (
        (MarkKind.VISIBLE, ground.mark, "visible mark"),
        (MarkKind.AI_LABEL, ground.label, "visible AI label"),
    ):
        if drawn is None:
            continue
        if not is_drawn(seen, drawn, ground.clean):
            raise _unread(f"the {what}", "it cannot be told from the ground it was drawn on")
        found.append(_drawn(kind, what, drawn))
    return tuple(found)


def _same(seen: NDArray[np.uint8], written: NDArray[np.uint8]) -> bool:
    """Equal bit by bit; an alpha channel that is opaque everywhere may be left out."""
    depth = min(seen.shape[2], written.shape[2])
    return bool(
        np.array_equal(seen[..., :depth], written[..., :depth])
        and (seen[..., depth:] == _OPAQUE).all()
        and (written[..., depth:] == _OPAQUE).all()
    )


def _drawn(kind: MarkKind, what: str, drawn: DrawnMark) -> MarkFound:
    return MarkFound(kind, MarkState.PRESENT, f"{what} {_place(drawn.region)}")


def _place(box: Region) -> str:
    return f"of {box.width} x {box.height} pixels, {box.left} from the left, {box.top} from the top"


def _check_plain(metadata: FileMetadata, expected: ExifFields) -> None:
    found = parse_exif(metadata.exif or b"")
    if foreign := found.tags - _TAGS:
        tags = ", ".join(f"0x{tag:04X}" for tag in sorted(foreign))
        raise _unread("the EXIF", f"it still holds other fields ({tags})")
    if found.orientation != expected.orientation:
        raise _unread("the orientation", f"it is {found.orientation}, not {expected.orientation}")
    if metadata.media_type == "image/png":
        what, wanted = "the PNG text", png_texts(expected)
        seen = {piece.key: piece.text for piece in metadata.texts}
    else:
        what, wanted = "the EXIF", _exif_texts(expected)
        seen = found.texts
        if metadata.texts:
            raise _unread("the comment", "there should be none")
    if seen != wanted:
        raise _unread(what, f"it holds {sorted(seen)} and not what was written")


def _exif_texts(expected: ExifFields) -> dict[str, str]:
    texts = {
        "Artist": expected.artist,
        "Copyright": expected.copyright,
        "Software": expected.software,
        "ImageDescription": expected.description,
    }
    return {name: text for name, text in texts.items() if text}


def _check_xmp(metadata: FileMetadata, expected: Expected) -> None:
    if len(metadata.xmp) != 1 or parse_xmp(metadata.xmp[0]) != expected.xmp:
        raise _unread("the XMP", "its fields are not the ones that were written")
    labels = [found.label for found in find_labels(metadata)]
    if labels != ([expected.label] if expected.label else []):
        raise _unread("the AI label (GB 45438)", "it is not the one that was written")


def _check_credentials(found: Credentials, expected: Expected) -> None:
    if not expected.signed:
        if found.state is not MarkState.ABSENT:
            raise _unread("the file", "credentials are left in it that should not be there")
        return
    if found.state not in _CHECKS_OUT:
        reason = reason_broken(found) or describe_credentials(found)
        raise _unread("the Content Credentials", reason)
    if found.record != record_of(expected.xmp):
        raise _unread("the Content Credentials", "the work they name is another one")
    if not any(who.state in _CHECKS_OUT for who in found.identities):
        raise _unread("the author's identity", "no person vouches for the copy")
    if expected.timestamped and found.timestamp not in _CHECKS_OUT:
        raise _unread("the timestamp", "it does not check out")


def _unread(what: str, why: str) -> MarkNotReadable:
    return MarkNotReadable(
        f"{what} could not be read back from the finished copy: {why}",
        hint="Nothing was published.",
    )
