"""One small work as a case's material: a real ledger, real stamps, made in memory.

    case = proven_case(stamps="outside")
    write_bundle(case.material, {"case.pdf": b"%PDF"}, target, case.keys.sign_ledger)

Another work's entries lie between this one's, as in a real vault.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import rfc3161_client

from remarque.casefile.material import CaseMaterial, Consistency, ProvenEntry
from remarque.ledger.certificates import issue_author_chain
from remarque.ledger.checkpoint import sign_checkpoint, write_tlog_proof
from remarque.ledger.entry import seal_entry
from remarque.ledger.keys import KeySet, create_keys
from remarque.ledger.merkle import Tree
from remarque.ledger.note import log_origin
from remarque.model.canonical import encode_canonical
from remarque.model.digests import Digest, digest_of
from remarque.model.entry import Checkpoint, Entry, Kind, Stamp, StampState, StoredEntry
from remarque.model.history import (
    Edition,
    IntentStated,
    Manner,
    PictureFile,
    Selection,
    Take,
    VaultOpened,
    WorkOpened,
    body_as_json,
)
from remarque.model.recipe import Recipe
from remarque.model.times import format_time
from remarque.outside.loopback_authority import LoopbackAuthority
from remarque.verifying.timestamps import certificates_of

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
WORK, OTHER_WORK = "work-camellia", "work-secret"
OUTSIDE_URL = "https://stamps.example/tsa"
LOOPBACK_URL = "http://127.0.0.1:8318/"
Stamps = Literal["outside", "loopback", "pending", "none"]


@dataclass
class SettableClock:
    moment: datetime

    def now(self) -> datetime:
        return self.moment


@dataclass(frozen=True)
class ProvenCase:
    """The material, the author's keys, the authority's root, and the whole ledger behind it."""

    material: CaseMaterial
    keys: KeySet
    root_pem: bytes
    leaves: tuple[bytes, ...]
    blobs: dict[Digest, bytes]


@lru_cache(maxsize=1)
def _author() -> tuple[KeySet, str, str]:
    keys = create_keys()
    chains = issue_author_chain("李 Li Tester", keys, START)
    return keys, chains.claim_chain, chains.identity_chain


@lru_cache(maxsize=1)
def _authority() -> tuple[SettableClock, LoopbackAuthority]:
    clock = SettableClock(START)
    return clock, LoopbackAuthority(clock)


def stamp_note(note: bytes, size: int, authority: str, moment: datetime) -> Stamp:
    """A real token over a checkpoint, made at any moment by an authority of any name."""
    clock, desk = _authority()
    clock.moment = moment
    request = (
        rfc3161_client.TimestampRequestBuilder()
        .data(note)
        .hash_algorithm(rfc3161_client.HashAlgorithm.SHA256)
        .build()
        .as_bytes()
    )
    response = desk.answer(request)
    return Stamp(
        size=size,
        authority=authority,
        state=StampState.HELD,
        request=request,
        response=response,
        chain=certificates_of(response),
        time=format_time(moment),
    )


def picture(number: int, size: int = 300) -> bytes:
    """Bytes that begin like a PNG; the verifier never decodes pictures."""
    return b"\x89PNG\r\n\x1a\n" + (b"take %d " % number) * (size // 7)


class _Story:
    def __init__(self) -> None:
        self.keys, self.claim, self.identity = _author()
        self.moment = START
        self.sealed: list = []
        self.blobs: dict[Digest, bytes] = {}

    def keep(self, content: bytes) -> Digest:
        digest = digest_of(content)
        self.blobs[digest] = content
        return digest

    def add(self, kind: Kind, body: object, work: str | None, *pictures: Digest) -> None:
        self.moment += timedelta(minutes=1)
        entry = Entry(
            kind=kind,
            time=format_time(self.moment),
            author=self.keys.key_id(),
            work=work,
            body=body_as_json(body),
            pictures=pictures,
        )
        salt = len(self.sealed).to_bytes(16, "big")
        self.sealed.append(seal_entry(entry, salt=salt))

    def take(self, number: int, manner: Manner, size: int) -> Digest:
        digest = self.keep(picture(number, size))
        chunks = self.keep(encode_canonical([{"key": "parameters", "text": f"camellia {number}"}]))
        file = PictureFile(
            digest=digest,
            name=f"{number:05d}.png",
            media_type="image/png",
            size_bytes=size + 8,
            width_px=16,
            height_px=16,
            modified=format_time(self.moment),
        )
        recipe = Recipe(prompt=f"茶花, camellia {number}", seed=2**63 + number, cfg=7.5)
        body = Take(f"take-{number}", WORK, file, "AUTOMATIC1111", recipe, manner, chunks)
        self.add(Kind.TAKE_IMPORTED, body, WORK, digest, chunks)
        return digest


@lru_cache(maxsize=16)
def proven_case(
    *,
    stamps: Stamps = "outside",
    takes: int = 3,
    manner: Manner = Manner.AS_IT_HAPPENED,
    stamp_delay: timedelta = timedelta(minutes=5),
    picture_bytes: int = 300,
) -> ProvenCase:
    """A work of some takes, a selection and an edition, under two checkpoints."""
    story = _Story()
    vkey = story.keys.verifier_key()
    opened = VaultOpened("李 Li Tester", vkey, story.claim, "Remarque test")
    story.add(Kind.VAULT_OPENED, opened, None)
    story.add(Kind.WORK_OPENED, WorkOpened(OTHER_WORK, "Secret"), OTHER_WORK)
    story.add(Kind.WORK_OPENED, WorkOpened(WORK, "Camellia"), WORK)
    story.add(Kind.INTENT_STATED, IntentStated(WORK, "Dusk, `one` flower.\n$(rm -rf)"), WORK)
    sizes = [len(story.sealed)]
    moments = [story.moment]
    made = [story.take(number, manner, picture_bytes) for number in range(takes)]
    story.add(Kind.WORK_OPENED, WorkOpened("work-third", "Third"), "work-third")
    chosen, *others = made
    selection = Selection(WORK, chosen, tuple(others), "the light")
    story.add(Kind.SELECTION_MADE, selection, WORK, *made)
    published = story.keep(b"\xff\xd8\xff" + b"edition" * 20)
    edition = Edition("ed-1", WORK, chosen, published, "out.jpg", "image/jpeg", 16, 16, ())
    story.add(Kind.EDITION_PUBLISHED, edition, WORK, chosen, published)
    sizes.append(len(story.sealed))
    moments.append(story.moment)
    return _prove(story, sizes, stamps, [moment + stamp_delay for moment in moments])


def _prove(story: _Story, sizes: list[int], stamps: Stamps, moments: list[datetime]) -> ProvenCase:
    keys = story.keys
    origin = log_origin(keys.ledger_public())
    tree = Tree(sealed.leaf_digest for sealed in story.sealed)
    checkpoints = []
    for size in sizes:
        root = tree.root(size)
        note = sign_checkpoint(origin, size, root, keys.sign_ledger, keys.ledger_public())
        checkpoints.append(Checkpoint(size, root, note))
    stored = [
        StoredEntry(index, sealed.leaf, sealed.leaf_digest, sealed.entry)
        for index, sealed in enumerate(story.sealed)
        if sealed.entry.work == WORK or index == 0
    ]
    entries = []
    for entry in stored:
        covering = next(c for c in checkpoints if c.size > entry.index)
        hashes = tree.inclusion_proof(entry.index, covering.size)
        entries.append(ProvenEntry(entry, write_tlog_proof(entry.index, hashes, covering.note)))
    held = _stamps_of(stamps, checkpoints, moments)
    material = CaseMaterial(
        author="李 Li Tester",
        key_id=keys.key_id(),
        verifier_key=keys.verifier_key(),
        claim_chain=story.claim,
        identity_chain=story.identity,
        work=WORK,
        title="Camellia",
        entries=tuple(entries),
        checkpoints=tuple(checkpoints),
        consistency=tuple(
            Consistency(old, new, tree.consistency_proof(old, new)) for old, new in pairwise(sizes)
        ),
        stamps=held,
        trusted_roots=(_authority()[1].root_pem,) if held else (),
        pictures=tuple(sorted(story.blobs)),
        read_picture=story.blobs.__getitem__,
        missing=(),
        sighting=None,
        written_at=format_time(moments[-1]),
        software="Remarque test",
    )
    leaves = tuple(sealed.leaf for sealed in story.sealed)
    return ProvenCase(material, keys, _authority()[1].root_pem, leaves, story.blobs)


def _stamps_of(
    stamps: Stamps, checkpoints: list[Checkpoint], moments: list[datetime]
) -> tuple[Stamp, ...]:
    if stamps == "none":
        return ()
    if stamps == "pending":
        return tuple(
            Stamp(c.size, OUTSIDE_URL, StampState.PENDING, problem="no network")
            for c in checkpoints
        )
    url = OUTSIDE_URL if stamps == "outside" else LOOPBACK_URL
    return tuple(
        stamp_note(c.note, c.size, url, moment)
        for c, moment in zip(checkpoints, moments, strict=True)
    )


def without_picture(case: ProvenCase, digest: Digest, reason: str | None) -> CaseMaterial:
    """The material with one picture gone, said with a reason or in silence."""
    material = case.material
    return replace(
        material,
        pictures=tuple(d for d in material.pictures if d != digest),
        missing=((digest, reason),) if reason else (),
    )
