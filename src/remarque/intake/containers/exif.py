"""EXIF: a small reader of TIFF directories (TIFF 6.0 §2; Exif 3.0 §4.6) for textual tags."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from remarque.intake.containers.collecting import Collector, decode_plain
from remarque.intake.containers.exif_text import decode_user_comment, decode_xp
from remarque.intake.containers.iptc import read_iptc, read_photoshop

_PREFIX = b"Exif\0\0"
_SUB_DIRECTORY = 0x8769
_USER_COMMENT = 0x9286
_MAKER_NOTE = 0x927C
_XMP = 0x02BC
_IPTC, _PHOTOSHOP = 0x83BB, 0x8649  # TIFF files keep JPEG's APP13 in these
_XP_TAGS = range(0x9C9B, 0x9CA0)
_TEXT_TAGS = {_USER_COMMENT, _XMP, *_XP_TAGS}
_LONGEST_MAKER_NOTE = 64 * 1024
_NAMES = {
    0x010D: "DocumentName",
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x0132: "DateTime",
    0x013B: "Artist",
    0x013C: "HostComputer",
    0x02BC: "XMLPacket",
    0x8298: "Copyright",
    0x9003: "DateTimeOriginal",
    0x9004: "DateTimeDigitized",
    0x927C: "MakerNote",
    0x9286: "UserComment",
    0x9C9B: "XPTitle",
    0x9C9C: "XPComment",
    0x9C9D: "XPAuthor",
    0x9C9E: "XPKeywords",
    0x9C9F: "XPSubject",
    0xA420: "ImageUniqueID",
}
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 129: 1}
_TEXT_TYPES = {2, 129}  # ASCII; UTF-8 since Exif 3.0
_LONGEST_PADDING = 2
_LONGEST_MOVED = 1024 * 1024
_HEADER = 8
_INLINE = 4  # values of up to four bytes stand in the entry itself
_MOST_ENTRIES = 2000
_MOST_DIRECTORIES = 8


@dataclass(frozen=True, slots=True)
class _Block:
    content: bytes
    little: bool

    def number(self, start: int, size: int) -> int:
        return int.from_bytes(
            self.content[start : start + size], "little" if self.little else "big"
        )


@dataclass(frozen=True, slots=True)
class _Entry:
    """One tag and where its value stands; the bytes are cut out only where they are wanted."""

    tag: int
    kind: int
    start: int
    size: int

    @property
    def name(self) -> str:
        return _NAMES.get(self.tag, f"0x{self.tag:04X}")

    @property
    def is_textual(self) -> bool:
        if self.tag == _MAKER_NOTE:
            return self.size <= _LONGEST_MAKER_NOTE
        return self.tag in _TEXT_TAGS or self.kind in _TEXT_TYPES


def read_exif(content: bytes, into: Collector) -> None:
    """Collect every textual tag of the first directories and of the EXIF sub-directory.

    Args:
        content: The block, with or without the prefix that JPEG puts before it.
        into: Receives one chunk per textual tag, place ``EXIF <tag name>``.
    """
    if not into.may_read_exif():
        into.remark("The file has very many EXIF blocks; the rest is unread.")
        return
    content = content.removeprefix(_PREFIX)
    order = content[:2]
    if order not in {b"II", b"MM"} or len(content) < _HEADER:
        into.remark("The EXIF block has no TIFF header and was not read.")
        return
    block = _Block(content, little=order == b"II")
    after = 0
    for told in _entries(block, into):
        entry = _found_again(told, block, after) or told
        if entry is not told:
            into.remark(
                f"The EXIF tag {entry.name} points to a wrong place; "
                "its text was found right behind the text before it."
            )
        if entry.kind in _TEXT_TYPES and entry.size > _INLINE:
            after = entry.start + entry.size
        _take(entry, block, into)


def _entries(block: _Block, into: Collector) -> Iterator[_Entry]:
    """Entries of all directories that can be reached, each directory once."""
    waiting, seen = [(block.number(4, 4), True)], set[int]()
    while waiting and len(seen) < _MOST_DIRECTORIES:
        start, in_chain = waiting.pop(0)
        if start == 0 or start in seen:
            continue
        seen.add(start)
        count = block.number(start, 2)
        if start + 2 > len(block.content) or count > _MOST_ENTRIES:
            into.remark("The EXIF block has a directory outside itself; that part was not read.")
            continue
        for position in range(start + 2, start + 2 + 12 * count, 12):
            if position + 12 > len(block.content):
                into.remark("The EXIF block ends inside a directory; the rest is missing.")
                break
            if block.number(position, 2) == _SUB_DIRECTORY:
                waiting.insert(0, (block.number(position + 8, 4), False))
            else:
                yield _entry(block, position)
        # Only the main chain goes on: common writers put no link after a sub-directory.
        if in_chain:
            waiting.append((block.number(start + 2 + 12 * count, 4), True))


def _entry(block: _Block, position: int) -> _Entry:
    kind = block.number(position + 2, 2)
    size = _TYPE_SIZES.get(kind, 0) * block.number(position + 4, 4)
    start = position + 8 if size <= _INLINE else block.number(position + 8, 4)
    return _Entry(tag=block.number(position, 2), kind=kind, start=start, size=size)


def _found_again(entry: _Entry, block: _Block, after: int) -> _Entry | None:
    """A text that an editor moved without its pointer (seen in ComfyUI's animated WebP).

    It counts as found where the pointer does not lead to a text's end and the bytes right behind
    the text before are one whole text of just this length.
    """
    end = entry.start + entry.size
    lost = end > len(block.content) or block.content[end - 1]
    if entry.kind not in _TEXT_TYPES or entry.size <= _INLINE or not after or not lost:
        return None
    for start in range(after, after + _LONGEST_PADDING + 1):
        last = start + entry.size - 1
        # The cheap half of the test comes first: crafted files repeat one large area.
        if last < len(block.content) and block.content[last] == 0:
            nul = block.content.find(b"\0", start, min(last + 1, start + _LONGEST_MOVED))
            return replace(entry, start=start) if nul == last else None
    return None


def _take(entry: _Entry, block: _Block, into: Collector) -> None:
    if entry.tag in {_IPTC, _PHOTOSHOP} and entry.size <= into.room:
        body = block.content[entry.start : entry.start + entry.size]
        read = read_iptc if entry.tag == _IPTC else read_photoshop
        read(body, into, place="EXIF IPTC")
        return
    if not entry.is_textual or entry.start >= len(block.content):
        return
    if min(entry.size, len(block.content) - entry.start) > into.room:
        into.refuse("EXIF", entry.name)
        return
    raw = block.content[entry.start : entry.start + entry.size]
    text = _text_of(entry, raw, little=block.little)
    if not raw or (text is None and entry.tag != _USER_COMMENT):
        return
    whole = len(raw) == entry.size
    if not whole:
        into.remark(f"The EXIF tag {entry.name} points outside the block; a part is missing.")
    into.add(f"EXIF {entry.name}", entry.name, raw, text, whole=whole)


def _text_of(entry: _Entry, raw: bytes, *, little: bool) -> str | None:
    if entry.tag == _USER_COMMENT:
        return decode_user_comment(raw, little=little)
    if entry.tag in _XP_TAGS:
        return decode_xp(raw)
    text = raw.rstrip(b"\0")
    if entry.tag == _MAKER_NOTE:
        # Cameras keep binary there; Fooocus keeps the name of its metadata scheme.
        return text.decode("ascii") if text.isascii() and text.decode().isprintable() else None
    return decode_plain(text)
