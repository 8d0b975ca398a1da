"""AVIF and HEIF: EXIF and XMP items of the ``meta`` box (ISO/IEC 14496-12 §8.11, 23008-12 §A)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from remarque.intake.containers.boxes import MOST_BOXES, boxes
from remarque.intake.containers.collecting import Collector, decode_utf8
from remarque.intake.containers.exif import read_exif

_BRANDS = {
    b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2",
    b"msf1", b"miaf", b"MA1A", b"MA1B", b"MiHB", b"MiHE",
}  # fmt: skip
_MOST_BRANDS = 32
_XMP_TYPE = b"application/rdf+xml"
_MOST_EXTENTS = 64
_MOST_TEXT_ITEMS = 16
_SHORT_ITEM_ID, _LONG_ITEM_ID = 2, 4
_VERSION_WITH_METHOD = 1
_VERSION_WITH_LONG_IDS = 2
_IN_FILE, _IN_ITEM_DATA = 0, 1


def is_heif(content: bytes) -> bool:
    """Whether the bytes begin like an AVIF or HEIF picture: by the main or a compatible brand."""
    if content[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(content[:4], "big"), len(content), 16 + 4 * _MOST_BRANDS)
    brands = (content[at : at + 4] for at in (8, *range(16, end, 4)))
    return not _BRANDS.isdisjoint(brands)


def read_heif(content: bytes, into: Collector) -> None:
    """Collect EXIF tags and the XMP packet."""
    outside = dict(boxes(content, 0, len(content)))
    if b"meta" not in outside:
        return
    start, end = outside[b"meta"]
    inside = dict(boxes(content, start + 4, end))
    if b"iinf" not in inside or b"iloc" not in inside:
        return
    kinds = dict(_item_kinds(content, *inside[b"iinf"]))
    items_at = inside.get(b"idat", (0, 0))[0]
    places = _places(_Reader(content, *inside[b"iloc"]), items_at)
    for item, spans in islice((place for place in places if place[0] in kinds), _MOST_TEXT_ITEMS):
        # Spans may overlap: their sum can be many times the file.
        if sum(max(min(last, len(content)) - first, 0) for first, last in spans) > into.room:
            into.refuse("HEIF", kinds[item].decode("latin-1"))
        else:
            body = b"".join(content[first:last] for first, last in spans)
            _take(kinds[item], body, into)


def _take(kind: bytes, body: bytes, into: Collector) -> None:
    if kind == b"Exif":
        # The item begins with the distance to the TIFF header.
        read_exif(body[4 + int.from_bytes(body[:4], "big") :], into)
    elif kind == _XMP_TYPE:
        into.add("HEIF XMP", "XMP", body, decode_utf8(body))


def _item_kinds(content: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Item number, and ``Exif`` or the content type of a text item."""
    count_size = _LONG_ITEM_ID if content[start : start + 1] != b"\0" else _SHORT_ITEM_ID
    for kind, (first, last) in boxes(content, start + 4 + count_size, end):
        if kind != b"infe":
            continue
        long_id = content[first : first + 1] != b"\x02"
        size = _LONG_ITEM_ID if long_id else _SHORT_ITEM_ID
        after = first + 4 + size + 2
        item = int.from_bytes(content[first + 4 : first + 4 + size], "big")
        item_type = content[after : after + 4]
        if item_type == b"Exif":
            yield item, item_type
        elif item_type == b"mime":
            _name, _, content_type = content[after + 4 : last].partition(b"\0")
            yield item, content_type.partition(b"\0")[0]


@dataclass
class _Reader:
    """Big-endian numbers one after the other."""

    content: bytes
    position: int
    end: int

    def number(self, size: int) -> int:
        start, self.position = self.position, self.position + size
        return int.from_bytes(self.content[start : min(self.position, self.end)], "big")


def _places(box: _Reader, items_at: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Item number and the spans of the file its data stands in (§8.11.3).

    ``items_at`` is where the ``idat`` box begins, which some items count from; zero without one.
    """
    version = box.number(4) >> 24
    sizes = box.number(2)
    offset_size, length_size, base_size, index_size = (
        sizes >> shift & 15 for shift in (12, 8, 4, 0)
    )
    long_ids = version >= _VERSION_WITH_LONG_IDS
    for _ in range(min(box.number(4 if long_ids else 2), MOST_BOXES)):
        item = box.number(4 if long_ids else 2)
        method = box.number(2) & 15 if version >= _VERSION_WITH_METHOD else _IN_FILE
        box.number(2)  # data reference; pictures keep their items in the same file
        base = box.number(base_size)
        spans = []
        for _ in range(min(box.number(2), _MOST_EXTENTS)):
            box.number(index_size if version >= _VERSION_WITH_METHOD else 0)
            first = base + box.number(offset_size)
            spans.append((first, first + box.number(length_size)))
        if method == _IN_FILE:
            yield item, spans
        elif method == _IN_ITEM_DATA and items_at:
            yield item, [(items_at + first, items_at + last) for first, last in spans]
