"""JPEG XL: the Exif and XML boxes of its container (ISO/IEC 18181-2 §9); a bare stream has none."""

from remarque.intake.containers.boxes import boxes
from remarque.intake.containers.collecting import Collector, decode_utf8
from remarque.intake.containers.exif import read_exif

SIGNATURES = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
_OFFSET = 4


def read_jxl(content: bytes, into: Collector) -> None:
    """Collect EXIF tags and XMP packets; boxes packed with Brotli are named in a remark."""
    if content.startswith(SIGNATURES[0]):
        return
    for kind, (start, end) in boxes(content, 0, len(content)):
        if kind == b"Exif":
            body = content[start:end]
            # The box begins with the distance to the TIFF header.
            read_exif(body[_OFFSET + int.from_bytes(body[:_OFFSET], "big") :], into)
        elif kind == b"xml ":
            packet = content[start:end]
            into.add("JXL XMP", "XMP", packet, decode_utf8(packet))
        elif kind == b"brob":
            packed = content[start : start + 4].decode("latin-1").strip()
            into.remark(
                f"The JPEG XL box {packed!r} is packed with Brotli and was not read; "
                "save the picture again without packed metadata to have it read."
            )
