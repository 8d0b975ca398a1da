"""Marks in their order, all read back before the copy is accepted (DESIGN §6).

Visible mark and label; plain metadata removed and rewritten; XMP with the GB 45438 label; Content
Credentials last, because anything written after them breaks them.
"""

from dataclasses import replace

from remarque.errors import CredentialsRejected, MarkError
from remarque.marks.aigc import AigcLabel, encode_label
from remarque.marks.containers.surgery import insert_exif, insert_xmp, media_type_of
from remarque.marks.credentials.found import Anchors, Credentials
from remarque.marks.credentials.manifest import ManifestWishes, Parent
from remarque.marks.credentials.reading import read_credentials
from remarque.marks.credentials.signing import (
    CredentialsRequest,
    SignedCredentials,
    sign_credentials,
)
from remarque.marks.credentials.wording import reason_broken
from remarque.marks.exif import ExifFields
from remarque.marks.ground import Ground, prepare_ground
from remarque.marks.readback import Expected, read_back
from remarque.marks.wishes import CredentialsWish, MarkedCopy, MarkWishes
from remarque.marks.wording import shown
from remarque.marks.xmp import XmpFields, build_xmp
from remarque.model.marks import MarkFound, MarkKind, MarkState


def apply_marks(source: bytes, wishes: MarkWishes) -> MarkedCopy:
    """Make the copy to publish: all wished marks in, everything else out, all read back.

    Pixels stay bit by bit as they are where nothing visible is wished and the format stays; the
    coded pixels are not even coded anew. Credentials the source already carries are kept as an
    ingredient, with what is wrong about them where they do not check out.

    Raises:
        PictureUnreadable: The source cannot be decoded.
        PictureTooLarge: It has more pixels than the limits allow.
        MarkError: A mark cannot be written; or the source carries credentials and the copy is to
            have none, which would take somebody's name off the picture.
        CredentialsRejected: Content Credentials cannot be made.
        KeyDamaged: A key is not one that C2PA allows.
        MarkNotReadable: A mark is not in the finished file as wished; nothing is returned.
    """
    wishes.check()
    parent, parent_warnings = _parent(source, wishes.credentials)
    ground = prepare_ground(source, wishes)
    label, label_warnings = wishes.label()
    exif = _plain_fields(wishes, ground.orientation)
    xmp = _xmp_fields(wishes, label)
    content = insert_exif(ground.content, ground.media_type, exif)
    content = insert_xmp(content, ground.media_type, build_xmp(xmp))
    signed = SignedCredentials(content, timestamped=False)
    if wishes.credentials:
        signed = _signed(content, ground, wishes, parent)
    expected = Expected(
        exif=exif,
        xmp=xmp,
        label=label,
        signed=wishes.credentials is not None,
        timestamped=signed.timestamped,
        anchors=_own_anchors(wishes.credentials),
    )
    marks = read_back(signed.content, ground, expected)
    told = (*parent_warnings, *ground.warnings, *label_warnings, signed.problem)
    copy = _copy(signed.content, ground, marks)
    return replace(copy, warnings=tuple(filter(None, told)))


def _copy(content: bytes, ground: Ground, marks: tuple[MarkFound, ...]) -> MarkedCopy:
    mark, label = ground.mark, ground.label
    height, width = ground.pixels.shape[:2]
    times = [found.text for found in marks if found.kind is MarkKind.TIMESTAMP]
    return MarkedCopy(
        content=content,
        media_type=ground.media_type,
        width_px=int(width),
        height_px=int(height),
        marks=marks,
        mark_region=mark.region if mark else None,
        mark_layer=mark.layer if mark else None,
        label_region=label.region if label else None,
        label_layer=label.layer if label else None,
        credentials_timestamp=times[0] if times else "",
    )


def _parent(source: bytes, wish: CredentialsWish | None) -> tuple[Parent | None, tuple[str, ...]]:
    """The source as an ingredient, when it already carries somebody's credentials."""
    media_type = media_type_of(source)
    found = read_credentials(source, media_type)
    if found.state is MarkState.ABSENT:
        return None, ()
    if wish is None:
        raise MarkError(
            f"this picture carries Content Credentials{_by(found)}, and a copy without credentials "
            "would lose them",
            hint="Publish with credentials: then they are kept as an ingredient.",
        )
    if found.state is MarkState.BROKEN and found.problem:
        raise CredentialsRejected(
            "this picture carries Content Credentials that cannot be parsed, and so cannot be kept "
            f"as an ingredient: {shown(found.problem, 300)}",
            hint="Publish from the picture as the generator wrote it.",
        )
    if found.state is MarkState.BROKEN:
        warning = (
            f"the picture carries Content Credentials{_by(found)} that do not check out "
            f"({reason_broken(found)}); they are kept as an ingredient, and that is said in it"
        )
        return Parent(source, media_type), (warning,)
    if found.state is MarkState.UNDECIDED:
        return Parent(source, media_type), (found.problem,)
    return Parent(source, media_type), ()


def _by(found: Credentials) -> str:
    return f" signed by {shown(found.signer)}" if found.signer else ""


def _plain_fields(wishes: MarkWishes, orientation: int) -> ExifFields:
    return ExifFields(
        artist=wishes.author,
        copyright=wishes.rights,
        software=wishes.program,
        description=wishes.title,
        orientation=orientation,
    )


def _xmp_fields(wishes: MarkWishes, label: AigcLabel | None) -> XmpFields:
    return XmpFields(
        creators=(wishes.author,),
        rights=wishes.rights,
        ai_system=wishes.ai.system,
        ai_system_version=wishes.ai.version,
        prompt_writer=wishes.ai.prompt_writer,
        prompt=wishes.ai.prompt,
        digital_source_type=wishes.ai.source_type,
        marked=True if wishes.rights else None,
        web_statement=wishes.web_statement,
        aigc=encode_label(label) if label else "",
        work=wishes.work,
        commitment=wishes.commitment,
        software=wishes.program,
    )


def _signed(
    content: bytes, ground: Ground, wishes: MarkWishes, parent: Parent | None
) -> SignedCredentials:
    wish = wishes.credentials
    if wish is None:
        return SignedCredentials(content, timestamped=False)
    manifest = ManifestWishes(
        title=wishes.title or wishes.work,
        software=wishes.software,
        software_version=wishes.software_version,
        fields=_xmp_fields(wishes, None),
        generator=wishes.ai.system,
        generator_version=wishes.ai.version,
        edits=ground.edits,
        training=wish.training,
        parent=parent,
    )
    request = CredentialsRequest(manifest, wish.keys, wish.tsa_url)
    return sign_credentials(content, ground.media_type, request)


def _own_anchors(wish: CredentialsWish | None) -> Anchors:
    """The author's own roots: the last certificates of the two chains."""
    if wish is None:
        return Anchors()
    begin = "-----BEGIN CERTIFICATE-----"
    chains = (wish.keys.claim_chain, wish.keys.identity_chain)
    roots = dict.fromkeys(begin + chain.rpartition(begin)[2] for chain in chains)
    return Anchors(own_root="\n".join(roots))
