"""The work “A galaxy in a bottle” from three real ComfyUI files, as a case file's material.

    case = galaxy_case(stamps="outside")
    pdf = render_pdf(tell_story(case.material), read_picture=case.material.read_picture)

Three takes, a selection with a reason, a published copy with a visible mark, and a suspect that is
that copy cut off above the mark and recompressed.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import cv2
import numpy as np

from remarque.casefile.material import CaseMaterial, ProvenEntry
from remarque.ledger.checkpoint import sign_checkpoint, write_tlog_proof
from remarque.ledger.entry import seal_entry
from remarque.ledger.keys import create_keys
from remarque.ledger.merkle import Tree
from remarque.ledger.note import log_origin
from remarque.model.digests import Digest, digest_of
from remarque.model.entry import Checkpoint, Entry, Kind, Stamp, StampState, StoredEntry
from remarque.model.history import (
    Edition,
    IntentStated,
    Manner,
    Match,
    PictureFile,
    Selection,
    Sighting,
    Take,
    VaultOpened,
    Verdict,
    WorkOpened,
    body_as_json,
)
from remarque.model.marks import MarkFound, MarkKind, MarkState, Region
from remarque.model.recipe import Pass, Recipe, Size
from remarque.model.times import format_time
from remarque.pictures.decoding import decode, measure
from remarque.pictures.encoding import encode
from stand_ins.proven_case import stamp_note
from stand_ins.samples import sample

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
WORK = "7b1f0c52d9e84a60"
SIGHTING = "s-2f90"
FILES = ("sdxl_simple_example.png", "sdxlturbo_example.png", "flux_schnell_example.png")
URLS = {"outside": "https://stamps.example/tsa", "loopback": "http://127.0.0.1:8318/"}
KEYS = create_keys()


@dataclass(frozen=True)
class GalaxyWishes:
    """What is special about this case; everything else is as in the ordinary one."""

    stamps: str = "outside"
    author: str = "林美 Mei Lin"
    title: str = "A galaxy in a bottle"
    intent: str = "A whole galaxy held in a kitchen bottle: the vast inside the everyday."
    because: str = "Here the glass holds the light; in the others it only lies in front of it."
    prompts: tuple[str | None, ...] = (None, None, None)
    manner: Manner = Manner.AS_IT_HAPPENED
    takes: int = 3
    sighting: bool = True
    selection: bool = True
    stamp_after: timedelta = timedelta(minutes=5)
    missing: tuple[int, ...] = ()


ORDINARY = GalaxyWishes()


@dataclass
class _Desk:
    """Collects entries and bytes; every entry is a minute after the one before."""

    moment: datetime = START
    sealed: list = field(default_factory=list)
    blobs: dict[Digest, bytes] = field(default_factory=dict)

    def keep(self, content: bytes) -> Digest:
        digest = digest_of(content)
        self.blobs[digest] = content
        return digest

    def add(self, kind: Kind, body: object, *pictures: Digest, work: str | None = WORK) -> None:
        self.moment += timedelta(minutes=1)
        entry = Entry(
            kind=kind,
            time=format_time(self.moment),
            author=KEYS.key_id(),
            work=work,
            body=body_as_json(body),
            pictures=pictures,
        )
        self.sealed.append(seal_entry(entry, salt=len(self.sealed).to_bytes(16, "big")))


@lru_cache(maxsize=32)
def galaxy_case(wishes: GalaxyWishes = ORDINARY) -> CaseMaterial:
    """The material; skips the test where the shared samples are absent."""
    desk = _Desk()
    vkey = KEYS.verifier_key()
    opened = VaultOpened(wishes.author, vkey, "", "Remarque 0.1.0")
    desk.add(Kind.VAULT_OPENED, opened, work=None)
    desk.add(Kind.WORK_OPENED, WorkOpened(WORK, wishes.title))
    if wishes.intent:
        desk.add(Kind.INTENT_STATED, IntentStated(WORK, wishes.intent))
    takes = [_add_take(desk, wishes, number) for number in range(wishes.takes)]
    if wishes.selection and takes:
        chosen, others = takes[-1], tuple(takes[:-1])[-6:]
        selection = Selection(WORK, chosen, others, wishes.because)
        desk.add(Kind.SELECTION_MADE, selection, chosen, *others)
    if takes:
        edition = _publish(desk, takes[-1])
        if wishes.sighting:
            _see_copy(desk, edition)
    return _material(desk, wishes, takes)


@lru_cache(maxsize=8)
def ground_truth(name: str) -> dict:
    listed = json.loads(sample("ground_truth.json").read_text(encoding="utf-8"))["files"]
    return next(entry for entry in listed if entry["path"].endswith("/" + name))


def recipe_of(name: str) -> Recipe:
    """The recipe of a sample as its ground truth says it."""
    truth = ground_truth(name)
    refiner = truth.get("refiner")
    return Recipe(
        **{
            key: truth[key]
            for key in ("prompt", "negative_prompt", "seed", "steps", "cfg", "sampler")
        },
        scheduler=truth["scheduler"],
        model=truth["model"],
        generated_size=Size(*truth["generated_size"]),
        passes=(Pass("refiner", model=refiner["model"], start_at_step=refiner["start_at_step"]),)
        if refiner
        else (),
    )


def _add_take(desk: _Desk, wishes: GalaxyWishes, number: int) -> Digest:
    name = FILES[number] if number < len(FILES) else FILES[1]
    content = sample(f"generators/comfyui/{name}").read_bytes()
    if number >= len(FILES):
        content += f"take {number}".encode()  # after the end of the PNG: other bytes, same pixels
    measured = measure(content)
    recipe = recipe_of(name)
    if number < len(wishes.prompts) and wishes.prompts[number] is not None:
        recipe = replace(recipe, prompt=wishes.prompts[number])
    if number >= len(FILES):
        recipe = replace(recipe, seed=number)
    came = (
        desk.moment if wishes.manner is Manner.AS_IT_HAPPENED else desk.moment - _AGES[number % 3]
    )
    file = PictureFile(
        digest=desk.keep(content),
        name=name,
        media_type="image/png",
        size_bytes=len(content),
        width_px=measured.width_px,
        height_px=measured.height_px,
        modified=format_time(came),
    )
    raw = desk.keep(b"[]")
    take = Take(f"take-{number}", WORK, file, "ComfyUI", recipe, wishes.manner, raw)
    desk.add(Kind.TAKE_IMPORTED, take, file.digest, raw)
    return file.digest


_AGES = (timedelta(days=412), timedelta(days=401), timedelta(days=96))
_MARKS = (
    MarkFound(MarkKind.VISIBLE, MarkState.PRESENT, "“Mei Lin”, bottom right"),
    MarkFound(MarkKind.AI_LABEL, MarkState.PRESENT, "“AI generated”, bottom left"),
    MarkFound(MarkKind.XMP, MarkState.PRESENT, "creator Mei Lin; trainedAlgorithmicMedia"),
    MarkFound(MarkKind.AIGC, MarkState.PRESENT, "Label 1, producer Mei Lin"),
    MarkFound(MarkKind.C2PA, MarkState.INTACT, "signed by Mei Lin, claim by Remarque"),
)


def _publish(desk: _Desk, source: Digest) -> Edition:
    pixels = decode(desk.blobs[source]).pixels[..., :3].copy()
    height, width = pixels.shape[:2]
    region = Region(width - 260, height - 70, 240, 50)
    place = (region.left, region.top + 40)
    cv2.putText(pixels, "Mei Lin", place, cv2.FONT_HERSHEY_SCRIPT_COMPLEX, 1.7, (255,) * 3, 3)
    content = encode(pixels, "image/jpeg", quality=95)
    edition = Edition(
        edition="e-41c8",
        work=WORK,
        source=source,
        picture=desk.keep(content),
        name="galaxy-bottle.jpg",
        media_type="image/jpeg",
        width_px=width,
        height_px=height,
        marks=_MARKS,
        mark_region=region,
        commitment="sha256:" + "5c" * 32,
    )
    desk.add(Kind.EDITION_PUBLISHED, edition, source, edition.picture)
    return edition


def _see_copy(desk: _Desk, edition: Edition) -> None:
    published = decode(desk.blobs[edition.picture]).pixels
    cut = published[: int(0.92 * published.shape[0])]
    content = encode(np.ascontiguousarray(cut), "image/jpeg", quality=60)
    height, width = cut.shape[:2]
    suspect = PictureFile(
        desk.keep(content), "blog-header.jpg", "image/jpeg", len(content), width, height, ""
    )
    laid = np.abs(decode(content).pixels.astype(int) - cut).sum(axis=2).clip(0, 255)
    difference = desk.keep(encode(np.repeat(laid[..., None], 3, 2).astype(np.uint8), "image/png"))
    match = Match(
        picture=edition.source,
        work=WORK,
        edition=edition.edition,
        take=None,
        score=412.0,
        false_accusation_rate=0.0000244,
        region=((1, 1), (width - 1, 1), (width - 1, height - 1), (1, height - 1)),
        share=0.92,
        transform="same size, bottom 8 % missing, recompressed",
        removed={"visible": "cropped", "ai-label": "cropped"},
        marks_missing=("xmp", "aigc", "c2pa"),
        difference=difference,
        method="keypoints",
    )
    sighting = Sighting(SIGHTING, WORK, suspect, format_time(desk.moment), Verdict.COPY, (match,))
    desk.add(Kind.SIGHTING_RECORDED, sighting, suspect.digest, difference)


def _material(desk: _Desk, wishes: GalaxyWishes, takes: list[Digest]) -> CaseMaterial:
    origin, public = log_origin(KEYS.ledger_public()), KEYS.ledger_public()
    tree = Tree(sealed.leaf_digest for sealed in desk.sealed)
    size = len(desk.sealed)
    root = tree.root(size)
    note = sign_checkpoint(origin, size, root, KEYS.sign_ledger, public)
    entries = []
    for index, sealed in enumerate(desk.sealed):
        proof = write_tlog_proof(index, tree.inclusion_proof(index, size), note)
        stored = StoredEntry(index, sealed.leaf, sealed.leaf_digest, sealed.entry)
        entries.append(ProvenEntry(stored, proof))
    gone = {takes[number] for number in wishes.missing}
    return CaseMaterial(
        author=wishes.author,
        key_id=KEYS.key_id(),
        verifier_key=KEYS.verifier_key(),
        claim_chain="",
        identity_chain="",
        work=WORK,
        title=wishes.title,
        entries=tuple(entries),
        checkpoints=(Checkpoint(size, root, note),),
        consistency=(),
        stamps=_stamps(wishes.stamps, note, size, desk.moment + wishes.stamp_after),
        trusted_roots=(),
        pictures=tuple(digest for digest in desk.blobs if digest not in gone),
        read_picture=desk.blobs.__getitem__,
        missing=tuple((digest, "The file was deleted from its folder.") for digest in gone),
        sighting=SIGHTING if wishes.sighting else None,
        written_at=format_time(START + timedelta(days=3)),
        software="Remarque 0.1.0",
    )


def _stamps(wish: str, note: bytes, size: int, moment: datetime) -> tuple[Stamp, ...]:
    if wish == "none":
        return ()
    if wish == "pending":
        return (Stamp(size, URLS["outside"], StampState.PENDING, problem="no network"),)
    return (stamp_note(note, size, URLS[wish], moment),)
