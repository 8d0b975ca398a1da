"""PNG: tEXt, zTXt, iTXt and eXIf wherever they stand (PNG third edition §5, §11.3.3, §11.3.5)."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from remarque.intake.containers.collecting import Collector, decode_plain, decode_utf8
from remarque.intake.containers.exif import read_exif
from remarque.intake.containers.iptc import read_photoshop

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEYWORD = "XML:com.adobe.xmp"
_FRAME = 12  # length, type and CRC around each chunk's body
_MOST_PNG_CHUNKS = 60_000  # 8 KiB of pixels each, as libpng writes them, make 480 MiB
_TEXTUAL = {b"tEXt", b"zTXt", b"iTXt", b"eXIf"}
_HEX_PROFILE = "Raw profile type "
_XMP_START = b"http://ns.adobe.com/xap/1.0/\0"


@dataclass(frozen=True, slots=True)
class PngChunk:
    """One chunk as it stands: where it begins, its four-letter type, its body."""

    start: int
    kind: bytes
    body: memoryview
    whole: bool
    checksum: bytes

    @property
    def is_intact(self) -> bool:
        """Whether the CRC-32 over type and body is the one in the file (§5.5)."""
        return zlib.crc32(self.body, zlib.crc32(self.kind)) == int.from_bytes(self.checksum, "big")


def walk(content: bytes) -> Iterator[PngChunk]:
    """Chunks in order, as far as the file goes; the last may be cut off."""
    view, position = memoryview(content), len(SIGNATURE)
    for _ in range(_MOST_PNG_CHUNKS):
        if position + 8 > len(view):
            return
        length = int.from_bytes(view[position : position + 4], "big")
        body = view[position + 8 : position + 8 + length]
        end = position + _FRAME + length
        yield PngChunk(
            start=position,
            kind=bytes(view[position + 4 : position + 8]),
            body=body,
            whole=end <= len(view),
            checksum=bytes(view[end - 4 : end]),
        )
        position = end


def read_png(content: bytes, into: Collector) -> None:
    """Collect the textual chunks, also those after the pixels and in files cut short."""
    for chunk in walk(content):
        if chunk.kind in _TEXTUAL:
            _read_textual(chunk, into)
        if into.full or chunk.kind == b"IEND":
            break


def _read_textual(chunk: PngChunk, into: Collector) -> None:
    kind = chunk.kind.decode("ascii")
    if kind == "eXIf":
        read_exif(bytes(chunk.body), into)
        key = "eXIf"
    else:
        key = _read_text(kind, chunk, into)
    if not chunk.whole:
        into.remark(f"The file ends inside the PNG {kind} chunk {key[:60]!r}.")
    elif not chunk.is_intact:
        into.remark(
            f"The PNG {kind} chunk {key[:60]!r} does not match its checksum: "
            "it was changed or damaged after it was written."
        )


def _read_text(kind: str, chunk: PngChunk, into: Collector) -> str:
    keyword, _, rest = bytes(chunk.body).partition(b"\0")
    key, place = keyword[:79].decode("latin-1"), f"PNG {kind}"
    if kind == "iTXt":
        _read_international(key, rest, into, whole=chunk.whole)
        return key
    told = into.inflate(place, key, rest[1:]) if kind == "zTXt" else (rest, True)
    if told is not None:
        raw, all_there = told
        into.add(place, key, raw, decode_plain(raw), whole=all_there and chunk.whole)
        if key.startswith(_HEX_PROFILE):
            _read_hex_profile(key.removeprefix(_HEX_PROFILE).casefold(), raw, into)
    return key


def _read_international(key: str, rest: bytes, into: Collector, *, whole: bool) -> None:
    packed, (_, language_end, more) = rest[:1] == b"\x01", rest[2:].partition(b"\0")
    _, keyword_end, content = more.partition(b"\0")
    if not (language_end and keyword_end):
        into.remark(f"The PNG iTXt chunk {key[:60]!r} lacks its language fields and was not read.")
        return
    told = into.inflate("PNG iTXt", key, content) if packed else (content, True)
    if told is None:
        return
    raw, all_there = told
    text = decode_utf8(raw)
    if text is None:
        into.remark(f"The PNG iTXt chunk {key[:60]!r} is not valid UTF-8; only its bytes are kept.")
    into.add("PNG iTXt", key, raw, text, whole=all_there and whole)


def _read_hex_profile(kind: str, raw: bytes, into: Collector) -> None:
    """ImageMagick's way to keep JPEG's blocks in PNG: a name, a length, then hexadecimal lines."""
    if kind not in {"exif", "app1", "xmp", "iptc", "8bim"}:
        return
    try:
        block = bytes.fromhex(b"".join(raw.split()[2:]).decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        into.remark(f"The PNG raw {kind} profile is not valid hexadecimal and was not read.")
        return
    if kind == "xmp" or block.startswith(_XMP_START):
        packet = block.removeprefix(_XMP_START)
        into.add("PNG raw XMP", "XMP", packet, decode_utf8(packet))
    elif kind in {"iptc", "8bim"}:
        read_photoshop(block, into, place="PNG raw profile")
    else:
        read_exif(block, into)
