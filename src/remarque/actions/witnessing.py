"""Record a picture while it comes into being: what a watch or a recorder saw becomes a take."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, new_id, record
from remarque.actions.taking import (
    describe_file,
    gap_without_secrets,
    keep_chunks,
    look_at,
    named_by,
    take_of,
    without_secrets,
    witness_without_secrets,
)
from remarque.fingerprints.pdq import PDQ_VERSION
from remarque.intake import read_picture
from remarque.model.digests import digest_of
from remarque.model.history import Manner, Take
from remarque.model.recipe import Reading, Recipe
from remarque.model.times import format_time
from remarque.model.witness import Gap, Observer, Witness


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture as it was seen.

    ``content`` are the exact bytes of the file, ``came`` when the file came into being, ``path``
    where it lies, if it lies anywhere. ``reading`` is what the running program itself said;
    without it the bytes are read. ``executed`` are the bytes of what the program ran and
    ``sources`` those of pictures that went in; both are kept in the vault.
    """

    content: bytes
    name: str
    came: datetime
    witness: Witness
    path: Path | None = None
    reading: Reading | None = None
    executed: bytes | None = None
    sources: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What became of it. ``new`` is False where the work had this picture already."""

    take: Take
    new: bool
    warning: str = ""


def record_seen(vault: Vault, work: str, seen: Seen) -> Witnessed:
    """Enter one picture as a take of a work; on return it is on disk.

    It is recorded *as it happened*, except that a picture caught up with is *imported*. A picture
    the work has already gives its first take, and nothing is written.

    Raises:
        PictureUnreadable, PictureTooLarge: The bytes are no picture that may be opened.
        DiskFull, VaultBusy, PlaceUnusable: Nothing was recorded.
    """
    known = take_of(vault, work, digest_of(seen.content))
    if known is not None:
        return Witnessed(known, new=False)
    file = describe_file(seen.content, seen.name, seen.came)
    fingerprint, _, warning = look_at(seen.content, seen.name)
    if seen.path is not None:
        vault.pictures.keep_file(seen.path, file.digest)
    else:
        vault.pictures.keep_bytes(seen.content)
    reading = without_secrets(_reading_of(seen))
    take = Take(
        take=new_id(),
        work=work,
        picture=file,
        generator=reading.generator,
        recipe=reading.recipe,
        manner=Manner.IMPORTED if seen.witness.caught_up else Manner.AS_IT_HAPPENED,
        metadata=keep_chunks(vault, reading),
        contradictions=reading.contradictions,
        remarks=reading.remarks,
        witness=_witness_of(vault, seen),
    )
    kept_sources = tuple(vault.pictures.keep_bytes(source) for source in seen.sources)
    record(vault, Fact(take, work, (*named_by(take), *kept_sources)))
    if fingerprint is not None:
        vault.fingerprints.put([(file.digest, PDQ_VERSION, fingerprint)])
    return Witnessed(take, new=True, warning=warning)


def record_gap(vault: Vault, gap: Gap) -> None:
    """Record that something is missing from the record, and why.

    Raises:
        DiskFull, VaultBusy: Nothing was recorded.
    """
    record(vault, Fact(gap_without_secrets(gap), gap.work))


def gap_now(
    vault: Vault, observer: Observer, missing: str, because: str, *, work: str | None = None
) -> Gap:
    """A gap noticed at this moment by the vault's clock."""
    return Gap(work, observer, format_time(vault.clock.now()), missing, because)


def _reading_of(seen: Seen) -> Reading:
    """What the program said, with the raw chunks of the file beside it."""
    from_file = read_picture(seen.content)
    if seen.reading is None or seen.reading.recipe == Recipe():
        return from_file
    return replace(
        seen.reading,
        chunks=(*seen.reading.chunks, *from_file.chunks),
        contradictions=(*seen.reading.contradictions, *from_file.contradictions),
        remarks=(*seen.reading.remarks, *from_file.remarks),
    )


def _witness_of(vault: Vault, seen: Seen) -> Witness:
    witness = witness_without_secrets(seen.witness)
    if seen.executed is None:
        return witness
    return replace(witness, executed=vault.pictures.keep_bytes(seen.executed))
