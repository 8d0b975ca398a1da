"""Works, takes, selections, editions and sightings: the bodies entries carry.

Each value is stored as the body of one entry (see ``BODY_OF``) and read back with
``canonical.value_from_json``. New fields get defaults, so that old entries stay readable.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from remarque.model.canonical import Json, json_from_value, value_from_json
from remarque.model.descent import Descent
from remarque.model.digests import Digest
from remarque.model.entry import Kind, StoredEntry
from remarque.model.explanations import Explanation
from remarque.model.marks import MarkFound, Region
from remarque.model.recipe import Recipe
from remarque.model.reruns import Rerun
from remarque.model.witness import Gap, Witness


class Manner(StrEnum):
    """How a fact came into the record."""

    AS_IT_HAPPENED = "as-it-happened"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class VaultOpened:
    """The first entry: who keeps this ledger, with which keys.

    ``ledger_key`` is a C2SP verifier key; ``certificates`` the author's chain as PEM text.
    """

    author: str
    ledger_key: str
    certificates: str
    software: str


@dataclass(frozen=True, slots=True)
class WorkOpened:
    """A work begins. ``title`` is the author's name for it."""

    work: str
    title: str


@dataclass(frozen=True, slots=True)
class IntentStated:
    """What the author says the picture is to become: a statement."""

    work: str
    text: str


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One picture file: ``digest`` of its bytes, size in bytes and pixels, where it came from.

    ``name`` is the file name without its folder; ``modified`` the file's own time (RFC 3339).
    """

    digest: Digest
    name: str
    media_type: str
    size_bytes: int
    width_px: int
    height_px: int
    modified: str


@dataclass(frozen=True, slots=True)
class Take:
    """One run of a recipe and the picture that came out.

    ``metadata`` is the digest of the kept raw chunks (canonical JSON); ``kept`` is "store" or
    "in-place", and then ``thumbnail`` is the digest of the small picture that is kept instead;
    ``manner`` says whether it was recorded as it happened or imported later; ``witness`` is who
    saw it come into being, None for a plain import.
    """

    take: str
    work: str
    picture: PictureFile
    generator: str | None
    recipe: Recipe
    manner: Manner
    metadata: Digest
    kept: str = "store"
    thumbnail: Digest | None = None
    contradictions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    witness: Witness | None = None


class Sign(StrEnum):
    """What a selection was inferred from."""

    MOVED = "moved to another folder"
    COPIED = "copied to another folder"
    REST_DELETED = "the rest was deleted"
    RATED = "rated"
    FAVOURITE = "marked as a favourite"


@dataclass(frozen=True, slots=True)
class SelectionInferred:
    """What the author did with files shows that ``picture`` was preferred to ``over``.

    ``sign`` is what was done, ``seen`` when it was noticed (RFC 3339), ``detail`` a sentence with
    the name of the folder or the rating, without the folders above it.
    """

    work: str
    picture: Digest
    over: tuple[Digest, ...]
    sign: Sign
    seen: str
    detail: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The author chose ``picture`` over ``over``; ``because`` is the author's statement.

    ``confirms`` is the leaf digest (hex) of the inferred selection this gives the reason for.
    """

    work: str
    picture: Digest
    over: tuple[Digest, ...]
    because: str
    confirms: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """One published copy.

    ``source`` is the take's picture, ``picture`` the digest of the written file, ``marks`` what
    was read back from it, ``mark_layer`` the digest of the visible mark as a PNG layer (published
    minus clean) with ``mark_region`` its box in pixels of the published copy; ``label_region`` and
    ``label_layer`` the same for the visible AI label. ``commitment`` is the leaf digest of the
    take's entry as the copy carries it.
    """

    edition: str
    work: str
    source: Digest
    picture: Digest
    name: str
    media_type: str
    width_px: int
    height_px: int
    marks: tuple[MarkFound, ...]
    mark_region: Region | None = None
    mark_layer: Digest | None = None
    label_region: Region | None = None
    label_layer: Digest | None = None
    commitment: str = ""
    credentials_timestamp: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A suspect judged against one registered picture.

    ``picture`` is the registered file, ``score`` the number of spread inliers (or 64 for the
    same bytes), ``false_accusation_rate`` the measured bound for such a score, ``region`` the
    polygon (x, y in suspect pixels) our picture covers, ``share`` the part of our picture seen
    (0 to 1), ``transform`` a sentence, ``removed`` what became of each mark, ``marks_missing``
    the kinds the edition carried and the suspect does not.
    """

    picture: Digest
    work: str
    edition: str | None
    take: str | None
    score: float
    false_accusation_rate: float
    region: tuple[tuple[float, float], ...]
    share: float
    transform: str
    removed: dict[str, str] = field(default_factory=dict)
    marks_missing: tuple[str, ...] = ()
    difference: Digest | None = None
    method: str = ""


class Verdict(StrEnum):
    """What a check concludes about a suspect."""

    COPY = "copy"
    PARTIAL = "partial"
    DERIVED = "derived"
    NONE = "none"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A suspect picture as it was seen, and the judgement of that day."""

    sighting: str
    work: str | None
    suspect: PictureFile
    seen_at: str
    verdict: Verdict
    matches: tuple[Match, ...]
    marks: tuple[MarkFound, ...] = ()


Body = (
    VaultOpened
    | WorkOpened
    | IntentStated
    | Take
    | Rerun
    | Explanation
    | Descent
    | SelectionInferred
    | Selection
    | Edition
    | Sighting
    | Gap
)

BODY_OF: dict[Kind, type[Body]] = {
    Kind.VAULT_OPENED: VaultOpened,
    Kind.WORK_OPENED: WorkOpened,
    Kind.INTENT_STATED: IntentStated,
    Kind.TAKE_IMPORTED: Take,
    Kind.TAKE_RECORDED: Take,
    Kind.TAKE_RERUN: Rerun,
    Kind.TAKE_EXPLAINED: Explanation,
    Kind.LINEAGE_INFERRED: Descent,
    Kind.SELECTION_INFERRED: SelectionInferred,
    Kind.SELECTION_MADE: Selection,
    Kind.EDITION_PUBLISHED: Edition,
    Kind.SIGHTING_RECORDED: Sighting,
    Kind.GAP_NOTED: Gap,
}


def body_of(stored: StoredEntry) -> Body:
    """The body of a stored entry as its value.

    Raises:
        MetadataMalformed: The body lacks a field of its kind.
    """
    return value_from_json(stored.entry.body, BODY_OF[stored.entry.kind])


def kind_of(body: Body) -> Kind:
    """The kind of entry that carries this body."""
    if isinstance(body, Take):
        as_it_happened = body.manner is Manner.AS_IT_HAPPENED
        return Kind.TAKE_RECORDED if as_it_happened else Kind.TAKE_IMPORTED
    return next(kind for kind, of in BODY_OF.items() if of is type(body))


def body_as_json(body: Body) -> Json:
    """The JSON form of a body, ready for an entry."""
    return json_from_value(body)
