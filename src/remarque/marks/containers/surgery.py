"""One door to every container: what kind of file, what it carries, out and in."""

import re

from remarque.errors import MarkError, PictureUnreadable
from remarque.marks.containers import jpeg, png, webp
from remarque.marks.containers.metadata import FileMetadata
from remarque.marks.exif import ExifFields, build_exif

WRITABLE = ("image/png", "image/jpeg", "image/webp")
"""The media types marks are written into."""

_BRANDS = {b"avif": "image/avif", b"avis": "image/avif", b"heic": "image/heic"}
_PACKET = re.compile(rb"<x:xmpmeta\b.{0,4194304}?</x:xmpmeta>", re.DOTALL)


def media_type_of(content: bytes) -> str:
    """The media type the first bytes of a file name.

    Raises:
        PictureUnreadable: They name none that is known here.
    """
    if content.startswith(png.SIGNATURE):
        return "image/png"
    if content.startswith(jpeg.SIGNATURE):
        return "image/jpeg"
    if webp.is_webp(content):
        return "image/webp"
    found = _other_media_type(content)
    if not found:
        raise PictureUnreadable(
            "this is not a picture: it begins like no PNG, JPEG, WebP, GIF, TIFF, BMP or AVIF"
        )
    return found


def read_metadata(content: bytes) -> FileMetadata:
    """What a file carries besides pixels; damaged parts are left aside.

    Raises:
        PictureUnreadable: Not a picture at all.
    """
    media_type = media_type_of(content)
    if media_type == "image/png":
        return png.read(content)
    if media_type == "image/jpeg":
        return jpeg.read(content)
    if media_type == "image/webp":
        return webp.read(content)
    packets = tuple(found.group() for found in _PACKET.finditer(content))
    exif = content if media_type == "image/tiff" else None
    return FileMetadata(media_type, packets, exif)


def strip_metadata(content: bytes, media_type: str) -> bytes:
    """Remove EXIF, XMP, IPTC, texts, comments and credentials; pixels and colour stay as coded.

    Raises:
        PictureUnreadable: The file is damaged.
        MarkError: No container that can be written here.
    """
    _check_writable(media_type)
    if media_type == "image/png":
        return png.strip(content)
    return jpeg.strip(content) if media_type == "image/jpeg" else webp.strip(content)


def insert_xmp(content: bytes, media_type: str, packet: bytes) -> bytes:
    """Put an XMP packet into the file, in place of an old one; pixels stay as coded.

    Raises:
        PictureUnreadable: The file is damaged.
        MarkError: No container that can be written here, or the packet is too long for it.
    """
    _check_writable(media_type)
    if media_type == "image/png":
        return png.insert_xmp(content, packet)
    if media_type == "image/jpeg":
        return jpeg.insert_xmp(content, packet)
    return webp.insert_xmp(content, packet)


def insert_exif(content: bytes, media_type: str, fields: ExifFields) -> bytes:
    """Put author, rights and software in: EXIF in JPEG and WebP, texts in PNG.

    A PNG gets EXIF only for an orientation, which no text can say.

    Raises:
        PictureUnreadable: The file is damaged.
        MarkError: No container that can be written here, or the texts are too long for it.
    """
    _check_writable(media_type)
    if media_type == "image/jpeg":
        return jpeg.insert_exif(content, build_exif(fields))
    if media_type == "image/webp":
        return webp.insert_exif(content, build_exif(fields))
    if fields.orientation != 1:
        content = png.insert_exif(content, build_exif(ExifFields(orientation=fields.orientation)))
    return png.insert_texts(content, png_texts(fields))


def png_texts(fields: ExifFields) -> dict[str, str]:
    """The PNG keywords (W3C PNG §11.3.3.2) that say what these EXIF fields say."""
    texts = {
        "Author": fields.artist,
        "Copyright": fields.copyright,
        "Software": fields.software,
        "Description": fields.description,
    }
    return {key: text for key, text in texts.items() if text}


def _check_writable(media_type: str) -> None:
    if media_type not in WRITABLE:
        raise MarkError(
            f"marks are written into PNG, JPEG and WebP, not into {media_type!r}",
            hint="Publish as PNG.",
        )


def _other_media_type(content: bytes) -> str:
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if content[:4] in (b"II*\x00", b"MM\x00*"):
        return "image/tiff"
    if content[:2] == b"BM":
        return "image/bmp"
    return _BRANDS.get(content[8:12], "") if content[4:8] == b"ftyp" else ""
