"""Texts inside an XMP packet that readers know from other places.

ComfyUI keeps its graph in AVIF as ``comfy:prompt`` and ``comfy:workflow``; editors mirror EXIF
UserComment and ImageDescription into ``exif:UserComment``, ``tiff:ImageDescription`` and
``dc:description``, each a list of languages (XMP Part 2 §3).
"""

from collections.abc import Iterator
from itertools import islice
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from remarque.intake.containers.collecting import Collector

_PACKET_KEY = "XMP"
_NAMES = {
    "{https://github.com/Comfy-Org/ComfyUI}prompt": "comfy:prompt",
    "{https://github.com/Comfy-Org/ComfyUI}workflow": "comfy:workflow",
    "{http://ns.adobe.com/exif/1.0/}UserComment": "exif:UserComment",
    "{http://ns.adobe.com/tiff/1.0/}ImageDescription": "tiff:ImageDescription",
    "{http://purl.org/dc/elements/1.1/}description": "dc:description",
}
_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
_END = "</x:xmpmeta>"
_LONGEST = 4 * 1024 * 1024
_MOST_PACKETS = 8
_MOST = 8  # elements that stand inside each other would be read again and again


def read_packets(into: Collector) -> None:
    """Add the known texts of the packets collected so far, beside the packets themselves."""
    packets = [chunk.text for chunk in into.chunks if chunk.key == _PACKET_KEY and chunk.text]
    for packet in packets[:_MOST_PACKETS]:
        if any(name.partition(":")[2] in packet for name in _NAMES.values()):
            for name, text in dict.fromkeys(_texts(packet)):
                into.add(f"XMP {name}", name.partition(":")[2], text.encode(), text)


def _texts(packet: str) -> Iterator[tuple[str, str]]:
    """Name and text of each known property; none where the packet is no valid XML."""
    start, end = packet.find("<x:xmpmeta"), packet.rfind(_END)
    if start < 0 or end < 0 or len(packet) > _LONGEST:
        return
    try:
        root: Element = fromstring(packet[start : end + len(_END)])
    except (ParseError, DefusedXmlException, ValueError):
        return
    for tag, name in _NAMES.items():
        for element in islice(root.iter(tag), _MOST):
            items = list(islice(element.iter(_ITEM), _MOST)) or [element]
            yield from ((name, text) for item in items if (text := "".join(item.itertext())))
        attributes = (value for element in root.iter() if (value := element.get(tag)))
        yield from ((name, value) for value in islice(attributes, _MOST))
