"""The label of GB 45438-2025 (Annex E): written into XMP, read in every form that occurs.

Forms seen in the wild: XMP ``TC260:AIGC`` with the inner object, a PNG text ``AIGC``, and JSON
with the wrapping object ``{"AIGC": {…}}`` in a text or in the EXIF user comment.
"""

from dataclasses import asdict, dataclass
from urllib.parse import quote, unquote

from remarque.errors import MetadataMalformed
from remarque.marks.containers.metadata import FileMetadata
from remarque.marks.exif import parse_exif
from remarque.marks.xmp import parse_xmp
from remarque.model.canonical import Json, decode_json, encode_canonical

IS_GENERATED, MAY_BE_GENERATED, SUSPECTED = "1", "2", "3"
"""The values of ``Label``."""

_KEYS = {
    "label": "Label",
    "content_producer": "ContentProducer",
    "produce_id": "ProduceID",
    "reserved_code_1": "ReservedCode1",
    "content_propagator": "ContentPropagator",
    "propagate_id": "PropagateID",
    "reserved_code_2": "ReservedCode2",
}
_ALLOWED = "".join(
    chr(code) for code in (0x21, *range(0x23, 0x5C), *range(0x5D, 0x7F)) if code != ord("%")
)
_COMPANY_CODE_LENGTH = 18
_LONGEST_LABEL = 64 << 10


@dataclass(frozen=True, slots=True)
class AigcLabel:
    """The seven fields, all text. ``label`` is "1" generated, "2" maybe, "3" suspected."""

    label: str = IS_GENERATED
    content_producer: str = ""
    produce_id: str = ""
    reserved_code_1: str = ""
    content_propagator: str = ""
    propagate_id: str = ""
    reserved_code_2: str = ""

    @property
    def producer_name(self) -> str:
        """The producer with percent-encoded characters as themselves."""
        return unquote(self.content_producer)


@dataclass(frozen=True, slots=True)
class LabelFound:
    """One label found in a file: where it stood, and what it says (None when it is broken)."""

    place: str
    label: AigcLabel | None
    text: str


def label_of_author(author: str, work: str, commitment: str) -> tuple[AigcLabel, tuple[str, ...]]:
    """The label a private author can honestly write, and what to know about it.

    Annex E allows only U+0021, U+0023 to U+005B and U+005D to U+007E in a field; spaces and other
    scripts are percent-encoded (RFC 3986 §2.1), so that nothing is lost.
    """
    producer = allowed_form(author)
    warnings = [
        "the AI label names the author; GB 45438 expects a provider's company code "
        f"({_COMPANY_CODE_LENGTH} characters) there, which a private person does not have"
    ]
    if producer != author:
        warnings.append(
            f"the AI label writes the author's name as {producer}: "
            "GB 45438 allows neither spaces nor other scripts in this field"
        )
    label = AigcLabel(
        content_producer=producer,
        produce_id=allowed_form(work),
        reserved_code_1=allowed_form(commitment),
    )
    return label, tuple(warnings)


def allowed_form(text: str) -> str:
    """The text with every character that Annex E does not allow percent-encoded."""
    return quote(text, safe=_ALLOWED, errors="replace")


def encode_label(label: AigcLabel) -> str:
    """The inner JSON object, keys in the order of the standard."""
    pairs = (
        f'"{_KEYS[name]}":{encode_canonical(value).decode()}'
        for name, value in asdict(label).items()
    )
    return "{" + ",".join(pairs) + "}"


def parse_label(text: str) -> AigcLabel:
    """Read the inner object or the one wrapped in ``AIGC`` (also as a string inside).

    Raises:
        MetadataMalformed: Not JSON, or no object with a ``Label``.
    """
    if len(text) > _LONGEST_LABEL:
        raise MetadataMalformed("this AI label is longer than 64 KiB")
    raw = _unwrapped(decode_json(text.strip("\x00 \t\r\n").encode("utf-8", "replace")))
    if not isinstance(raw, dict) or "Label" not in raw:
        raise MetadataMalformed("this AI label has no field named Label")
    return AigcLabel(**{name: _text(raw.get(key, "")) for name, key in _KEYS.items()})


def find_labels(metadata: FileMetadata) -> tuple[LabelFound, ...]:
    """Every label in the metadata of a file, XMP first."""
    candidates = [("XMP", text) for text in map(_label_in_packet, metadata.xmp) if text]
    candidates += [
        (piece.place, piece.text)
        for piece in metadata.texts
        if piece.key.upper() == "AIGC" or _looks_wrapped(piece.text)
    ]
    texts = parse_exif(metadata.exif).texts if metadata.exif else {}
    candidates += [(f"EXIF {name}", text) for name, text in texts.items() if _looks_wrapped(text)]
    return tuple(_found(place, text) for place, text in candidates)


def _found(place: str, text: str) -> LabelFound:
    try:
        return LabelFound(place, parse_label(text), text)
    except MetadataMalformed:
        return LabelFound(place, None, text[:_LONGEST_LABEL])


def _label_in_packet(packet: bytes) -> str:
    try:
        return parse_xmp(packet).aigc
    except MetadataMalformed:
        return ""


def _looks_wrapped(text: str) -> bool:
    start = text[:64].lstrip("\x00 \t\r\n")
    return start.startswith("{") and '"AIGC"' in start


def _unwrapped(raw: Json) -> Json:
    if isinstance(raw, dict) and "AIGC" in raw:
        raw = raw["AIGC"]
    if isinstance(raw, str):
        raw = decode_json(raw.encode("utf-8", "replace"))
        return raw.get("AIGC", raw) if isinstance(raw, dict) else raw
    return raw


def _text(raw: Json) -> str:
    return raw if isinstance(raw, str) else encode_canonical(raw).decode()
