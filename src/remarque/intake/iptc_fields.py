"""IPTC's own fields for AI pictures in XMP, and the credit line Google's models leave.

Sources: IPTC Photo Metadata Standard 2025.1 (``AISystemUsed``, ``AIPromptInformation``), Google's
Search documentation on image metadata ("Made with Google AI" as ``photoshop:Credit``).
"""

from collections.abc import Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.xmp_packet import field_of
from remarque.model.recipe import Chunk, Recipe, Setting

GOOGLE = "Google AI"
_GOOGLE_CREDIT = "Made with Google AI"
_MARKS = ("AISystemUsed", _GOOGLE_CREDIT)
_KEPT = ("AISystemVersionUsed", "AIPromptWriterName")


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each XMP packet that names an AI system."""
    found = ((chunk, _told(chunk.text or "")) for chunk in chunks)
    return tuple(
        Account(generator=told[0], wording="iptc", recipe=told[1], origin=name_of(chunk))
        for chunk, told in found
        if told is not None
    )


def _told(packet: str) -> tuple[str, Recipe] | None:
    if not any(mark in packet for mark in _MARKS):
        return None
    system = scalars.name(field_of(packet, "Iptc4xmpExt:AISystemUsed"))
    if system is None:
        is_google = field_of(packet, "photoshop:Credit") == _GOOGLE_CREDIT
        return (GOOGLE, Recipe()) if is_google else None
    kept = ((name, field_of(packet, f"Iptc4xmpExt:{name}")) for name in _KEPT)
    return system, Recipe(
        prompt=scalars.words(field_of(packet, "Iptc4xmpExt:AIPromptInformation")),
        settings=tuple(
            Setting(name, text) for name, value in kept if (text := scalars.name(value))
        ),
    )
