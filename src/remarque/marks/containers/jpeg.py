"""JPEG segments (ITU-T T.81 Annex B, Exif §4.5.4, XMP part 3 §1.1.3): metadata out and in."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from remarque.errors import MarkError, PictureUnreadable
from remarque.marks.containers.metadata import FileMetadata, TextPiece, decoded

SIGNATURE = b"\xff\xd8\xff"

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_EXIF = b"Exif\x00\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_ICC = b"ICC_PROFILE\x00"
_ADOBE = b"Adobe"
_JFIF = b"JFIF\x00"
_JFIF_SIZE = 14
_APP0, _APP1, _APP2, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
_COM, _SOS, _END = 0xFE, 0xDA, 0xD9
_LARGEST_PAYLOAD = 0xFFFF - 2
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_CUT_OFF = "this JPEG is cut off or damaged: its segments do not end where they should"


@dataclass(frozen=True, slots=True)
class _Segment:
    """``whole`` has the marker; for a start of scan also the coded pixels after it."""

    marker: int
    payload: bytes
    whole: bytes


def strip(content: bytes) -> bytes:
    """The file with only what pixels and colour need; bytes after the end marker are dropped.

    Kept besides the coding segments: JFIF (without its thumbnail), ICC (APP2), Adobe (APP14).

    Raises:
        PictureUnreadable: The segments are cut off or out of step.
    """
    kept = (_without_thumbnail(s) for s in _segments(content) if _is_needed(s))
    return _SOI + b"".join(kept)


def insert_xmp(content: bytes, packet: bytes) -> bytes:
    """Put an XMP packet (APP1) after JFIF and EXIF, in place of the old one.

    Raises:
        PictureUnreadable: The segments are cut off or out of step.
        MarkError: The packet does not fit into one segment (65,504 bytes).
    """
    return _with_segment(content, _app1(_XMP + packet, "XMP"), _holds_xmp)


def insert_exif(content: bytes, stream: bytes) -> bytes:
    """Put a TIFF stream (APP1) after JFIF, in place of the old one.

    Raises:
        PictureUnreadable: The segments are cut off or out of step.
        MarkError: The stream does not fit into one segment.
    """
    return _with_segment(content, _app1(_EXIF + stream, "EXIF"), _holds_exif)


def read(content: bytes) -> FileMetadata:
    """The metadata of a JPEG; of a damaged one, what stands before the damage."""
    xmp: list[bytes] = []
    texts: list[TextPiece] = []
    exif: bytes | None = None
    for segment in _segments(content, strict=False):
        if _holds_xmp(segment):
            xmp.append(segment.payload.removeprefix(_XMP))
        elif _holds_exif(segment) and exif is None:
            exif = segment.payload.removeprefix(_EXIF)
        elif segment.marker == _COM:
            texts.append(TextPiece("JPEG comment", "Comment", decoded(segment.payload)))
    return FileMetadata("image/jpeg", tuple(xmp), exif, tuple(texts))


def _segments(content: bytes, *, strict: bool = True) -> Iterator[_Segment]:
    start = len(_SOI)
    while start + 2 <= len(content) and content[start] == 0xFF:  # noqa: PLR2004
        marker = content[start + 1]
        if marker == 0xFF:  # noqa: PLR2004  (fill byte, B.1.1.2)
            start += 1
            continue
        if marker == _END:
            yield _Segment(marker, b"", _EOI)
            return
        stop = start + 2 + int.from_bytes(content[start + 2 : start + 4], "big")
        payload = content[start + 4 : stop]
        if marker == _SOS:
            after = _MARKER_IN_SCAN.search(content, stop)
            stop = after.start() if after else len(content) + 1
        if stop > len(content) or stop < start + 4:
            break
        yield _Segment(marker, payload, content[start:stop])
        start = stop
    if strict:
        raise PictureUnreadable(_CUT_OFF)


def _is_needed(segment: _Segment) -> bool:
    if segment.marker == _APP0:
        return segment.payload.startswith(_JFIF)
    if segment.marker == _APP2:
        return segment.payload.startswith(_ICC)
    if segment.marker == _APP14:
        return segment.payload.startswith(_ADOBE)
    return segment.marker != _COM and not _APP0 <= segment.marker <= _APP15


def _without_thumbnail(segment: _Segment) -> bytes:
    if segment.marker != _APP0 or len(segment.payload) <= _JFIF_SIZE:
        return segment.whole
    return _packed(_APP0, segment.payload[: _JFIF_SIZE - 2] + b"\x00\x00")


def _holds_xmp(segment: _Segment) -> bool:
    return segment.marker == _APP1 and segment.payload.startswith(_XMP)


def _holds_exif(segment: _Segment) -> bool:
    return segment.marker == _APP1 and segment.payload.startswith(_EXIF)


def _app1(payload: bytes, name: str) -> bytes:
    if len(payload) > _LARGEST_PAYLOAD:
        raise MarkError(
            f"the {name} is {len(payload):,} bytes and a JPEG holds at most "
            f"{_LARGEST_PAYLOAD:,} in one piece",
            hint="Shorten the texts, or publish as PNG or WebP.",
        )
    return _packed(_APP1, payload)


def _packed(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload


def _with_segment(content: bytes, new: bytes, replaces: Callable[[_Segment], bool]) -> bytes:
    """Insert before the first segment that is neither JFIF nor EXIF (both want to be first)."""
    pieces, placed = [_SOI], False
    for segment in _segments(content):
        if replaces(segment):
            continue
        if not placed and segment.marker != _APP0 and not _holds_exif(segment):
            pieces.append(new)
            placed = True
        pieces.append(segment.whole)
    return b"".join(pieces)
