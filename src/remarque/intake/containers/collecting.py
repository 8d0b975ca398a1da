"""Where parsers put what they find: chunks, remarks about damage, and the limits for both."""

import zlib

from remarque.model.recipe import Chunk

MEBIBYTE = 1024 * 1024
LARGEST_TEXT = 16 * MEBIBYTE
LARGEST_TOTAL = 32 * MEBIBYTE
MOST_CHUNKS = 1000
_MOST_UNPACKED = 4 * LARGEST_TOTAL
_MOST_EXIF_BLOCKS = 16
_MOST_REMARKS = 50
_GZIP = 31  # zlib's wbits for a gzip wrapper around a 32 KiB window
_ZLIB = 15


class Collector:
    """Chunks of one file within the limits, and sentences about what could not be read.

    A damaged or oversized chunk becomes a remark and never hides its neighbours. ``cut_off`` are
    the places in ``chunks`` of those whose end is missing.
    """

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.cut_off: set[int] = set()
        self.remarks: list[str] = []
        self._room = LARGEST_TOTAL
        self._unpacking_left = _MOST_UNPACKED
        self._blocks_left = _MOST_EXIF_BLOCKS

    @property
    def full(self) -> bool:
        """Whether no further chunk will be taken."""
        return len(self.chunks) >= MOST_CHUNKS

    @property
    def room(self) -> int:
        """How many bytes the next chunk may have."""
        return min(LARGEST_TEXT, self._room)

    def may_read_exif(self) -> bool:
        """Whether one more EXIF block may be read; real files have one or two."""
        self._blocks_left -= 1
        return self._blocks_left >= 0

    def refuse(self, place: str, key: str) -> None:
        """Remark that a chunk is over the limits."""
        self.remark(
            f"The {place} chunk {_quoted(key)} was not read: it is over the limit of "
            f"{LARGEST_TEXT // MEBIBYTE} MiB for one chunk "
            f"or {LARGEST_TOTAL // MEBIBYTE} MiB in all."
        )

    def remark(self, sentence: str) -> None:
        """Keep a sentence once; a hostile file gets no more than a page of them."""
        if sentence not in self.remarks and len(self.remarks) < _MOST_REMARKS:
            self.remarks.append(sentence)

    def add(
        self, place: str, key: str, raw: bytes, text: str | None, *, whole: bool = True
    ) -> None:
        """Take one chunk, or remark that it is over the limits."""
        if self.full:
            self.remark(
                f"The file has more than {MOST_CHUNKS} metadata chunks; the rest is unread."
            )
        elif len(raw) > self.room:
            self.refuse(place, key)
        else:
            self._room -= len(raw)
            if not whole:
                self.cut_off.add(len(self.chunks))
            self.chunks.append(Chunk(place=place, key=key, raw=bytes(raw), text=text))

    def inflate(
        self, place: str, key: str, packed: bytes, *, gzip: bool = False
    ) -> tuple[bytes, bool] | None:
        """Unpack a zlib stream (RFC 1950) or gzip member (RFC 1952), never beyond the limits.

        Returns:
            What was packed, and whether all of it is there; None where nothing can be had.
        """
        limit = min(self.room, self._unpacking_left)
        unpacking = zlib.decompressobj(_GZIP if gzip else _ZLIB)
        try:
            content = unpacking.decompress(packed, limit + 1)
        except zlib.error:
            self.remark(f"The {place} chunk {_quoted(key)} is packed but its packing is damaged.")
            return None
        # What is refused has cost time as well: a thousand bombs must not add up.
        self._unpacking_left = max(self._unpacking_left - len(content), 0)
        if len(content) > limit:
            self.refuse(place, key)
            return None
        if not unpacking.eof:
            self.remark(
                f"The {place} chunk {_quoted(key)} ends too early; a part of it is missing."
            )
        return content, unpacking.eof


def decode_utf8(raw: bytes) -> str | None:
    """Text of UTF-8 bytes without a byte order mark, or None where they are not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def decode_plain(raw: bytes) -> str:
    """Text of bytes that declare no encoding: UTF-8 where they are that, else Latin-1.

    PNG tEXt and EXIF ASCII ask for Latin-1 or ASCII, yet many programs write UTF-8 there;
    Latin-1 prose is practically never valid UTF-8 by accident.
    """
    text = decode_utf8(raw)
    return raw.decode("latin-1") if text is None else text


def _quoted(key: str) -> str:
    return repr(key[:60])
