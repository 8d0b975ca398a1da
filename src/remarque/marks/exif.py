"""EXIF as this house writes it (who, rights, software, nothing else) and as it is read.

Source: CIPA DC-008 (Exif 2.32) §4.5 and TIFF 6.0 §2. ASCII fields hold UTF-8 when the text is not
ASCII: that is what readers expect in practice.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

ORIENTATION = 0x0112

_NAMES = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x013B: "Artist",
    0x8298: "Copyright",
    0x9286: "UserComment",
    0x9C9C: "XPComment",
    0x9C9D: "XPAuthor",
}
_POINTERS = (0x8769, 0x8825)
_BYTES_PER_VALUE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 129: 1}
_ASCII, _SHORT, _LONG = 2, 3, 4
_MOST_ENTRIES = 512
_LONGEST_VALUE = 1 << 20
_HEADER_SIZE = 8
_ENTRY_SIZE = 12
_INLINE_SIZE = 4


@dataclass(frozen=True, slots=True)
class ExifFields:
    """What may stand in the EXIF of a published copy; empty fields are left out.

    ``orientation`` is the EXIF code 1 to 8; it is kept only where the pixels are not turned.
    """

    artist: str = ""
    copyright: str = ""
    software: str = ""
    description: str = ""
    orientation: int = 1


@dataclass(frozen=True, slots=True)
class ExifFound:
    """What the EXIF of any picture says: texts by tag name, tag numbers, orientation (1 to 8)."""

    texts: dict[str, str]
    tags: frozenset[int]
    orientation: int = 1


def build_exif(fields: ExifFields) -> bytes:
    """A TIFF stream with one directory and no camera-like field."""
    entries = [
        _text_entry(0x010E, fields.description),
        _orientation_entry(fields.orientation),
        _text_entry(0x0131, fields.software),
        _text_entry(0x013B, fields.artist),
        _text_entry(0x8298, fields.copyright),
    ]
    kept = [entry for entry in entries if entry is not None]
    beyond = _HEADER_SIZE + 2 + _ENTRY_SIZE * len(kept) + _INLINE_SIZE
    directory, values = b"", b""
    for tag, kind, count, value in kept:
        if len(value) <= _INLINE_SIZE:
            place = value.ljust(_INLINE_SIZE, b"\x00")
        else:
            place = struct.pack("<I", beyond + len(values))
            values += value + b"\x00" * (len(value) % 2)
        directory += struct.pack("<HHI", tag, kind, count) + place
    head = b"II*\x00" + struct.pack("<IH", _HEADER_SIZE, len(kept))
    return head + directory + b"\x00" * _INLINE_SIZE + values


def parse_exif(stream: bytes) -> ExifFound:
    """Read a TIFF stream; what is damaged or out of bounds in it is left aside, never raised."""
    stream = stream.removeprefix(b"Exif\x00\x00")
    order = {b"II": "<", b"MM": ">"}.get(stream[:2])
    texts: dict[str, str] = {}
    tags: set[int] = set()
    orientation = 1
    for tag, kind, value in _entries(stream, order) if order else ():
        tags.add(tag)
        if tag == ORIENTATION and kind == _SHORT:
            orientation = int(struct.unpack(f"{order}H", value[:2])[0])
        elif tag in _NAMES and value:
            texts[_NAMES[tag]] = _decode(tag, value, order or "<")
    return ExifFound(texts, frozenset(tags), orientation if orientation in range(1, 9) else 1)


_Entry = tuple[int, int, int, bytes]


def _text_entry(tag: int, text: str) -> _Entry | None:
    if not text:
        return None
    value = text.encode("utf-8", "replace") + b"\x00"
    return tag, _ASCII, len(value), value


def _orientation_entry(orientation: int) -> _Entry | None:
    if orientation == 1:
        return None
    return ORIENTATION, _SHORT, 1, struct.pack("<H", orientation)


def _entries(stream: bytes, order: str) -> Iterator[tuple[int, int, bytes]]:
    """Tag, type and value bytes of each entry of the first directory and the ones it points to."""
    if len(stream) < _HEADER_SIZE:
        return
    waiting = [int(struct.unpack_from(f"{order}I", stream, 4)[0])]
    seen: set[int] = set()
    while waiting:
        start = waiting.pop()
        if start in seen or start + 2 > len(stream):
            continue
        seen.add(start)
        count = min(int(struct.unpack_from(f"{order}H", stream, start)[0]), _MOST_ENTRIES)
        for index in range(count):
            entry = _entry_at(stream, order, start + 2 + index * _ENTRY_SIZE)
            if entry is None:
                continue
            tag, kind, value = entry
            if tag in _POINTERS and kind == _LONG:
                waiting.append(int(struct.unpack(f"{order}I", value[:4])[0]))
            yield tag, kind, value


def _entry_at(stream: bytes, order: str, place: int) -> tuple[int, int, bytes] | None:
    if place + _ENTRY_SIZE > len(stream):
        return None
    tag, kind, count = struct.unpack_from(f"{order}HHI", stream, place)
    size = count * _BYTES_PER_VALUE.get(kind, 0)
    if not 0 < size <= _LONGEST_VALUE:
        return None
    if size <= _INLINE_SIZE:
        offset = place + 8
    else:
        offset = int(struct.unpack_from(f"{order}I", stream, place + 8)[0])
    value = stream[offset : offset + size]
    return (tag, kind, value) if len(value) == size else None


def _decode(tag: int, value: bytes, order: str) -> str:
    name = _NAMES[tag]
    if name.startswith("XP"):
        text = value.decode("utf-16-le", "replace")
    elif name == "UserComment":
        text = _decode_comment(value, order)
    else:
        text = _utf8_or_latin1(value)
    return text.rstrip("\x00")


def _decode_comment(value: bytes, order: str) -> str:
    """UserComment (§4.6.5): eight bytes name the character code, the text follows."""
    code, body = value[:8], value[8:]
    if not code.startswith(b"UNICODE"):
        return _utf8_or_latin1(body if code.strip(b"\x00 ") in (b"", b"ASCII") else value)
    # Writers disagree with the standard about byte order: text has its zero bytes on one side.
    big = body[::2].count(0) > body[1::2].count(0)
    little = body[1::2].count(0) > body[::2].count(0)
    if big == little:
        big = order == ">"
    return body.decode("utf-16-be" if big else "utf-16-le", "replace")


def _utf8_or_latin1(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
