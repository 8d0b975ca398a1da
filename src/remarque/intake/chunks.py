"""Every textual metadata chunk of a picture file, byte for byte, and its JSON form."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from remarque.errors import PictureUnreadable
from remarque.intake.containers import gif, heif, jpeg, jxl, png, webp
from remarque.intake.containers.collecting import Collector
from remarque.intake.containers.exif import read_exif
from remarque.intake.containers.stealth import read_stealth
from remarque.intake.containers.xmp import read_packets
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk

_BMP, _BMP_HEADER = b"BM", 54
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*")


def read_chunks(content: bytes) -> tuple[Chunk, ...]:
    """All textual metadata of a picture file, text hidden in pixels included.

    A damaged, packed-to-explode or oversized chunk is left out and hides no other; what was left
    out is said in ``Reading.remarks``.

    Raises:
        PictureUnreadable: The bytes are no PNG, JPEG, WebP, GIF, AVIF, HEIF, JPEG XL, TIFF or BMP.
    """
    return scan(content).chunks


@dataclass(frozen=True, slots=True)
class Scan:
    """The chunks, sentences about damage met on the way, and which chunks have lost their end.

    ``cut_off`` are places in ``chunks``.
    """

    chunks: tuple[Chunk, ...]
    remarks: tuple[str, ...]
    cut_off: frozenset[int]


def scan_chunks(content: bytes) -> tuple[tuple[Chunk, ...], tuple[str, ...]]:
    """The chunks, and sentences about damage met on the way.

    Raises:
        PictureUnreadable: The bytes are none of the formats of ``read_chunks``.
    """
    found = scan(content)
    return found.chunks, found.remarks


def scan(content: bytes) -> Scan:
    """Everything ``read_chunks`` finds, and what is known about its state.

    Raises:
        PictureUnreadable: The bytes are none of the formats of ``read_chunks``.
    """
    collector = Collector()
    _parser_for(content)(content, collector)
    read_packets(collector)
    read_stealth(content, collector)
    return Scan(tuple(collector.chunks), tuple(collector.remarks), frozenset(collector.cut_off))


def chunks_as_json(chunks: Sequence[Chunk]) -> Json:
    """One object a chunk: place, key, and its text, or base64 of the bytes where it has none."""
    return [
        {"place": chunk.place, "key": chunk.key, "text": chunk.text}
        if chunk.text is not None
        else {
            "place": chunk.place,
            "key": chunk.key,
            "base64": base64.b64encode(chunk.raw).decode("ascii"),
        }
        for chunk in chunks
    ]


def _parser_for(content: bytes) -> Callable[[bytes, Collector], None]:
    if content.startswith(png.SIGNATURE):
        return png.read_png
    if content.startswith(jpeg.SIGNATURE):
        return jpeg.read_jpeg
    if webp.is_webp(content):
        return webp.read_webp
    if content.startswith(gif.SIGNATURES):
        return gif.read_gif
    if heif.is_heif(content):
        return heif.read_heif
    return _other_parser(content)


def _other_parser(content: bytes) -> Callable[[bytes, Collector], None]:
    if content.startswith(jxl.SIGNATURES):
        return jxl.read_jxl
    if content.startswith(_TIFF_SIGNATURES):
        return read_exif
    if content.startswith(_BMP) and len(content) > _BMP_HEADER:
        return _read_nothing
    raise PictureUnreadable(
        "This is an empty file."
        if not content
        else "This file is not a PNG, JPEG, WebP, GIF, AVIF, HEIF, JPEG XL, TIFF or BMP picture.",
        hint="Give the picture file the generator saved.",
    )


def _read_nothing(_content: bytes, _into: Collector) -> None:
    """BMP has no place for metadata."""
