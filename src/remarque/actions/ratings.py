"""The rating a person gave a picture: ``xmp:Rating`` in the file or in a sidecar beside it.

Source: XMP specification part 2, §2.1 (XMP basic namespace): -1 is rejected, 0 unrated, 1 to 5.
"""

from collections.abc import Iterable
from pathlib import Path
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from remarque.errors import RemarqueError
from remarque.marks.containers.surgery import read_metadata

_RATING = "{http://ns.adobe.com/xap/1.0/}Rating"
_DESCRIPTION = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
_LARGEST_PACKET = 4 << 20
_HIGHEST = 5


def rating_in_picture(content: bytes) -> int:
    """The rating a picture file carries, 0 where it carries none or an unreadable one."""
    try:
        packets = read_metadata(content).xmp
    except RemarqueError:
        return 0
    return max((rating_in_packet(packet) for packet in packets), default=0)


def rating_in_packet(packet: bytes) -> int:
    """The rating in an XMP packet or sidecar: 1 to 5, or 0 for none, rejected or unreadable."""
    if len(packet) > _LARGEST_PACKET:
        return 0
    try:
        root = defusedxml.ElementTree.fromstring(packet.strip(b"\x00 \r\n\t"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return 0
    for description in root.iter(_DESCRIPTION):
        said = description.get(_RATING) or description.findtext(_RATING)
        if said is not None:
            return _as_rating(said)
    return 0


def pictures_of_sidecar(sidecar: Path, pictures: Iterable[Path]) -> list[Path]:
    """The pictures a sidecar speaks of: ``NAME.png.xmp`` of one, ``NAME.xmp`` of every NAME."""
    beside = [path for path in pictures if path.parent == sidecar.parent]
    exact = [path for path in beside if path.name == sidecar.stem]
    return exact or [path for path in beside if path.stem == sidecar.stem]


def _as_rating(said: str) -> int:
    try:
        value = int(float(said.strip()))
    except (ValueError, OverflowError):
        return 0
    return value if 1 <= value <= _HIGHEST else 0
