"""JPEG: APP1 EXIF and XMP, APP13 IPTC, COM (ITU-T T.81 Annex B; XMP Part 3 §1.1.3)."""

import re
from collections.abc import Iterator

from remarque.intake.containers.collecting import Collector, decode_plain, decode_utf8
from remarque.intake.containers.exif import read_exif
from remarque.intake.containers.iptc import read_photoshop

SIGNATURE = b"\xff\xd8"
_EXIF = b"Exif\0"
_TIFF = (b"II*\0", b"MM\0*")
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_COM, _APP1, _APP13, _SOS, _EOI = 0xFE, 0xE1, 0xED, 0xDA, 0xD9
_FILL = re.compile(rb"\xff{2,}")  # any marker may be preceded by fill bytes (B.1.1.2)
_BARE = {0x01, 0xD8, *range(0xD0, 0xD8)}
_MARKER, _LENGTH_FIELD = 0xFF, 2
_MOST_SEGMENTS = 100_000


def read_jpeg(content: bytes, into: Collector) -> None:
    """Collect the textual segments before the pixels."""
    more_xmp: dict[bytes, list[tuple[int, bytes]]] = {}
    for marker, body in _segments(content, into):
        if marker == _COM:
            into.add("JPEG COM", "comment", body, decode_plain(body))
        elif marker == _APP1 and body.startswith(_EXIF):
            read_exif(body[6:], into)
        elif marker == _APP1 and body.startswith(_TIFF):  # written over from WebP or PNG
            read_exif(body, into)
        elif marker == _APP1 and body.startswith(_XMP):
            packet = body[len(_XMP) :]
            into.add("JPEG APP1 XMP", "XMP", packet, decode_utf8(packet))
        elif marker == _APP1 and body.startswith(_XMP_MORE):
            part = body[len(_XMP_MORE) :]
            offset = int.from_bytes(part[36:40], "big")
            more_xmp.setdefault(part[:32], []).append((offset, part[40:]))
        elif marker == _APP13 and body.startswith(_PHOTOSHOP):
            read_photoshop(body[len(_PHOTOSHOP) :], into, place="JPEG APP13")
    for parts in more_xmp.values():
        packet = b"".join(piece for _, piece in sorted(parts))
        into.add("JPEG APP1 extended XMP", "XMP", packet, decode_utf8(packet))


def _segments(content: bytes, into: Collector) -> Iterator[tuple[int, bytes]]:
    position = len(SIGNATURE)
    for _ in range(_MOST_SEGMENTS):
        if fill := _FILL.match(content, position):
            position = fill.end() - 1
        if position + 2 > len(content) or content[position] != _MARKER or into.full:
            return
        marker = content[position + 1]
        if marker in {_SOS, _EOI}:
            return
        if marker in _BARE:
            position += 2
            continue
        length = int.from_bytes(content[position + 2 : position + 4], "big")
        if length < _LENGTH_FIELD or position + 2 + length > len(content):
            into.remark(f"The file ends inside its JPEG segment FF{marker:02X}.")
            return
        yield marker, content[position + 4 : position + 2 + length]
        position += 2 + length
