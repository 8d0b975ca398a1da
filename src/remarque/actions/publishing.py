"""Publish: write an edition with its marks, read back, and record it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from remarque import __version__
from remarque.actions.choosing import find_take
from remarque.actions.finding_files import read_file
from remarque.actions.placing import make_folder, place_file, refuse_existing, slug_of
from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, new_id, record, unique
from remarque.actions.works import History, Recorded
from remarque.casefile.typefaces import font_for
from remarque.errors import UsageError
from remarque.marks.composing import apply_marks
from remarque.marks.credentials.found import Anchors
from remarque.marks.credentials.signing import SigningKeys
from remarque.marks.reading import read_marks
from remarque.marks.visible import VisibleMark
from remarque.marks.wishes import AiLabelWish, AiUse, CredentialsWish, MarkedCopy, MarkWishes
from remarque.model.digests import digest_from_raw, digest_of
from remarque.model.history import Edition, Take
from remarque.model.marks import MarkFound

SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
MEDIA_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "jpg": "image/jpeg", "webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class PublishWishes:
    """What the edition is to carry. ``visible`` is a text, or the path of a picture file.

    ``font`` is a font file for a visible text in a script the embedded fonts lack.

    ``open_prompt`` writes the prompt into the copy, which is otherwise kept secret. ``format`` is
    png, jpeg or webp; empty keeps the source's where possible.
    """

    visible: str = ""
    font: Path | None = None
    label_ai: bool = False
    credentials: bool = False
    open_prompt: bool = False
    rights: str = ""
    format: str = ""
    work: str | None = None
    force: bool = False
    stamp: bool = True


@dataclass(frozen=True, slots=True)
class Published:
    """A written edition, its file, and what the author should know about it."""

    edition: Edition
    path: Path
    warnings: tuple[str, ...]


def publish(vault: Vault, reference: str, to: Path, wishes: PublishWishes) -> Published:
    """Write an edition of a take's picture into a folder; every mark is read back first.

    Raises:
        NotFound, Ambiguous: The reference fits no take, or several.
        MarkError, CredentialsRejected, MarkNotReadable: A mark cannot be had; nothing is written.
        AlreadyThere, DiskFull, PlaceUnusable: The file cannot be written.
    """
    history, take = find_take(vault, reference, work=wishes.work)
    source = vault.pictures.read(take.body.picture.digest)
    edition_id = new_id()
    make_folder(to)
    copy = apply_marks(source, _mark_wishes(vault, history, take, wishes))
    path = to / f"{slug_of(history.title)}-{edition_id[:8]}{SUFFIXES[copy.media_type]}"
    refuse_existing(path, force=wishes.force)
    edition = _edition(vault, edition_id, take, copy, path.name)
    # The file first, the record after: an edition in the ledger is one that was really written.
    place_file(path, copy.content, force=wishes.force)
    layers = (edition.mark_layer, edition.label_layer)
    named = [edition.picture, edition.source, *(layer for layer in layers if layer is not None)]
    record(vault, Fact(edition, history.work, unique(named)))
    return Published(edition, path, copy.warnings)


def marks_of(
    content: bytes, *, own: str = "", known: Sequence[bytes] = ()
) -> tuple[MarkFound, ...]:
    """Every mark found in a picture.

    ``own`` is the author's own certificate chain (PEM, root last): credentials under it are
    recognised as theirs. ``known`` are PEM roots of other signers the reader knows.

    Raises:
        PictureUnreadable: The bytes are not a picture.
    """
    others = "\n".join(root.decode("utf-8", errors="replace") for root in known)
    anchors = Anchors(claims=others, identities=others, own_root=_last_of(own))
    return read_marks(content, anchors=anchors)


def _last_of(chain: str) -> str:
    """The root of a PEM chain: its last certificate; empty where there is none."""
    begin = "-----BEGIN CERTIFICATE-----"
    _, found, last = chain.rpartition(begin)
    return found + last if found else ""


def _mark_wishes(
    vault: Vault, history: History, take: Recorded[Take], wishes: PublishWishes
) -> MarkWishes:
    recipe = take.body.recipe
    if wishes.format and wishes.format.lower() not in MEDIA_TYPES:
        raise UsageError(f"editions are written as png, jpeg or webp, not as {wishes.format!r}")
    author = vault.author.name
    return MarkWishes(
        author=author,
        work=history.work,
        commitment=digest_from_raw(take.stored.leaf_digest),
        title=history.title,
        rights=wishes.rights or f"© {author}",
        software_version=__version__,
        ai=AiUse(
            system=take.body.generator or "",
            version=recipe.model or "",
            prompt_writer=author,
            prompt=(recipe.prompt or "") if wishes.open_prompt else "",
        ),
        visible=_visible(wishes.visible, wishes.font),
        ai_label=AiLabelWish(font=None) if wishes.label_ai else None,
        credentials=_credentials(vault, wishes) if wishes.credentials else None,
        media_type=MEDIA_TYPES[wishes.format.lower()] if wishes.format else "",
    )


def _visible(wish: str, font: Path | None) -> VisibleMark | None:
    if not wish:
        return None
    path = Path(wish)
    if path.suffix.lower() in {".png", ".webp", ".jpg", ".jpeg"}:
        return VisibleMark(picture=read_file(path))
    return VisibleMark(text=wish, font=read_file(font) if font else font_for(wish))


def _credentials(vault: Vault, wishes: PublishWishes) -> CredentialsWish:
    signer = vault.keys.unlock()
    keys = SigningKeys(
        claim_key_pem=signer.claim_key_pem(),
        claim_chain=vault.author.claim_chain,
        identity_key_pem=signer.identity_key_pem(),
        identity_chain=vault.author.identity_chain,
    )
    ask = wishes.stamp and vault.authorities
    return CredentialsWish(keys, tsa_url=vault.authorities[0].name if ask else "")


def _edition(
    vault: Vault, edition_id: str, take: Recorded[Take], copy: MarkedCopy, name: str
) -> Edition:
    keep = vault.pictures.keep_bytes
    keep(copy.content)
    return Edition(
        edition=edition_id,
        work=take.body.work,
        source=take.body.picture.digest,
        picture=digest_of(copy.content),
        name=name,
        media_type=copy.media_type,
        width_px=copy.width_px,
        height_px=copy.height_px,
        marks=copy.marks,
        mark_region=copy.mark_region,
        mark_layer=keep(copy.mark_layer) if copy.mark_layer else None,
        label_region=copy.label_region,
        label_layer=keep(copy.label_layer) if copy.label_layer else None,
        commitment=digest_from_raw(take.stored.leaf_digest),
        credentials_timestamp=copy.credentials_timestamp,
    )
