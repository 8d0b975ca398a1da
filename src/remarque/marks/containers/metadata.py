"""What is read out of any container: the pieces of metadata as they stand in the file."""

from dataclasses import dataclass, field

LONGEST_TEXT = 1 << 20
"""Bytes of one decompressed text; more is cut off there, so that a bomb stays small."""

MOST_TEXTS = 64
"""Texts read from one file."""


@dataclass(frozen=True, slots=True)
class TextPiece:
    """One text: ``place`` says where it stands ("PNG text", "JPEG comment"), ``key`` its name."""

    place: str
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class FileMetadata:
    """The metadata of one file. ``exif`` is a TIFF stream, ``xmp`` packets in file order."""

    media_type: str
    xmp: tuple[bytes, ...] = ()
    exif: bytes | None = None
    texts: tuple[TextPiece, ...] = field(default=())


def decoded(raw: bytes) -> str:
    """UTF-8 where it is, Latin-1 where it is not; never fails."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
