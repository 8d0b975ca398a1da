"""WebP chunks (RFC 9649 §2): metadata out and in, the VP8X header kept true."""

import struct
from collections.abc import Iterator

from remarque.errors import MarkError, PictureUnreadable
from remarque.marks.containers.metadata import FileMetadata

_PIXELS_AND_COLOUR = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_ICC_FLAG, _ALPHA_FLAG, _EXIF_FLAG, _XMP_FLAG, _ANIMATION_FLAG = 0x20, 0x10, 0x08, 0x04, 0x02
_HEADER_SIZE = 12
_LARGEST_FILE = 0xFFFFFFFF - 1
_CUT_OFF = "this WebP is cut off or damaged: its chunks do not end where they should"

_Chunk = tuple[bytes, bytes]


def is_webp(content: bytes) -> bool:
    """Whether the file begins as a WebP does."""
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def is_lossless(content: bytes) -> bool:
    """Whether the pixels are coded without loss (VP8L)."""
    names = [name for name, _ in _chunks(content, strict=False)]
    return b"VP8L" in names and b"VP8 " not in names


def strip(content: bytes) -> bytes:
    """The file with only what pixels and colour need; bytes after the RIFF are dropped too.

    Raises:
        PictureUnreadable: The chunks are cut off or out of step.
    """
    return _joined([chunk for chunk in _chunks(content) if chunk[0] in _PIXELS_AND_COLOUR])


def insert_xmp(content: bytes, packet: bytes) -> bytes:
    """Put an XMP packet in, in place of the old one; a simple file becomes an extended one.

    Raises:
        PictureUnreadable: The chunks are cut off or out of step.
    """
    return _inserted(content, b"XMP ", packet)


def insert_exif(content: bytes, stream: bytes) -> bytes:
    """Put a TIFF stream in, in place of the old one; a simple file becomes an extended one.

    Raises:
        PictureUnreadable: The chunks are cut off or out of step.
    """
    return _inserted(content, b"EXIF", stream)


def read(content: bytes) -> FileMetadata:
    """The metadata of a WebP; of a damaged one, what stands before the damage."""
    xmp: list[bytes] = []
    exif: bytes | None = None
    for name, payload in _chunks(content, strict=False):
        if name == b"XMP ":
            xmp.append(payload)
        elif name == b"EXIF" and exif is None:
            exif = payload.removeprefix(b"Exif\x00\x00")
    return FileMetadata("image/webp", tuple(xmp), exif)


def _chunks(content: bytes, *, strict: bool = True) -> Iterator[_Chunk]:
    end = min(8 + int.from_bytes(content[4:8], "little"), len(content))
    start = _HEADER_SIZE
    while start + 8 <= end:
        size = int.from_bytes(content[start + 4 : start + 8], "little")
        stop = start + 8 + size
        if stop > end:
            start = stop
            break
        yield content[start : start + 4], content[start + 8 : stop]
        start = stop + size % 2
    if strict and start not in (end, end + 1):
        raise PictureUnreadable(_CUT_OFF)


def _inserted(content: bytes, name: bytes, payload: bytes) -> bytes:
    chunks = [chunk for chunk in _chunks(content) if chunk[0] != name]
    return _joined([*_extended(chunks), (name, payload)])


def _extended(chunks: list[_Chunk]) -> list[_Chunk]:
    if chunks and chunks[0][0] == b"VP8X":
        return chunks
    width, height, has_alpha = _canvas(chunks)
    flags = _ALPHA_FLAG if has_alpha else 0
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return [(b"VP8X", bytes([flags, 0, 0, 0]) + size), *chunks]


def _canvas(chunks: list[_Chunk]) -> tuple[int, int, bool]:
    """Width, height in pixels and alpha of a simple file (RFC 6386 §9.1, RFC 9649 §3.4)."""
    name, payload = chunks[0] if chunks else (b"", b"")
    try:
        if name == b"VP8 " and payload[3:6] == b"\x9d\x01\x2a":
            width, height = struct.unpack_from("<HH", payload, 6)
            return width & 0x3FFF, height & 0x3FFF, False
        if name == b"VP8L" and payload[:1] == b"\x2f":
            bits = int(struct.unpack_from("<I", payload, 1)[0])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    except struct.error as error:
        raise PictureUnreadable(_CUT_OFF) from error
    raise PictureUnreadable("this WebP does not begin with its pixels or its header")


def _joined(chunks: list[_Chunk]) -> bytes:
    """The file of these chunks, its VP8X flags set to what is really there (§2.7.1)."""
    names = {name for name, _ in chunks}
    body = b"".join(
        name + len(payload).to_bytes(4, "little") + payload + b"\x00" * (len(payload) % 2)
        for name, payload in ((name, _true_flags(name, payload, names)) for name, payload in chunks)
    )
    if len(body) + 4 > _LARGEST_FILE:
        raise MarkError("this WebP would become larger than the format allows (4 GiB)")
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


def _true_flags(name: bytes, payload: bytes, names: set[bytes]) -> bytes:
    if name != b"VP8X" or not payload:
        return payload
    flags = payload[0] & (_ALPHA_FLAG | _ANIMATION_FLAG)
    flags |= _ICC_FLAG if b"ICCP" in names else 0
    flags |= _EXIF_FLAG if b"EXIF" in names else 0
    flags |= _XMP_FLAG if b"XMP " in names else 0
    return bytes([flags]) + payload[1:]
