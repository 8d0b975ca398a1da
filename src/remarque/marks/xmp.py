"""XMP packets: written by hand, read tolerantly from anybody, safely from everybody.

Source: ISO 16684-1 (XMP part 1) §7, IPTC Photo Metadata 2025.1 for the AI properties.
"""

import unicodedata
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from remarque.errors import MarkError, MetadataMalformed

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC: made by a trained model."""

COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC: a composite that holds something made by a trained model."""

REMARQUE = "http://remarque.org/ns/1.0/"
"""Our own namespace: ``Work`` is the work id, ``Commitment`` the leaf digest of the entry."""

NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
    "remarque": REMARQUE,
}

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_LARGEST_PACKET = 4 << 20
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_TAIL = '<?xpacket end="r"?>'


@dataclass(frozen=True, slots=True)
class XmpFields:
    """What a published copy says in XMP; empty fields are left out.

    ``creators`` and ``rights`` are Dublin Core; ``ai_*``, ``prompt*`` and
    ``digital_source_type`` are IPTC 2025.1; ``aigc`` is the inner JSON of the GB 45438 label;
    ``work`` and ``commitment`` are our own. ``marked`` says that rights are reserved.
    """

    creators: tuple[str, ...] = ()
    rights: str = ""
    ai_system: str = ""
    ai_system_version: str = ""
    prompt_writer: str = ""
    prompt: str = ""
    digital_source_type: str = ""
    marked: bool | None = None
    web_statement: str = ""
    aigc: str = ""
    work: str = ""
    commitment: str = ""
    software: str = ""

    @property
    def says_something(self) -> bool:
        """Whether any field is filled."""
        return any(getattr(self, field.name) not in ("", (), None) for field in fields(self))


_PROPERTY_OF = {
    "ai_system": "Iptc4xmpExt:AISystemUsed",
    "ai_system_version": "Iptc4xmpExt:AISystemVersionUsed",
    "prompt_writer": "Iptc4xmpExt:AIPromptWriterName",
    "prompt": "Iptc4xmpExt:AIPromptInformation",
    "digital_source_type": "Iptc4xmpExt:DigitalSourceType",
    "web_statement": "xmpRights:WebStatement",
    "aigc": "TC260:AIGC",
    "work": "remarque:Work",
    "commitment": "remarque:Commitment",
    "software": "xmp:CreatorTool",
}


def build_xmp(wanted: XmpFields) -> bytes:
    """A read-only XMP packet in UTF-8 with these fields.

    Raises:
        MarkError: A text holds a character that XML 1.0 (§2.2) cannot.
    """
    lines = [
        *_container("dc:creator", "rdf:Seq", wanted.creators),
        *_container("dc:rights", "rdf:Alt", (wanted.rights,) if wanted.rights else ()),
    ]
    if wanted.marked is not None:
        lines.append(_element("xmpRights:Marked", str(wanted.marked)))
    for name, qualified in _PROPERTY_OF.items():
        if value := getattr(wanted, name):
            lines.append(_element(qualified, value))
    declared = "".join(
        f' xmlns:{prefix}="{address}"' for prefix, address in NAMESPACES.items() if prefix != "rdf"
    )
    body = "\n".join(f"   {line}" for line in lines)
    packet = (
        f'{_HEAD}\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        f' <rdf:RDF xmlns:rdf="{NAMESPACES["rdf"]}">\n'
        f'  <rdf:Description rdf:about=""{declared}>\n{body}\n  </rdf:Description>\n'
        f" </rdf:RDF>\n</x:xmpmeta>\n{_TAIL}"
    )
    return packet.encode()


def parse_xmp(packet: bytes) -> XmpFields:
    """Read anybody's packet, properties as elements or attributes; others are left aside.

    Raises:
        MetadataMalformed: Not XML, longer than 4 MiB, or XML that declares entities or a DTD.
    """
    properties: dict[str, list[str]] = {}
    tree = _tree(packet)
    root = tree if tree.tag == _name("rdf:RDF") else tree.find(f".//{_name('rdf:RDF')}")
    # Only the top level speaks of this file: descriptions further down are of its ingredients.
    for description in [] if root is None else root.findall(_name("rdf:Description")):
        for key, value in description.attrib.items():
            properties.setdefault(key, []).append(value)
        for child in description:
            properties.setdefault(child.tag, []).extend(_values(child))
    single = {name: _first(properties, qualified) for name, qualified in _PROPERTY_OF.items()}
    marked = _first(properties, "xmpRights:Marked").strip().lower()
    return XmpFields(
        creators=tuple(value for value in properties.get(_name("dc:creator"), []) if value),
        rights=_first(properties, "dc:rights"),
        marked={"true": True, "false": False}.get(marked),
        **single,
    )


def check_text(text: str, what: str) -> None:
    """Refuse characters that some container of marks cannot hold.

    Raises:
        MarkError: A control character (other than tab and line ends) or a lone surrogate.
    """
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and character not in "\t\n\r"):
            raise MarkError(
                f"{what} holds the character U+{ord(character):04X}, which cannot be written",
                hint="Take the control character out of the text.",
            )
        if character in "\ufffe\uffff":
            raise MarkError(f"{what} holds U+{ord(character):04X}, which is not a character")


def _name(qualified: str) -> str:
    prefix, _, local = qualified.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def _element(qualified: str, text: str) -> str:
    check_text(text, qualified)
    # A bare carriage return would come back as a line feed (XML 1.0 §2.11).
    safe = escape(text, {'"': "&quot;", "\r": "&#13;"})
    return f"<{qualified}>{safe}</{qualified}>"


def _container(qualified: str, kind: str, items: tuple[str, ...]) -> list[str]:
    if not items:
        return []
    inner = "".join(_element("rdf:li", item) for item in items)
    if kind == "rdf:Alt":
        inner = inner.replace("<rdf:li>", '<rdf:li xml:lang="x-default">', 1)
    return [f"<{qualified}><{kind}>{inner}</{kind}></{qualified}>"]


def _tree(packet: bytes) -> "Element":
    if len(packet) > _LARGEST_PACKET:
        raise MetadataMalformed(f"this XMP packet is {len(packet):,} bytes; up to 4 MiB are read")
    try:
        tree: Element = defusedxml.ElementTree.fromstring(packet.strip(b"\x00 "), forbid_dtd=True)
    except DefusedXmlException as error:
        raise MetadataMalformed("this XMP packet declares entities and was not opened") from error
    except (ParseError, ValueError, LookupError) as error:
        raise MetadataMalformed(f"this XMP packet is not well-formed XML: {error}") from error
    return tree


def _values(element: "Element") -> list[str]:
    """The texts of a property: of its list items (x-default first), of rdf:value, or its own."""
    items = list(element.iter(_name("rdf:li")))
    if items:
        items.sort(key=lambda item: item.get(_LANGUAGE, "x-default") != "x-default")
        return [_own_text(item) for item in items]
    valued = element.find(f".//{_name('rdf:value')}")
    resource = element.get(_name("rdf:resource"))
    return [resource or _own_text(element if valued is None else valued)]


def _own_text(element: "Element") -> str:
    return element.text or element.get(_name("rdf:value")) or ""


def _first(properties: dict[str, list[str]], qualified: str) -> str:
    return next((value for value in properties.get(_name(qualified), []) if value), "")
