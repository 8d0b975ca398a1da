"""WebP: the EXIF and XMP chunks of the RIFF container (RFC 9649 §2.7)."""

from collections.abc import Iterator
from math import prod

from remarque.intake.containers.collecting import Collector, decode_utf8
from remarque.intake.containers.exif import read_exif

_HEADER = 12
_SIDE = 0x3FFF  # sides have fourteen bits
_MOST_CHUNKS_IN_FILE = 200_000


def is_webp(content: bytes) -> bool:
    """Whether the bytes begin like a WebP file."""
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def walk(content: bytes) -> Iterator[tuple[bytes, memoryview, bool]]:
    """FourCC, body and completeness of each chunk in order."""
    view, position = memoryview(content), _HEADER
    for _ in range(_MOST_CHUNKS_IN_FILE):
        if position + 8 > len(view):
            return
        size = int.from_bytes(view[position + 4 : position + 8], "little")
        body = view[position + 8 : position + 8 + size]
        yield bytes(view[position : position + 4]), body, len(body) == size
        position += 8 + size + size % 2


def pixel_count(content: bytes) -> int:
    """The largest number of pixels any header of the file names (§2.6, §2.7.1); 0 without one."""
    largest = 0
    for kind, body, _ in walk(content):
        if kind == b"VP8X":
            sides = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        elif kind == b"VP8L":
            packed = int.from_bytes(body[1:5], "little")
            sides = ((packed >> shift & _SIDE) + 1 for shift in (0, 14))
        elif kind == b"VP8 ":
            sides = (int.from_bytes(body[at : at + 2], "little") & _SIDE for at in (6, 8))
        else:
            continue
        largest = max(largest, prod(sides))
    return largest


def read_webp(content: bytes, into: Collector) -> None:
    """Collect EXIF tags and the XMP packet."""
    for kind, body, whole in walk(content):
        if kind not in {b"EXIF", b"XMP "}:
            continue
        if not whole:
            into.remark(f"The file ends inside its WebP {kind.decode().strip()} chunk.")
        if kind == b"EXIF":
            read_exif(bytes(body), into)
        else:
            into.add("WebP XMP", "XMP", bytes(body), decode_utf8(bytes(body)), whole=whole)
