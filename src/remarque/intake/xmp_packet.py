"""Single fields out of an XMP packet (ISO 16684-1), parsed without trust: no entities."""

import re
from functools import lru_cache
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

_LONGEST = 2 * 1024 * 1024
_START = re.compile(r"<(x:xmpmeta|rdf:RDF)[\s>]")
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}


def field_of(packet: str, name: str) -> str | None:
    """The first value of a field such as ``dc:description``; None where it is not in there.

    Fields stand as attributes or as elements; of several languages the first counts.
    """
    root = _parsed(packet) if len(packet) <= _LONGEST else None
    if root is None:
        return None
    prefix, _, local = name.partition(":")
    full = f"{{{_NAMESPACES[prefix]}}}{local}"
    for description in root.iter(f"{_RDF}Description"):
        if (written := description.get(full)) is not None:
            return written
        element = description.find(full)
        if element is not None:
            inner = element.find(f".//{_RDF}li")
            return "".join((element if inner is None else inner).itertext()).strip()
    return None


def forget_packets() -> None:
    """Drop what was parsed; called when a file has been read."""
    _parsed.cache_clear()


@lru_cache(maxsize=2)  # several readers look for several fields of one packet
def _parsed(packet: str) -> Element | None:
    start = _START.search(packet)
    if start is None:
        return None
    closing = f"</{start[1]}>"
    end = packet.rfind(closing)
    if end < start.start():
        return None
    # A document type could declare entities; what stands before the packet is not parsed at all.
    try:
        root: Element = fromstring(packet[start.start() : end + len(closing)])
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        return None
    return root
