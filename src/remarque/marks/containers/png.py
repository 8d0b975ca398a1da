"""PNG chunks (W3C PNG, third edition, §5 and §11): take metadata out, put ours in."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from remarque.errors import PictureUnreadable
from remarque.marks.containers.metadata import (
    LONGEST_TEXT,
    MOST_TEXTS,
    FileMetadata,
    TextPiece,
    decoded,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_XMP_KEYWORD = "XML:com.adobe.xmp"
_PIXELS_AND_COLOUR = frozenset(
    b"IHDR PLTE tRNS IDAT IEND gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD hIST pHYs sPLT "
    b"acTL fcTL fdAT".split()
)
_CUT_OFF = "this PNG is cut off or damaged: its chunks do not end where they should"


@dataclass(frozen=True, slots=True)
class _Chunk:
    name: bytes
    payload: bytes
    whole: bytes


def strip(content: bytes) -> bytes:
    """The file with only what pixels and colour need; bytes after IEND are dropped too.

    Raises:
        PictureUnreadable: The chunks are cut off or out of step.
    """
    kept = (chunk for chunk in _chunks(content) if chunk.name in _PIXELS_AND_COLOUR)
    # Checksums are made anew: a wrong one does not stop every decoder, but it stops some.
    return SIGNATURE + b"".join(_packed(chunk.name, chunk.payload) for chunk in kept)


def insert_xmp(content: bytes, packet: bytes) -> bytes:
    """Put an XMP packet (iTXt ``XML:com.adobe.xmp``, uncompressed) before the pixels.

    Raises:
        PictureUnreadable: The chunks are cut off or out of step.
    """
    chunk = _packed(b"iTXt", _XMP_KEYWORD.encode() + b"\x00\x00\x00\x00\x00" + packet)
    return _with_chunks(content, [chunk], lambda old: _text_key(old) == _XMP_KEYWORD)


def insert_exif(content: bytes, stream: bytes) -> bytes:
    """Put a TIFF stream (eXIf) before the pixels, in place of the old one."""
    return _with_chunks(content, [_packed(b"eXIf", stream)], lambda old: old.name == b"eXIf")


def insert_texts(content: bytes, texts: dict[str, str]) -> bytes:
    """Put texts before the pixels: tEXt for plain ASCII, else iTXt (§11.3.3)."""
    chunks = [_packed(*_text_chunk(key, text)) for key, text in texts.items()]
    return _with_chunks(content, chunks, lambda old: _text_key(old) in texts)


def read(content: bytes) -> FileMetadata:
    """The metadata of a PNG; of a damaged one, what stands before the damage."""
    xmp: list[bytes] = []
    texts: list[TextPiece] = []
    exif: bytes | None = None
    for chunk in _chunks(content, strict=False):
        if chunk.name == b"eXIf":
            exif = chunk.payload
        elif _text_key(chunk) == _XMP_KEYWORD:
            xmp.append(_text_body(chunk))
        elif (key := _text_key(chunk)) is not None and len(texts) < MOST_TEXTS:
            texts.append(TextPiece("PNG text", key, _text_of(chunk)))
    return FileMetadata("image/png", tuple(xmp), exif, tuple(texts))


def _chunks(content: bytes, *, strict: bool = True) -> Iterator[_Chunk]:
    start = len(SIGNATURE)
    while start < len(content):
        length = int.from_bytes(content[start : start + 4], "big")
        name, stop = content[start + 4 : start + 8], start + 12 + length
        if stop > len(content):
            break
        yield _Chunk(name, content[start + 8 : stop - 4], content[start:stop])
        if name == b"IEND":
            return
        start = stop
    if strict:
        raise PictureUnreadable(_CUT_OFF)


def _with_chunks(content: bytes, new: Iterable[bytes], replaces: Callable[[_Chunk], bool]) -> bytes:
    before: list[bytes] = []
    after: list[bytes] = []
    for chunk in _chunks(content):
        if replaces(chunk):
            continue
        (after if chunk.name == b"IDAT" or after else before).append(chunk.whole)
    if not after:
        raise PictureUnreadable(_CUT_OFF)
    return SIGNATURE + b"".join([*before, *new, *after])


def _packed(name: bytes, payload: bytes) -> bytes:
    checksum = zlib.crc32(name + payload).to_bytes(4, "big")
    return len(payload).to_bytes(4, "big") + name + payload + checksum


def _text_chunk(key: str, text: str) -> tuple[bytes, bytes]:
    if text.isascii():
        return b"tEXt", key.encode("latin-1") + b"\x00" + text.encode("ascii")
    head = key.encode("latin-1") + b"\x00\x00\x00\x00\x00"
    return b"iTXt", head + text.encode("utf-8", "replace")


def _text_key(chunk: _Chunk) -> str | None:
    if chunk.name not in (b"tEXt", b"zTXt", b"iTXt"):
        return None
    return chunk.payload.partition(b"\x00")[0][:79].decode("latin-1")


def _text_of(chunk: _Chunk) -> str:
    body = _text_body(chunk)
    # The standard says Latin-1 for tEXt and zTXt; generators write UTF-8 all the same.
    return decoded(body)


def _text_body(chunk: _Chunk) -> bytes:
    """The text's bytes, inflated up to ``LONGEST_TEXT``; empty where the compression is broken."""
    body = chunk.payload.partition(b"\x00")[2]
    if chunk.name == b"tEXt":
        return body[:LONGEST_TEXT]
    if chunk.name == b"zTXt":
        return _inflated(body[1:])
    compressed = body[:1] == b"\x01"
    text = body[2:].partition(b"\x00")[2].partition(b"\x00")[2]
    return _inflated(text) if compressed else text[:LONGEST_TEXT]


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, LONGEST_TEXT)
    except zlib.error:
        return b""
