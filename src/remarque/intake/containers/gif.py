"""GIF: comment extensions (GIF89a §24) and XMP (XMP Part 3 §1.1.2)."""

from remarque.intake.containers.collecting import Collector, decode_plain, decode_utf8

SIGNATURES = (b"GIF87a", b"GIF89a")
_EXTENSION, _PICTURE = 0x21, 0x2C
_COMMENT, _APPLICATION = 0xFE, 0xFF
_XMP_NAME = b"XMP DataXMP"
_MOST_SUB_BLOCKS = 2_000_000
_MOST_BLOCKS = 100_000
_XMP_TRAILER = 257  # the "magic trailer" that lets plain decoders skip the packet


def read_gif(content: bytes, into: Collector) -> None:
    """Collect comments and the XMP packet of all frames."""
    position = 13 + _table_size(content[10:11])
    for _ in range(_MOST_BLOCKS):
        if position >= len(content) or into.full:
            return
        block, label = content[position], content[position + 1 : position + 2]
        if block == _PICTURE:
            table = _table_size(content[position + 9 : position + 10])
            _, position = _sub_blocks(content, position + 11 + table, keep=False)
        elif block == _EXTENSION and label:
            position = _read_extension(content, position + 2, label[0], into)
        else:
            return


def _read_extension(content: bytes, position: int, label: int, into: Collector) -> int:
    """Take one extension; returns where the next block begins."""
    is_xmp = label == _APPLICATION and content[position + 1 : position + 12] == _XMP_NAME
    body, end = _sub_blocks(content, position, keep=label == _COMMENT)
    if label == _COMMENT:
        into.add("GIF comment", "comment", body, decode_plain(body))
    elif is_xmp:
        packet = content[position + 12 : max(end - 1 - _XMP_TRAILER, position + 12)]
        into.add("GIF XMP", "XMP", packet, decode_utf8(packet))
    return end


def _sub_blocks(content: bytes, position: int, *, keep: bool) -> tuple[bytes, int]:
    parts: list[bytes] = []
    for _ in range(_MOST_SUB_BLOCKS):
        if position >= len(content):
            break
        size = content[position]
        if size == 0:
            break
        if keep:
            parts.append(content[position + 1 : position + 1 + size])
        position += 1 + size
    return b"".join(parts), position + 1


def _table_size(packed: bytes) -> int:
    """Bytes of the colour table that this packed field announces."""
    flags = packed[0] if packed else 0
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0
