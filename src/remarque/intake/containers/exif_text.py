"""Text in EXIF as programs really write it: declared, undeclared and wrongly declared encodings.

Exif 3.0 §4.6.6 gives UserComment an eight-byte prefix that names the encoding and leaves the byte
order of "UNICODE" open; files in the wild have both, whatever the byte order of their TIFF header.
"""

import codecs

from remarque.intake.containers.collecting import decode_plain, decode_utf8

_PREFIX_LENGTH = 8
_SAMPLE = 4096
_PRINTABLE = range(0x20, 0x7F)
_JIS = "iso2022_jp"


def decode_user_comment(raw: bytes, *, little: bool) -> str | None:
    """The text of a UserComment value; None where it cannot be told.

    Args:
        raw: The value with its prefix.
        little: Byte order of the TIFF header; decides between equally likely readings.
    """
    prefix, body = raw[:_PREFIX_LENGTH], raw[_PREFIX_LENGTH:]
    name = prefix.rstrip(b"\0 ").upper()
    if name == b"UNICODE":
        return _decode_unicode(body, little=little)
    if name == b"ASCII":
        return decode_plain(body.rstrip(b"\0"))
    if name == b"JIS":
        return _decode_jis(body.rstrip(b"\0"))
    return _decode_undeclared(body if name == b"" else raw, little=little)


def decode_xp(raw: bytes) -> str | None:
    """The text of one of Windows' XP tags: UTF-16, little-endian, ended by a NUL."""
    return _decode_utf16(raw, "utf-16-le")


def _decode_undeclared(body: bytes, *, little: bool) -> str | None:
    has_mark = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if has_mark or body.count(0) * 4 > len(body.rstrip(b"\0")):
        return _decode_unicode(body, little=little)
    return decode_plain(body.rstrip(b"\0"))


def _decode_jis(body: bytes) -> str | None:
    try:
        return body.decode(_JIS)
    except UnicodeDecodeError:
        return decode_utf8(body)


def _decode_unicode(body: bytes, *, little: bool) -> str | None:
    if body.startswith(codecs.BOM_UTF16_LE):
        return _decode_utf16(body[2:], "utf-16-le")
    if body.startswith(codecs.BOM_UTF16_BE):
        return _decode_utf16(body[2:], "utf-16-be")
    stripped = body.rstrip(b"\0")
    if b"\0" not in stripped and _holds_ascii(stripped):
        # Without a single NUL it is no UTF-16 that has a space or a comma in it.
        as_utf8 = decode_utf8(stripped)
        if as_utf8 is not None:
            return as_utf8
    order = ("utf-16-le", "utf-16-be") if little else ("utf-16-be", "utf-16-le")
    readings = [text for text in (_decode_utf16(body, name) for name in order) if text is not None]
    return max(readings, key=_likelihood) if readings else None


def _decode_utf16(body: bytes, name: str) -> str | None:
    try:
        return body[: len(body) // 2 * 2].decode(name).rstrip("\0")
    except UnicodeDecodeError:
        return None


def _holds_ascii(body: bytes) -> bool:
    return any(byte in _PRINTABLE for byte in body[:_SAMPLE])


def _likelihood(text: str) -> int:
    """How many characters every prompt or settings text is full of; wrong order has almost none."""
    return sum(1 for letter in text[:_SAMPLE] if " " <= letter <= "~" or letter == "\n")
