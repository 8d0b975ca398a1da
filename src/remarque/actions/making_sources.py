"""Pictures that go into a making: from a file, or from the vault by take or digest."""

from dataclasses import dataclass
from pathlib import Path

from remarque.actions.choosing import find_take
from remarque.actions.finding_files import read_file
from remarque.actions.ports import Vault
from remarque.errors import InputError, NotFound, PictureUnreadable
from remarque.model.digests import Digest, digest_of, hex_of
from remarque.model.entry import TAKES
from remarque.model.history import Take, body_of
from remarque.pictures.decoding import measure

_HEX_DIGITS = 64
_ANIMATION = 2


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """A picture that goes in: its bytes, their digest, and the file name it goes by."""

    name: str
    content: bytes
    digest: Digest


def source_picture(vault: Vault, reference: str) -> SourcePicture:
    """The picture a person means: a file, a take of the vault, or a digest of a kept picture.

    Raises:
        NotFound: It is no file, and nothing in the vault.
        Ambiguous: It fits several takes.
        PictureUnreadable, PictureTooLarge, InputError: It is no single picture that may be opened.
        PictureGone, PictureDamaged, PlaceUnusable: Its bytes cannot be had.
    """
    found = _from_file(reference) or _from_vault(vault, reference)
    try:
        frames = measure(found.content).frames
    except InputError as error:
        raise type(error)(f"{found.name}: {error.message}", hint=error.hint) from error
    if frames >= _ANIMATION:
        raise PictureUnreadable(
            f"{found.name} has {frames} frames; one picture can go in",
            hint="Save the one frame you mean as a picture of its own.",
        )
    return found


def _from_file(reference: str) -> SourcePicture | None:
    path = Path(reference).expanduser()
    try:
        if not path.is_file():
            return None
    except (OSError, ValueError):
        return None
    content = read_file(path)
    return SourcePicture(path.name, content, digest_of(content))


def _from_vault(vault: Vault, reference: str) -> SourcePicture:
    kept = _kept(vault, reference)
    if kept is not None:
        return kept
    try:
        _, take = find_take(vault, reference)
    except NotFound as error:
        raise NotFound(
            f"“{reference[:200]}” is no file, and no take or picture of this vault",
            hint="Name a picture file, or a take id from: remarque show WORK",
        ) from error
    picture = take.body.picture
    return SourcePicture(picture.name, vault.pictures.read(picture.digest), picture.digest)


def _kept(vault: Vault, reference: str) -> SourcePicture | None:
    """A picture by its whole digest, also one that is no take (a mask that was kept)."""
    bare = reference.strip().lower().removeprefix("sha256:")
    if len(bare) != _HEX_DIGITS or bare.strip("0123456789abcdef"):
        return None
    digest = Digest(f"sha256:{bare}")
    if not vault.pictures.holds(digest):
        return None
    return SourcePicture(_name_of(vault, digest), vault.pictures.read(digest), digest)


def _name_of(vault: Vault, digest: Digest) -> str:
    """The file name of the first take of this picture, else the start of the digest."""
    for stored in vault.ledger.entries_naming(digest):
        body = body_of(stored) if stored.entry.kind in TAKES else None
        if isinstance(body, Take) and body.picture.digest == digest:
            return body.picture.name
    return hex_of(digest)[:12]
