"""IPTC-IIM inside Photoshop's image resources: captions, keywords, instructions (IIM 4.2 §1.5)."""

from collections.abc import Iterator

from remarque.intake.containers.collecting import Collector, decode_plain

_RESOURCE, _RESOURCE_MARK = 0x0404, b"8BIM"
_TAG_MARK, _APPLICATION_RECORD = 0x1C, 2
_LONG_LENGTH = 0x8000
_MOST_DATASETS = 1000
_NAMES = {
    5: "ObjectName",
    15: "Category",
    25: "Keywords",
    40: "SpecialInstructions",
    55: "DateCreated",
    65: "OriginatingProgram",
    70: "ProgramVersion",
    80: "By-line",
    85: "By-lineTitle",
    103: "OriginalTransmissionReference",
    105: "Headline",
    110: "Credit",
    115: "Source",
    116: "CopyrightNotice",
    120: "Caption-Abstract",
    122: "Writer-Editor",
}


def read_photoshop(content: bytes, into: Collector, *, place: str) -> None:
    """Walk the resource blocks: ``8BIM``, id, a padded name, size, padded data.

    Args:
        content: The blocks one after the other.
        into: Receives the IPTC block whole (place as given, key ``IPTC``) and each of its texts.
        place: Where the blocks stand in the file.
    """
    position = 0
    while content[position : position + 4] == _RESOURCE_MARK:
        name_length = content[position + 6] if position + 6 < len(content) else 0
        start = position + 6 + (name_length + 2) // 2 * 2
        size = int.from_bytes(content[start : start + 4], "big")
        if int.from_bytes(content[position + 4 : position + 6], "big") == _RESOURCE:
            read_iptc(content[start + 4 : start + 4 + size], into, place=place)
        position = start + 4 + (size + 1) // 2 * 2


def read_iptc(block: bytes, into: Collector, *, place: str) -> None:
    """Collect the block, then its texts: place and key are ``IPTC`` and the dataset's name."""
    into.add(place, "IPTC", block, None)
    for number, value, whole in _datasets(block, into):
        name, was_full = _NAMES.get(number), into.full
        if name is not None and value:
            into.add(f"IPTC {name}", name, value, decode_plain(value), whole=whole)
            if was_full:  # said once; the many that may follow would be refused one by one
                return


def _datasets(block: bytes, into: Collector) -> Iterator[tuple[int, bytes, bool]]:
    """Number, value and completeness of each dataset of the application record."""
    position = 0
    for _ in range(_MOST_DATASETS):
        if position + 5 > len(block) or block[position] != _TAG_MARK:
            return
        record, number = block[position + 1], block[position + 2]
        size, start = int.from_bytes(block[position + 3 : position + 5], "big"), position + 5
        if size & _LONG_LENGTH:  # then it is the length of the length
            width = size & ~_LONG_LENGTH
            size = int.from_bytes(block[start : start + min(width, 8)], "big")
            start += width
        if start + size > len(block):
            into.remark("The IPTC block ends inside one of its texts; the rest is missing.")
        if record == _APPLICATION_RECORD:
            yield number, block[start : start + size], start + size <= len(block)
        position = start + size
