"""What the checks of one bundle share: the opened files, and what has been read of them so far."""

from collections.abc import Mapping
from dataclasses import dataclass

from remarque.errors import MetadataMalformed
from remarque.model.reports import Check, Outcome
from remarque.verifying.bundle_reading import BundleFiles
from remarque.verifying.entries import ReadEntry
from remarque.verifying.manifest import Manifest
from remarque.verifying.notes import TreeHead, VerifierKey


@dataclass(frozen=True, slots=True)
class Evidence:
    """An opened bundle with its list and key read; neither is believed yet.

    ``digests`` holds the SHA-256 (64 hex digits) of every file that could be read.
    """

    files: BundleFiles
    manifest: Manifest
    key: VerifierKey
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LedgerSeen:
    """The part of the ledger the bundle shows, as far as it held.

    ``heads`` are rightly signed tree heads by size, ``proven`` entries by index whose inclusion
    is proven, ``joined`` whether every head was shown to extend the one before it.
    """

    heads: Mapping[int, TreeHead]
    proven: Mapping[int, ReadEntry]
    joined: bool


def holds(name: str, about: str, sentence: str, *, compared: str = "", source: str = "") -> Check:
    """A row that holds."""
    return Check(name, Outcome.HOLDS, about, sentence, compared, source)


def fails(name: str, about: str, sentence: str, *, compared: str = "", source: str = "") -> Check:
    """A row that fails."""
    return Check(name, Outcome.FAILS, about, sentence, compared, source)


def undecided(
    name: str, about: str, sentence: str, *, compared: str = "", source: str = ""
) -> Check:
    """A row that cannot be decided."""
    return Check(name, Outcome.UNDECIDED, about, sentence, compared, source)


def aside(name: str, about: str, sentence: str, *, source: str = "") -> Check:
    """A row that does not apply here."""
    return Check(name, Outcome.NOT_APPLICABLE, about, sentence, "", source)


def number_in(path: str) -> int:
    """The number a ledger file is named after: ``ledger/entries/00000012.json`` is 12.

    Raises:
        MetadataMalformed: The name is not that number in the one way it is written.
    """
    stem = path.rsplit("/", 1)[-1].partition(".")[0]
    if not stem.isdecimal() or f"{int(stem):08d}" != stem:
        raise MetadataMalformed(f"{path} is not named after its number")
    return int(stem)
