"""From a picture file to a take: the facts about its bytes, its metadata, its fingerprint."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from remarque.actions.ports import Vault
from remarque.errors import PictureTooLarge, PictureUnreadable, PlaceUnusable
from remarque.fingerprints.pdq import pack, pdq
from remarque.intake import chunks_as_json
from remarque.model.canonical import encode_canonical
from remarque.model.digests import Digest, digest_of
from remarque.model.entry import TAKES
from remarque.model.history import PictureFile, Take, body_of
from remarque.model.recipe import Reading, Setting
from remarque.model.secrets import recipe_without_secrets, redact_text
from remarque.model.times import format_time
from remarque.model.witness import Gap, ModelFile, Witness
from remarque.pictures.decoding import decode, measure
from remarque.pictures.encoding import thumbnail


def describe_file(content: bytes, name: str, modified: datetime) -> PictureFile:
    """The facts about a picture file that an entry names; ``modified`` is the file's own time.

    Raises:
        PictureUnreadable, PictureTooLarge: It is not a picture that may be opened.
    """
    size = measure(content)
    return PictureFile(
        digest=digest_of(content),
        name=name,
        media_type=size.media_type,
        size_bytes=len(content),
        width_px=size.width_px,
        height_px=size.height_px,
        modified=format_time(modified),
    )


def modified_of(path: Path) -> datetime:
    """When a file was last written, by the file system.

    Raises:
        PlaceUnusable: It is gone or cannot be looked at.
    """
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError) as error:
        raise PlaceUnusable(f"{path} cannot be looked at, or its time is no time") from error


def look_at(
    content: bytes, name: str, *, thumbnail_px: int = 0
) -> tuple[bytes | None, bytes | None, str]:
    """Fingerprint, thumbnail where one is asked for, or the sentence that says why there is none.

    Damaged pixels do not unmake what a file says about itself: it is entered, and this is said.
    """
    try:
        pixels = decode(content).pixels
    except (PictureUnreadable, PictureTooLarge) as error:
        return None, None, f"{name} cannot be searched for: {error.message}"
    small = thumbnail(pixels, thumbnail_px) if thumbnail_px else None
    return pack(pdq(pixels)), small, ""


def keep_chunks(vault: Vault, reading: Reading) -> Digest:
    """Keep the raw metadata of a picture as canonical JSON."""
    return vault.pictures.keep_bytes(encode_canonical(chunks_as_json(reading.chunks)))


def without_secrets(reading: Reading) -> Reading:
    """The reading as it may stand in an entry: private folders and keys withheld, and that said.

    The raw chunks stay whole; they are kept beside the entry, not in it (docs, "Secrets").
    """
    recipe, remarks = recipe_without_secrets(reading.recipe)
    return replace(
        reading,
        recipe=recipe,
        contradictions=tuple(map(_redacted, reading.contradictions)),
        remarks=(*map(_redacted, reading.remarks), *remarks),
    )


def witness_without_secrets(witness: Witness) -> Witness:
    """A witness as it may stand in an entry: private folders and keys withheld."""
    return replace(
        witness,
        models=tuple(map(_model_without_secrets, witness.models)),
        environment=tuple(Setting(s.name, _redacted(s.value)) for s in witness.environment),
        remarks=tuple(map(_redacted, witness.remarks)),
    )


def gap_without_secrets(gap: Gap) -> Gap:
    """A gap as it may stand in an entry: what the system says of a failure names folders."""
    return replace(gap, missing=_redacted(gap.missing), because=_redacted(gap.because))


def _model_without_secrets(model: ModelFile) -> ModelFile:
    told = (model.name, model.version, model.licence)
    name, version, licence = (_redacted(text) if text else text for text in told)
    return replace(model, name=name or "", version=version, licence=licence)


def _redacted(text: str) -> str:
    return redact_text(text).text


def named_by(take: Take) -> tuple[Digest, ...]:
    """The digests of everything a take's entry names, the picture first."""
    executed = take.witness.executed if take.witness is not None else None
    sources = (source.digest for source in take.recipe.sources)
    named = (take.picture.digest, take.thumbnail, take.metadata, executed, *sources)
    return tuple(digest for digest in named if digest is not None)


def take_of(vault: Vault, work: str, picture: Digest) -> Take | None:
    """The first take of this picture that a work has, if it has one."""
    for stored in vault.ledger.entries_naming(picture):
        if stored.entry.work != work:
            continue
        if stored.entry.kind in TAKES:
            body = body_of(stored)
            if isinstance(body, Take) and body.picture.digest == picture:
                return body
    return None
